pragma ComponentBehavior: Bound

import QtQuick
import QtQuick.Layouts
import QtQuick.Templates as T
import Sotto.Components
import Sotto.Theme
import Sotto.ViewModels

// What else could be had; a line is chosen by clicking on it.
CardFrame {
    id: card

    required property AlternativesView view

    inset: Theme.m + 4
    name: view.title

    ColumnLayout {
        width: parent.width
        spacing: Theme.s

        CardHead {
            Layout.fillWidth: true
            path: Icons.swap
            title: card.view.title
        }

        Repeater {
            model: card.view.alternatives

            delegate: T.AbstractButton {
                id: other

                required property string command
                required property string label
                required property string reason
                required property bool taken

                Layout.fillWidth: true
                Layout.leftMargin: 22
                implicitHeight: contentItem.implicitHeight + 2 * padding
                padding: Theme.s
                leftPadding: Theme.m
                enabled: card.view.usable
                hoverEnabled: true
                focusPolicy: card.current ? Qt.TabFocus : Qt.NoFocus
                Accessible.name: reason === "" ? label : label + ": " + reason
                Accessible.role: Accessible.Button
                onClicked: card.actions.act(card.cardId, command)

                Keys.onReturnPressed: click()
                Keys.onEnterPressed: click()

                contentItem: RowLayout {
                    spacing: Theme.s

                    ColumnLayout {
                        Layout.fillWidth: true
                        spacing: 2

                        BodyText {
                            Layout.fillWidth: true
                            text: other.label
                        }

                        SmallText {
                            Layout.fillWidth: true
                            visible: text !== ""
                            text: other.reason
                            wrapMode: Text.Wrap
                        }
                    }

                    Icon {
                        path: other.taken ? Icons.check : Icons.right
                        color: other.taken ? Theme.accent : Theme.muted
                    }
                }

                background: Rectangle {
                    radius: Theme.radiusSmall
                    color: other.taken ? Theme.accentSoft : other.hovered ? Theme.hover : Theme.clear

                    FocusRing {
                        shown: other.visualFocus
                        gap: 0
                    }
                }
            }
        }

        CardButtons {
            Layout.fillWidth: true
            view: card.view
            actions: card.actions
            cardId: card.cardId
            current: card.current
        }
    }
}
