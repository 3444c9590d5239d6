"""The Quick item that draws an icon.

Why it exists: where there is no graphics processor Qt Quick draws its own shapes without regard to what clips them, so
icons would be left behind on whatever they scroll under. A painted picture is cut like any other.
"""

from __future__ import annotations

from PySide6.QtCore import Property, QByteArray, Signal
from PySide6.QtGui import QColor, QPainter
from PySide6.QtQml import QmlElement
from PySide6.QtQuick import QQuickItem, QQuickPaintedItem
from PySide6.QtSvg import QSvgRenderer

QML_IMPORT_NAME = "Sotto.Items"
QML_IMPORT_MAJOR_VERSION = 1

STROKE = 1.7
"""Width of the line in a square of 24."""


@QmlElement
class IconPicture(QQuickPaintedItem):
    """Draws a path in a square of 24, as large as the item, with a line of one colour."""

    lookChanged = Signal()

    def __init__(self, parent: QQuickItem | None = None) -> None:
        super().__init__(parent)
        self.setAntialiasing(True)
        self._path = ""
        self._color = QColor("black")
        self._filled = False

    def _get_path(self) -> str:
        return self._path

    def _set_path(self, path: str) -> None:
        if path != self._path:
            self._path = path
            self._changed()

    def _get_color(self) -> QColor:
        return self._color

    def _set_color(self, color: QColor) -> None:
        if color != self._color:
            self._color = color
            self._changed()

    def _is_filled(self) -> bool:
        return self._filled

    def _set_filled(self, filled: bool) -> None:
        if filled != self._filled:
            self._filled = filled
            self._changed()

    path = Property(str, _get_path, _set_path, notify=lookChanged)
    color = Property(QColor, _get_color, _set_color, notify=lookChanged)
    filled = Property(bool, _is_filled, _set_filled, notify=lookChanged)

    def paint(self, painter: QPainter) -> None:
        """Draw the icon."""
        if self._path:
            QSvgRenderer(QByteArray(self._svg())).render(painter, self.boundingRect())

    def _changed(self) -> None:
        self.lookChanged.emit()
        self.update()

    def _svg(self) -> bytes:
        colour, opacity = self._color.name(), self._color.alphaF()
        fill = colour if self._filled else "none"
        return (
            '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24">'
            f'<path d="{self._path}" fill="{fill}" stroke="{colour}" stroke-width="{STROKE}" opacity="{opacity}"'
            ' stroke-linecap="round" stroke-linejoin="round"/></svg>'
        ).encode()
