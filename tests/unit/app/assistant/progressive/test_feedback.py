"""Thumbs and spoken corrections reach the posterior of the question's kind, and the card."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.assistant.progressive.routing import SUFFICES
from app.assistant.progressive.satisfaction import Evidence
from app.contracts.cards import AnswerCard, NoticeCard
from app.contracts.events import CardUpserted, Notice, Understood
from tests.helpers.progressive import Conversing, Ladder, conversing, writer
from tests.helpers.virtual_time import in_virtual_time

KNOWN = {"pack a picnic": ("pack_picnic", "picnic", 0.95)}


def ladder() -> Ladder:
    return Ladder(writer("small", "It is red.", "It is blue."), writer("larger", "It is green."))


def evidence(there: Conversing) -> dict[str, tuple[Evidence, ...]]:
    return {kind.entry_id: kind.evidence for kind in there.satisfaction.kinds()}


def told(there: Conversing, turn_id: str) -> list[str]:
    cards = [event.card for event in there.watched.of(turn_id) if isinstance(event, CardUpserted)]
    return [card.message for card in cards if isinstance(card, NoticeCard)]


@in_virtual_time
async def test_thumbs_on_a_card(tmp_path: Path) -> None:
    async with conversing(tmp_path, ladder(), KNOWN) as there:
        card = there.card(await there.ask("Which colour?"))
        assert [action.action for action in card.actions] == ["rate:1", "rate:-1"]
        there.assistant.act(card.card_id, "rate:-1")
        await there.watched.until(lambda: there.card(card.turn_id).rated == -1)
        assert evidence(there) == {"simple/open_question": (Evidence("quick_response", 0, 1),)}
        assert there.card(card.turn_id).revision == card.revision + 1
        there.assistant.act(card.card_id, "rate:1")
        await there.watched.until(lambda: there.card(card.turn_id).rated == 1)
        there.assistant.act(card.card_id, "rate:1")
        await there.watched.until(lambda: there.card(card.turn_id).rated == 0)
        assert evidence(there) == {"simple/open_question": (Evidence("quick_response", 0, 0),)}


@in_virtual_time
async def test_a_card_that_nobody_knows_cannot_be_rated(tmp_path: Path) -> None:
    async with conversing(tmp_path, ladder(), KNOWN) as there:
        there.assistant.act("elsewhere", "rate:1")
        await there.watched.saw(Notice)
        assert evidence(there) == {}


@in_virtual_time
async def test_a_correction_in_words_has_the_question_answered_again_with_more_thought(tmp_path: Path) -> None:
    async with conversing(tmp_path, ladder(), KNOWN) as there:
        first = await there.ask("Which colour?")
        again = await there.ask("No, that's wrong.")
        assert there.card(first).rated == -1
        assert evidence(there)["simple/open_question"] == (Evidence("quick_response", 0, 1),)
        understood = [event for event in there.watched.of(again) if isinstance(event, Understood)]
        assert [(event.intent, event.complexity) for event in understood] == [("open_question", "complex")]
        request = there.ladder.models["small"].requests[-1]
        assert request.messages[-1].content == "That was wrong. Think again and answer: Which colour?"
        assert (there.card(again).text, there.card(again).stage) == ("It is green.", "synthesis")


@in_virtual_time
async def test_praise_in_words_is_taken_down_and_thanked_for(tmp_path: Path) -> None:
    async with conversing(tmp_path, ladder(), KNOWN) as there:
        first = await there.ask("Which colour?")
        thanked = await there.ask("That was helpful.")
        assert there.card(first).rated == 1
        assert told(there, thanked) == ["Thank you."]
        assert evidence(there)["simple/open_question"] == (Evidence("quick_response", 1, 0),)


@in_virtual_time
async def test_what_answers_a_waiting_question_is_no_rating(tmp_path: Path) -> None:
    async with conversing(tmp_path, ladder(), KNOWN) as there:
        await there.ask("Which colour?")
        await there.ask("pack a picnic")
        await there.ask("that's right")
        assert evidence(there) == {}


@in_virtual_time
async def test_without_an_answer_before_the_words_are_a_question(tmp_path: Path) -> None:
    async with conversing(tmp_path, ladder(), KNOWN) as there:
        turn_id = await there.ask("That's wrong.")
        assert there.card(turn_id).text == "It is red."


@in_virtual_time
async def test_what_is_said_of_a_skills_answer_moves_no_threshold(tmp_path: Path) -> None:
    async with conversing(tmp_path, ladder(), KNOWN) as there:
        await there.ask("pack a picnic")
        await there.ask("two")
        packed = await there.ask("yes")
        assert there.card(packed).stage == "picnic"
        there.assistant.act(there.card(packed).card_id, "rate:-1")
        await there.watched.until(lambda: there.card(packed).rated == -1)
        (kind,) = there.satisfaction.kinds()
        assert (kind.intent, kind.evidence) == ("pack_picnic", (Evidence("picnic", 0, 1),))
        assert kind.threshold == pytest.approx(SUFFICES)


@in_virtual_time
async def test_an_answer_that_was_about_to_become_better_is_whole_when_the_next_question_comes(tmp_path: Path) -> None:
    async with conversing(tmp_path, ladder(), KNOWN) as there:
        await there.ask("Which colour?")
        there.ladder.models["larger"].token_s = 5.0
        refined = there.assistant.ask("No, that's wrong.")
        await there.watched.until(lambda: any(line.endswith("quick_response") for line in standing(there, refined)))
        there.assistant.ask("Which size?")
        card = there.card(refined)
        assert (card.text, card.finished, card.stopped) == ("It is blue.", True, False)
        await there.watched.until(lambda: len(there.ladder.models["small"].requests) == 3)
        before = [message.content for message in there.ladder.models["small"].requests[-1].messages]
        assert "It is blue." in before
        there.assistant.act(card.card_id, "rate:1")
        await there.watched.until(lambda: there.card(refined).rated == 1)


def standing(there: Conversing, turn_id: str) -> list[str]:
    cards = [event.card for event in there.watched.of(turn_id) if isinstance(event, CardUpserted)]
    return [card.stage for card in cards if isinstance(card, AnswerCard)]
