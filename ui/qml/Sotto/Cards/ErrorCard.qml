pragma ComponentBehavior: Bound

import QtQuick
import QtQuick.Layouts
import Sotto.Components
import Sotto.Theme
import Sotto.ViewModels

// What went wrong, in one sentence, and what to do about it.
CardFrame {
    id: card

    required property string message
    required property string remedy
    required property CardView view

    inset: Theme.m + 4
    name: "Problem: " + message
    description: remedy

    RowLayout {
        width: parent.width
        spacing: Theme.m

        Icon {
            Layout.alignment: Qt.AlignTop
            path: Icons.warning
            size: 22
            color: Theme.danger
        }

        ColumnLayout {
            Layout.fillWidth: true
            spacing: Theme.xs

            BodyText {
                Layout.fillWidth: true
                text: card.message
            }

            SmallText {
                Layout.fillWidth: true
                visible: text !== ""
                text: card.remedy
                wrapMode: Text.Wrap
                lineHeight: 1.2
            }

            CardButtons {
                Layout.fillWidth: true
                Layout.topMargin: Theme.s
                view: card.view
                actions: card.actions
                cardId: card.cardId
                current: card.current
            }
        }

        CopyButton {
            Layout.alignment: Qt.AlignTop
            Layout.topMargin: -6
            Layout.bottomMargin: -6
            Layout.rightMargin: -6
            name: "Copy this message"
            cardId: card.cardId
            actions: card.actions
            focusPolicy: card.current ? Qt.TabFocus : Qt.NoFocus
        }
    }
}
