pragma ComponentBehavior: Bound

import QtQuick
import QtQuick.Layouts
import Sotto.Components
import Sotto.Theme
import Sotto.ViewModels

// A training session. One exercise is open at a time; a click on another opens that.
CardFrame {
    id: card

    required property SessionPlanView view
    required property string text

    // The exercise that opens now takes the keyboard over from the one that is done.
    property bool handsOn: false

    name: "Session: " + view.title
    description: text

    function didSet(exerciseId: string, byKey: bool) {
        card.handsOn = byKey;
        card.actions.act(card.cardId, "set-done:" + exerciseId);
        card.handsOn = false;
        if (byKey && card.view.progress >= 1)
            buttons.takeKeyboard();
    }

    ColumnLayout {
        width: parent.width
        spacing: Theme.m

        CardHead {
            Layout.fillWidth: true
            path: Icons.training
            title: card.view.title
            note: card.view.summary
        }

        ProgressLine {
            Layout.fillWidth: true
            share: card.view.progress
            name: card.view.progressWords
        }

        SmallText {
            Layout.fillWidth: true
            Layout.leftMargin: 22 + Theme.m
            visible: card.view.warmUp !== ""
            text: "Warm up: " + card.view.warmUp.split("\n").join(" · ")
            wrapMode: Text.Wrap
            lineHeight: 1.2
        }

        ColumnLayout {
            Layout.fillWidth: true
            spacing: 0

            Repeater {
                model: card.view.exercises

                delegate: ColumnLayout {
                    id: exercise

                    required property string exerciseId
                    required property int number
                    required property string name
                    required property string amount
                    required property string muscles
                    required property string how
                    required property string drawing
                    required property string link
                    required property string replaced
                    required property int sets
                    required property int setsDone
                    required property bool done
                    required property bool opened
                    required property string said

                    Layout.fillWidth: true
                    spacing: 0

                    ExerciseRow {
                        Layout.fillWidth: true
                        number: exercise.number
                        name: exercise.name
                        amount: exercise.amount
                        replaced: exercise.replaced
                        sets: exercise.sets
                        setsDone: exercise.setsDone
                        done: exercise.done
                        opened: exercise.opened
                        said: exercise.said
                        focusPolicy: card.current ? Qt.TabFocus : Qt.NoFocus
                        onClicked: card.view.look_at(exercise.number)
                    }

                    Loader {
                        Layout.fillWidth: true
                        Layout.leftMargin: 22 + Theme.m
                        Layout.topMargin: active ? Theme.xs : 0
                        Layout.bottomMargin: Theme.s
                        active: exercise.opened
                        visible: active

                        sourceComponent: ExerciseDetails {
                            name: exercise.name
                            muscles: exercise.muscles
                            how: exercise.how
                            drawing: exercise.drawing
                            link: exercise.link
                            sets: exercise.sets
                            setsDone: exercise.setsDone
                            done: exercise.done
                            usable: card.view.inProgress
                            current: card.current
                            handsOn: card.handsOn
                            onSetDone: byKey => card.didSet(exercise.exerciseId, byKey)
                            onSwapped: card.actions.act(card.cardId, "swap:" + exercise.exerciseId)
                            onFollowed: card.actions.follow(exercise.link)
                        }
                    }
                }
            }
        }

        SmallText {
            Layout.fillWidth: true
            Layout.leftMargin: 22 + Theme.m
            visible: card.view.coolDown !== ""
            text: "Cool down: " + card.view.coolDown.split("\n").join(" · ")
            wrapMode: Text.Wrap
            lineHeight: 1.2
        }

        RowLayout {
            Layout.fillWidth: true
            spacing: Theme.m

            SmallText {
                Layout.fillWidth: true
                Layout.leftMargin: 22 + Theme.m
                text: card.view.progressWords
                elide: Text.ElideRight
                Accessible.role: Accessible.StaticText
                Accessible.name: text
            }

            CardButtons {
                id: buttons

                view: card.view
                actions: card.actions
                cardId: card.cardId
                current: card.current
            }
        }
    }
}
