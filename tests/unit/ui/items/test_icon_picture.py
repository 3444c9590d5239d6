from __future__ import annotations

import pytest
from PySide6.QtCore import QSizeF
from PySide6.QtGui import QColor, QImage, QPainter

from ui.items.icon_picture import IconPicture


@pytest.fixture
def icon(qt_messages: list[str], qt_app: object) -> IconPicture:
    item = IconPicture()
    item.setSize(QSizeF(24.0, 24.0))
    item.setProperty("path", "M6 6 h12 v12 h-12 z")
    item.setProperty("color", QColor("teal"))
    return item


def drawn(icon: IconPicture) -> QImage:
    image = QImage(24, 24, QImage.Format.Format_RGB32)
    image.fill(QColor("white"))
    painter = QPainter(image)
    icon.paint(painter)
    painter.end()
    return image


def test_a_line_in_its_colour(icon: IconPicture) -> None:
    image = drawn(icon)
    assert image.pixelColor(6, 12).green() < 200
    assert image.pixelColor(12, 12) == QColor("white")


def test_filled(icon: IconPicture) -> None:
    icon.setProperty("filled", True)
    assert drawn(icon).pixelColor(12, 12) == QColor("teal")


def test_without_a_path_nothing(icon: IconPicture) -> None:
    icon.setProperty("path", "")
    assert drawn(icon).pixelColor(6, 12) == QColor("white")


def test_only_a_change_is_told(icon: IconPicture) -> None:
    told: list[int] = []
    icon.lookChanged.connect(lambda: told.append(1))
    icon.setProperty("color", QColor("teal"))
    icon.setProperty("filled", False)
    icon.setProperty("path", "M6 6 h12 v12 h-12 z")
    assert told == []
