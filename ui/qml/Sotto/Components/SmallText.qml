pragma ComponentBehavior: Bound

import QtQuick
import Sotto.Theme

Text {
    color: Theme.muted
    font.pixelSize: Theme.small
    textFormat: Text.PlainText
}
