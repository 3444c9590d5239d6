pragma ComponentBehavior: Bound

import QtQuick
import QtQuick.Templates as T
import Sotto.Cards
import Sotto.Components
import Sotto.Theme
import Sotto.ViewModels

// The canvas: cards in the order of their turns. It stays at the end while the person has not scrolled away from it.
Item {
    id: view

    required property ConversationModel model
    required property CardActions actions
    required property SettingsViewModel settings
    property bool atEnd: true

    // Somebody can see it; what counts by itself rests while nobody does.
    readonly property bool looked: visible && Window.visibility !== Window.Hidden && Window.visibility !== Window.Minimized

    signal clicked

    // Goes to the newest card and stays there.
    function follow() {
        view.atEnd = true;
        list.goThere();
    }

    function scrollBy(distance: real) {
        const lowest = list.originY - list.topMargin;
        const highest = Math.max(lowest, list.originY + list.contentHeight + list.bottomMargin - list.height);
        list.contentY = Math.max(lowest, Math.min(highest, list.contentY + distance));
        view.atEnd = list.atYEnd && view.model.headRow < 0;
    }

    function pageHeight(): real {
        return list.height * 0.85;
    }

    ListView {
        id: list

        readonly property real column: Math.min(width - 2 * side, Theme.readingWidth + 2 * Theme.l)
        readonly property real side: width < 640 ? Theme.m + 4 : Theme.xl

        anchors.fill: parent
        model: view.model
        topMargin: Theme.xs
        bottomMargin: Theme.l
        boundsBehavior: Flickable.StopAtBounds
        cacheBuffer: 600
        reuseItems: true
        currentIndex: -1
        highlightFollowsCurrentItem: false
        keyNavigationEnabled: true
        clip: true
        Accessible.role: Accessible.List
        Accessible.name: "Conversation"

        // Whoever works on the cards of the newest turn with the keyboard stays where the keyboard is.
        function keepUp() {
            if (activeFocus && view.model.headRow >= 0 && currentIndex >= view.model.headRow)
                keeper.keep();
            else
                goThere();
        }

        // An answer is followed to its last word; a turn with cards keeps its first one in sight.
        function goThere() {
            if (view.model.headRow >= 0)
                positionViewAtIndex(view.model.headRow, ListView.Beginning);
            else
                positionViewAtEnd();
        }

        onContentHeightChanged: {
            if (view.atEnd)
                Qt.callLater(keepUp);
        }
        onHeightChanged: {
            if (view.atEnd)
                Qt.callLater(keepUp);
        }
        onMovementEnded: view.atEnd = atYEnd && view.model.headRow < 0
        // The keyboard comes to what is new, until it walks to another card; from one that is settled it goes on.
        onCountChanged: {
            if (!activeFocus || view.model.headRow >= 0 && view.model.is_settled(currentIndex))
                currentIndex = view.model.entryRow;
        }
        onActiveFocusChanged: {
            if (activeFocus && currentIndex >= 0)
                positionViewAtIndex(currentIndex, ListView.Contain);
        }
        onCurrentIndexChanged: {
            if (activeFocus && currentIndex >= 0)
                positionViewAtIndex(currentIndex, ListView.Contain);
        }

        T.ScrollBar.vertical: ScrollMark {}

        FocusKeeper {
            id: keeper

            view: list
        }

        delegate: CardChooser {
            list: list
            column: list.column
            actions: view.actions
            shaded: view.settings.confidenceShade
            looked: view.looked
        }
    }

    TapHandler {
        parent: list
        onTapped: view.clicked()
    }

    EmptyState {
        anchors.centerIn: parent
        width: Math.min(parent.width - 2 * Theme.l, Theme.readingWidth)
        visible: list.count === 0
        keyName: view.settings.talkKeyName
    }
}
