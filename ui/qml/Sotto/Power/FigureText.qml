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
    implicitHeight: words.implicitHeight
    Accessible.role: Accessible.StaticText
    Accessible.name: figure.spoken
    Accessible.description: figure.origin

    Text {
        id: words

        width: parent.width
        text: place.figure.text
        color: place.figure.available && !place.slanted ? Theme.ink : Theme.muted
        opacity: place.figure.available ? 1 : 0.7
        font.pixelSize: place.size
        font.weight: place.weight
        font.italic: place.slanted
        textFormat: Text.PlainText
        elide: Text.ElideRight
        Accessible.ignored: true
    }

    HoverHandler {
        id: over
    }

    Tip {
        text: place.figure.origin
        shown: over.hovered
    }
}
