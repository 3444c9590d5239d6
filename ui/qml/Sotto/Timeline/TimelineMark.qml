pragma ComponentBehavior: Bound

import QtQuick
import Sotto.Components
import Sotto.Theme

// A moment at which the work went on elsewhere: a sign above the lanes. The line from there to the two rows
// lies beneath the bars.
Item {
    id: mark

    required property string symbol
    required property string detail
    required property color tint
    required property bool current

    width: 18
    height: 18
    Accessible.ignored: true

    Rectangle {
        anchors.fill: parent
        radius: height / 2
        color: mark.tint

        SmallText {
            anchors.centerIn: parent
            text: mark.symbol
            color: Theme.page
            font.weight: Font.DemiBold
        }

        FocusRing {
            shown: mark.current
            innerRadius: parent.radius
            gap: 1
        }
    }

    HoverHandler {
        id: over
    }

    Tip {
        text: mark.detail
        shown: over.hovered || mark.current
    }
}
