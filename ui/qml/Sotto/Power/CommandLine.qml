pragma ComponentBehavior: Bound

import QtQuick
import QtQuick.Layouts
import Sotto.Components
import Sotto.Theme
import Sotto.ViewModels

// What would make a figure readable, to be copied.
Rectangle {
    id: place

    required property PowerViewModel power
    required property string command
    property bool done: false

    implicitHeight: line.implicitHeight + 2 * Theme.xs
    radius: Theme.radiusSmall
    color: Theme.page
    border.width: Theme.hair
    border.color: Theme.line

    RowLayout {
        id: line

        anchors.left: parent.left
        anchors.right: parent.right
        anchors.leftMargin: Theme.s
        anchors.verticalCenter: parent.verticalCenter
        spacing: Theme.xs

        SmallText {
            Layout.fillWidth: true
            text: place.command
            color: Theme.ink
            wrapMode: Text.WrapAtWordBoundaryOrAnywhere
            Accessible.role: Accessible.StaticText
            Accessible.name: text
        }

        IconButton {
            Layout.alignment: Qt.AlignTop
            implicitWidth: 28
            implicitHeight: 28
            iconSize: 16
            text: "Copy: " + place.command
            hint: place.done ? "Copied" : "Copy"
            path: place.done ? Icons.check : Icons.copy
            onClicked: place.power.copy(place.command)
        }
    }

    Connections {
        target: place.power

        function onCopied(command: string) {
            place.done = command === place.command;
        }
    }
}
