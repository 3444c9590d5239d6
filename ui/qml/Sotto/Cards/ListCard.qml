pragma ComponentBehavior: Bound

import QtQuick
import QtQuick.Layouts
import Sotto.Components
import Sotto.Theme
import Sotto.ViewModels

// A list: things to buy, notes, facts, what is due today.
CardFrame {
    id: card

    required property ItemListView view
    required property string text

    inset: Theme.m + 4
    name: "List: " + view.title
    description: text

    ColumnLayout {
        width: parent.width
        spacing: Theme.s

        CardHead {
            Layout.fillWidth: true
            path: Icons.list
            title: card.view.title
            note: card.view.summary
        }

        ColumnLayout {
            Layout.fillWidth: true
            spacing: 0

            Repeater {
                model: card.view.items

                delegate: ItemRow {
                    Layout.fillWidth: true
                    current: card.current
                    onAsked: action => card.actions.act(card.cardId, action)
                }
            }
        }

        SmallText {
            Layout.fillWidth: true
            Layout.leftMargin: 22 + Theme.m
            visible: text !== ""
            text: card.view.emptyText
            wrapMode: Text.Wrap
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
