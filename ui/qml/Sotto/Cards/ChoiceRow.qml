pragma ComponentBehavior: Bound

import QtQuick
import Sotto.Components
import Sotto.Theme
import Sotto.ViewModels

// The likely answers to a question. Arrow keys walk over them.
Flow {
    id: row

    required property ClarificationView view
    required property bool current

    signal chosen(string action)

    spacing: Theme.s

    Repeater {
        model: row.view.choices

        delegate: ChipButton {
            id: choice

            required property string command
            required property string label
            required property int number
            required property bool preset
            required property bool taken

            text: label
            key: number > 0 && row.view.waiting ? number : ""
            name: preset ? label + ", suggested" : label
            primary: preset && row.view.waiting
            selected: taken
            enabled: row.view.waiting
            focusPolicy: row.current ? Qt.TabFocus : Qt.NoFocus
            onClicked: row.chosen(command)

            Keys.onLeftPressed: choice.nextItemInFocusChain(false).forceActiveFocus(Qt.BacktabFocusReason)
            Keys.onRightPressed: choice.nextItemInFocusChain(true).forceActiveFocus(Qt.TabFocusReason)
        }
    }
}
