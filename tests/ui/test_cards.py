"""What stands on the canvas, and what its buttons do."""

from __future__ import annotations

import asyncio
import gc
from collections import Counter
from collections.abc import Callable

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QGuiApplication
from PySide6.QtQuick import QQuickItem

from app.contracts.cards import AnswerCard, AnswerSpan, NoticeCard
from app.contracts.devices import Tier
from app.contracts.events import CardChanged, CardUpserted, TextDelta, TurnStarted
from tests.helpers.demo import FAILING_QUESTION, RECOVERABLE
from tests.helpers.qt import until
from tests.helpers.window import Desk, middle
from ui.items.answer_text import AnswerText
from ui.viewmodels.answer import AnswerDocument
from ui.viewmodels.turn import TurnState

SMALL = Tier("llama-cpu", "smollm2")


def answers(desk: Desk) -> list[AnswerText]:
    return [item for item in desk.items() if isinstance(item, AnswerText)]


def colours(desk: Desk, item: QQuickItem) -> set[str]:
    """The colours on screen where an item is."""
    corner = item.mapToScene(item.boundingRect().topLeft()).toPoint()
    image = desk.window.grabWindow()
    size = item.boundingRect().size().toSize()
    return {
        image.pixelColor(corner + QPoint(x, y)).name() for x in range(0, size.width(), 1) for y in range(size.height())
    }


def theme_colour(desk: Desk, name: str) -> str:
    return QColor(desk.shell.theme.property(name)).name()


def test_a_spoken_question_and_its_answer(at_desk: Callable[..., None]) -> None:
    async def scenario(desk: Desk) -> None:
        await desk.key(Qt.Key.Key_Space)
        await desk.state(TurnState.IDLE)
        await desk.painted()
        names = desk.names()
        assert "You said: How far away is the moon?" in names
        assert any(name.startswith("Answer: The Moon is about 384,400 kilometres") for name in names)
        assert {"no earlier turns in context", "Answered by smollm2-135m-instruct-q4_1"} <= names
        assert any(name.startswith("Last turn: Listen") and "Speak" in name for name in names)

    at_desk(scenario, pace=0.01)


def test_an_answer_appears_word_by_word_and_the_view_follows(at_desk: Callable[..., None]) -> None:
    async def scenario(desk: Desk) -> None:
        desk.assistant.publish(TurnStarted(turn_id="t", source="text"))
        desk.assistant.publish(CardUpserted(turn_id="t", card=AnswerCard(card_id="a", turn_id="t")))
        heights = []
        for _ in range(60):
            desk.assistant.publish(TextDelta(turn_id="t", text="and so it goes on " * 5, confidence=0.95, tier=SMALL))
            await desk.painted()
            heights.append(answers(desk)[0].height())
        assert heights == sorted(heights)
        assert heights[-1] > desk.window.height()
        canvas = desk.items("ConversationView")[0]
        assert canvas.property("atEnd") is True
        bottom = answers(desk)[0].mapToScene(QPoint(0, int(heights[-1]))).y()
        assert bottom < desk.window.height()
        assert len(answers(desk)[0].slices) > 3

    at_desk(scenario)


def test_each_class_of_confidence_is_on_screen_and_one_switch_takes_them_away(at_desk: Callable[..., None]) -> None:
    async def scenario(desk: Desk) -> None:
        desk.settings.set("appearance.theme", "light")
        await desk.ask("How far away is the moon?")
        shown = colours(desk, answers(desk)[0])
        wanted = {theme_colour(desk, name) for name in ("ink", "unsure", "doubtful")}
        assert wanted <= shown
        desk.settings.set("appearance.confidence_shade", False)
        await desk.painted()
        plain = colours(desk, answers(desk)[0])
        assert wanted & plain == {theme_colour(desk, "ink")}

    at_desk(scenario)


def test_the_pointer_over_a_word_shows_number_and_tier(at_desk: Callable[..., None]) -> None:
    async def scenario(desk: Desk) -> None:
        await desk.ask("How far away is the moon?")
        text = answers(desk)[0]
        block = text.flow.blocks[0]
        unsure = block.underlines[0]
        at = text.mapToScene(QPoint(int(unsure.left) + 8, int(unsure.y) - 6)).toPoint()
        await desk.point(at)
        await until(lambda: text.property("hoveredNote"))
        assert text.property("hoveredNote") == "0.81 confidence · llama-cpu · smollm2-135m-instruct-q4_1"
        await desk.point(QPoint(5, 5))
        await until(lambda: not text.property("hoveredNote"))

    at_desk(scenario)


def test_an_answer_says_what_its_turn_took(at_desk: Callable[..., None]) -> None:
    async def scenario(desk: Desk) -> None:
        await desk.ask("How far away is the moon?")
        told = desk.shell.conversation.find(f"{next(iter(desk.assistant._answers))}-answer")
        assert told is not None
        assert told.joules.startswith("≈ ")
        joules = desk.item(told.joules_detail)
        assert joules.property("text") == told.joules
        assert "less than all on the GPU" in told.joules_detail
        copy = desk.item("Copy this answer")
        assert joules.mapToScene(joules.boundingRect().topRight()).x() < copy.mapToScene(QPoint(0, 0)).x()

    at_desk(scenario, size=(480, 700))


def test_copy_says_that_it_copied(at_desk: Callable[..., None]) -> None:
    async def scenario(desk: Desk) -> None:
        await desk.ask("Why is the sky blue?")
        await desk.click("Copy this answer")
        assert QGuiApplication.clipboard().text().startswith("Sunlight holds every colour.")
        assert desk.item("Copy this answer").property("done") is True

    at_desk(scenario)


def test_edit_and_replay(at_desk: Callable[..., None]) -> None:
    async def scenario(desk: Desk) -> None:
        await desk.ask("Why is the sky blue?")
        await desk.click("Edit and ask again")
        assert desk.shell.composer.property("text") == "Why is the sky blue?"
        assert desk.focus_name == "Question"
        await desk.click("Speak this answer again")
        assert desk.assistant.calls[-1].startswith("replay ")
        await desk.click("Send the question")
        assert desk.assistant.calls[-1] == "ask Why is the sky blue?"

    at_desk(scenario)


def test_an_error_says_what_to_do(at_desk: Callable[..., None]) -> None:
    async def scenario(desk: Desk) -> None:
        await desk.ask(FAILING_QUESTION)
        assert "Problem: The language model stopped twice and could not answer." in desk.names()
        await desk.click("Copy this message")
        assert QGuiApplication.clipboard().text().endswith("Ask again, or run: sotto doctor")

    at_desk(scenario)


def test_a_recording_is_offered_once(at_desk: Callable[..., None]) -> None:
    async def scenario(desk: Desk) -> None:
        assert "Notice: A recording of 4 s has not been answered yet." in desk.names()
        await desk.click("Answer it now")
        assert desk.assistant.calls == [f"act recording-demo {RECOVERABLE}"]
        await desk.state(TurnState.IDLE)
        await desk.painted()
        assert "Answer it now" not in desk.names()

    at_desk(scenario, offer_recording=True)


def test_text_of_a_model_is_shown_and_never_read_as_markup(at_desk: Callable[..., None]) -> None:
    async def scenario(desk: Desk) -> None:
        nasty = "<img src='http://127.0.0.1:9/x.png'><b>bold</b> & [a](http://x)"
        desk.assistant.publish(CardChanged(card=NoticeCard(card_id="n", message=nasty)))
        span = AnswerSpan(text=nasty, confidence=0.5, tier=Tier("x-cpu", nasty))
        desk.assistant.publish(
            CardChanged(card=AnswerCard(card_id="a", spans=(span,), finished=True, topics=nasty, turns_in_context=1))
        )
        await desk.painted()
        assert answers(desk)[0].flow.blocks[0].text.startswith("<img")
        await desk.point(middle(desk.item("1 turn in context")))
        await asyncio.sleep(0.8)
        assert f"Notice: {nasty}" in desk.names()

    at_desk(scenario)


def test_old_turns_leave_and_nothing_breaks(at_desk: Callable[..., None]) -> None:
    async def scenario(desk: Desk) -> None:
        for number in range(260):
            desk.assistant.publish(TurnStarted(turn_id=f"t{number}", source="text"))
            desk.assistant.publish(
                CardUpserted(turn_id=f"t{number}", card=AnswerCard(card_id=f"a{number}", turn_id=f"t{number}"))
            )
            desk.assistant.publish(TextDelta(turn_id=f"t{number}", text="Some words. ", confidence=0.8, tier=SMALL))
            if number % 20 == 0:
                await desk.painted()
        await desk.painted()
        assert desk.shell.conversation.rowCount() == 200
        assert len(answers(desk)) < 30
        gc.collect()
        kept = Counter(type(thing) for thing in gc.get_objects())
        assert kept[AnswerDocument] < 240, "what has left the canvas is not kept in memory"
        assert kept[AnswerText] < 100

    at_desk(scenario)
