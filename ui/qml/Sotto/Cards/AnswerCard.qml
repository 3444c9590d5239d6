pragma ComponentBehavior: Bound

import QtQuick
import QtQuick.Layouts
import Sotto.Components
import Sotto.Items
import Sotto.Theme
import Sotto.ViewModels

// The answer, filling in as it is written.
CardFrame {
    id: card

    required property AnswerDocument document
    required property AnswerView view
    required property bool writing
    required property bool stopped
    required property bool over
    required property string badge
    required property string badgeDetail
    required property string contextNote
    required property string joules
    required property string joulesDetail
    required property string topics
    required property bool shaded

    readonly property bool empty: document.text === ""

    // A screen reader hears an answer once, when it is whole.
    readonly property string said: writing ? "The answer is being written" : empty ? "No answer" : "Answer: " + document.text

    readonly property int refined: view.refined

    name: said
    description: [view.surenessDetail, view.refinedNote, shaded ? document.confidenceNote : ""].filter(part => part).join(". ")
    edge: turned.running ? Theme.accent : Theme.line

    // A better text has taken the place of the first one: the edge of the card says so for a moment.
    onRefinedChanged: {
        if (refined > 0)
            turned.restart();
    }

    Timer {
        id: turned

        interval: 1200
    }

    ColumnLayout {
        width: parent.width
        spacing: Theme.m

        SmallText {
            visible: card.empty
            text: card.writing ? "…" : card.stopped ? "Stopped before the first word." : "There is no answer."
            font.pixelSize: Theme.body
        }

        AnswerText {
            id: words

            Layout.fillWidth: true
            Layout.preferredHeight: implicitHeight
            visible: !card.empty
            document: card.document
            font.pixelSize: Theme.body
            lineHeight: Theme.lineHeight
            shaded: card.shaded
            ink: Theme.ink
            unsure: Theme.unsure
            doubtful: Theme.doubtful
            Accessible.role: Accessible.StaticText
            Accessible.name: card.said

            Tip {
                text: words.hoveredNote
                at: words.hoveredAt
                shown: card.shaded && words.hoveredNote !== ""
                free: true
            }
        }

        CardButtons {
            Layout.fillWidth: true
            view: card.view
            actions: card.actions
            cardId: card.cardId
            current: card.current
        }

        AnswerFooter {
            Layout.fillWidth: true
            card: card
        }
    }
}
