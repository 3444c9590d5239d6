pragma ComponentBehavior: Bound

import QtQuick
import QtQuick.Layouts
import Sotto.Components
import Sotto.Items
import Sotto.Theme

// The open exercise: how it is done, its drawing, and its two buttons.
GridLayout {
    id: details

    required property string name
    required property string muscles
    required property string how
    required property string drawing
    required property string link
    required property int sets
    required property int setsDone
    required property bool done
    required property bool usable
    required property bool current

    // It opens because the one before it is done, by the keyboard.
    required property bool handsOn

    signal setDone(byKey: bool)
    signal swapped
    signal followed

    Component.onCompleted: {
        if (handsOn)
            setButton.forceActiveFocus(Qt.TabFocusReason);
    }

    columns: width > 440 ? 2 : 1
    columnSpacing: Theme.l
    rowSpacing: Theme.m

    ColumnLayout {
        Layout.fillWidth: true
        Layout.alignment: Qt.AlignTop
        spacing: Theme.s

        SmallText {
            Layout.fillWidth: true
            visible: text !== ""
            text: details.muscles
            wrapMode: Text.Wrap
        }

        SmallText {
            Layout.fillWidth: true
            visible: text !== ""
            text: details.how
            color: Theme.ink
            wrapMode: Text.Wrap
            lineHeight: 1.25
            Accessible.role: Accessible.StaticText
            Accessible.name: text
        }

        Flow {
            Layout.fillWidth: true
            Layout.topMargin: Theme.xs
            spacing: Theme.s
            visible: details.usable

            ChipButton {
                id: setButton

                visible: !details.done
                primary: true
                text: "Set " + (details.setsDone + 1) + " of " + details.sets + " done"
                name: text + ": " + details.name
                focusPolicy: details.current ? Qt.TabFocus : Qt.NoFocus
                onClicked: details.setDone(visualFocus)
            }

            ChipButton {
                visible: !details.done
                text: "Swap"
                name: "Swap " + details.name + " for another exercise"
                focusPolicy: details.current ? Qt.TabFocus : Qt.NoFocus
                onClicked: details.swapped()
            }
        }

        ChipButton {
            visible: details.link !== ""
            quiet: true
            leftPadding: 0
            text: details.link
            name: "Open " + details.link
            focusPolicy: details.current ? Qt.TabFocus : Qt.NoFocus
            onClicked: details.followed()
        }
    }

    DrawingPicture {
        Layout.alignment: Qt.AlignTop
        Layout.preferredWidth: 200
        Layout.preferredHeight: 90
        visible: known
        drawing: details.drawing
        ink: Theme.muted
        soft: Theme.line
        accent: Theme.accent
        Accessible.role: Accessible.Graphic
        Accessible.name: "Drawing of " + details.name
    }
}
