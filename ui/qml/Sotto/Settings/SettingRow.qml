pragma ComponentBehavior: Bound

import QtQuick
import QtQuick.Layouts
import Sotto.Components
import Sotto.Theme

// One setting: its title and explanation, and beside them (beneath them where it is narrow) what changes it.
GridLayout {
    id: row

    required property string title
    required property string explanation
    required property real room
    default property alias control: place.data
    // What is small stays beside its title however narrow the page is.
    property bool small: false
    readonly property bool wide: small || room > 560

    columns: wide ? 2 : 1
    columnSpacing: Theme.l
    rowSpacing: Theme.s

    ColumnLayout {
        Layout.fillWidth: true
        spacing: 2

        BodyText {
            Layout.fillWidth: true
            text: row.title
        }

        SmallText {
            Layout.fillWidth: true
            visible: text !== ""
            text: row.explanation
            wrapMode: Text.Wrap
            lineHeight: 1.2
        }
    }

    Item {
        id: place

        Layout.alignment: row.wide ? Qt.AlignRight | Qt.AlignVCenter : Qt.AlignLeft
        implicitWidth: children.length > 0 ? children[0].width : 0
        implicitHeight: children.length > 0 ? children[0].height : 0
    }
}
