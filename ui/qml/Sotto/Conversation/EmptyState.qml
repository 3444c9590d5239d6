pragma ComponentBehavior: Bound

import QtQuick
import QtQuick.Layouts
import Sotto.Components
import Sotto.Theme

// Teaches the key before there is anything to show.
ColumnLayout {
    id: empty

    required property string keyName

    spacing: Theme.l
    Accessible.role: Accessible.StaticText
    Accessible.name: "Hold " + keyName + " and speak. Let go, and Sotto answers. "
                     + "Tap it to talk hands free, press Escape to stop, or type a question below."

    RowLayout {
        Layout.alignment: Qt.AlignHCenter
        spacing: Theme.m

        TitleText {
            text: "Hold"
            wrapMode: Text.NoWrap
            Accessible.ignored: true
        }

        KeyCap {
            key: empty.keyName
            size: Theme.body
        }

        TitleText {
            text: "and speak"
            wrapMode: Text.NoWrap
            Accessible.ignored: true
        }
    }

    SmallText {
        Layout.fillWidth: true
        horizontalAlignment: Text.AlignHCenter
        text: "Let go, and the answer comes.\nNothing leaves this machine unless you allow it."
        font.pixelSize: Theme.body
        wrapMode: Text.Wrap
        lineHeight: 1.25
    }

    GridLayout {
        Layout.alignment: Qt.AlignHCenter
        Layout.topMargin: Theme.s
        columns: empty.width > 500 ? 6 : 2
        columnSpacing: Theme.s
        rowSpacing: Theme.m

        KeyCap {
            Layout.alignment: Qt.AlignRight
            key: empty.keyName
        }

        SmallText {
            Layout.rightMargin: Theme.m
            text: "tap: talk hands free"
        }

        KeyCap {
            Layout.alignment: Qt.AlignRight
            key: "Esc"
        }

        SmallText {
            Layout.rightMargin: Theme.m
            text: "stop"
        }

        KeyCap {
            Layout.alignment: Qt.AlignRight
            key: "Enter"
        }

        SmallText {
            text: "send what you typed"
        }
    }
}
