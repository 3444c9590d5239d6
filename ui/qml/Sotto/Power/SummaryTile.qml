pragma ComponentBehavior: Bound

import QtQuick
import QtQuick.Layouts
import Sotto.Components
import Sotto.Theme
import Sotto.ViewModels

// A figure of the whole machine with its name above it, and beneath it whether it was measured.
ColumnLayout {
    id: tile

    required property PowerFigure figure

    spacing: 0

    SmallText {
        Layout.fillWidth: true
        text: tile.figure.title
        elide: Text.ElideRight
        Accessible.ignored: true
    }

    FigureText {
        Layout.fillWidth: true
        figure: tile.figure
        size: Theme.title
        weight: Font.DemiBold
        slanted: false
    }

    SmallText {
        Layout.fillWidth: true
        text: tile.figure.standing
        elide: Text.ElideRight
        Accessible.ignored: true
    }
}
