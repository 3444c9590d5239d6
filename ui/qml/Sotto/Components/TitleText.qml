pragma ComponentBehavior: Bound

import QtQuick
import Sotto.Theme

Text {
    color: Theme.ink
    font.pixelSize: Theme.title
    font.weight: Font.DemiBold
    textFormat: Text.PlainText
    wrapMode: Text.Wrap
    Accessible.role: Accessible.Heading
    Accessible.name: text
}
