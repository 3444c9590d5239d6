"""Looks at the pixels of a chart, and counts how often it is painted."""

from __future__ import annotations

import itertools

import pytest
from PySide6.QtGui import QColor, QImage, QPainter

from app.contracts.devices import Device
from app.contracts.energy import estimated, measured, unavailable
from ui.items.strip_chart import ChartStyle, StripChart, paint_trail, spread
from ui.viewmodels.power_trail import LENGTH_S, PowerTrail

COLOURS = tuple(QColor(name) for name in ("purple", "blue", "orange", "teal", "grey"))
STYLE = ChartStyle(ink=QColor("black"), grid=QColor("silver"), colours=COLOURS)
WIDTH, HEIGHT = 400, 100


@pytest.fixture
def trail(qt_messages: list[str], qt_app: object) -> PowerTrail:
    return PowerTrail("W", 1, 0.0, 5.0)


def drawn(trail: PowerTrail) -> QImage:
    image = QImage(WIDTH, HEIGHT, QImage.Format.Format_RGB32)
    image.fill(QColor("white"))
    painter = QPainter(image)
    paint_trail(painter, trail, STYLE, WIDTH, HEIGHT)
    painter.end()
    return image


def columns(image: QImage, colour: QColor) -> set[int]:
    """Where a colour is, from left to right."""
    rgb = colour.rgb()
    return {x for x in range(WIDTH) for y in range(HEIGHT) if image.pixel(x, y) == rgb}


def test_a_line_as_long_as_what_was_read(trail: PowerTrail) -> None:
    for _ in range(LENGTH_S // 2):
        trail.add({Device.CPU: measured(2.5, "x")})
    half = columns(drawn(trail), COLOURS[3])
    for _ in range(LENGTH_S // 2):
        trail.add({Device.CPU: measured(2.5, "x")})
    whole = columns(drawn(trail), COLOURS[3])
    assert len(half) < len(whole)
    assert max(half) == max(whole)


def test_gaps_are_left_empty(trail: PowerTrail) -> None:
    for second in range(LENGTH_S):
        asleep = 60 < second < 120
        trail.add({Device.GPU: unavailable("asleep") if asleep else measured(60.0, "x")})
    found = columns(drawn(trail), COLOURS[2])
    middle = (min(found) + max(found)) // 2
    assert not found & set(range(middle - 30, middle))


def test_an_estimate_is_dashed(trail: PowerTrail) -> None:
    for _ in range(LENGTH_S):
        trail.add({Device.NPU: estimated(2.5, "table"), Device.CPU: measured(4.0, "x")})
    image = drawn(trail)
    assert 0 < len(columns(image, COLOURS[0])) < len(columns(image, COLOURS[3])) * 0.9


def test_without_a_value_only_the_axis_is_drawn(trail: PowerTrail) -> None:
    image = drawn(trail)
    assert columns(image, QColor("silver"))
    assert not any(columns(image, colour) for colour in COLOURS)


def test_labels_keep_their_distance_and_stay_inside() -> None:
    places = spread([50.0, 50.0, 52.0, 99.0], 12.0, 100.0)
    assert places == sorted(places)
    assert all(later - earlier >= 12.0 for earlier, later in itertools.pairwise(places))
    assert 6.0 <= places[0] <= places[-1] <= 94.0
    assert spread([95.0, 94.0, 93.0], 12.0, 100.0) == [94.0, 82.0, 70.0]
    assert spread([], 12.0, 100.0) == []


def test_the_item_takes_a_trail_and_lets_it_go(trail: PowerTrail) -> None:
    item = StripChart()
    item.setProperty("colours", list(COLOURS))
    item.trail = trail
    item.trail = trail
    trail.add({Device.CPU: measured(2.5, "x")})
    image = QImage(WIDTH, HEIGHT, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    item.paint(painter)
    item.trail = None
    item.paint(painter)
    painter.end()
    assert item.paints == 2
