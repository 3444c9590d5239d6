pragma ComponentBehavior: Bound

import QtQuick
import Sotto.Items
import Sotto.Theme

Item {
    id: icon

    required property string path
    property color color: Theme.muted
    property real size: 20
    property bool filled: false

    implicitWidth: size
    implicitHeight: size

    IconPicture {
        width: icon.size
        height: icon.size
        path: icon.path
        color: icon.color
        filled: icon.filled
    }
}
