pragma ComponentBehavior: Bound

import QtQuick
import Sotto.Theme

// Shows where the keyboard is. It lies around its parent and takes no room.
Rectangle {
    id: ring

    required property bool shown
    property real gap: 2
    property real innerRadius: Theme.radiusSmall

    anchors.fill: parent
    anchors.margins: -gap - border.width
    visible: shown
    color: Theme.clear
    radius: innerRadius + gap + border.width
    border.width: 2
    border.color: Theme.accent
}
