pragma ComponentBehavior: Bound

import QtQuick
import Sotto.Components
import Sotto.Theme
import Sotto.ViewModels

// What every card has: its place in the column, the focus ring, and Ctrl+C.
FocusScope {
    id: frame

    required property string cardId
    required property CardActions actions
    required property real column
    property bool current: false
    property real above: Theme.m
    property real inset: Theme.l
    property color plate: Theme.surface
    property color edge: Theme.line
    property string name: ""
    property string description: ""

    // Read out at once, wherever the keyboard is; empty for what can wait.
    property string announced: ""
    default property alias content: inside.data

    implicitHeight: plateItem.height + above

    // One that waits to be used again is not there, also for who does not see.
    ListView.onPooled: visible = false
    ListView.onReused: visible = true

    onAnnouncedChanged: announce()
    Component.onCompleted: announce()

    function announce() {
        if (announced !== "")
            plateItem.Accessible.announce(announced, Accessible.Assertive);
    }

    // Whoever comes back to a card comes to the card, not to the button that was pressed last.
    onActiveFocusChanged: {
        if (!activeFocus)
            plateItem.focus = true;
    }

    Keys.onPressed: event => {
        if (event.matches(StandardKey.Copy)) {
            frame.actions.copy(frame.cardId);
            event.accepted = true;
        }
    }

    Rectangle {
        id: plateItem

        focus: true
        activeFocusOnTab: frame.current || activeFocus
        Accessible.role: Accessible.ListItem
        Accessible.name: frame.name
        Accessible.description: frame.description
        Accessible.focusable: true

        x: Math.round((frame.width - width) / 2)
        y: frame.above
        width: frame.column
        height: inside.implicitHeight + 2 * frame.inset
        radius: Theme.radius
        color: frame.plate
        border.width: frame.edge === Theme.clear ? 0 : Theme.hair
        border.color: frame.edge

        Item {
            id: inside

            x: frame.inset
            y: frame.inset
            width: parent.width - 2 * frame.inset
            implicitHeight: children.length > 0 ? children[0].implicitHeight : 0
        }

        FocusRing {
            shown: plateItem.activeFocus
            innerRadius: Theme.radius
        }
    }
}
