pragma ComponentBehavior: Bound

import QtQuick
import QtQuick.Layouts
import Sotto.Components
import Sotto.Theme

// Something worth knowing, with at most one thing to do about it.
CardFrame {
    id: card

    required property string message
    required property string action
    required property string actionLabel

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

        BodyText {
            Layout.fillWidth: true
            text: card.message
        }

        ActionButton {
            visible: card.action !== ""
            text: card.actionLabel
            focusPolicy: card.current ? Qt.TabFocus : Qt.NoFocus
            onClicked: card.actions.act(card.cardId, card.action)
        }
    }
}
