pragma ComponentBehavior: Bound

import QtQuick
import Sotto.Theme

// Keeps what the keyboard is on in sight: scrolls a view no further than that takes. It lies in the view.
Item {
    id: keeper

    required property Flickable view

    // Free room above and below it.
    property real margin: Theme.m

    // Below a text that is edited stand the buttons that keep it or not.
    property real marginBelowText: 64

    readonly property Item focused: Window.activeFocusItem

    function isWithin(item: Item): bool {
        for (let outer = item; outer !== null; outer = outer.parent) {
            if (outer === view.contentItem)
                return true;
        }
        return false;
    }

    onFocusedChanged: keep()

    function keep() {
        if (!isWithin(focused))
            return;
        const top = focused.mapToItem(view.contentItem, 0, 0).y - margin;
        const bottom = top + margin + focused.height + (focused instanceof TextEdit ? marginBelowText : margin);
        const lowest = view.originY + view.contentHeight + view.bottomMargin - view.height;
        const wanted = Math.min(top, Math.max(view.contentY, bottom - view.height));
        view.contentY = Math.max(view.originY - view.topMargin, Math.min(lowest, wanted));
    }
}
