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
        spacing: Theme.s + 2

        TitleText {
            text: "Hold"
            wrapMode: Text.NoWrap
        }

        KeyCap {
            key: empty.keyName
            scale: 1.15
            Layout.leftMargin: Theme.xs
            Layout.rightMargin: Theme.xs
        }

        TitleText {
            text: "and speak"
            wrapMode: Text.NoWrap
        }
    }

    SmallText {
        Layout.fillWidth: true
        horizontalAlignment: Text.AlignHCenter
        text: "Let go, and the answer comes. Nothing leaves this machine."
        font.pixelSize: Theme.body
        wrapMode: Text.Wrap
        lineHeight: 1.2
    }

    Flow {
        id: keys

        readonly property real total: tap.implicitWidth + stop.implicitWidth + type.implicitWidth + 2 * spacing

        Layout.alignment: Qt.AlignHCenter
        Layout.preferredWidth: Math.min(total, empty.width)
        Layout.topMargin: Theme.s
        spacing: Theme.l

        RowLayout {
            id: tap

            spacing: Theme.s

            KeyCap {
                key: empty.keyName
            }

            SmallText {
                text: "tap: talk hands free"
            }
        }

        RowLayout {
            id: stop

            spacing: Theme.s

            KeyCap {
                key: "Esc"
            }

            SmallText {
                text: "stop"
            }
        }

        RowLayout {
            id: type

            spacing: Theme.s

            KeyCap {
                key: "Enter"
            }

            SmallText {
                text: "send what you typed"
            }
        }
    }
}
