pragma ComponentBehavior: Bound

import QtQuick
import QtQuick.Layouts
import QtQuick.Templates as T
import Sotto.Components
import Sotto.Theme
import Sotto.ViewModels

// The power panel in its compact form: what the last turn and the day took. Nothing is sampled for it.
T.AbstractButton {
    id: pill

    required property PowerSummary summary
    required property bool roomy

    readonly property string words: roomy ? summary.compact : summary.compactShort

    implicitWidth: line.implicitWidth + leftPadding + rightPadding
    implicitHeight: 34
    leftPadding: words === "" && summary.alert === "" ? Theme.s : Theme.s + 2
    rightPadding: words === "" && summary.alert === "" ? Theme.s : Theme.m
    focusPolicy: Qt.TabFocus
    hoverEnabled: true
    Accessible.name: checked ? "Close power and heat" : summary.spoken
    Accessible.role: Accessible.Button

    Keys.onReturnPressed: click()
    Keys.onEnterPressed: click()

    contentItem: RowLayout {
        id: line

        spacing: Theme.xs + 1

        Icon {
            path: Icons.power
            size: 18
            color: pill.checked ? Theme.accent : Theme.muted
        }

        SmallText {
            visible: text !== ""
            text: pill.words
            color: pill.checked ? Theme.accent : Theme.muted
        }

        SmallText {
            visible: text !== ""
            text: pill.summary.alert === "" ? "" : (pill.words !== "" ? "· " : "") + pill.summary.alert
            color: Theme.unsure
            font.weight: Font.DemiBold
            elide: Text.ElideRight
            Layout.fillWidth: true
        }
    }

    background: Rectangle {
        radius: height / 2
        color: pill.checked ? Theme.accentSoft : pill.down || pill.hovered ? Theme.hover : Theme.clear

        FocusRing {
            shown: pill.visualFocus
            innerRadius: parent.radius
            gap: 1
        }
    }

    Tip {
        text: pill.checked ? "Close power and heat (Ctrl+P)" : "Power and heat (Ctrl+P)"
        shown: pill.hovered || pill.visualFocus
    }
}
