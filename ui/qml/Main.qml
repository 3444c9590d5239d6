pragma ComponentBehavior: Bound

import QtQuick
import QtQuick.Layouts
import QtQuick.Templates as T
import Sotto.Components
import Sotto.Composer
import Sotto.Conversation
import Sotto.Power
import Sotto.Settings
import Sotto.Theme
import Sotto.ViewModels

T.ApplicationWindow {
    id: window

    required property ConversationModel conversation
    required property TurnViewModel turn
    required property ComposerViewModel composer
    required property CardActions actions
    required property SettingsViewModel settings
    required property PowerViewModel power
    required property bool demo

    property bool settingsOpen: false
    property bool keyHeld: false

    // Where there is room the power panel stands beside the conversation, elsewhere it lies over it.
    readonly property real panelWidth: Math.min(440, Math.max(380, width * 0.32))
    readonly property bool beside: width - panelWidth >= minimumWidth
    readonly property bool covered: power.open && !beside
    readonly property bool inPower: (powerLoader.item as PowerPanel)?.activeFocus ?? false

    minimumWidth: 480
    minimumHeight: 420
    title: demo ? "Sotto (demo)" : "Sotto"
    color: Theme.page

    // A key that is held when the keyboard goes elsewhere will never be heard to come up.
    onActiveChanged: {
        if (!active)
            letGo();
    }
    onActiveFocusItemChanged: {
        if (keyHeld)
            letGo();
    }

    Binding {
        target: Theme
        property: "preference"
        value: window.settings.theme
    }

    Connections {
        target: window.power

        function onOpenChanged() {
            powerLoader.active = true;
        }
    }

    Connections {
        target: window.turn

        function onStateChanged() {
            if (!window.turn.idle)
                canvas.follow();
        }
    }

    Item {
        id: keyboard

        anchors.fill: parent

        // What the focused item leaves over comes here.
        Keys.onPressed: event => {
            if (event.key === window.settings.talkKey && event.modifiers === Qt.NoModifier && !window.settingsOpen) {
                if (!event.isAutoRepeat) {
                    window.keyHeld = true;
                    window.turn.keyDown();
                }
                event.accepted = true;
            } else if (event.key === Qt.Key_Escape) {
                if (!window.turn.idle || window.turn.held)
                    window.turn.stop();
                else if (window.settingsOpen)
                    window.closeSettings();
                else if (window.covered)
                    window.closePower();
                else
                    dock.rest();
                event.accepted = true;
            } else if (event.key === Qt.Key_PageUp || event.key === Qt.Key_PageDown) {
                const way = event.key === Qt.Key_PageUp ? -1 : 1;
                if (window.covered || window.inPower)
                    (powerLoader.item as PowerPanel).scrollPages(0.85 * way);
                else
                    canvas.scrollBy(way * canvas.pageHeight());
                event.accepted = true;
            } else if (event.key === Qt.Key_End && !window.settingsOpen) {
                canvas.follow();
                event.accepted = true;
            } else if (!window.settingsOpen && event.text >= "1" && event.text <= "9" && window.composer.text === ""
                       && !(event.modifiers & ~Qt.KeypadModifier) && window.actions.answer(Number(event.text))) {
                event.accepted = true;
            } else if (!window.settingsOpen && !(event.modifiers & (Qt.ControlModifier | Qt.AltModifier | Qt.MetaModifier))
                       && event.text.length === 1 && event.text > " " && event.text !== "\u007f") {
                window.composer.typed(event.text);
                event.accepted = true;
            }
        }
        Keys.onReleased: event => {
            if (event.key === window.settings.talkKey) {
                if (!event.isAutoRepeat)
                    window.letGo();
                event.accepted = true;
            }
        }

        ColumnLayout {
            anchors.fill: parent
            spacing: 0
            visible: !window.settingsOpen
            enabled: visible

            RowLayout {
                Layout.fillWidth: true
                Layout.margins: Theme.m
                Layout.leftMargin: Theme.l
                Layout.bottomMargin: window.power.open ? Theme.s : 0
                spacing: Theme.s

                SmallText {
                    text: window.title
                    font.weight: Font.DemiBold
                }

                Item {
                    Layout.fillWidth: true
                }

                PowerPill {
                    Layout.fillWidth: true
                    Layout.maximumWidth: implicitWidth
                    summary: window.power.summary
                    roomy: window.width >= 640
                    checked: window.power.open
                    onClicked: window.togglePower()
                }

                IconButton {
                    id: openSettings

                    text: "Settings"
                    hint: "Settings (Ctrl+,)"
                    path: Icons.settings
                    iconSize: 20
                    onClicked: window.settingsOpen = true
                }
            }

            RowLayout {
                Layout.fillWidth: true
                Layout.fillHeight: true
                spacing: 0

                ColumnLayout {
                    spacing: 0

                    Item {
                        Layout.fillWidth: true
                        Layout.fillHeight: true

                        ConversationView {
                            id: canvas

                            anchors.fill: parent
                            visible: !window.covered
                            model: window.conversation
                            actions: window.actions
                            settings: window.settings
                            onClicked: dock.rest()
                        }

                        Item {
                            id: over

                            anchors.fill: parent
                        }
                    }

                    Dock {
                        id: dock

                        Layout.fillWidth: true
                        turn: window.turn
                        composer: window.composer
                        keyName: window.settings.talkKeyName
                    }
                }

                Item {
                    id: aside

                    Layout.fillHeight: true
                    Layout.preferredWidth: window.panelWidth
                    visible: window.power.open && window.beside
                }
            }
        }

        // Made when it is first opened, and kept: the binding never gives back the Python half of an item.
        Loader {
            id: powerLoader

            parent: window.beside ? aside : over
            anchors.fill: parent
            active: false
            visible: window.power.open

            sourceComponent: PowerPanel {
                power: window.power
                beside: window.beside
                onDone: window.closePower()
            }
        }

        Loader {
            id: settingsLoader

            anchors.fill: parent
            active: window.settingsOpen
            focus: active

            sourceComponent: SettingsPage {
                settings: window.settings
                focus: true
                onDone: window.closeSettings()
            }
        }
    }

    Shortcut {
        sequences: ["Ctrl+,", StandardKey.Preferences]
        onActivated: window.settingsOpen ? window.closeSettings() : window.settingsOpen = true
    }

    Shortcut {
        sequence: "Ctrl+P"
        enabled: !window.settingsOpen
        onActivated: window.togglePower()
    }

    Component.onCompleted: dock.rest()

    function letGo() {
        window.keyHeld = false;
        window.turn.keyUp();
    }

    function closeSettings() {
        window.settingsOpen = false;
        dock.rest();
    }

    function togglePower() {
        if (window.power.open)
            window.closePower();
        else
            window.power.open = true;
    }

    // Whoever was in the panel comes back to the button.
    function closePower() {
        const inside = inPower;
        window.power.open = false;
        if (inside)
            dock.rest();
    }
}
