pragma ComponentBehavior: Bound

import QtQuick
import QtQuick.Layouts
import QtQuick.Templates as T
import Sotto.Components
import Sotto.Theme
import Sotto.Timeline
import Sotto.ViewModels

// Power and heat: what the devices draw now, the last minutes, what the answers cost, and what the last turn did where.
FocusScope {
    id: panel

    required property PowerViewModel power
    required property bool beside

    readonly property PowerSummary summary: power.summary
    readonly property real side: beside ? Theme.l : width < 640 ? Theme.m + 4 : Theme.xl

    signal done

    function scrollPages(pages: real) {
        flick.contentY = Math.max(0, Math.min(flick.contentHeight - flick.height, flick.contentY + pages * flick.height));
    }

    // The sensors are read while this can be seen, and no longer.
    Binding {
        target: panel.power
        property: "inView"
        value: panel.visible
    }

    Component.onDestruction: panel.power.inView = false

    Rectangle {
        anchors.fill: parent
        color: panel.beside ? Theme.surface : Theme.page

        Rectangle {
            width: Theme.hair
            height: parent.height
            visible: panel.beside
            color: Theme.line
        }

        Rectangle {
            width: parent.width
            height: Theme.hair
            color: Theme.line
        }
    }

    RowLayout {
        id: head

        x: column.x
        y: Theme.m
        width: column.width
        spacing: Theme.s

        Text {
            Layout.fillWidth: true
            text: "Power and heat"
            color: Theme.ink
            font.pixelSize: Theme.body
            font.weight: Font.DemiBold
            textFormat: Text.PlainText
            elide: Text.ElideRight
            Accessible.role: Accessible.Heading
            Accessible.name: text
        }

        IconButton {
            Layout.rightMargin: -8
            text: "Close"
            hint: "Close (Ctrl+P)"
            path: Icons.close
            iconSize: 20
            onClicked: panel.done()
        }
    }

    Flickable {
        id: flick

        anchors.fill: parent
        anchors.topMargin: head.y + head.height + Theme.xs
        contentWidth: width
        contentHeight: column.implicitHeight + Theme.l
        boundsBehavior: Flickable.StopAtBounds
        clip: true

        T.ScrollBar.vertical: ScrollMark {}

        FocusKeeper {
            view: flick
        }

        ColumnLayout {
            id: column

            x: Math.round((flick.width - width) / 2)
            width: Math.min(flick.width - 2 * panel.side, 700)
            spacing: Theme.m

            RowLayout {
                Layout.fillWidth: true
                spacing: Theme.s
                uniformCellSizes: true

                SummaryTile {
                    Layout.fillWidth: true
                    Layout.alignment: Qt.AlignTop
                    figure: panel.summary.now
                }

                SummaryTile {
                    Layout.fillWidth: true
                    Layout.alignment: Qt.AlignTop
                    figure: panel.summary.turn
                }

                SummaryTile {
                    Layout.fillWidth: true
                    Layout.alignment: Qt.AlignTop
                    figure: panel.summary.today
                }
            }

            SmallText {
                id: saved

                Layout.fillWidth: true
                visible: text !== ""
                text: panel.summary.saved
                wrapMode: Text.Wrap
                lineHeight: 1.2
                Accessible.role: Accessible.StaticText
                Accessible.name: text
                Accessible.description: panel.summary.method

                HoverHandler {
                    id: overSaved
                }

                Tip {
                    text: panel.summary.method
                    shown: overSaved.hovered
                }
            }

            PanelLine {
                icon: Icons.info
                tint: Theme.unsure
                text: panel.power.held
            }

            PanelLine {
                icon: Icons.battery
                tint: Theme.muted
                text: panel.summary.battery
            }

            PanelLine {
                icon: Icons.info
                tint: Theme.muted
                text: panel.power.notice
            }

            ColumnLayout {
                Layout.fillWidth: true
                visible: panel.power.lanes.count > 0
                spacing: Theme.xs

                RowLayout {
                    Layout.fillWidth: true
                    Layout.leftMargin: 16
                    spacing: Theme.s
                    uniformCellSizes: true

                    Repeater {
                        model: ["Power", "Heat", "Busy", "Memory"]

                        SmallText {
                            required property string modelData

                            Layout.fillWidth: true
                            text: modelData
                            elide: Text.ElideRight
                            Accessible.ignored: true
                        }
                    }
                }

                Repeater {
                    model: panel.power.lanes

                    PowerLaneCard {
                        Layout.fillWidth: true
                        power: panel.power
                        tint: Theme.devices[lane.place]
                    }
                }
            }

            SmallText {
                Layout.fillWidth: true
                visible: text !== ""
                text: panel.summary.absent
                wrapMode: Text.Wrap
                lineHeight: 1.2
                Accessible.role: Accessible.StaticText
                Accessible.name: text
            }

            PowerChart {
                Layout.fillWidth: true
                trail: panel.power.watts
                title: "Power, last 3 minutes"
            }

            PowerChart {
                Layout.fillWidth: true
                trail: panel.power.temperatures
                title: "Temperature, last 3 minutes"
            }

            Rectangle {
                Layout.fillWidth: true
                Layout.preferredHeight: Theme.hair
                color: Theme.line
            }

            TurnTimeline {
                Layout.fillWidth: true
                timeline: panel.power.timeline
                plate: panel.beside ? Theme.surface : Theme.page
            }
        }
    }
}
