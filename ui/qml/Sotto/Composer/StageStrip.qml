pragma ComponentBehavior: Bound

import QtQuick
import Sotto.Components
import Sotto.Theme
import Sotto.ViewModels

// What each stage of the last turn took, and where it ran, in one line. Where that is too long the devices are left out,
// then the last stages; the tooltip has them all.
Item {
    id: strip

    required property StageStripModel stages

    readonly property real gap: Theme.m + 2
    property bool roomy: true
    property int fitting: 99

    Accessible.role: Accessible.StaticText
    Accessible.name: "Last turn: " + stages.summary

    onWidthChanged: Qt.callLater(measure)

    // Decides what there is room for. It looks at what the entries would like, never at what they got.
    function measure() {
        let whole = 0;
        let short = 0;
        for (let number = 0; number < entries.count; number++) {
            const entry = entries.itemAt(number) as StageEntry;
            whole += (entry?.wholeWidth ?? 0) + (number > 0 ? gap : 0);
            short += (entry?.shortWidth ?? 0) + (number > 0 ? gap : 0);
        }
        roomy = whole <= width;
        let count = entries.count;
        while (!roomy && count > 1 && short + (count < entries.count ? gap + more.implicitWidth : 0) > width) {
            count--;
            short -= (entries.itemAt(count) as StageEntry).shortWidth + gap;
        }
        fitting = count;
    }

    component StageEntry: Item {
        id: entry

        required property int index
        required property string label
        required property string time
        required property string where
        required property string detail

        readonly property real space: Theme.xs + 1
        readonly property real shortWidth: name.implicitWidth + space + taken.implicitWidth
        readonly property real wholeWidth: shortWidth + (where === "" ? 0 : space + place.implicitWidth)

        width: strip.roomy ? wholeWidth : shortWidth
        height: name.implicitHeight
        visible: index < strip.fitting
        Accessible.ignored: true

        onWholeWidthChanged: Qt.callLater(strip.measure)

        SmallText {
            id: name

            text: entry.label
        }

        SmallText {
            id: taken

            x: name.implicitWidth + entry.space
            text: entry.time
            color: Theme.ink
        }

        SmallText {
            id: place

            x: entry.shortWidth + entry.space
            visible: strip.roomy && entry.where !== ""
            text: entry.where
        }

        HoverHandler {
            id: over
        }

        Tip {
            text: entry.detail
            shown: over.hovered
        }
    }

    Row {
        anchors.verticalCenter: parent.verticalCenter
        spacing: strip.gap

        Repeater {
            id: entries

            model: strip.stages
            onCountChanged: Qt.callLater(strip.measure)

            StageEntry {}
        }

        SmallText {
            id: more

            text: "+" + Math.max(1, entries.count - strip.fitting)
            visible: strip.fitting < entries.count
            Accessible.ignored: true

            HoverHandler {
                id: overMore
            }

            Tip {
                text: strip.stages.summary
                shown: overMore.hovered
            }
        }
    }
}
