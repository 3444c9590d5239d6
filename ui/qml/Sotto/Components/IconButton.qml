pragma ComponentBehavior: Bound

import QtQuick
import QtQuick.Templates as T
import Sotto.Theme

// A round button with an icon; its text is its name for a screen reader and its tooltip.
T.AbstractButton {
    id: control

    required property string path
    property real iconSize: 18
    property bool filled: false
    property color tint: Theme.muted
    property color plate: Theme.clear
    property color plateHover: Theme.hover
    property string hint: text

    implicitWidth: 34
    implicitHeight: 34
    focusPolicy: Qt.TabFocus
    hoverEnabled: true
    opacity: enabled ? 1 : 0.4
    Accessible.name: text
    Accessible.role: Accessible.Button

    Keys.onReturnPressed: click()
    Keys.onEnterPressed: click()

    contentItem: Item {
        Icon {
            anchors.centerIn: parent
            path: control.path
            size: control.iconSize
            filled: control.filled
            color: control.hovered && control.plate === Theme.surface ? Theme.ink : control.tint
        }
    }

    background: Rectangle {
        radius: height / 2
        color: control.down || control.hovered ? control.plateHover : control.plate

        FocusRing {
            shown: control.visualFocus
            innerRadius: parent.radius
            gap: 1
        }
    }

    Tip {
        text: control.hint
        shown: control.hovered || control.visualFocus
    }
}
