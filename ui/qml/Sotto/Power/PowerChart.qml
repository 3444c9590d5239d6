pragma ComponentBehavior: Bound

import QtQuick
import QtQuick.Layouts
import Sotto.Components
import Sotto.Items
import Sotto.Theme
import Sotto.ViewModels

// The last minutes of one quantity.
ColumnLayout {
    id: place

    required property PowerTrail trail
    required property string title
    property real chartHeight: 96

    spacing: Theme.xs
    visible: !trail.empty

    SmallText {
        Layout.fillWidth: true
        text: place.title
        Accessible.ignored: true
    }

    StripChart {
        Layout.fillWidth: true
        Layout.preferredHeight: place.chartHeight
        trail: place.trail
        colours: [...Theme.devices]
        ink: Theme.muted
        grid: Theme.line
        font.pixelSize: Theme.small
        Accessible.role: Accessible.Chart
        Accessible.name: place.title
    }
}
