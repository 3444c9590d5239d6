pragma ComponentBehavior: Bound

import QtQuick
import Sotto.Components
import Sotto.Theme
import Sotto.ViewModels

// One figure: plain when measured, with a sign and slanted when estimated, grey when there is none.
Item {
    id: place

    required property PowerFigure figure
    property real size: Theme.body
    property int weight: Font.Medium
    property bool slanted: figure.estimate

    implicitWidth: words.implicitWidth
    implicitHeight: nominal.height
    Accessible.role: Accessible.StaticText
    Accessible.name: figure.spoken
    Accessible.description: figure.origin

    Text {
        id: words

        anchors.fill: parent
        text: place.figure.text
        color: place.figure.available && !place.slanted ? Theme.ink : Theme.muted
        font.pixelSize: place.size
        font.weight: place.weight
        font.italic: place.slanted
        textFormat: Text.PlainText
        elide: Text.ElideRight
        fontSizeMode: Text.HorizontalFit
        minimumPixelSize: Theme.small
        verticalAlignment: Text.AlignVCenter
        Accessible.ignored: true
    }

    // A figure that is too long is written smaller; its place stays as high.
    FontMetrics {
        id: nominal

        font.pixelSize: place.size
        font.weight: place.weight
    }

    HoverHandler {
        id: over
    }

    Tip {
        text: place.figure.origin
        shown: over.hovered
    }
}
