"""The Quick item that shows an answer as it grows."""

from __future__ import annotations

from PySide6.QtCore import Property, QPointF, QRect, QRectF, Signal
from PySide6.QtGui import QColor, QFont, QHoverEvent
from PySide6.QtQml import QmlElement
from PySide6.QtQuick import QQuickItem
from shiboken6 import isValid

from ui.items.answer_slice import AnswerSlice
from ui.items.flowing_text import FlowingText, TextStyle
from ui.viewmodels.answer import AnswerDocument

QML_IMPORT_NAME = "Sotto.Items"
QML_IMPORT_MAJOR_VERSION = 1


SLICE_BLOCKS = 2
"""Blocks in one picture."""


class _Held:
    """What an item holds on to.

    The binding never gives back the Python half of an object that QML made. What that half refers to must go with the
    item all the same, or every answer ever shown would stay in memory.
    """

    def __init__(self) -> None:
        self.document: AnswerDocument | None = None
        self.flow = FlowingText()
        self.slices: list[AnswerSlice] = []

    def let_go(self) -> None:
        """The item is gone."""
        self.document = None
        self.flow = FlowingText()
        self.slices = []


@QmlElement
class AnswerText(QQuickItem):
    """Shows an `AnswerDocument` at its own width and reports the height it needs.

    Layout happens once per frame however many tokens came, and only the slices that changed are painted.
    """

    documentChanged = Signal()
    fontChanged = Signal()
    styleChanged = Signal()
    hoveredChanged = Signal()

    def __init__(self, parent: QQuickItem | None = None) -> None:
        super().__init__(parent)
        self.setAcceptHoverEvents(True)
        self._held = _Held()
        self.destroyed.connect(self._held.let_go)
        self._font = QFont()
        self._line_height = 1.4
        self._shaded = True
        self._colours = [QColor("black"), QColor("black"), QColor("black")]
        self._stale = True
        self._note = ""
        self._at = QPointF()

    def _get_document(self) -> AnswerDocument | None:
        return self._held.document

    def _set_document(self, document: AnswerDocument | None) -> None:
        if document is self._held.document:
            return
        if self._held.document is not None and isValid(self._held.document):
            self._held.document.appended.disconnect(self._grew)
            self._held.document.replaced.disconnect(self._restyle)
        self._held.document = document
        if document is not None:
            document.appended.connect(self._grew)
            document.replaced.connect(self._restyle)
        self._point_at(None)
        self._restyle()
        self.documentChanged.emit()

    def _get_font(self) -> QFont:
        return self._font

    def _set_font(self, font: QFont) -> None:
        self._font = font
        self._restyle()
        self.fontChanged.emit()

    def _get_line_height(self) -> float:
        return self._line_height

    def _set_line_height(self, factor: float) -> None:
        self._line_height = factor
        self._look_changed()

    def _get_shaded(self) -> bool:
        return self._shaded

    def _set_shaded(self, shaded: bool) -> None:
        self._shaded = shaded
        self._look_changed()

    def _get_ink(self) -> QColor:
        return self._colours[0]

    def _set_ink(self, colour: QColor) -> None:
        self._colours[0] = colour
        self._look_changed()

    def _get_unsure(self) -> QColor:
        return self._colours[1]

    def _set_unsure(self, colour: QColor) -> None:
        self._colours[1] = colour
        self._look_changed()

    def _get_doubtful(self) -> QColor:
        return self._colours[2]

    def _set_doubtful(self, colour: QColor) -> None:
        self._colours[2] = colour
        self._look_changed()

    def _get_note(self) -> str:
        return self._note

    def _get_at(self) -> QPointF:
        return self._at

    document = Property(AnswerDocument, _get_document, _set_document, notify=documentChanged)
    font = Property(QFont, _get_font, _set_font, notify=fontChanged)
    lineHeight = Property(float, _get_line_height, _set_line_height, notify=styleChanged)
    shaded = Property(bool, _get_shaded, _set_shaded, notify=styleChanged)
    ink = Property(QColor, _get_ink, _set_ink, notify=styleChanged)
    unsure = Property(QColor, _get_unsure, _set_unsure, notify=styleChanged)
    doubtful = Property(QColor, _get_doubtful, _set_doubtful, notify=styleChanged)
    hoveredNote = Property(str, _get_note, notify=hoveredChanged)
    hoveredAt = Property(QPointF, _get_at, notify=hoveredChanged)

    @property
    def flow(self) -> FlowingText:
        """What is laid out."""
        return self._held.flow

    @property
    def slices(self) -> tuple[AnswerSlice, ...]:
        """The pictures, top to bottom."""
        return tuple(self._held.slices)

    def updatePolish(self) -> None:
        """Lay out what changed since the last frame."""
        if self._stale:
            self._stale = False
            a, b, c = self._colours
            self._held.flow.style = TextStyle(self._font, self.width(), self._line_height, (a, b, c), self._shaded)
            self._held.flow.rebuild(self._held.document)
            self._cut_slices(0)
        elif self._held.document is not None:
            self._cut_slices(self._held.flow.extend(self._held.document))
        self.setImplicitHeight(self._held.flow.height)

    def geometryChange(self, new: QRectF | QRect, old: QRectF | QRect) -> None:
        """Another width breaks the lines anew."""
        super().geometryChange(new, old)
        if new.width() != old.width():
            self._restyle()

    def hoverEnterEvent(self, event: QHoverEvent) -> None:
        """The pointer came."""
        self._point_at(event.position())

    def hoverMoveEvent(self, event: QHoverEvent) -> None:
        """The pointer moved."""
        self._point_at(event.position())

    def hoverLeaveEvent(self, event: QHoverEvent) -> None:  # noqa: ARG002 - the signature is Qt's
        """The pointer is gone."""
        self._point_at(None)

    def _point_at(self, point: QPointF | None) -> None:
        """Find what is under a point."""
        position = self._held.flow.position_at(point) if point is not None else None
        stretch = None
        if position is not None and self._held.document is not None:
            stretch = self._held.document.stretch_at(position)
        note = stretch.note if stretch is not None else ""
        if note != self._note:
            self._note, self._at = note, point or self._at
            self.hoveredChanged.emit()

    def _cut_slices(self, first_changed: int) -> None:
        """Give every slice its blocks, from the one that holds the first changed block on."""
        blocks = self._held.flow.blocks
        for number in range(first_changed // SLICE_BLOCKS, -(-len(blocks) // SLICE_BLOCKS)):
            if number == len(self._held.slices):
                self._held.slices.append(AnswerSlice(self))
            start = number * SLICE_BLOCKS
            self._held.slices[number].show_blocks(blocks[start : start + SLICE_BLOCKS], self._held.flow.style)
        while len(self._held.slices) * SLICE_BLOCKS >= len(blocks) + SLICE_BLOCKS:
            self._held.slices.pop().deleteLater()

    def _grew(self) -> None:
        self.polish()

    def _restyle(self) -> None:
        self._stale = True
        self.polish()

    def _look_changed(self) -> None:
        self._restyle()
        self.styleChanged.emit()
