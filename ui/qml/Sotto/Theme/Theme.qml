pragma Singleton
pragma ComponentBehavior: Bound

import QtQuick

// Every colour, size and duration of the window. Nothing outside this file names a colour.
QtObject {
    id: theme

    // "system", "light" or "dark": what the person chose.
    property string preference: "system"
    readonly property bool dark: preference === "dark"
                                 || (preference !== "light" && Application.styleHints.colorScheme === Qt.Dark)

    // Surfaces
    readonly property color page: dark ? "#131416" : "#f6f6f4"
    readonly property color surface: dark ? "#1b1d20" : "#ffffff"
    readonly property color raised: dark ? "#26292d" : "#ffffff"
    readonly property color hover: dark ? "#2a2d31" : "#ecece9"

    // The two greys: one to write with, one to draw lines with
    readonly property color muted: dark ? "#a3a8af" : "#5f636a"
    readonly property color line: dark ? "#32363b" : "#dfdfdb"

    // Text
    readonly property color ink: dark ? "#edeef0" : "#1a1b1e"

    readonly property color clear: "transparent"

    // The accent
    readonly property color accent: dark ? "#5fcabd" : "#0d6b63"
    readonly property color accentHover: dark ? "#7ad7cb" : "#0a5a53"
    readonly property color accentInk: dark ? "#06211d" : "#ffffff"
    readonly property color accentSoft: dark ? "#1c2e2d" : "#e1efec"

    readonly property color danger: dark ? "#ff9a8f" : "#b3261e"

    // Confidence: at least 0.9 is plain ink
    readonly property color unsure: dark ? "#dfbd66" : "#785600"
    readonly property color doubtful: dark ? "#f5a183" : "#9c3a17"

    // Devices, in the order NPU, iGPU, GPU, CPU, server: their lines in a chart and their names beside them
    readonly property list<color> devices: dark ? ["#c9a6f5", "#82b1ff", "#f0a35e", "#5fcabd", "#a3a8af"]
                                                : ["#7038b0", "#1a5fc4", "#9a4a00", "#0d6b63", "#5f636a"]

    // Three sizes of type, after the size the desktop uses
    readonly property real system: Application.font.pixelSize > 0 ? Application.font.pixelSize
                                                                  : Application.font.pointSize * 4 / 3
    readonly property int body: Math.round(Math.max(15, Math.min(22, system * 1.12)))
    readonly property int small: Math.round(body * 0.82)
    readonly property int title: Math.round(body * 1.5)
    readonly property real lineHeight: 1.35

    // About 65 characters of body text
    readonly property real readingWidth: Math.round(metrics.averageCharacterWidth * 68)
    readonly property FontMetrics metrics: FontMetrics {
        font.pixelSize: theme.body
    }

    // Spacing and radii
    readonly property int hair: 1
    readonly property int xs: 4
    readonly property int s: 8
    readonly property int m: 12
    readonly property int l: 20
    readonly property int xl: 32
    readonly property int radius: 12
    readonly property int radiusSmall: 8

    // Motion, in milliseconds: never longer than 200
    readonly property int quick: 90
    readonly property int calm: 160
}
