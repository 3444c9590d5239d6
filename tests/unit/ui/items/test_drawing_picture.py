from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtGui import QColor, QImage, QPainter

from app.settings.paths import asset
from ui.items.drawing_picture import ROLES, DrawingPicture, coloured, drawing_source

PUSH = "skills/workout/drawings/horizontal-push.svg"
BRIGHT = {"ink": QColor("#ff0000"), "soft": QColor("#00ff00"), "accent": QColor("#0000ff")}


def test_every_drawing_is_in_the_three_colours_that_are_replaced() -> None:
    drawings = sorted(Path(asset("skills/workout/drawings")).glob("*.svg"))
    assert len(drawings) > 20
    for path in drawings:
        used = set(re.findall(r"#[0-9a-f]{6}", path.read_text(encoding="utf-8")))
        assert used <= set(ROLES), path.name
        assert drawing_source(f"skills/workout/drawings/{path.name}"), path.name


def test_a_drawing_gets_the_colours_of_the_theme() -> None:
    text = coloured(drawing_source(PUSH), BRIGHT)
    assert set(re.findall(r"#[0-9a-f]{6}", text)) == {"#ff0000", "#00ff00", "#0000ff"}


@pytest.mark.parametrize(
    "name",
    [
        "",
        "horizontal-push",
        "skills/workout/drawings/nothing.svg",
        "skills/workout/exercises.json",
        "skills/workout/drawings/../exercises.svg",
        "/etc/passwd",
        "../../etc/passwd.svg",
        "https://example.org/skills/workout/drawings/a.svg",
    ],
)
def test_nothing_else_is_read(name: str) -> None:
    assert drawing_source(name) == ""


def test_it_paints_in_the_middle_and_in_proportion(drive: Callable[..., None]) -> None:
    async def scenario() -> None:
        item = DrawingPicture()
        item.setSize(QImage(300, 300, QImage.Format.Format_ARGB32).size())
        item.setProperty("drawing", PUSH)
        for role, colour in BRIGHT.items():
            item.setProperty(role, colour)
        assert item.property("known") is True
        picture = QImage(300, 300, QImage.Format.Format_ARGB32)
        picture.fill(0)
        painter = QPainter(picture)
        item.paint(painter)
        painter.end()
        rows = [y for y in range(300) if any(picture.pixelColor(x, y).alpha() for x in range(0, 300, 2))]
        assert rows[0] > 60
        assert rows[-1] < 240
        item.setProperty("drawing", "nothing")
        assert item.property("known") is False

    drive(scenario)
