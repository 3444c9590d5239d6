pragma ComponentBehavior: Bound

import QtQuick
import QtQuick.Layouts
import Sotto.Components
import Sotto.Theme

// Beneath an answer: who gave it, what it took, what it knew, and what can be done with it.
RowLayout {
    id: footer

    required property AnswerCard card

    spacing: Theme.s
    visible: !card.empty || card.over

    Rectangle {
        id: badge

        Layout.maximumWidth: Math.round((footer.card.column - 2 * footer.card.inset) * 0.45)
        implicitWidth: badgeText.implicitWidth + 2 * Theme.s
        implicitHeight: badgeText.implicitHeight + 6
        visible: footer.card.badge !== ""
        radius: height / 2
        color: Theme.accentSoft
        Accessible.role: Accessible.StaticText
        Accessible.name: footer.card.badgeDetail

        SmallText {
            id: badgeText

            anchors.centerIn: parent
            width: Math.min(implicitWidth, parent.width - 2 * Theme.s)
            text: footer.card.badge
            color: Theme.accent
            elide: Text.ElideRight
        }

        HoverHandler {
            id: overBadge
        }

        Tip {
            text: footer.card.badgeDetail
            shown: overBadge.hovered
        }
    }

    SmallText {
        visible: text !== ""
        text: footer.card.view.sureness
        color: [Theme.muted, Theme.unsure, Theme.doubtful][footer.card.view.shade]
        Accessible.role: Accessible.StaticText
        Accessible.name: footer.card.view.surenessDetail

        HoverHandler {
            id: overSureness
        }

        Tip {
            text: footer.card.view.surenessDetail
            shown: overSureness.hovered
        }
    }

    Icon {
        visible: footer.card.view.refined > 0
        path: Icons.refined
        size: 16
        color: Theme.accent
        Accessible.role: Accessible.StaticText
        Accessible.name: footer.card.view.refinedNote

        HoverHandler {
            id: overRefined
        }

        Tip {
            text: footer.card.view.refinedNote
            shown: overRefined.hovered
        }
    }

    SmallText {
        visible: text !== ""
        text: footer.card.joules
        Accessible.role: Accessible.StaticText
        Accessible.name: footer.card.joulesDetail

        HoverHandler {
            id: overJoules
        }

        Tip {
            text: footer.card.joulesDetail
            shown: overJoules.hovered
        }
    }

    SmallText {
        id: note

        Layout.fillWidth: true
        text: footer.card.stopped ? "Stopped · " + footer.card.contextNote : footer.card.contextNote
        elide: Text.ElideRight
        Accessible.role: Accessible.StaticText
        Accessible.name: text
        Accessible.description: footer.card.topics

        HoverHandler {
            id: overNote
        }

        Tip {
            text: footer.card.topics
            shown: overNote.hovered
        }
    }

    IconButton {
        readonly property bool given: footer.card.view.rated > 0

        Layout.topMargin: -6
        Layout.bottomMargin: -6
        Layout.rightMargin: -6
        visible: footer.card.view.ratable
        text: "A good answer"
        path: Icons.thumbUp
        tint: given ? Theme.accent : Theme.muted
        plate: given ? Theme.accentSoft : Theme.clear
        Accessible.checkable: true
        Accessible.checked: given
        focusPolicy: footer.card.current ? Qt.TabFocus : Qt.NoFocus
        onClicked: footer.card.actions.act(footer.card.cardId, "rate:1")
    }

    IconButton {
        readonly property bool given: footer.card.view.rated < 0

        Layout.topMargin: -6
        Layout.bottomMargin: -6
        Layout.rightMargin: -6
        visible: footer.card.view.ratable
        text: "A poor answer"
        path: Icons.thumbDown
        tint: given ? Theme.accent : Theme.muted
        plate: given ? Theme.accentSoft : Theme.clear
        Accessible.checkable: true
        Accessible.checked: given
        focusPolicy: footer.card.current ? Qt.TabFocus : Qt.NoFocus
        onClicked: footer.card.actions.act(footer.card.cardId, "rate:-1")
    }

    IconButton {
        Layout.topMargin: -6
        Layout.bottomMargin: -6
        text: "Speak this answer again"
        path: Icons.speaker
        enabled: footer.card.over && !footer.card.empty
        focusPolicy: footer.card.current ? Qt.TabFocus : Qt.NoFocus
        onClicked: footer.card.actions.replay(footer.card.cardId)
    }

    CopyButton {
        Layout.topMargin: -6
        Layout.bottomMargin: -6
        Layout.rightMargin: -8
        name: "Copy this answer"
        cardId: footer.card.cardId
        actions: footer.card.actions
        enabled: !footer.card.empty
        focusPolicy: footer.card.current ? Qt.TabFocus : Qt.NoFocus
    }
}
