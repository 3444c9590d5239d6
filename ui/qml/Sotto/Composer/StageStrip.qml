pragma ComponentBehavior: Bound

import QtQuick
import QtQuick.Layouts
import Sotto.Components
import Sotto.Theme
import Sotto.ViewModels

// What each stage of the last turn took, and where it ran.
RowLayout {
    id: strip

    required property StageStripModel stages

    readonly property bool roomy: width > 540

    spacing: Theme.m + 2
    Accessible.role: Accessible.StaticText
    Accessible.name: "Last turn: " + stages.summary

    Repeater {
        model: strip.stages

        Item {
            id: item

            required property string label
            required property string time
            required property string where
            required property string detail

            implicitWidth: words.implicitWidth
            implicitHeight: words.implicitHeight
            Accessible.ignored: true

            Row {
                id: words

                spacing: Theme.xs + 1

                SmallText {
                    visible: strip.width > 380
                    text: item.label
                }

                SmallText {
                    text: item.time
                    color: Theme.ink
                }

                SmallText {
                    visible: strip.roomy && text !== ""
                    text: item.where
                }
            }

            HoverHandler {
                id: over
            }

            Tip {
                text: item.detail
                shown: over.hovered
            }
        }
    }

    Item {
        Layout.fillWidth: true
    }
}
