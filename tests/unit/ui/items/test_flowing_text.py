"""Laying out a growing text: the same lines as at once, and never all of them again."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor, QFont, QGuiApplication, QImage, QPainter

from app.contracts.devices import Tier
from ui.items.flowing_text import SETTLED_LINES, FlowingText, TextStyle, paint_blocks
from ui.viewmodels.answer import AnswerDocument
from ui.viewmodels.confidence import Shade

SMALL = Tier("llama-cpu", "m")
INK, UNSURE, DOUBTFUL = QColor("#000000"), QColor("#0000ff"), QColor("#ff0000")


@pytest.fixture
def style(qt_app: QGuiApplication) -> TextStyle:
    font = QFont("DejaVu Sans")
    font.setPixelSize(15)
    return TextStyle(font, 300.0, 1.35, (INK, UNSURE, DOUBTFUL))


def written(*tokens: tuple[str, float | None]) -> AnswerDocument:
    document = AnswerDocument()
    for text, confidence in tokens:
        document.append(text, confidence, SMALL)
    return document


def lines(flow: FlowingText) -> list[str]:
    found = []
    for block in flow.blocks:
        units = block.text.encode("utf-16-le")
        for line in block.lines():
            start, end = line.textStart(), line.textStart() + line.textLength()
            found.append(units[start * 2 : end * 2].decode("utf-16-le").rstrip())
        if block.layout is None:
            found.append("")
    return found


def laid_out(document: AnswerDocument, style: TextStyle) -> FlowingText:
    flow = FlowingText()
    flow.style = style
    flow.rebuild(document)
    return flow


WORDS = ["the", "quick", "brown", "fox", "jumps", "over", "a", "lazy", "dog", "and", "goes", "on", "its", "way"]


def test_growing_gives_the_same_lines_as_all_at_once(style: TextStyle) -> None:
    tokens = [(f"{WORDS[number % len(WORDS)]} ", 0.95) for number in range(400)]
    grown, flow = AnswerDocument(), FlowingText()
    flow.style = style
    for text, confidence in tokens:
        grown.append(text, confidence, SMALL)
        flow.extend(grown)
    whole = laid_out(written(("".join(text for text, _ in tokens), 0.95)), replace(style))
    assert lines(flow) == lines(whole)
    assert flow.height == whole.height


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.sampled_from(["word ", "longer-word ", "\n", "\n\n", "🌙 ", "日本語 ", "שלום ", "x" * 60, " "]), max_size=40
    )
)
def test_nothing_is_lost_however_the_text_is_cut(tokens: list[str]) -> None:
    document, flow = AnswerDocument(), FlowingText()
    flow.style = TextStyle(QFont("DejaVu Sans"), 220.0)
    for token in tokens:
        document.append(token, 0.8, SMALL)
        flow.extend(document)
    shown = "".join(line for line in lines(flow))
    assert "".join(shown.split()) == "".join("".join(tokens).split())
    ends = [block.end for block in flow.blocks]
    assert ends == sorted(ends)


def test_only_the_last_lines_are_laid_out_again(style: TextStyle) -> None:
    document = written(("word " * 600, 0.95))
    flow = laid_out(document, style)
    before = flow.blocks
    document.append("and more", 0.95, SMALL)
    first_changed = flow.extend(document)
    assert first_changed == len(before) - 1
    assert flow.blocks[:first_changed] == before[:first_changed]
    assert len(list(before[-1].lines())) <= SETTLED_LINES


def test_paragraphs_and_empty_lines(style: TextStyle) -> None:
    flow = laid_out(written(("One.\n\nTwo.\nThree.", 0.95)), style)
    assert lines(flow) == ["One.", "", "Two.", "Three."]
    heights = [block.height for block in flow.blocks]
    assert heights[1] < heights[0] == heights[2] == heights[3]


def test_underlines_lie_beneath_the_words_and_not_the_spaces(style: TextStyle) -> None:
    flow = laid_out(written(("Sure", 0.95), (" unsure", 0.8), (" doubtful ", 0.2), ("sure", 0.95)), style)
    unsure, doubtful = flow.blocks[0].underlines
    assert (unsure.shade, doubtful.shade) == (Shade.UNSURE, Shade.DOUBTFUL)
    assert 0 < unsure.left < unsure.right < doubtful.left < doubtful.right


def test_a_stretch_over_several_lines_is_underlined_in_each(style: TextStyle) -> None:
    flow = laid_out(written(("word " * 40, 0.2)), style)
    pieces = [piece for block in flow.blocks for piece in block.underlines]
    assert len(pieces) == len(lines(flow))


def test_switched_off_everything_is_plain(style: TextStyle) -> None:
    flow = laid_out(written(("doubtful", 0.1)), replace(style, shaded=False))
    assert flow.blocks[0].underlines == []
    assert colours_of(flow) == {INK.name()}


def test_each_class_is_painted_in_its_colour_and_pattern(style: TextStyle) -> None:
    for confidence, colour in ((0.95, INK), (0.8, UNSURE), (0.5, DOUBTFUL)):
        flow = laid_out(written(("MMMM", confidence)), style)
        assert colours_of(flow) == {colour.name()}
    dots = laid_out(written(("MMMM", 0.8)), style)
    dashes = laid_out(written(("MMMM", 0.5)), style)
    assert marks_beneath(dots) > marks_beneath(dashes) > 1
    assert marks_beneath(laid_out(written(("MMMM", 0.95)), style)) == 0


def test_the_character_under_the_pointer(style: TextStyle) -> None:
    document = written(("🌙 one two", 0.95), ("\nthree", 0.95))
    flow = laid_out(document, style)
    assert flow.position_at(QPointF(1.0, 5.0)) == 0
    second = flow.blocks[1]
    assert flow.position_at(QPointF(1.0, second.y + 5.0)) == len("🌙 one two") + 2
    assert flow.position_at(QPointF(299.0, 5.0)) is None
    assert flow.position_at(QPointF(1.0, 999.0)) is None


def test_without_a_width_nothing_is_laid_out(style: TextStyle) -> None:
    flow = laid_out(written(("word", 0.95)), replace(style, width=0.0))
    assert (flow.blocks, flow.height) == ((), 0.0)


def picture(flow: FlowingText) -> QImage:
    image = QImage(300, max(1, int(flow.height)), QImage.Format.Format_RGB32)
    image.fill(QColor("white"))
    painter = QPainter(image)
    paint_blocks(painter, flow.blocks, flow.style)
    painter.end()
    return image


def colours_of(flow: FlowingText) -> set[str]:
    """The colours painted at full strength."""
    image = picture(flow)
    found = {image.pixelColor(x, y).name() for x in range(image.width()) for y in range(image.height())}
    return found & {INK.name(), UNSURE.name(), DOUBTFUL.name()}


def marks_beneath(flow: FlowingText) -> int:
    """How many separate marks the underline of the first line is made of."""
    image = picture(flow)
    pieces = flow.blocks[0].underlines
    if not pieces:
        return 0
    y = int(pieces[0].y)
    inked = [image.pixelColor(x, y).lightness() < 200 for x in range(image.width())]
    return sum(now and not before for before, now in zip([False, *inked], inked, strict=False))
