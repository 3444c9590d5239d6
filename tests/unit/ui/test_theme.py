"""The colours are readable in both themes, and no QML file names one of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QObject
from PySide6.QtGui import QColor, QGuiApplication
from PySide6.QtQml import QQmlEngine

from app.contracts.devices import Device
from tests.helpers.contrast import contrast
from ui.shell import QML

READABLE = 4.5
TEXT_ON = [
    (text, ground)
    for ground in ("page", "surface", "raised")
    for text in ("ink", "muted", "unsure", "doubtful", "danger", "accent")
] + [("accentInk", "accent"), ("accentInk", "accentHover"), ("ink", "hover")]
TEXT_ON += [(text, "accentSoft") for text in ("accent", "ink", "muted")]
COLOUR = re.compile(r'"#[0-9a-fA-F]{3,8}"|"(?:white|black|red|green|blue|gr[ae]y|transparent)"|Qt\.rgba|Qt\.hsla')


@pytest.fixture
def theme(qt_app: QGuiApplication, qt_messages: list[str]) -> Iterator[QObject]:
    engine = QQmlEngine()
    engine.addImportPath(str(QML))
    yield engine.singletonInstance("Sotto.Theme", "Theme")
    engine.deleteLater()


@pytest.mark.parametrize("preference", ["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), TEXT_ON)
def test_text_is_readable(theme: QObject, preference: str, text: str, ground: str) -> None:
    theme.setProperty("preference", preference)
    assert contrast(QColor(theme.property(text)), QColor(theme.property(ground))) >= READABLE


@pytest.mark.parametrize("preference", ["light", "dark"])
def test_words_on_and_beside_the_colour_of_a_device_are_readable(theme: QObject, preference: str) -> None:
    theme.setProperty("preference", preference)
    colours = [QColor(colour) for colour in theme.property("devices")]
    assert len({colour.name() for colour in colours}) == len(Device)
    for ground in ("page", "surface"):
        assert all(contrast(colour, QColor(theme.property(ground))) >= READABLE for colour in colours)


@pytest.mark.parametrize("preference", ["light", "dark"])
def test_the_classes_of_confidence_differ(theme: QObject, preference: str) -> None:
    theme.setProperty("preference", preference)
    colours = {QColor(theme.property(name)).name() for name in ("ink", "unsure", "doubtful")}
    assert len(colours) == 3


@pytest.mark.parametrize("preference", ["light", "dark"])
@pytest.mark.parametrize("ground", ["page", "surface"])
def test_the_devices_of_a_chart_differ_and_their_names_are_readable(
    theme: QObject, preference: str, ground: str
) -> None:
    theme.setProperty("preference", preference)
    colours = [QColor(colour) for colour in theme.property("devices")]
    assert len({colour.name() for colour in colours}) == len(Device)
    assert min(contrast(colour, QColor(theme.property(ground))) for colour in colours) >= READABLE


def test_contrast_is_measured_as_the_standard_does() -> None:
    assert contrast(QColor("white"), QColor("black")) == pytest.approx(21.0)
    assert contrast(QColor("#777777"), QColor("white")) == pytest.approx(4.48, abs=0.01)


def test_the_themes_are_not_the_same(theme: QObject) -> None:
    pages = set()
    for preference in ("light", "dark"):
        theme.setProperty("preference", preference)
        pages.add(QColor(theme.property("page")).name())
        assert theme.property("dark") is (preference == "dark")
    assert len(pages) == 2


def test_motion_is_short_and_there_are_three_sizes_of_type(theme: QObject) -> None:
    assert 0 < theme.property("quick") <= theme.property("calm") <= 200
    assert theme.property("small") < theme.property("body") < theme.property("title")


@pytest.mark.parametrize("path", sorted(QML.rglob("*.qml")), ids=lambda path: path.name)
def test_rules_of_the_house(path: object) -> None:
    text = path.read_text(encoding="utf-8")
    if path.name != "Theme.qml":
        assert COLOUR.findall(text) == []
    if path.name != "Icons.qml":
        assert "pragma ComponentBehavior: Bound" in text
    assert not re.search(r"\b(RichText|StyledText|MarkdownText|AutoText|openUrlExternally|XMLHttpRequest)\b", text)
    texts = len(re.findall(r"^\s*(?:contentItem: )?Text \{", text, re.MULTILINE))
    assert text.count("textFormat: Text.PlainText") >= texts
