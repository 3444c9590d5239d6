pragma ComponentBehavior: Bound

import QtQuick
import QtQuick.Layouts
import Sotto.Components
import Sotto.Theme
import Sotto.ViewModels

// What is being done, while that takes long enough to wonder.
CardFrame {
    id: card

    required property StatusView view

    inset: Theme.m + 4
    plate: Theme.clear
    name: view.message

    ColumnLayout {
        width: parent.width
        spacing: Theme.s

        SmallText {
            Layout.fillWidth: true
            text: card.view.message
            font.pixelSize: Theme.body
            elide: Text.ElideRight
        }

        ProgressLine {
            Layout.fillWidth: true
            share: card.view.progress
            name: card.view.message
        }
    }
}
