pragma ComponentBehavior: Bound

import QtQuick
import Sotto.Theme

// A key as it looks on a keyboard.
Rectangle {
    id: cap

    required property string key
    property real size: Theme.small

    implicitWidth: Math.max(implicitHeight, label.implicitWidth + 2 * Theme.m)
    implicitHeight: label.implicitHeight + 2 * Theme.xs + 2
    radius: 6
    color: Theme.surface
    border.width: 1
    border.color: Theme.line

    Rectangle {
        x: 1
        width: parent.width - 2
        height: 2
        anchors.bottom: parent.bottom
        anchors.bottomMargin: 1
        radius: 1
        color: Theme.line
    }

    Text {
        id: label

        anchors.centerIn: parent
        anchors.verticalCenterOffset: -1
        text: cap.key
        color: Theme.ink
        font.pixelSize: cap.size
        font.weight: Font.DemiBold
        textFormat: Text.PlainText
    }
}
