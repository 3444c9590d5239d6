pragma ComponentBehavior: Bound

import QtQuick
import QtQuick.Layouts
import Sotto.Components
import Sotto.Theme

// What the person said or typed; in a muted tone while they are still talking.
CardFrame {
    id: card

    required property string text
    required property bool final
    required property bool spoken

    above: Theme.xl
    inset: 0
    plate: Theme.clear
    edge: Theme.clear
    name: (spoken ? "You said: " : "You wrote: ") + text

    RowLayout {
        width: parent.width
        spacing: Theme.s

        Icon {
            Layout.alignment: Qt.AlignTop
            Layout.topMargin: Math.round((words.font.pixelSize * 1.25 - size) / 2)
            visible: card.spoken
            path: Icons.mic
            size: 20
            color: card.final ? Theme.muted : Theme.accent
        }

        Text {
            id: words

            Layout.fillWidth: true
            text: card.text
            color: card.final ? Theme.ink : Theme.muted
            font.pixelSize: Theme.body
            font.weight: Font.DemiBold
            lineHeight: 1.2
            textFormat: Text.PlainText
            wrapMode: Text.Wrap
        }

        IconButton {
            Layout.alignment: Qt.AlignTop
            Layout.topMargin: -7
            Layout.bottomMargin: -7
            Layout.rightMargin: Theme.m
            visible: card.final
            text: "Edit and ask again"
            path: Icons.pencil
            focusPolicy: card.current ? Qt.TabFocus : Qt.NoFocus
            onClicked: card.actions.edit(card.cardId)
        }
    }
}
