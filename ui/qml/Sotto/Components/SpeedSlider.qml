pragma ComponentBehavior: Bound

import QtQuick
import QtQuick.Templates as T
import Sotto.Theme

T.Slider {
    id: control

    required property string name

    implicitWidth: 200
    implicitHeight: 32
    focusPolicy: Qt.TabFocus
    hoverEnabled: true
    snapMode: T.Slider.SnapAlways
    Accessible.name: name
    Accessible.role: Accessible.Slider

    background: Rectangle {
        y: (control.height - height) / 2
        width: control.width
        height: 4
        radius: 2
        color: Theme.line

        Rectangle {
            width: control.visualPosition * parent.width
            height: parent.height
            radius: 2
            color: Theme.accent
        }
    }

    handle: Rectangle {
        x: control.visualPosition * (control.width - width)
        y: (control.height - height) / 2
        width: 20
        height: 20
        radius: 10
        color: Theme.accent
        border.width: 3
        border.color: Theme.surface

        FocusRing {
            shown: control.visualFocus
            innerRadius: 10
            gap: 1
        }
    }
}
