pragma ComponentBehavior: Bound

import QtQuick
import Sotto.Components
import Sotto.Theme
import Sotto.ViewModels

// What can be done with a whole card: three buttons at most, the rest behind the last of them.
Flow {
    id: row

    required property CardView view
    required property CardActions actions
    required property string cardId
    required property bool current

    spacing: Theme.s
    visible: shown.count > 0

    function takeKeyboard() {
        shown.itemAt(0)?.forceActiveFocus(Qt.TabFocusReason);
    }

    Repeater {
        id: shown

        model: row.view.buttons

        delegate: ChipButton {
            required property string command
            required property string label

            required primary
            required quiet

            text: label
            focusPolicy: row.current ? Qt.TabFocus : Qt.NoFocus
            onClicked: row.actions.act(row.cardId, command)
        }
    }

    MoreMenu {
        visible: row.view.overfull
        entries: row.view.more
        focusPolicy: row.current ? Qt.TabFocus : Qt.NoFocus
        onChosen: action => row.actions.act(row.cardId, action)
    }
}
