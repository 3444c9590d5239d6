pragma ComponentBehavior: Bound

import QtQuick
import QtQuick.Layouts
import Sotto.Components
import Sotto.Theme
import Sotto.ViewModels

// One line above the field: what goes on now, and while the person talks the words so far.
RowLayout {
    id: line

    required property TurnViewModel turn

    spacing: Theme.s
    Accessible.role: Accessible.StaticText
    Accessible.name: words.text

    Rectangle {
        Layout.preferredWidth: 8
        Layout.preferredHeight: 8
        radius: 4
        visible: !line.turn.idle
        color: Theme.accent
    }

    SmallText {
        id: words

        Layout.fillWidth: true
        text: line.turn.caption !== "" ? line.turn.caption : line.turn.status
        color: line.turn.idle ? Theme.muted : Theme.ink
        elide: line.turn.caption !== "" ? Text.ElideLeft : Text.ElideRight
        maximumLineCount: 1
    }

    SmallText {
        visible: line.turn.progress >= 0
        text: Math.round(line.turn.progress * 100) + " %"
    }
}
