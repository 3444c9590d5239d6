pragma ComponentBehavior: Bound

import QtQuick
import QtQuick.Layouts
import Sotto.Components
import Sotto.Theme
import Sotto.ViewModels

// Where each figure of a device comes from, what would make it readable, and the person's own word on the device.
ColumnLayout {
    id: details

    required property PowerViewModel power
    required property PowerLane lane

    spacing: Theme.s

    Repeater {
        model: [details.lane.power, details.lane.temperature, details.lane.busy, details.lane.memory]

        ColumnLayout {
            id: row

            required property PowerFigure modelData

            Layout.fillWidth: true
            spacing: Theme.xs

            SmallText {
                Layout.fillWidth: true
                text: row.modelData.title + " · " + row.modelData.origin
                wrapMode: Text.WrapAtWordBoundaryOrAnywhere
                lineHeight: 1.15
                Accessible.role: Accessible.StaticText
                Accessible.name: text
            }

            CommandLine {
                Layout.fillWidth: true
                visible: command !== ""
                power: details.power
                command: row.modelData.remedy
            }
        }
    }

    Flow {
        Layout.fillWidth: true
        Layout.topMargin: Theme.xs
        spacing: Theme.s

        Repeater {
            model: [
                {
                    word: "use",
                    label: "Use anyway"
                },
                {
                    word: "rest",
                    label: "Let it rest"
                },
                {
                    word: "",
                    label: "Back to automatic"
                }
            ]

            ChoiceChip {
                required property var modelData

                text: modelData.label
                name: modelData.label + ", " + details.lane.title
                visible: details.lane.override !== modelData.word
                onClicked: details.power.override(details.lane.key, modelData.word)
            }
        }
    }
}
