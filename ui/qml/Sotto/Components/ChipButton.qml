pragma ComponentBehavior: Bound

import QtQuick
import QtQuick.Templates as T
import Sotto.Theme

// A button with words on it, as loud as it has to be: filled, outlined, or words alone.
T.AbstractButton {
    id: chip

    property bool primary: false
    property bool quiet: false
    property bool selected: false

    // A key that does the same, shown before the words.
    property string key: ""
    property string name: text

    implicitWidth: words.implicitWidth + leftPadding + rightPadding
    implicitHeight: words.implicitHeight + topPadding + bottomPadding
    leftPadding: Theme.m + 2
    rightPadding: Theme.m + 2
    topPadding: Theme.s - 1
    bottomPadding: Theme.s - 1
    focusPolicy: Qt.TabFocus
    hoverEnabled: true
    opacity: enabled || selected ? 1 : 0.45
    Accessible.name: name
    Accessible.role: Accessible.Button

    Keys.onReturnPressed: click()
    Keys.onEnterPressed: click()

    contentItem: Row {
        id: words

        spacing: Theme.s - 2

        Icon {
            anchors.verticalCenter: parent.verticalCenter
            visible: chip.selected
            path: Icons.check
            size: Theme.small
            color: chip.primary ? Theme.accentInk : Theme.accent
        }

        SmallText {
            anchors.verticalCenter: parent.verticalCenter
            visible: chip.key !== "" && !chip.selected
            text: chip.key
            color: chip.primary ? Theme.accentInk : Theme.muted
            opacity: 0.75
        }

        SmallText {
            anchors.verticalCenter: parent.verticalCenter
            text: chip.text
            color: chip.primary ? Theme.accentInk : chip.quiet ? Theme.muted : Theme.ink
            font.weight: chip.primary ? Font.DemiBold : Font.Normal
        }
    }

    background: Rectangle {
        readonly property bool lit: chip.enabled && (chip.down || chip.hovered)

        radius: height / 2
        color: chip.primary ? (lit ? Theme.accentHover : Theme.accent)
                            : lit ? Theme.hover : chip.selected ? Theme.accentSoft : chip.quiet ? Theme.clear : Theme.surface
        border.width: chip.primary || chip.quiet ? 0 : Theme.hair
        border.color: chip.selected ? Theme.accent : Theme.line

        FocusRing {
            shown: chip.visualFocus
            innerRadius: parent.radius
            gap: 1
        }
    }
}
