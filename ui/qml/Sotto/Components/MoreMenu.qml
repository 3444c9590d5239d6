pragma ComponentBehavior: Bound

import QtQuick
import QtQuick.Templates as T
import QtQml.Models
import Sotto.Theme
import Sotto.ViewModels

// The actions there is no room for, behind one button. The list is made when it is first opened.
ChipButton {
    id: more

    required property FactsModel entries

    signal chosen(string action)

    text: "More"
    name: "More actions"
    Accessible.role: Accessible.ButtonMenu

    Keys.onDownPressed: open()
    onClicked: open()

    function open() {
        menuLoader.active = true;
        (menuLoader.item as T.Menu).open();
    }

    Loader {
        id: menuLoader

        active: false

        sourceComponent: T.Menu {
            id: menu

            parent: more
            y: more.height + Theme.xs
            implicitWidth: 220
            implicitHeight: contentItem.implicitHeight + 2 * padding
            padding: Theme.xs
            margins: Theme.s
            focus: true

            onOpened: currentIndex = 0
            onClosed: more.forceActiveFocus(Qt.PopupFocusReason)

            Instantiator {
                model: more.entries
                onObjectAdded: (index, object) => menu.insertItem(index, object as T.MenuItem)
                onObjectRemoved: (index, object) => menu.removeItem(object as T.MenuItem)

                delegate: T.MenuItem {
                    id: entry

                    required property string command
                    required property string label

                    text: label
                    implicitWidth: 200
                    implicitHeight: Theme.body + 2 * Theme.s + 2
                    leftPadding: Theme.m
                    hoverEnabled: true
                    Accessible.name: label
                    Accessible.role: Accessible.MenuItem

                    Keys.onReturnPressed: triggered()
                    Keys.onEnterPressed: triggered()
                    onTriggered: {
                        menu.close();
                        more.chosen(command);
                    }

                    contentItem: SmallText {
                        text: entry.label
                        color: Theme.ink
                        elide: Text.ElideRight
                        verticalAlignment: Text.AlignVCenter
                    }

                    background: Rectangle {
                        radius: Theme.radiusSmall - 2
                        color: entry.highlighted || entry.hovered ? Theme.hover : Theme.clear
                    }
                }
            }

            contentItem: ListView {
                implicitHeight: contentHeight
                model: menu.contentModel
                currentIndex: menu.currentIndex
                highlightMoveDuration: 0
                clip: true
            }

            background: Rectangle {
                radius: Theme.radiusSmall
                color: Theme.raised
                border.width: Theme.hair
                border.color: Theme.line
            }
        }
    }
}
