pragma ComponentBehavior: Bound

import QtQuick
import QtQuick.Templates as T
import Sotto.Components
import Sotto.Theme
import Sotto.ViewModels

// The text of a routine. Ctrl+Enter saves, Escape gives the keyboard back; the line with the problem is marked.
Rectangle {
    id: editor

    required property RoutineView view
    required property bool current

    signal saved
    signal rested

    readonly property int lineHeight: Math.ceil(metrics.lineSpacing)

    implicitHeight: Math.min(area.implicitHeight + 4, lineHeight * 16 + 2 * Theme.m)
    radius: Theme.radiusSmall
    color: Theme.page
    border.width: area.activeFocus ? 2 : Theme.hair
    border.color: area.activeFocus ? Theme.accent : Theme.line

    function take() {
        area.forceActiveFocus(Qt.OtherFocusReason);
    }

    FontMetrics {
        id: metrics

        font: area.font
    }

    Flickable {
        id: flick

        anchors.fill: parent
        anchors.margins: 2
        contentWidth: Math.max(width, area.implicitWidth)
        contentHeight: area.implicitHeight
        boundsBehavior: Flickable.StopAtBounds
        clip: true

        Rectangle {
            readonly property int number: editor.view.problemLine

            y: area.topPadding + (number - 1) * editor.lineHeight
            width: flick.contentWidth
            height: editor.lineHeight
            visible: number > 0 && number <= area.lineCount && !editor.view.edited
            color: Theme.danger
            opacity: 0.16
        }

        T.TextArea.flickable: T.TextArea {
            id: area

            padding: Theme.m - 2
            implicitWidth: contentWidth + 2 * padding
            implicitHeight: contentHeight + 2 * padding
            text: editor.view.draft
            color: Theme.ink
            selectionColor: Theme.accent
            selectedTextColor: Theme.accentInk
            font.family: "monospace"
            font.pixelSize: Theme.small
            textFormat: TextEdit.PlainText
            wrapMode: TextEdit.NoWrap
            selectByMouse: true
            activeFocusOnTab: editor.current
            KeyNavigation.priority: KeyNavigation.BeforeItem
            Accessible.name: "Text of the routine " + editor.view.title
            Accessible.description: editor.view.problem
            Accessible.role: Accessible.EditableText

            onTextChanged: editor.view.draft = text
            Keys.onPressed: event => {
                if ((event.key === Qt.Key_Return || event.key === Qt.Key_Enter) && event.modifiers & Qt.ControlModifier) {
                    editor.saved();
                    event.accepted = true;
                } else if (event.key === Qt.Key_Escape) {
                    editor.rested();
                    event.accepted = true;
                } else if (event.key === Qt.Key_Tab || event.key === Qt.Key_Backtab) {
                    const next = area.nextItemInFocusChain(event.key === Qt.Key_Tab);
                    next.forceActiveFocus(event.key === Qt.Key_Tab ? Qt.TabFocusReason : Qt.BacktabFocusReason);
                    event.accepted = true;
                }
            }
        }

        T.ScrollBar.vertical: ScrollMark {}
    }
}
