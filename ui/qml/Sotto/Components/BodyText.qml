pragma ComponentBehavior: Bound

import QtQuick
import Sotto.Theme

Text {
    color: Theme.ink
    font.pixelSize: Theme.body
    lineHeight: 1.2
    textFormat: Text.PlainText
    wrapMode: Text.Wrap
}
