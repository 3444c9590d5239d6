pragma ComponentBehavior: Bound

import QtQuick
import Sotto.Components
import Sotto.Theme

// One stage on one device, from when to when. Its words stand in it, or beside it where there is room.
Item {
    id: bar

    required property string label
    required property string figures
    required property string detail
    required property int place
    required property bool pale
    required property bool quiet

    // Free pixels before and behind it in its row.
    required property real roomBefore
    required property real roomBehind
    required property bool current
    required property color plate

    readonly property color tint: quiet ? Theme.line : place >= 0 ? Theme.devices[place] : Theme.muted
    readonly property bool wholeInside: words.wanted + 2 * Theme.s <= width
    readonly property bool labelInside: words.wantedLabel + 2 * Theme.s <= width
    readonly property bool behind: !wholeInside && words.wanted + Theme.s <= roomBehind
    readonly property bool before: !wholeInside && !behind && words.wanted + Theme.s <= roomBefore
    readonly property bool outside: behind || before

    Accessible.ignored: true

    Rectangle {
        anchors.fill: parent
        radius: Math.min(4, width / 2)
        color: bar.pale ? bar.plate : bar.tint
        border.width: bar.pale ? 1 : 0
        border.color: bar.tint

        FocusRing {
            shown: bar.current
            innerRadius: parent.radius
            gap: 1
        }
    }

    Rectangle {
        x: words.x - 2
        anchors.verticalCenter: parent.verticalCenter
        width: words.wanted + 4
        height: words.implicitHeight
        visible: bar.outside
        color: bar.plate
    }

    Row {
        id: words

        readonly property real wanted: name.implicitWidth + (numbers.text === "" ? 0 : spacing + numbers.implicitWidth)
        readonly property real wantedLabel: name.implicitWidth
        readonly property color colour: bar.outside || bar.quiet || bar.pale ? Theme.ink : Theme.page

        x: bar.behind ? bar.width + Theme.xs + 2 : bar.before ? -wanted - Theme.xs - 2 : Theme.s
        anchors.verticalCenter: parent.verticalCenter
        spacing: Theme.xs + 2
        visible: bar.wholeInside || bar.outside || bar.labelInside

        SmallText {
            id: name

            text: bar.label
            color: words.colour
        }

        SmallText {
            id: numbers

            visible: bar.wholeInside || bar.outside
            text: bar.figures
            color: bar.outside || bar.pale ? Theme.muted : words.colour
        }
    }

    HoverHandler {
        id: over
    }

    Tip {
        text: bar.detail
        shown: over.hovered || bar.current
    }
}
