pragma ComponentBehavior: Bound

import QtQuick
import QtQuick.Layouts
import Sotto.Components
import Sotto.Theme
import Sotto.ViewModels

// A timer that counts while somebody can see it.
CardFrame {
    id: card

    required property TimerView view

    // It is within what is shown of the canvas.
    required property bool seen

    readonly property bool ringing: view.state === "ringing"
    readonly property bool live: view.counting || ringing || view.state === "paused"

    inset: Theme.m + 4
    edge: ringing ? Theme.accent : Theme.line
    plate: ringing ? Theme.accentSoft : Theme.surface
    name: view.title + (ringing ? ", ringing" : "")
    description: view.note
    announced: ringing ? name : ""

    Timer {
        interval: 1
        running: card.seen && card.view.counting
        onTriggered: {
            interval = card.view.tick();
            restart();
        }
    }

    ColumnLayout {
        width: parent.width
        spacing: Theme.m

        RowLayout {
            Layout.fillWidth: true
            spacing: Theme.m

            Icon {
                Layout.alignment: Qt.AlignTop
                path: card.view.share >= 0 ? Icons.timer : Icons.bell
                size: 22
                color: card.live ? Theme.accent : Theme.muted
            }

            ColumnLayout {
                Layout.fillWidth: true
                spacing: 2

                BodyText {
                    Layout.fillWidth: true
                    text: card.view.title
                    font.weight: Font.DemiBold
                }

                SmallText {
                    Layout.fillWidth: true
                    visible: text !== ""
                    text: card.view.note
                    wrapMode: Text.Wrap
                }
            }

            TitleText {
                text: card.view.big
                visible: text !== ""
                color: card.live ? Theme.ink : Theme.muted
                wrapMode: Text.NoWrap
                font.features: ({ "tnum": 1 })
                Accessible.role: Accessible.StaticText
                Accessible.name: card.view.title + ": " + card.view.big
            }
        }

        ProgressLine {
            Layout.fillWidth: true
            share: card.view.share
            name: card.view.title + ": " + card.view.big
            ink: card.view.state === "paused" ? Theme.muted : Theme.accent
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
