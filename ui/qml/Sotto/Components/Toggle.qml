pragma ComponentBehavior: Bound

import QtQuick
import QtQuick.Templates as T
import Sotto.Theme

T.Switch {
    id: control

    implicitWidth: 44
    implicitHeight: 28
    focusPolicy: Qt.TabFocus
    hoverEnabled: true
    Accessible.name: text
    Accessible.role: Accessible.CheckBox

    indicator: Rectangle {
        y: (control.height - height) / 2
        width: 44
        height: 26
        radius: 13
        color: control.checked ? Theme.accent : Theme.surface
        border.width: control.checked ? 0 : 2
        border.color: Theme.muted

        Rectangle {
            readonly property real inset: 5

            x: control.checked ? parent.width - width - inset : inset
            y: (parent.height - height) / 2
            width: 16
            height: 16
            radius: 8
            color: control.checked ? Theme.accentInk : Theme.muted

            Behavior on x {
                NumberAnimation {
                    duration: Theme.quick
                }
            }
        }

        FocusRing {
            shown: control.visualFocus
            innerRadius: parent.radius
        }
    }
}
