pragma ComponentBehavior: Bound

import QtQuick
import Sotto.Components
import Sotto.Theme

// What holds a device back, in a word.
Rectangle {
    id: chip

    required property string word

    readonly property color tint: word === "Throttled" ? Theme.danger : word === "Resting" ? Theme.unsure
                                  : word === "Asleep" ? Theme.muted : Theme.accent

    implicitWidth: label.implicitWidth + 2 * Theme.s
    implicitHeight: label.implicitHeight + 4
    radius: height / 2
    color: Theme.clear
    border.width: Theme.hair
    border.color: tint
    Accessible.ignored: true

    SmallText {
        id: label

        anchors.centerIn: parent
        text: chip.word
        color: chip.tint
        font.weight: Font.DemiBold
    }
}
