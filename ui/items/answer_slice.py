"""A stretch of lines of an answer, painted into one picture.

Why it exists: a picture is painted anew as a whole when it grows. An answer is cut into slices, so that only the last
one, of a few dozen lines, is ever painted while it is being written.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF
from PySide6.QtGui import QPainter
from PySide6.QtQuick import QQuickItem, QQuickPaintedItem

from ui.items.flowing_text import Block, TextStyle, paint_blocks


class AnswerSlice(QQuickPaintedItem):
    """Paints some blocks, the first at its top edge."""

    def __init__(self, parent: QQuickItem) -> None:
        super().__init__(parent)
        self.setAntialiasing(True)
        self._blocks: tuple[Block, ...] = ()
        self._style = TextStyle()

    @property
    def blocks(self) -> tuple[Block, ...]:
        """What it paints."""
        return self._blocks

    def show_blocks(self, blocks: Sequence[Block], style: TextStyle) -> None:
        """Paint these blocks from now on."""
        self._blocks, self._style = tuple(blocks), style
        top, last = blocks[0].y, blocks[-1]
        self.setPosition(QPointF(0.0, top))
        self.setWidth(style.width)
        self.setHeight(last.y + last.height - top)
        self.update()

    def paint(self, painter: QPainter) -> None:
        """Draw the blocks."""
        painter.translate(0.0, -self._blocks[0].y if self._blocks else 0.0)
        paint_blocks(painter, self._blocks, self._style)
