pragma ComponentBehavior: Bound

import QtQuick
import QtQuick.Layouts
import QtQuick.Templates as T
import Sotto.Components
import Sotto.Theme

// One exercise of a session in a line: its number, its name, how much of it, and a dot for every set.
T.AbstractButton {
    id: row

    required property int number
    required property string name
    required property string amount
    required property string replaced
    required property int sets
    required property int setsDone
    required property bool done
    required property bool opened
    required property string said

    implicitHeight: contentItem.implicitHeight + 2 * padding
    padding: Theme.s
    leftPadding: 0
    hoverEnabled: true
    Accessible.name: said
    Accessible.description: replaced
    Accessible.role: Accessible.Button

    Keys.onReturnPressed: click()
    Keys.onEnterPressed: click()

    contentItem: RowLayout {
        spacing: Theme.m

        Item {
            Layout.alignment: Qt.AlignTop
            Layout.preferredWidth: 22
            implicitHeight: Theme.body * 1.2

            Icon {
                anchors.centerIn: parent
                visible: row.done
                path: Icons.check
                size: 18
                color: Theme.accent
            }

            SmallText {
                anchors.centerIn: parent
                visible: !row.done
                text: row.number
                color: row.opened ? Theme.accent : Theme.muted
                font.weight: row.opened ? Font.DemiBold : Font.Normal
            }
        }

        ColumnLayout {
            Layout.fillWidth: true
            spacing: 2

            BodyText {
                Layout.fillWidth: true
                text: row.name
                color: row.done ? Theme.muted : Theme.ink
                font.weight: row.opened ? Font.DemiBold : Font.Normal
            }

            SmallText {
                Layout.fillWidth: true
                text: row.replaced === "" ? row.amount : row.amount + " · " + row.replaced
                wrapMode: Text.Wrap
            }
        }

        Row {
            Layout.alignment: Qt.AlignTop
            Layout.topMargin: Math.round(Theme.body * 0.35)
            spacing: 5

            Repeater {
                model: row.sets

                delegate: Rectangle {
                    required property int index

                    width: 9
                    height: 9
                    radius: 4.5
                    color: index < row.setsDone ? Theme.accent : Theme.clear
                    border.width: index < row.setsDone ? 0 : 1.5
                    border.color: Theme.muted
                }
            }
        }
    }

    background: Rectangle {
        x: -Theme.s
        width: parent.width + 2 * Theme.s
        radius: Theme.radiusSmall
        color: row.hovered ? Theme.hover : Theme.clear

        FocusRing {
            shown: row.visualFocus
            gap: 0
        }
    }
}
