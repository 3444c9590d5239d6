pragma ComponentBehavior: Bound

import QtQuick
import QtQuick.Layouts
import Sotto.Components
import Sotto.Theme
import Sotto.ViewModels

// One question that has to be answered first: by its buttons, by the number keys, aloud, or in one's own words below.
CardFrame {
    id: card

    required property ClarificationView view

    inset: Theme.m + 4
    edge: view.waiting ? Theme.accent : Theme.line
    name: "Question: " + view.question
    description: view.note
    announced: view.waiting ? name : ""

    // With the card itself focused: a digit chooses, Enter takes what is suggested.
    Keys.onPressed: event => {
        const digit = event.text.length === 1 ? "123456789".indexOf(event.text) + 1 : 0;
        const enter = event.key === Qt.Key_Return || event.key === Qt.Key_Enter;
        if (event.modifiers & ~Qt.KeypadModifier || !(digit || enter))
            return;
        const action = card.view.numbered(digit);
        if (action !== "") {
            card.actions.act(card.cardId, action);
            event.accepted = true;
        }
    }

    ColumnLayout {
        width: parent.width
        spacing: Theme.m

        CardHead {
            Layout.fillWidth: true
            path: Icons.question
            title: card.view.question
            note: card.view.other
            tint: card.view.waiting ? Theme.accent : Theme.muted
        }

        ChoiceRow {
            Layout.fillWidth: true
            view: card.view
            current: card.current
            onChosen: action => card.actions.act(card.cardId, action)
        }

        SmallText {
            Layout.fillWidth: true
            visible: text !== ""
            text: card.view.note
            elide: Text.ElideRight
        }
    }
}
