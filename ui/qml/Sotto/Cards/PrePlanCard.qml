pragma ComponentBehavior: Bound

import QtQuick
import QtQuick.Layouts
import Sotto.Components
import Sotto.Theme
import Sotto.ViewModels

// What is going to be done, before it is.
CardFrame {
    id: card

    required property PrePlanView view

    inset: Theme.m + 4
    edge: view.waiting ? Theme.accent : Theme.line
    name: "Proposal: " + view.sentence
    announced: view.waiting ? name : ""
    description: (view.preview + " " + view.estimate + " " + view.outcome).trim()

    // Enter goes ahead, but not with something that changes or deletes: that takes its own button.
    Keys.onPressed: event => {
        const digit = event.text.length === 1 ? "123".indexOf(event.text) + 1 : 0;
        const enter = (event.key === Qt.Key_Return || event.key === Qt.Key_Enter) && !card.view.weighty;
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
            path: card.view.weighty ? Icons.warning : Icons.plan
            title: card.view.sentence
            tint: !card.view.waiting ? Theme.muted : card.view.weighty ? Theme.danger : Theme.accent
        }

        BodyText {
            Layout.fillWidth: true
            Layout.leftMargin: 22 + Theme.m
            visible: text !== ""
            text: card.view.preview
            color: Theme.muted
            lineHeight: Theme.lineHeight
        }

        CardButtons {
            Layout.fillWidth: true
            view: card.view
            actions: card.actions
            cardId: card.cardId
            current: card.current
        }

        SmallText {
            Layout.fillWidth: true
            visible: text !== ""
            text: card.view.waiting ? card.view.estimate : card.view.outcome
            elide: Text.ElideRight
        }
    }
}
