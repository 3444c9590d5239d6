pragma ComponentBehavior: Bound

import QtQuick
import QtQuick.Layouts
import QtQuick.Templates as T
import Sotto.Components
import Sotto.Theme
import Sotto.ViewModels

// One device: its figures, what runs there, and whether it may. It opens to say where the figures come from.
Item {
    id: card

    required property PowerViewModel power
    required property PowerLane lane
    required property color tint
    property bool open: false

    implicitHeight: column.implicitHeight + 2 * Theme.m

    Rectangle {
        width: parent.width
        height: Theme.hair
        color: Theme.line
    }

    ColumnLayout {
        id: column

        y: Theme.m
        width: parent.width
        spacing: Theme.s

        T.AbstractButton {
            id: head

            Layout.fillWidth: true
            implicitHeight: line.implicitHeight
            focusPolicy: Qt.TabFocus
            hoverEnabled: true
            Accessible.name: [card.lane.title, card.lane.name, card.lane.state, card.lane.running].filter(part => part !== "").join(", ")
            Accessible.description: card.open ? "Close the details" : "Open the details"
            Accessible.role: Accessible.Button
            onClicked: card.open = !card.open

            Keys.onReturnPressed: click()
            Keys.onEnterPressed: click()

            contentItem: RowLayout {
                id: line

                spacing: Theme.s

                Rectangle {
                    Layout.preferredWidth: 8
                    Layout.preferredHeight: 8
                    radius: 4
                    color: card.lane.working ? card.tint : Theme.clear
                    border.width: card.lane.working ? 0 : 1.5
                    border.color: card.tint
                }

                Text {
                    text: card.lane.title
                    color: Theme.ink
                    font.pixelSize: Theme.body
                    font.weight: Font.DemiBold
                    textFormat: Text.PlainText
                }

                SmallText {
                    Layout.fillWidth: true
                    text: card.lane.name
                    elide: Text.ElideRight
                }

                StateChip {
                    visible: word !== ""
                    word: card.lane.state
                }

                Icon {
                    path: card.open ? Icons.down : Icons.right
                    size: 18
                    color: head.hovered ? Theme.ink : Theme.muted
                }
            }

            background: Item {
                FocusRing {
                    shown: head.visualFocus
                    gap: 3
                }
            }
        }

        RowLayout {
            Layout.fillWidth: true
            Layout.leftMargin: 16
            spacing: Theme.s
            uniformCellSizes: true

            Repeater {
                model: [card.lane.power, card.lane.temperature, card.lane.busy, card.lane.memory]

                FigureText {
                    required property PowerFigure modelData

                    Layout.fillWidth: true
                    figure: modelData
                }
            }
        }

        SmallText {
            Layout.fillWidth: true
            Layout.leftMargin: 16
            visible: text !== ""
            text: card.lane.running
            color: card.lane.working ? Theme.ink : Theme.muted
            wrapMode: Text.Wrap
            lineHeight: 1.15
        }

        SmallText {
            Layout.fillWidth: true
            Layout.leftMargin: 16
            visible: text !== ""
            text: card.lane.note
            wrapMode: Text.Wrap
            lineHeight: 1.15
            Accessible.role: Accessible.StaticText
            Accessible.name: text
        }

        SmallText {
            Layout.fillWidth: true
            Layout.leftMargin: 16
            visible: text !== "" && !card.open
            text: card.lane.hint
            wrapMode: Text.Wrap
            lineHeight: 1.15
        }

        Loader {
            Layout.fillWidth: true
            Layout.leftMargin: 16
            active: card.open
            visible: active

            sourceComponent: LaneDetails {
                power: card.power
                lane: card.lane
            }
        }
    }
}
