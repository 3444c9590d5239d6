pragma ComponentBehavior: Bound

import QtQuick
import QtQuick.Layouts
import Sotto.Components
import Sotto.Theme
import Sotto.ViewModels

// Something worth knowing, with at most one thing to do about it.
CardFrame {
    id: card

    required property string message
    required property string action
    required property string actionLabel
    required property CardView view

    inset: Theme.m + 4
    name: "Notice: " + message

    RowLayout {
        width: parent.width
        spacing: Theme.m

        Icon {
            Layout.alignment: Qt.AlignTop
            path: Icons.info
            size: 22
            color: Theme.accent
        }

        ColumnLayout {
            Layout.fillWidth: true
            spacing: Theme.m

            BodyText {
                Layout.fillWidth: true
                text: card.message
            }

            CardButtons {
                Layout.fillWidth: true
                view: card.view
                actions: card.actions
                cardId: card.cardId
                current: card.current
            }
        }

        ActionButton {
            visible: card.action !== ""
            text: card.actionLabel
            focusPolicy: card.current ? Qt.TabFocus : Qt.NoFocus
            onClicked: card.actions.act(card.cardId, card.action)
        }
    }
}
