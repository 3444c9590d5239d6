pragma ComponentBehavior: Bound

import QtQuick
import QtQuick.Layouts
import Sotto.Components
import Sotto.Theme
import Sotto.ViewModels

// Where an answer comes from: the document, the place in it, and its words.
CardFrame {
    id: card

    required property SourcesView view
    required property string text

    inset: Theme.m + 4
    name: view.title
    description: text

    ColumnLayout {
        width: parent.width
        spacing: Theme.m

        CardHead {
            Layout.fillWidth: true
            path: Icons.book
            title: card.view.title
        }

        Repeater {
            model: card.view.sources

            delegate: ColumnLayout {
                id: source

                required property int index
                required property string title
                required property string place
                required property string excerpt

                Layout.fillWidth: true
                Layout.leftMargin: 22 + Theme.m
                spacing: 2

                RowLayout {
                    Layout.fillWidth: true
                    spacing: Theme.s

                    SmallText {
                        text: source.index + 1
                        color: Theme.accent
                        font.weight: Font.DemiBold
                    }

                    SmallText {
                        Layout.maximumWidth: implicitWidth
                        Layout.fillWidth: true
                        text: source.title
                        color: Theme.ink
                        elide: Text.ElideMiddle
                    }

                    SmallText {
                        Layout.fillWidth: true
                        text: source.place
                        elide: Text.ElideRight
                    }
                }

                SmallText {
                    Layout.fillWidth: true
                    visible: text !== ""
                    text: source.excerpt
                    wrapMode: Text.Wrap
                    maximumLineCount: 3
                    elide: Text.ElideRight
                    lineHeight: 1.2
                    Accessible.role: Accessible.StaticText
                    Accessible.name: text
                }
            }
        }

        CardButtons {
            Layout.fillWidth: true
            view: card.view
            actions: card.actions
            cardId: card.cardId
            current: card.current
        }
    }
}
