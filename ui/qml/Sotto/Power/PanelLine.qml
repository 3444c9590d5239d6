pragma ComponentBehavior: Bound

import QtQuick
import QtQuick.Layouts
import Sotto.Components
import Sotto.Theme

// A sentence with an icon before it; not there while there is nothing to say.
RowLayout {
    id: line

    required property string icon
    required property string text
    required property color tint

    Layout.fillWidth: true
    visible: text !== ""
    spacing: Theme.s

    Icon {
        Layout.alignment: Qt.AlignTop
        path: line.icon
        size: 18
        color: line.tint
    }

    SmallText {
        Layout.fillWidth: true
        text: line.text
        color: Theme.ink
        wrapMode: Text.Wrap
        lineHeight: 1.2
        Accessible.role: Accessible.StaticText
        Accessible.name: text
    }
}
