pragma ComponentBehavior: Bound

import QtQuick
import QtQuick.Layouts
import Sotto.Components
import Sotto.Theme

// The first line of a card: what it is, its title, and a few words at the end.
RowLayout {
    id: head

    required property string path
    required property string title
    property string note: ""
    property color tint: Theme.accent

    spacing: Theme.m

    Icon {
        Layout.alignment: Qt.AlignTop
        Layout.topMargin: -1
        path: head.path
        size: 22
        color: head.tint
    }

    BodyText {
        Layout.fillWidth: true
        text: head.title
        font.weight: Font.DemiBold
    }

    SmallText {
        Layout.alignment: Qt.AlignTop
        Layout.topMargin: Math.round((Theme.body - Theme.small) * 0.8)
        visible: text !== ""
        text: head.note
    }
}
