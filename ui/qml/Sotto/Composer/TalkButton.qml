pragma ComponentBehavior: Bound

import QtQuick
import QtQuick.Templates as T
import Sotto.Components
import Sotto.Theme
import Sotto.ViewModels

// Hold to talk, or tap to talk hands free. Its own key events go to the window, which knows the key the person chose.
T.Control {
    id: button

    required property TurnViewModel turn
    required property string keyName

    // A key that was held and is up again shows at once, before the assistant has been told.
    readonly property bool live: (turn.listening && !turn.lettingGo) || turn.held
    readonly property bool pointed: hover.hovered

    implicitWidth: 60
    implicitHeight: 60
    focusPolicy: Qt.TabFocus
    Accessible.role: Accessible.Button
    Accessible.name: live ? "Listening. Let go, or tap, to end" : "Hold to talk, tap for hands free"
    Accessible.description: "The " + keyName + " key does the same"
    Accessible.focusable: true
    Accessible.onPressAction: turn.tap()

    HoverHandler {
        id: hover
    }

    // Loudness: the ring grows with it and is not there when nobody listens.
    Rectangle {
        property real reach: button.turn.listening ? 4 + 10 * button.turn.level : 0

        anchors.centerIn: parent
        z: -2
        width: button.width + 2 * reach
        height: width
        radius: width / 2
        visible: button.turn.listening && button.live
        color: Theme.accent
        opacity: 0.22

        Behavior on reach {
            NumberAnimation {
                duration: Theme.quick
            }
        }
    }

    contentItem: Item {
        Icon {
            anchors.centerIn: parent
            path: Icons.mic
            size: 28
            color: button.live ? Theme.accent : Theme.accentInk
        }
    }

    background: Rectangle {
        radius: width / 2
        color: button.live ? Theme.accentSoft : button.pointed ? Theme.accentHover : Theme.accent
        border.width: button.live ? 2 : 0
        border.color: Theme.accent

        FocusRing {
            shown: button.visualFocus
            innerRadius: parent.radius
        }
    }

    MouseArea {
        anchors.fill: parent
        onPressed: {
            button.forceActiveFocus(Qt.MouseFocusReason);
            button.turn.press();
        }
        onReleased: button.turn.release()
        onCanceled: button.turn.release()
    }

    Tip {
        text: "Hold to talk (" + button.keyName + "), tap for hands free"
        shown: (button.pointed || button.visualFocus) && button.turn.idle && !button.turn.held
    }
}
