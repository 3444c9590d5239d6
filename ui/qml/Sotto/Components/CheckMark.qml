pragma ComponentBehavior: Bound

import QtQuick
import QtQuick.Templates as T
import Sotto.Theme

// A ring that is ticked off. Whoever uses it says whether it is done; a click only asks.
T.AbstractButton {
    id: mark

    required property bool done

    implicitWidth: 34
    implicitHeight: 34
    focusPolicy: Qt.TabFocus
    hoverEnabled: true
    Accessible.name: text
    Accessible.role: Accessible.CheckBox
    Accessible.checkable: true
    Accessible.checked: done

    Keys.onReturnPressed: click()
    Keys.onEnterPressed: click()

    contentItem: Item {
        Rectangle {
            anchors.centerIn: parent
            width: 22
            height: 22
            radius: 11
            color: mark.done ? Theme.accent : mark.hovered ? Theme.hover : Theme.clear
            border.width: mark.done ? 0 : 2
            border.color: Theme.muted

            Icon {
                anchors.centerIn: parent
                visible: mark.done
                path: Icons.check
                size: 16
                color: Theme.accentInk
            }

            FocusRing {
                shown: mark.visualFocus
                innerRadius: parent.radius
                gap: 1
            }
        }
    }
}
