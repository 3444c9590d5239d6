pragma ComponentBehavior: Bound

import QtQuick
import QtQuick.Templates as T
import Sotto.Components
import Sotto.Theme
import Sotto.ViewModels

// Where a question is typed. Enter sends, Shift+Enter starts a new line, Up in the empty field brings the last one back.
T.Control {
    id: field

    required property ComposerViewModel composer

    implicitHeight: Math.max(46, Math.min(area.implicitHeight, Math.round(Theme.body * 1.2 * 5) + 2 * Theme.m))

    // Gives the field the keyboard, with the cursor behind the text.
    function take() {
        area.forceActiveFocus(Qt.OtherFocusReason);
        area.cursorPosition = area.length;
    }

    Connections {
        target: field.composer

        function onFocusRequested() {
            field.take();
        }
    }

    background: Rectangle {
        radius: Math.min(height / 2, 23)
        color: Theme.surface
        border.width: area.activeFocus ? 2 : Theme.hair
        border.color: area.activeFocus ? Theme.accent : Theme.line
    }

    contentItem: Item {
        Flickable {
            id: flick

            anchors.fill: parent
            anchors.rightMargin: 44
            contentWidth: width
            contentHeight: area.implicitHeight
            boundsBehavior: Flickable.StopAtBounds
            clip: true
            interactive: contentHeight > height

            T.TextArea.flickable: T.TextArea {
                id: area

                leftPadding: Theme.l - 2
                rightPadding: Theme.xs
                topPadding: Math.max(Theme.s, Math.round((46 - contentHeight) / 2))
                bottomPadding: topPadding
                implicitHeight: Math.max(contentHeight + topPadding + bottomPadding, 46)
                text: field.composer.text
                color: Theme.ink
                selectionColor: Theme.accent
                selectedTextColor: Theme.accentInk
                placeholderText: "Or type a question"
                font.pixelSize: Theme.body
                textFormat: TextEdit.PlainText
                wrapMode: TextEdit.Wrap
                selectByMouse: true
                activeFocusOnTab: true
                KeyNavigation.priority: KeyNavigation.BeforeItem
                Accessible.name: "Question"
                Accessible.description: "Enter sends it, Up brings the last question back"
                Accessible.role: Accessible.EditableText

                onTextChanged: field.composer.text = text
                Keys.onPressed: event => {
                    if ((event.key === Qt.Key_Return || event.key === Qt.Key_Enter)
                            && !(event.modifiers & Qt.ShiftModifier)) {
                        field.composer.send();
                        event.accepted = true;
                    } else if (event.key === Qt.Key_Up && field.composer.recall()) {
                        event.accepted = true;
                    } else if (event.key === Qt.Key_Tab || event.key === Qt.Key_Backtab) {
                        const next = area.nextItemInFocusChain(event.key === Qt.Key_Tab);
                        next.forceActiveFocus(event.key === Qt.Key_Tab ? Qt.TabFocusReason : Qt.BacktabFocusReason);
                        event.accepted = true;
                    }
                }

                Text {
                    x: area.leftPadding
                    y: area.topPadding
                    width: area.width - area.leftPadding - area.rightPadding
                    visible: area.length === 0 && area.preeditText === ""
                    text: area.placeholderText
                    color: Theme.muted
                    font: area.font
                    textFormat: Text.PlainText
                    elide: Text.ElideRight
                    Accessible.ignored: true
                }
            }

            T.ScrollBar.vertical: ScrollMark {}
        }

        IconButton {
            anchors.right: parent.right
            anchors.bottom: parent.bottom
            anchors.rightMargin: 6
            anchors.bottomMargin: 6
            text: "Send the question"
            hint: "Send (Enter)"
            path: Icons.send
            tint: enabled ? Theme.accentInk : Theme.muted
            plate: enabled ? Theme.accent : Theme.clear
            plateHover: Theme.accentHover
            enabled: field.composer.canSend
            onClicked: field.composer.send()
        }
    }
}
