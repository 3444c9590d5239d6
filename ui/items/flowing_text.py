"""Lays a growing text out in lines and paints it, with a colour and an underline for every class of confidence.

Why it exists: QML's own rich text formats fetch pictures that the text names, so they may never show what a model
wrote; its plain text cannot colour a stretch. This draws characters and nothing else. When text is added only the last
few lines are laid out again, so a long answer costs no more for each token than a short one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QPainter,
    QPen,
    QTextCharFormat,
    QTextLayout,
    QTextLine,
    QTextOption,
)

from ui.viewmodels.answer import AnswerDocument, utf16_length
from ui.viewmodels.confidence import Shade

SETTLED_LINES = 8
"""A block with more lines than this is cut: the lines before the cut are never laid out again."""
OPEN_LINES = 2
"""Lines kept in the block that still grows."""
EMPTY_PARAGRAPH = 0.6
"""Height of an empty paragraph, in lines."""


@dataclass(frozen=True, slots=True)
class TextStyle:
    """How text is drawn; lengths in logical pixels.

    Attributes:
        font: Of every character.
        width: Lines are broken at this.
        line_height: As a multiple of the font's own.
        colours: By class; the underline has the colour of its text.
        shaded: False draws everything plain.
    """

    font: QFont = field(default_factory=QFont)
    width: float = 0.0
    line_height: float = 1.4
    colours: tuple[QColor, QColor, QColor] = (QColor("black"), QColor("black"), QColor("black"))
    shaded: bool = True


@dataclass(frozen=True, slots=True)
class Underline:
    """A straight piece of underline, relative to its block."""

    left: float
    right: float
    y: float
    shade: Shade


class Block:
    """Some lines of one paragraph. ``start`` is its position in the document, in UTF-16 units."""

    def __init__(self, text: str, start: int, y: float) -> None:
        self.text = text
        self.start = start
        self.y = y
        self.height = 0.0
        self.layout: QTextLayout | None = None
        self.underlines: list[Underline] = []

    @property
    def end(self) -> int:
        """Position after its last character."""
        return self.start + utf16_length(self.text)

    def lines(self) -> Iterator[QTextLine]:
        """Its lines, top to bottom."""
        if self.layout is not None:
            for number in range(self.layout.lineCount()):
                yield self.layout.lineAt(number)


class FlowingText:
    """The laid out text of one `AnswerDocument`."""

    def __init__(self) -> None:
        self.style = TextStyle()
        self.height = 0.0
        self._blocks: list[Block] = []
        self._taken = 0

    @property
    def blocks(self) -> tuple[Block, ...]:
        """What is laid out, top to bottom."""
        return tuple(self._blocks)

    def rebuild(self, document: AnswerDocument | None) -> None:
        """Lay everything out anew."""
        self._blocks = []
        self._taken = 0
        self.height = 0.0
        if document is not None:
            self.extend(document)

    def extend(self, document: AnswerDocument) -> int:
        """Lay out what was added to the document since; returns the number of the first block that changed."""
        added = document.plain_text()[self._taken :]
        if not added or self.style.width <= 0.0:
            return len(self._blocks)
        self._taken += len(added)
        if not self._blocks:
            self._blocks.append(Block("", 0, 0.0))
        first_changed = len(self._blocks) - 1
        first, *paragraphs = added.split("\n")
        self._blocks[-1].text += first
        self._lay_out_last(document)
        for paragraph in paragraphs:
            last = self._blocks[-1]
            self._blocks.append(Block(paragraph, last.end + 1, last.y + last.height))
            self._lay_out_last(document)
        last = self._blocks[-1]
        self.height = last.y + last.height
        return first_changed

    def position_at(self, point: QPointF) -> int | None:
        """Position of the character under a point, None where there is none."""
        for block in self._blocks:
            if not block.y <= point.y() < block.y + block.height:
                continue
            for line in block.lines():
                if point.y() - block.y < line.y() + line.height():
                    inside = line.x() <= point.x() <= line.x() + line.naturalTextWidth()
                    found = line.xToCursor(point.x(), QTextLine.CursorPosition.CursorOnCharacter)
                    return block.start + found if inside else None
        return None

    def _lay_out_last(self, document: AnswerDocument) -> None:
        """Lay the last block out; cut it when it has grown long."""
        block = self._blocks[-1]
        self._lay_out(block, document)
        count = block.layout.lineCount() if block.layout is not None else 0
        if block.layout is None or count <= SETTLED_LINES:
            return
        cut = _index_of_unit(block.text, block.layout.lineAt(count - OPEN_LINES).textStart())
        rest = block.text[cut:]
        block.text = block.text[:cut]
        self._lay_out(block, document)
        self._blocks.append(Block(rest, block.end, block.y + block.height))
        self._lay_out_last(document)

    def _lay_out(self, block: Block, document: AnswerDocument) -> None:
        line_height = round(QFontMetricsF(self.style.font).height() * self.style.line_height)
        block.underlines = []
        if not block.text:
            block.layout = None
            block.height = round(line_height * EMPTY_PARAGRAPH)
            return
        layout = QTextLayout(block.text, self.style.font)
        option = QTextOption()
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        layout.setTextOption(option)
        runs = document.runs_between(block.start, block.end) if self.style.shaded else []
        layout.setFormats([self._format(run.start - block.start, run.end - run.start, run.shade) for run in runs])
        y = 0.0
        layout.beginLayout()
        while (line := layout.createLine()).isValid():
            line.setLineWidth(self.style.width)
            height = max(line_height, math.ceil(line.height()))
            line.setPosition(QPointF(0.0, y + round((height - line.height()) / 2.0)))
            y += height
        layout.endLayout()
        block.layout, block.height = layout, y
        for run in runs:
            text = block.text if len(block.text) == block.end - block.start else ""
            block.underlines += _underlines(block, text, run.start - block.start, run.end - block.start, run.shade)

    def _format(self, start: int, length: int, shade: Shade) -> QTextLayout.FormatRange:
        look = QTextCharFormat()
        look.setForeground(self.style.colours[shade])
        found = QTextLayout.FormatRange()
        found.start, found.length, found.format = start, length, look
        return found


def paint_blocks(painter: QPainter, blocks: Iterable[Block], style: TextStyle) -> None:
    """Draw blocks at the places they have in their text."""
    for block in blocks:
        if block.layout is None:
            continue
        painter.setPen(style.colours[Shade.PLAIN])
        block.layout.draw(painter, QPointF(0.0, block.y))
        for piece in block.underlines:
            painter.setPen(_pen(style.colours[piece.shade], piece.shade))
            y = block.y + piece.y
            painter.drawLine(QPointF(piece.left, y), QPointF(piece.right, y))


def _pen(colour: QColor, shade: Shade) -> QPen:
    """Dots under what is unsure, dashes under what is doubtful: told apart without seeing colour."""
    pen = QPen(colour, 1.5)
    if shade is Shade.UNSURE:
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        pen.setDashPattern([0.01, 2.4])
    else:
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        pen.setDashPattern([4.0, 2.0])
    return pen


def _underlines(block: Block, text: str, start: int, end: int, shade: Shade) -> Iterator[Underline]:
    """Pieces beneath ``start`` to ``end`` of a block, line by line, without the spaces at a piece's ends.

    ``text`` is empty when its indices are not UTF-16 units; then spaces are underlined as well.
    """
    for line in block.lines():
        first = max(start, line.textStart())
        last = min(end, line.textStart() + line.textLength())
        while first < last and text and text[last - 1].isspace():
            last -= 1
        while first < last and text and text[first].isspace():
            first += 1
        if first < last:
            left, right = sorted((_x(line, first), _x(line, last)))
            yield Underline(left, right, line.y() + line.ascent() + max(2.5, line.descent() * 0.7), shade)


def _x(line: QTextLine, position: int) -> float:
    """Left edge of a position in a line. The binding gives the position back as well."""
    found = line.cursorToX(position)
    x = found[0] if isinstance(found, tuple) else found
    assert isinstance(x, float)
    return x


def _index_of_unit(text: str, units: int) -> int:
    """Index into a Python string of a position in UTF-16 units."""
    if utf16_length(text) == len(text):
        return units
    return len(text.encode("utf-16-le")[: units * 2].decode("utf-16-le", "ignore"))
