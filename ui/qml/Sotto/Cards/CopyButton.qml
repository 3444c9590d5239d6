pragma ComponentBehavior: Bound

import QtQuick
import Sotto.Components
import Sotto.Theme
import Sotto.ViewModels

// Copies a card and says so for a moment.
IconButton {
    id: button

    required property string cardId
    required property CardActions actions
    required property string name
    property bool done: false

    text: name
    hint: done ? "Copied" : name
    path: done ? Icons.check : Icons.copy
    onClicked: actions.copy(cardId)
    onCardIdChanged: done = false

    Connections {
        target: button.actions

        function onCopied(id: string) {
            button.done = id === button.cardId;
            if (button.done)
                forget.restart();
        }
    }

    Timer {
        id: forget

        interval: 1500
        onTriggered: button.done = false
    }
}
