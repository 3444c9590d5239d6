pragma ComponentBehavior: Bound

import QtQuick
import QtQuick.Shapes
import Sotto.Theme

Item {
    id: icon

    required property string path
    property color color: Theme.muted
    property real size: 20
    property bool filled: false

    implicitWidth: size
    implicitHeight: size

    Shape {
        width: 24
        height: 24
        scale: icon.size / 24
        transformOrigin: Item.TopLeft
        preferredRendererType: Shape.CurveRenderer

        ShapePath {
            strokeColor: icon.color
            strokeWidth: 1.7
            fillColor: icon.filled ? icon.color : Theme.clear
            capStyle: ShapePath.RoundCap
            joinStyle: ShapePath.RoundJoin

            PathSvg {
                path: icon.path
            }
        }
    }
}
