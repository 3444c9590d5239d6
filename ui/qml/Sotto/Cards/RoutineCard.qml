pragma ComponentBehavior: Bound

import QtQuick
import QtQuick.Layouts
import Sotto.Components
import Sotto.Theme
import Sotto.ViewModels

// A routine: what starts it, its steps with what the last dry run gave, and its text to be edited.
CardFrame {
    id: card

    required property RoutineView view
    required property string text

    property bool editing: false
    readonly property bool open: editing || view.edited || view.problem !== ""

    inset: Theme.m + 4
    name: "Routine: " + view.title
    description: text

    onCardIdChanged: editing = false

    Connections {
        target: card.view

        function onAccepted() {
            card.editing = false;
        }
    }

    function save() {
        card.view.saving();
        card.actions.save(card.cardId, card.view.draft);
    }

    ColumnLayout {
        width: parent.width
        spacing: Theme.m

        CardHead {
            Layout.fillWidth: true
            path: Icons.repeat
            title: card.view.title
            note: card.view.state
        }

        SmallText {
            Layout.fillWidth: true
            Layout.leftMargin: 22 + Theme.m
            visible: card.view.phrases !== ""
            text: "Say " + card.view.phrases
            wrapMode: Text.Wrap
        }

        Repeater {
            model: card.view.steps

            delegate: RowLayout {
                id: step

                required property int number
                required property string does
                required property string gave

                Layout.fillWidth: true
                spacing: Theme.m

                SmallText {
                    Layout.alignment: Qt.AlignTop
                    Layout.topMargin: 2
                    Layout.preferredWidth: 22
                    horizontalAlignment: Text.AlignHCenter
                    text: step.number
                }

                ColumnLayout {
                    Layout.fillWidth: true
                    spacing: 2

                    BodyText {
                        Layout.fillWidth: true
                        text: step.does
                    }

                    SmallText {
                        Layout.fillWidth: true
                        visible: text !== ""
                        text: step.gave
                        color: Theme.accent
                        wrapMode: Text.Wrap
                        Accessible.role: Accessible.StaticText
                        Accessible.name: "Dry run, step " + step.number + ": " + text
                    }
                }
            }
        }

        SmallText {
            Layout.fillWidth: true
            Layout.leftMargin: 22 + Theme.m
            visible: text !== ""
            text: card.view.parameters
            wrapMode: Text.Wrap
        }

        Loader {
            id: editor

            Layout.fillWidth: true
            active: card.open
            visible: active

            sourceComponent: YamlEditor {
                view: card.view
                current: card.current
                onSaved: card.save()
                onRested: card.forceActiveFocus()
            }
        }

        SmallText {
            Layout.fillWidth: true
            visible: text !== ""
            text: card.view.problem
            color: Theme.danger
            wrapMode: Text.Wrap
            Accessible.role: Accessible.AlertMessage
            Accessible.name: text
        }

        RowLayout {
            Layout.fillWidth: true
            spacing: Theme.s
            visible: card.open

            ChipButton {
                text: "Save"
                name: "Save the routine " + card.view.title
                primary: true
                enabled: card.view.edited
                focusPolicy: card.current ? Qt.TabFocus : Qt.NoFocus
                onClicked: card.save()
            }

            ChipButton {
                text: "Discard changes"
                quiet: true
                enabled: card.view.edited || card.editing
                focusPolicy: card.current ? Qt.TabFocus : Qt.NoFocus
                onClicked: {
                    card.view.draft = card.view.yaml;
                    card.editing = false;
                    card.forceActiveFocus();
                }
            }
        }

        RowLayout {
            Layout.fillWidth: true
            spacing: Theme.s
            visible: !card.open || card.view.problem !== ""

            ChipButton {
                visible: !card.view.saved && !card.open
                text: "Save"
                name: "Save the routine " + card.view.title
                primary: true
                focusPolicy: card.current ? Qt.TabFocus : Qt.NoFocus
                onClicked: card.save()
            }

            CardButtons {
                view: card.view
                actions: card.actions
                cardId: card.cardId
                current: card.current
            }

            Item {
                Layout.fillWidth: true
            }

            IconButton {
                Layout.rightMargin: -8
                visible: card.view.yaml !== "" && !card.open
                text: "Edit the text of the routine"
                hint: "Edit its text"
                path: Icons.pencil
                focusPolicy: card.current ? Qt.TabFocus : Qt.NoFocus
                onClicked: {
                    card.editing = true;
                    (editor.item as YamlEditor).take();
                }
            }
        }
    }
}
