pragma ComponentBehavior: Bound

import QtQuick
import QtQuick.Templates as T
import Sotto.Components
import Sotto.Theme

// A quiet button with words on it.
T.AbstractButton {
    id: chip

    property string name: text

    implicitWidth: label.implicitWidth + leftPadding + rightPadding
    implicitHeight: label.implicitHeight + topPadding + bottomPadding
    leftPadding: Theme.m
    rightPadding: Theme.m
    topPadding: Theme.xs + 1
    bottomPadding: Theme.xs + 1
    focusPolicy: Qt.TabFocus
    hoverEnabled: true
    Accessible.name: name
    Accessible.role: Accessible.Button

    Keys.onReturnPressed: click()
    Keys.onEnterPressed: click()

    contentItem: SmallText {
        id: label

        text: chip.text
        color: Theme.ink
        horizontalAlignment: Text.AlignHCenter
        verticalAlignment: Text.AlignVCenter
    }

    background: Rectangle {
        radius: height / 2
        color: chip.down || chip.hovered ? Theme.hover : Theme.clear
        border.width: Theme.hair
        border.color: Theme.line

        FocusRing {
            shown: chip.visualFocus
            innerRadius: parent.radius
            gap: 1
        }
    }
}
