pragma ComponentBehavior: Bound

import QtQuick
import QtQuick.Layouts
import QtQuick.Templates as T
import QtQml.Models
import Sotto.Components
import Sotto.Theme
import Sotto.ViewModels

// The few settings everybody needs. What is here, and what it says, comes from the table of settings.
FocusScope {
    id: page

    required property SettingsViewModel settings

    signal done

    readonly property real side: width < 640 ? Theme.m + 4 : Theme.xl

    Component.onCompleted: {
        page.settings.refresh();
        back.forceActiveFocus(Qt.OtherFocusReason);
    }

    RowLayout {
        id: head

        x: (parent.width - width) / 2
        y: Theme.m
        width: list.column
        spacing: Theme.s

        IconButton {
            id: back

            Layout.leftMargin: -8
            text: "Back to the conversation"
            hint: "Back (Esc)"
            path: Icons.back
            iconSize: 22
            focus: true
            onClicked: page.done()
        }

        TitleText {
            Layout.fillWidth: true
            text: "Settings"
        }
    }

    ListView {
        id: list

        readonly property real column: Math.min(width - 2 * page.side, 700)

        anchors.fill: parent
        anchors.topMargin: head.y + head.height + Theme.s
        model: page.settings.rows
        boundsBehavior: Flickable.StopAtBounds
        bottomMargin: Theme.xl
        cacheBuffer: 4000
        clip: true
        section.property: "section"
        section.delegate: Item {
            required property string section

            width: list.width
            height: heading.implicitHeight + Theme.l + Theme.s

            SmallText {
                id: heading

                x: (parent.width - list.column) / 2
                anchors.bottom: parent.bottom
                anchors.bottomMargin: Theme.xs
                text: parent.section
                color: Theme.accent
                font.weight: Font.DemiBold
                Accessible.role: Accessible.Heading
                Accessible.name: text
            }
        }

        T.ScrollBar.vertical: ScrollMark {}

        FocusKeeper {
            view: list
        }

        delegate: DelegateChooser {
            role: "kind"

            DelegateChoice {
                roleValue: "choice"

                SettingDelegate {
                    id: choiceRow

                    required property ChoiceModel choices
                    required property int current

                    column: list.column

                    Choice {
                        width: choiceRow.wide ? Math.min(340, choiceRow.column * 0.5) : choiceRow.column
                        name: choiceRow.title
                        model: choiceRow.choices
                        textRole: "label"
                        currentIndex: choiceRow.current
                        onActivated: index => page.settings.choose(choiceRow.key, index)
                    }
                }
            }

            DelegateChoice {
                roleValue: "flag"

                SettingDelegate {
                    id: flagRow

                    required property bool checked

                    column: list.column
                    small: true

                    Toggle {
                        text: flagRow.title
                        checked: flagRow.checked
                        onToggled: page.settings.setFlag(flagRow.key, checked)
                    }
                }
            }

            DelegateChoice {
                roleValue: "number"

                SettingDelegate {
                    id: numberRow

                    required property real number
                    required property real minimum
                    required property real maximum
                    required property real step
                    required property string numberText

                    column: list.column

                    RowLayout {
                        width: implicitWidth
                        spacing: Theme.m

                        SpeedSlider {
                            name: numberRow.title
                            from: numberRow.minimum
                            to: numberRow.maximum
                            stepSize: numberRow.step
                            value: numberRow.number
                            onMoved: page.settings.setNumber(numberRow.key, value)
                        }

                        SmallText {
                            Layout.preferredWidth: 40
                            text: numberRow.numberText
                            horizontalAlignment: Text.AlignRight
                            color: Theme.ink
                        }
                    }
                }
            }
        }

        footer: Item {
            width: list.width
            height: problem.visible ? problem.implicitHeight + Theme.l : 0

            SmallText {
                id: problem

                x: (parent.width - list.column) / 2
                y: Theme.m
                width: list.column
                visible: text !== ""
                text: page.settings.problem
                color: Theme.danger
                wrapMode: Text.Wrap
            }
        }
    }
}
