pragma ComponentBehavior: Bound

import QtQuick
import QtQuick.Layouts
import Sotto.Components
import Sotto.Theme
import Sotto.ViewModels

// The foot of the window: the button, the field, and one line about the turn.
Item {
    id: dock

    required property TurnViewModel turn
    required property ComposerViewModel composer
    required property string keyName

    readonly property real side: width < 640 ? Theme.m + 4 : Theme.xl
    readonly property bool busy: !turn.idle
    readonly property bool lineShown: busy || turn.status !== ""

    implicitHeight: column.implicitHeight + Theme.m + Theme.l

    // Gives the button the keyboard, so that the talk key talks.
    function rest() {
        talk.forceActiveFocus(Qt.OtherFocusReason);
    }

    ColumnLayout {
        id: column

        x: (parent.width - width) / 2
        y: Theme.m
        width: Math.min(parent.width - 2 * dock.side, Theme.readingWidth + 2 * Theme.l)
        spacing: Theme.s + 2

        Item {
            Layout.fillWidth: true
            Layout.preferredHeight: Theme.small + Theme.s

            StatusLine {
                anchors.fill: parent
                anchors.leftMargin: 76
                visible: dock.lineShown
                turn: dock.turn
            }

            StageStrip {
                anchors.fill: parent
                visible: !dock.lineShown
                stages: dock.turn.stages
            }
        }

        RowLayout {
            spacing: Theme.m + 4

            TalkButton {
                id: talk

                Layout.alignment: Qt.AlignBottom
                turn: dock.turn
                keyName: dock.keyName
                focus: true
            }

            QuestionField {
                Layout.fillWidth: true
                Layout.alignment: Qt.AlignBottom
                Layout.bottomMargin: 7
                composer: dock.composer
            }

            IconButton {
                Layout.alignment: Qt.AlignBottom
                Layout.bottomMargin: 7
                Layout.preferredWidth: 46
                Layout.preferredHeight: 46
                visible: dock.busy
                text: "Stop"
                hint: "Stop (Esc)"
                path: Icons.stop
                filled: true
                iconSize: 22
                tint: Theme.ink
                plate: Theme.surface
                onClicked: dock.turn.stop()
            }
        }
    }
}
