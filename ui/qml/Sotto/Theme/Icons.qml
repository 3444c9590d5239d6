pragma Singleton

import QtQuick

// Our own icons, as paths in a square of 24, drawn with a line.
QtObject {
    readonly property string mic: "M12 3.5 a3 3 0 0 0 -3 3 v5 a3 3 0 0 0 6 0 v-5 a3 3 0 0 0 -3 -3 z "
                                  + "M5.5 11.5 a6.5 6.5 0 0 0 13 0 M12 18 v3 M8.8 21 h6.4"
    readonly property string stop: "M8 7 h8 a1 1 0 0 1 1 1 v8 a1 1 0 0 1 -1 1 h-8 a1 1 0 0 1 -1 -1 v-8 a1 1 0 0 1 1 -1 z"
    readonly property string send: "M12 19.5 V5 M6 11 l6 -6 l6 6"
    readonly property string settings: "M4 8 h8.5 M17.5 8 H20 M15 5.5 a2.5 2.5 0 1 0 0 5 a2.5 2.5 0 1 0 0 -5 z "
                                       + "M4 16 h2.5 M11.5 16 H20 M9 13.5 a2.5 2.5 0 1 0 0 5 a2.5 2.5 0 1 0 0 -5 z"
    readonly property string copy: "M10.5 8.5 h7 a2 2 0 0 1 2 2 v7 a2 2 0 0 1 -2 2 h-7 a2 2 0 0 1 -2 -2 v-7 a2 2 0 0 1 2 -2 z "
                                   + "M15.5 8.5 v-2 a2 2 0 0 0 -2 -2 h-7 a2 2 0 0 0 -2 2 v7 a2 2 0 0 0 2 2 h2"
    readonly property string speaker: "M4 9.5 v5 h3.2 l4.8 4 v-13 l-4.8 4 z M15.5 9 a4.2 4.2 0 0 1 0 6 M18 6.5 a7.8 7.8 0 0 1 0 11"
    readonly property string pencil: "M4.5 19.5 l0.8 -4 L16 4.8 l3.2 3.2 L8.5 18.7 z M13.6 7.2 l3.2 3.2"
    readonly property string back: "M14.5 5 l-7 7 l7 7"
    readonly property string check: "M5 12.5 l4.5 4.5 L19 7.5"
    readonly property string warning: "M12 4 L21 19.5 H3 z M12 10 v4.4 M12 16.9 v0.2"
    readonly property string info: "M12 3.5 a8.5 8.5 0 1 0 0 17 a8.5 8.5 0 1 0 0 -17 z M12 11 v5 M12 7.9 v0.2"
    readonly property string power: "M13 3.5 L6 13.5 h5.5 L10.5 20.5 L18 10 h-5.8 z"
    readonly property string battery: "M5.5 8 h11 a1.5 1.5 0 0 1 1.5 1.5 v5 a1.5 1.5 0 0 1 -1.5 1.5 h-11 a1.5 1.5 0 0 1 -1.5 -1.5 "
                                      + "v-5 a1.5 1.5 0 0 1 1.5 -1.5 z M20.5 11 v2"
    readonly property string close: "M6.5 6.5 l11 11 M17.5 6.5 l-11 11"
    readonly property string right: "M10 7 l5 5 l-5 5"
    readonly property string down: "M7 10 l5 5 l5 -5"
}
