pragma ComponentBehavior: Bound

import QtQuick
import Sotto.Theme

// A row of the settings page in its place in the column, with a line beneath it.
Item {
    id: place

    required property string key
    required property string title
    required property string explanation
    required property real column
    property bool small: false
    readonly property bool wide: row.wide
    default property alias control: row.control

    width: ListView.view.width
    implicitHeight: row.implicitHeight + 2 * Theme.m

    SettingRow {
        id: row

        x: (parent.width - width) / 2
        y: Theme.m
        width: place.column
        room: place.column
        small: place.small
        title: place.title
        explanation: place.explanation
    }

    Rectangle {
        x: row.x
        y: parent.height - height
        width: place.column
        height: Theme.hair
        color: Theme.line
    }
}
