pragma ComponentBehavior: Bound

import QtQuick
import Sotto.Components
import Sotto.Theme
import Sotto.ViewModels

// What worked when and where in the newest turn. The arrow keys walk over its bars and marks.
Column {
    id: view

    required property TimelineModel timeline

    // What it lies on.
    property color plate: Theme.surface

    // Where the bars are too narrow for words of their own, all of it stands below in words; elsewhere why it moved.
    readonly property bool inWords: width < 560

    spacing: Theme.s
    enabled: visible

    Item {
        width: view.width
        height: title.implicitHeight

        SmallText {
            id: title

            text: view.timeline.running ? "This turn" : "Last turn"
            color: Theme.ink
            font.weight: Font.DemiBold
        }

        SmallText {
            anchors.right: parent.right
            text: view.timeline.caption

            HoverHandler {
                id: overCaption
            }

            Tip {
                text: view.timeline.detail
                shown: overCaption.hovered
            }
        }
    }

    SmallText {
        width: view.width
        visible: view.timeline.empty
        text: view.timeline.running ? "Nothing has run yet." : view.timeline.caption !== "" ? "Nothing ran in it."
                                    : "Ask something, and this shows what worked on it, where, and what it took."
        wrapMode: Text.Wrap
    }

    Item {
        id: plot

        readonly property real gutter: Math.ceil(widest.width) + Theme.m
        readonly property real room: Math.max(1, width - gutter - 1)
        readonly property real rowHeight: Math.max(24, Theme.small + 10)
        readonly property real head: marks.count > 0 ? 18 + Theme.xs : 0
        readonly property real foot: head + view.timeline.rows * rowHeight
        readonly property int count: bars.count + marks.count
        property int current: -1

        function at(milliseconds: real): real {
            return gutter + Math.round(Math.min(1, milliseconds / view.timeline.span) * room);
        }

        function tint(symbol: string): color {
            return symbol === "↑" ? Theme.unsure : Theme.doubtful;
        }

        width: view.width
        height: foot + Theme.xs + Theme.small + Theme.xs
        visible: !view.timeline.empty
        activeFocusOnTab: true
        Accessible.role: Accessible.Chart
        Accessible.name: "Turn timeline"
        Accessible.description: view.timeline.summary
        Accessible.focusable: true

        onActiveFocusChanged: {
            if (!activeFocus)
                current = -1;
        }

        Keys.onPressed: event => {
            const forward = event.key === Qt.Key_Right || event.key === Qt.Key_Down;
            if (forward || event.key === Qt.Key_Left || event.key === Qt.Key_Up) {
                current = forward ? Math.min(count - 1, current + 1) : Math.max(0, current - 1);
                event.accepted = true;
            }
        }

        FocusRing {
            shown: plot.activeFocus && plot.current < 0
        }

        TextMetrics {
            id: widest

            font.pixelSize: Theme.small
            text: "Starting"
        }

        Repeater {
            model: view.timeline.ticks

            Item {
                id: tick

                required property real at
                required property string label

                x: plot.at(at)
                Accessible.ignored: true

                Rectangle {
                    y: plot.head
                    width: 1
                    height: plot.foot - plot.head
                    color: Theme.line
                }

                SmallText {
                    x: Math.max(plot.gutter, Math.min(plot.width - implicitWidth, tick.x - Math.round(implicitWidth / 2))) - tick.x
                    y: plot.foot + Theme.xs
                    text: tick.label
                }
            }
        }

        Repeater {
            model: view.timeline.lanes

            Item {
                id: lane

                required property string label
                required property int row
                required property int rows

                y: plot.head + row * plot.rowHeight
                width: plot.width
                height: rows * plot.rowHeight
                Accessible.ignored: true

                Rectangle {
                    width: parent.width
                    height: 1
                    color: Theme.line
                }

                SmallText {
                    anchors.verticalCenter: parent.top
                    anchors.verticalCenterOffset: plot.rowHeight / 2
                    text: lane.label
                }
            }
        }

        Rectangle {
            x: 0
            y: plot.foot
            width: plot.width
            height: 1
            color: Theme.line
        }

        Repeater {
            model: view.timeline.marks

            Item {
                id: passage

                required property string symbol
                required property real at
                required property int above
                required property int below

                x: plot.at(at)
                opacity: 0.8
                Accessible.ignored: true

                Rectangle {
                    y: 18
                    width: 1
                    height: plot.head + (passage.above + 0.5) * plot.rowHeight - y
                    color: plot.tint(passage.symbol)
                    opacity: 0.6
                }

                Rectangle {
                    x: -1
                    y: plot.head + (passage.above + 0.5) * plot.rowHeight
                    width: 2
                    height: (passage.below - passage.above) * plot.rowHeight
                    color: plot.tint(passage.symbol)
                }
            }
        }

        Repeater {
            id: bars

            model: view.timeline.bars

            TimelineBar {
                required property int index
                required property int row
                required property real start
                required property real end
                required property real since
                required property real until

                x: Math.min(plot.at(start), plot.width - 3)
                y: plot.head + row * plot.rowHeight + 3
                width: Math.max(3, plot.at(end) - x)
                height: plot.rowHeight - 5
                roomBefore: x - plot.at(since)
                roomBehind: plot.at(until) - x - width
                current: plot.activeFocus && plot.current === index
                plate: view.plate
            }
        }

        Repeater {
            id: marks

            model: view.timeline.marks

            TimelineMark {
                required property int index
                required property real at

                // Two at almost the same time stand side by side.
                readonly property TimelineMark before: index > 0 ? marks.itemAt(index - 1) as TimelineMark : null
                readonly property real wanted: plot.at(at) - Math.round(width / 2)

                x: before !== null ? Math.max(wanted, before.x + width + 2) : wanted
                tint: plot.tint(symbol)
                current: plot.activeFocus && plot.current === bars.count + index
            }
        }

        Binding {
            target: view.timeline
            property: "room"
            value: Math.max(2, Math.floor(plot.room / 72))
        }

        Timer {
            interval: 1000
            repeat: true
            running: view.timeline.running && plot.visible && plot.Window.visibility !== Window.Hidden
                     && plot.Window.visibility !== Window.Minimized
            onTriggered: view.timeline.tick()
        }
    }

    Column {
        width: view.width
        visible: !view.timeline.empty
        spacing: 2

        Repeater {
            model: view.timeline.lines

            SmallText {
                required property string words
                required property bool mark

                width: view.width
                visible: view.inWords || mark
                text: words
                wrapMode: Text.Wrap
            }
        }
    }
}
