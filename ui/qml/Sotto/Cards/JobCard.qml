pragma ComponentBehavior: Bound

import QtQuick
import QtQuick.Layouts
import Sotto.Components
import Sotto.Theme
import Sotto.ViewModels

// A long job that goes on by itself.
CardFrame {
    id: card

    required property JobView view

    inset: Theme.m + 4
    name: view.title + ": " + view.state
    description: view.message
    announced: view.goingOn ? "" : name

    ColumnLayout {
        width: parent.width
        spacing: Theme.m

        CardHead {
            Layout.fillWidth: true
            path: card.view.failed ? Icons.warning : card.view.goingOn ? Icons.job : Icons.check
            title: card.view.title
            note: card.view.state
            tint: card.view.failed ? Theme.danger : card.view.goingOn ? Theme.accent : Theme.muted
        }

        ProgressLine {
            Layout.fillWidth: true
            share: card.view.progress
            name: card.view.title
        }

        SmallText {
            Layout.fillWidth: true
            Layout.leftMargin: 22 + Theme.m
            visible: text !== ""
            text: card.view.message
            wrapMode: Text.Wrap
            lineHeight: 1.2
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
