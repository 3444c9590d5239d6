pragma ComponentBehavior: Bound

import QtQuick
import QtQuick.Templates as T
import Sotto.Theme

// A tooltip that is made when it is first needed, and shows characters only.
Loader {
    id: tip

    required property string text
    required property bool shown
    property point at: Qt.point(width / 2, 0)
    property bool free: false

    anchors.fill: parent
    active: shown && text !== ""

    sourceComponent: T.ToolTip {
        id: bubble

        parent: tip
        x: Math.round(tip.at.x - implicitWidth / 2)
        y: Math.round(tip.at.y - implicitHeight - (tip.free ? Theme.body : Theme.xs))
        implicitWidth: Math.min(contentItem.implicitWidth + leftPadding + rightPadding, 420)
        implicitHeight: contentItem.implicitHeight + topPadding + bottomPadding
        margins: Theme.s
        leftPadding: Theme.m
        rightPadding: Theme.m
        topPadding: Theme.s - 1
        bottomPadding: Theme.s - 1
        delay: tip.free ? 250 : 500
        closePolicy: T.Popup.CloseOnEscape
        visible: tip.shown
        text: tip.text

        contentItem: Text {
            text: bubble.text
            color: Theme.page
            font.pixelSize: Theme.small
            textFormat: Text.PlainText
            wrapMode: Text.Wrap
        }

        background: Rectangle {
            color: Theme.ink
            radius: Theme.radiusSmall
        }
    }
}
