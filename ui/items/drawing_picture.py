"""The Quick item that shows one of the drawings that come with a skill, in the colours of the theme.

Why it exists: the drawings are files of lines in three roles, and only the window knows the colours of its theme. A
card gives a path within the assets: nothing outside the folders of drawings is ever read.
"""

from __future__ import annotations

import functools
import re

from PySide6.QtCore import Property, QByteArray, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QPainter
from PySide6.QtQml import QmlElement
from PySide6.QtQuick import QQuickItem, QQuickPaintedItem
from PySide6.QtSvg import QSvgRenderer

from app.contracts.errors import Unavailable
from app.settings.paths import asset

QML_IMPORT_NAME = "Sotto.Items"
QML_IMPORT_MAJOR_VERSION = 1

MOST_BYTES = 64_000
ROLES = {"#7d828a": "ink", "#a9adb3": "soft", "#2a958a": "accent"}
"""The three colours the drawings have, and what each stands for: the body, what it stands on, and what moves."""
_PATH = re.compile(r"skills/[a-z0-9_]+/drawings/[a-z0-9][a-z0-9_-]*\.svg")
"""Where drawings lie in the assets; nothing else is read."""


@functools.lru_cache(maxsize=64)
def drawing_source(name: str) -> str:
    """The SVG text of a drawing; empty for one that is not there, or is no drawing of ours."""
    if not _PATH.fullmatch(name):
        return ""
    try:
        path = asset(name)
        return path.read_text(encoding="utf-8") if path.stat().st_size <= MOST_BYTES else ""
    except (Unavailable, OSError, UnicodeDecodeError):
        return ""  # a card without its drawing is still whole


@QmlElement
class DrawingPicture(QQuickPaintedItem):
    """Draws the lines of a drawing: the body in ``ink``, the things around it in ``soft``, what moves in ``accent``."""

    lookChanged = Signal()

    def __init__(self, parent: QQuickItem | None = None) -> None:
        super().__init__(parent)
        self.setAntialiasing(True)
        self._drawing = ""
        self._source = ""
        self._colours = {"ink": QColor("#5f636a"), "soft": QColor("#a3a8af"), "accent": QColor("#0d6b63")}

    def _get_drawing(self) -> str:
        return self._drawing

    def _set_drawing(self, name: str) -> None:
        if name != self._drawing:
            self._drawing = name
            self._source = drawing_source(name)
            self._changed()

    def _is_known(self) -> bool:
        return bool(self._source)

    def _get_ink(self) -> QColor:
        return self._colours["ink"]

    def _set_ink(self, colour: QColor) -> None:
        self._set_colour("ink", colour)

    def _get_soft(self) -> QColor:
        return self._colours["soft"]

    def _set_soft(self, colour: QColor) -> None:
        self._set_colour("soft", colour)

    def _get_accent(self) -> QColor:
        return self._colours["accent"]

    def _set_accent(self, colour: QColor) -> None:
        self._set_colour("accent", colour)

    drawing = Property(str, _get_drawing, _set_drawing, notify=lookChanged)
    known = Property(bool, _is_known, notify=lookChanged)
    ink = Property(QColor, _get_ink, _set_ink, notify=lookChanged)
    soft = Property(QColor, _get_soft, _set_soft, notify=lookChanged)
    accent = Property(QColor, _get_accent, _set_accent, notify=lookChanged)

    def paint(self, painter: QPainter) -> None:
        """Draw it as large as fits, in the middle."""
        if not self._source:
            return
        renderer = QSvgRenderer(QByteArray(coloured(self._source, self._colours).encode()))
        size = renderer.defaultSize()
        size.scale(self.boundingRect().size().toSize(), Qt.AspectRatioMode.KeepAspectRatio)
        box = QRectF(0.0, 0.0, size.width(), size.height())
        box.moveCenter(self.boundingRect().center())
        renderer.render(painter, box)

    def _set_colour(self, role: str, colour: QColor) -> None:
        if colour != self._colours[role]:
            self._colours[role] = colour
            self._changed()

    def _changed(self) -> None:
        self.lookChanged.emit()
        self.update()


def coloured(source: str, colours: dict[str, QColor]) -> str:
    """A drawing in these colours, by the role of each that it was drawn with."""
    for drawn, role in ROLES.items():
        source = source.replace(drawn, colours[role].name())
    return source
