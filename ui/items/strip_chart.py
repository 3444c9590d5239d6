"""The Quick item that draws the last minutes of one quantity, a line for each device.

Why it exists: it is painted when a value came that changes the picture, and at no other time; nothing in it moves.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from PySide6.QtCore import Property, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen, QPolygonF
from PySide6.QtQml import QmlElement
from PySide6.QtQuick import QQuickItem, QQuickPaintedItem
from shiboken6 import isValid

from app.contracts.devices import Device
from ui.viewmodels.power_trail import LENGTH_S, PowerTrail, TrailLine
from ui.viewmodels.rows import lane_title

QML_IMPORT_NAME = "Sotto.Items"
QML_IMPORT_MAJOR_VERSION = 1

GAP = 6.0
"""Between the plot and the words beside it, in logical pixels."""
WIDEST = "100 °C"
"""Numbers of the axis get room for this, so that two charts above each other line up."""
DOT = 2.5
"""Radius of the newest value's dot."""


class _Held:
    """What an item holds on to; the binding never gives back the Python half of an object that QML made."""

    def __init__(self) -> None:
        self.trail: PowerTrail | None = None
        self.paints = 0

    def let_go(self) -> None:
        """The item is gone."""
        self.trail = None


@dataclass(frozen=True, slots=True)
class ChartStyle:
    """How a chart is drawn; colours of the lines by device."""

    font: QFont = field(default_factory=QFont)
    ink: QColor = field(default_factory=QColor)
    grid: QColor = field(default_factory=QColor)
    colours: tuple[QColor, ...] = ()

    def colour(self, device: Device) -> QColor:
        """The colour of a device's line."""
        place = list(Device).index(device)
        return self.colours[place] if place < len(self.colours) else self.ink


@QmlElement
class StripChart(QQuickPaintedItem):
    """Draws a `PowerTrail`: solid where values are measured, dashed where they are estimates, nothing where none are.

    Every line ends in the name of its device. ``colours`` are those of the devices in the order of `Device`.
    """

    trailChanged = Signal()
    styleChanged = Signal()

    def __init__(self, parent: QQuickItem | None = None) -> None:
        super().__init__(parent)
        self.setAntialiasing(True)
        self._held = _Held()
        self.destroyed.connect(self._held.let_go)
        self._font = QFont()
        self._ink = QColor("black")
        self._grid = QColor("black")
        self._colours: list[QColor] = []

    def _get_trail(self) -> PowerTrail | None:
        return self._held.trail

    def _set_trail(self, trail: PowerTrail | None) -> None:
        if trail is self._held.trail:
            return
        if self._held.trail is not None and isValid(self._held.trail):
            self._held.trail.moved.disconnect(self._repaint)
        self._held.trail = trail
        if trail is not None:
            trail.moved.connect(self._repaint)
        self.trailChanged.emit()
        self.update()

    def _get_font(self) -> QFont:
        return self._font

    def _set_font(self, font: QFont) -> None:
        self._font = font
        self._look_changed()

    def _get_ink(self) -> QColor:
        return self._ink

    def _set_ink(self, colour: QColor) -> None:
        self._ink = colour
        self._look_changed()

    def _get_grid(self) -> QColor:
        return self._grid

    def _set_grid(self, colour: QColor) -> None:
        self._grid = colour
        self._look_changed()

    def _get_colours(self) -> list[QColor]:
        return self._colours

    def _set_colours(self, colours: list[QColor]) -> None:
        self._colours = [QColor(colour) for colour in colours]
        self._look_changed()

    trail = Property(PowerTrail, _get_trail, _set_trail, notify=trailChanged)
    font = Property(QFont, _get_font, _set_font, notify=styleChanged)
    ink = Property(QColor, _get_ink, _set_ink, notify=styleChanged)
    grid = Property(QColor, _get_grid, _set_grid, notify=styleChanged)
    colours = Property(list, _get_colours, _set_colours, notify=styleChanged)

    @property
    def paints(self) -> int:
        """How often it was painted."""
        return self._held.paints

    def paint(self, painter: QPainter) -> None:
        """Draw everything."""
        self._held.paints += 1
        if self._held.trail is not None:
            style = ChartStyle(self._font, self._ink, self._grid, tuple(self._colours))
            paint_trail(painter, self._held.trail, style, self.width(), self.height())

    def _look_changed(self) -> None:
        self.styleChanged.emit()
        self.update()

    def _repaint(self) -> None:
        self.update()


def paint_trail(painter: QPainter, trail: PowerTrail, style: ChartStyle, width: float, height: float) -> None:
    """Draw a trail into a rectangle at the origin; lengths in logical pixels."""
    metrics = QFontMetricsF(style.font)
    lines, top = trail.lines, trail.top
    names = [lane_title(line.device) for line in lines]
    ends = (f"{top:g} {trail.unit}", f"{trail.bottom:g}")
    left = max(metrics.horizontalAdvance(text) for text in (*ends, WIDEST)) + GAP
    right = max((metrics.horizontalAdvance(name) for name in names), default=0.0) + 2 * GAP
    inset = metrics.height() / 2.0
    plot = QRectF(left, inset, max(1.0, width - left - right), max(1.0, height - 2 * inset))
    painter.setFont(style.font)
    _paint_axis(painter, plot, ends, style)
    spans = [_stretches(line, plot, trail.bottom, top) for line in lines]
    for line, stretches in zip(lines, spans, strict=True):
        _paint_line(painter, line, stretches, style)
    wanted = [stretches[-1][-1].y() for stretches in spans]
    for line, name, y in zip(lines, names, spread(wanted, metrics.height() * 0.95, height), strict=True):
        painter.setPen(style.colour(line.device))
        box = QRectF(plot.right() + 1.5 * GAP, y - metrics.height() / 2.0, right, metrics.height())
        painter.drawText(box, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, name)


def spread(wanted: list[float], distance: float, height: float) -> list[float]:
    """Places for labels near where they are wanted, none nearer than a distance to its neighbour, all within a height.

    Args:
        wanted: The middle of each label.
        distance: Between the middles of two labels.
        height: Of the picture.
    """
    order = sorted(range(len(wanted)), key=lambda number: wanted[number])
    places = list(wanted)
    lowest = distance / 2.0
    for number in order:
        places[number] = max(places[number], lowest)
        lowest = places[number] + distance
    highest = height - distance / 2.0
    for number in reversed(order):
        places[number] = min(places[number], highest)
        highest = places[number] - distance
    return places


def _paint_axis(painter: QPainter, plot: QRectF, ends: tuple[str, str], style: ChartStyle) -> None:
    """The top, the middle and the bottom; the numbers stand left of the first and the last."""
    painter.setPen(QPen(style.grid, 1.0))
    for y in (plot.top(), plot.center().y(), plot.bottom()):
        painter.drawLine(QPointF(plot.left(), round(y) + 0.5), QPointF(plot.right(), round(y) + 0.5))
    painter.setPen(style.ink)
    for text, y in zip(ends, (plot.top(), plot.bottom()), strict=True):
        box = QRectF(0.0, y - 20.0, plot.left() - GAP, 40.0)
        painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)


def _paint_line(painter: QPainter, line: TrailLine, stretches: list[list[QPointF]], style: ChartStyle) -> None:
    colour = style.colour(line.device)
    pen = QPen(colour, 1.6)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    if line.estimate:
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        pen.setDashPattern([3.0, 2.0])
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(pen)
    for stretch in stretches:
        painter.drawPolyline(QPolygonF(stretch))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    if line.values[-1] is not None:
        painter.drawEllipse(stretches[-1][-1], DOT, DOT)


def _stretches(line: TrailLine, plot: QRectF, bottom: float, top: float) -> list[list[QPointF]]:
    """The line in pieces, cut where nothing was read; at least one, since a trail holds no line without a value.

    Args:
        line: Which.
        plot: Where it is drawn.
        bottom: Value at the lower edge.
        top: Value at the upper edge.
    """
    left, step = plot.left(), plot.width() / (LENGTH_S - 1)
    floor, scale = plot.bottom(), plot.height() / (top - bottom)

    def height(value: float) -> float:
        return floor - scale * (min(top, max(bottom, value)) - bottom)

    return [[QPointF(left + number * step, height(value)) for number, value in piece] for piece in _pieces(line.values)]


def _pieces(values: tuple[float | None, ...]) -> Iterator[list[tuple[int, float]]]:
    """Neighbouring values with their places; of a level stretch only its two ends."""
    piece: list[tuple[int, float]] = []
    for number, value in enumerate(values):
        if value is not None:
            if len(piece) > 1 and piece[-1][1] == value == piece[-2][1]:
                piece.pop()
            piece.append((number, value))
        elif piece:
            yield piece
            piece = []
    if piece:
        yield piece
