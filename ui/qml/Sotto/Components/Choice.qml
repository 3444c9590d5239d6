pragma ComponentBehavior: Bound

import QtQuick
import QtQuick.Templates as T
import Sotto.Theme

// A list to choose one thing from.
T.ComboBox {
    id: control

    required property string name

    implicitWidth: 260
    implicitHeight: Theme.body + 2 * Theme.m - 2
    leftPadding: Theme.m
    rightPadding: 34
    focusPolicy: Qt.StrongFocus
    hoverEnabled: true
    Accessible.name: name
    Accessible.role: Accessible.ComboBox

    contentItem: Text {
        text: control.displayText
        color: Theme.ink
        font.pixelSize: Theme.body
        textFormat: Text.PlainText
        elide: Text.ElideRight
        verticalAlignment: Text.AlignVCenter
    }

    indicator: Icon {
        x: control.width - width - Theme.s
        y: (control.height - height) / 2
        path: Icons.down
        size: 20
    }

    background: Rectangle {
        radius: Theme.radiusSmall
        color: control.down || control.hovered ? Theme.hover : Theme.surface
        border.width: 1
        border.color: Theme.line

        FocusRing {
            shown: control.visualFocus
        }
    }

    delegate: T.ItemDelegate {
        id: option

        required property int index
        required property string label

        width: ListView.view.width
        implicitHeight: Theme.body + 2 * Theme.s + 2
        leftPadding: Theme.m
        rightPadding: 34
        highlighted: control.highlightedIndex === index
        hoverEnabled: true
        Accessible.name: label
        Accessible.role: Accessible.ListItem

        contentItem: Text {
            text: option.label
            color: Theme.ink
            font.pixelSize: Theme.body
            textFormat: Text.PlainText
            elide: Text.ElideRight
            verticalAlignment: Text.AlignVCenter
        }

        background: Rectangle {
            radius: Theme.radiusSmall - 2
            color: option.highlighted ? Theme.hover : Theme.clear

            Icon {
                anchors.right: parent.right
                anchors.rightMargin: Theme.s
                anchors.verticalCenter: parent.verticalCenter
                path: Icons.check
                size: 18
                color: Theme.accent
                visible: control.currentIndex === option.index
            }
        }
    }

    popup: T.Popup {
        y: control.height + Theme.xs
        width: control.width
        height: Math.min(contentItem.implicitHeight + 2 * padding, 320)
        padding: Theme.xs
        margins: Theme.s

        contentItem: ListView {
            clip: true
            implicitHeight: contentHeight
            model: control.delegateModel
            currentIndex: control.highlightedIndex
            highlightMoveDuration: 0
            T.ScrollBar.vertical: ScrollMark {}
        }

        background: Rectangle {
            radius: Theme.radiusSmall
            color: Theme.raised
            border.width: 1
            border.color: Theme.line
        }
    }
}
