pragma ComponentBehavior: Bound

import QtQuick
import Sotto.Theme

// How far something is, as a thin line. It is not there while nobody knows.
Rectangle {
    id: line

    // In [0, 1]; less than 0 where it is unknown.
    required property real share
    property string name: ""
    property color ink: Theme.accent

    implicitHeight: 4
    visible: share >= 0
    radius: 2
    color: Theme.line
    Accessible.role: Accessible.ProgressBar
    Accessible.name: name

    Rectangle {
        width: Math.max(parent.height, parent.width * Math.max(0, Math.min(1, line.share)))
        height: parent.height
        radius: parent.radius
        color: line.ink
        visible: line.share > 0
    }
}
