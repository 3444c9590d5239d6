pragma ComponentBehavior: Bound

import QtQuick
import QtQuick.Layouts
import Sotto.Components
import Sotto.Theme

// One line of a list.
RowLayout {
    id: row

    required property string itemId
    required property string text
    required property bool done
    required property string when
    required property bool checkable
    required property bool removable
    required property bool current

    signal asked(string action)

    spacing: Theme.xs

    HoverHandler {
        id: over
    }

    CheckMark {
        Layout.leftMargin: -6
        visible: row.checkable
        done: row.done
        text: row.text
        focusPolicy: row.current ? Qt.TabFocus : Qt.NoFocus
        onClicked: row.asked("check:" + row.itemId)
    }

    Text {
        Layout.preferredWidth: implicitWidth
        Layout.leftMargin: row.checkable ? 0 : 22 + Theme.m
        visible: row.when !== ""
        text: row.when
        color: Theme.accent
        font.pixelSize: Theme.body
        font.features: ({ "tnum": 1 })
        textFormat: Text.PlainText
    }

    BodyText {
        Layout.fillWidth: true
        Layout.leftMargin: row.when !== "" ? Theme.s : row.checkable ? 0 : 22 + Theme.m
        Layout.topMargin: (row.checkable ? 0 : 5) + Math.round(Theme.body * 0.18)
        Layout.bottomMargin: row.checkable ? 0 : 5
        text: row.text
        color: row.done ? Theme.muted : Theme.ink
        font.strikeout: row.done
        Accessible.role: Accessible.StaticText
        Accessible.name: text
    }

    IconButton {
        Layout.rightMargin: -8
        opacity: over.hovered || visualFocus || hovered ? 1 : 0
        visible: row.removable
        text: "Remove " + row.text
        hint: "Remove"
        path: Icons.close
        iconSize: 16
        focusPolicy: row.current ? Qt.TabFocus : Qt.NoFocus
        onClicked: row.asked("remove:" + row.itemId)
    }
}
