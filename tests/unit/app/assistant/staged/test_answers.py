"""Answers as people give them to what waits: in other words, heard wrong, refused, or not understood at all."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from app.assistant.skills.skill import Asked, Data, Plan
from app.assistant.staged.dialogue import SORRY
from app.contracts.errors import StorageError
from app.contracts.events import CardChanged, Notice
from app.contracts.skill_cards import ClarificationCard, PrePlanCard, PrePlanState
from tests.helpers.staged import Stage, staged_assistant
from tests.helpers.virtual_time import LoopClock, in_virtual_time


async def to_proposal(stage: Stage) -> str:
    """Ask, choose two people; returns the id of the proposal's card."""
    await stage.ask("pack a picnic")
    await stage.ask("two")
    return waiting(stage).card_id


def waiting(stage: Stage) -> ClarificationCard | PrePlanCard:
    """The card that waits."""
    assert stage.staged.pending is not None
    return stage.staged.pending.card


def question(stage: Stage) -> ClarificationCard:
    """The question that waits."""
    card = waiting(stage)
    assert isinstance(card, ClarificationCard)
    return card


@in_virtual_time
async def test_words_that_answer_nothing_are_asked_about_once(tmp_path: Path) -> None:
    async with staged_assistant(tmp_path) as stage:
        await stage.ask("pack a picnic")
        again = await stage.ask("gobbledygook")
        card = question(stage)
        assert card.question == f"{SORRY}For how many?"
        assert again[-2:] == ["asked", "finished, waits for people"]
        let_go = await stage.ask("gobbledygook indeed")
        assert stage.staged.pending is None
    assert "understood open_question" in let_go


@in_virtual_time
async def test_a_proposal_is_made_again_when_the_answer_was_not_understood(tmp_path: Path) -> None:
    async with staged_assistant(tmp_path) as stage:
        first = await to_proposal(stage)
        lines = await stage.ask("gobbledygook")
        assert lines[-1] == "finished, waits for pre-plan"
        assert waiting(stage).card_id != first
        done = await stage.ask("all right then")
    assert "text Packed for 2." in done


@in_virtual_time
async def test_the_same_request_once_more_begins_anew(tmp_path: Path) -> None:
    async with staged_assistant(tmp_path) as stage:
        await stage.ask("pack a picnic")
        lines = await stage.ask("pack a picnic")
        assert question(stage).question == "For how many?"
    assert "understood pack_picnic" in lines


@in_virtual_time
async def test_a_question_of_the_person_lets_the_card_go_at_once(tmp_path: Path) -> None:
    async with staged_assistant(tmp_path) as stage:
        await stage.ask("pack a picnic")
        lines = await stage.ask("how far is the moon")
        assert stage.staged.pending is None
    assert "understood open_question" in lines


@in_virtual_time
async def test_what_is_ruled_out_is_not_offered_again(tmp_path: Path) -> None:
    async with staged_assistant(tmp_path) as stage:
        await stage.ask("pack a picnic")
        await stage.ask("not two")
        card = question(stage)
    assert card.question == "For how many?"
    assert [(choice.label, choice.default) for choice in card.choices] == [("Four", True)]


@in_virtual_time
async def test_not_that_one_asks_what_should_be_different(tmp_path: Path) -> None:
    async with staged_assistant(tmp_path) as stage:
        await to_proposal(stage)
        await stage.ask("not that one")
        assert question(stage).question == "For how many then?"


@pytest.mark.parametrize("said", ["nope", "no thanks", "cancel that please", "I changed my mind"])
@in_virtual_time
async def test_many_ways_to_say_no(tmp_path: Path, said: str) -> None:
    async with staged_assistant(tmp_path) as stage:
        await to_proposal(stage)
        await stage.ask(said)
        assert stage.staged.pending is None
        assert stage.picnic.written_plans == 0


@in_virtual_time
async def test_a_button_a_card_does_not_have_changes_nothing(tmp_path: Path) -> None:
    async with staged_assistant(tmp_path) as stage:
        await stage.ask("pack a picnic")
        card = question(stage)
        for action in ("answer:7", "proceed", "frobnicate"):
            lines = await stage.press(card.card_id, action)
            assert lines[-1] == "failed no-action"
        assert question(stage) == card


@in_virtual_time
async def test_a_proposal_that_was_stopped_does_not_go_on_proceeding(tmp_path: Path) -> None:
    async with staged_assistant(tmp_path) as stage:
        card_id = await to_proposal(stage)
        stage.picnic.planning = stage.assistant.cancel
        await stage.press(card_id, "proceed")
        await LoopClock().sleep(0.1)
        cards = [event.card for event in stage.watched.events if isinstance(event, CardChanged)]
    assert [card.state for card in cards if isinstance(card, PrePlanCard)] == [PrePlanState.CANCELLED]


@in_virtual_time
async def test_a_skill_that_hangs_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def hangs(_asked: Asked, _data: Data) -> Plan:
        await asyncio.sleep(3600.0)
        raise AssertionError

    async with staged_assistant(tmp_path) as stage:
        card_id = await to_proposal(stage)
        monkeypatch.setattr(stage.picnic, "plan", hangs)
        began = LoopClock().monotonic()
        lines = await stage.press(card_id, "proceed")
        took = LoopClock().monotonic() - began
    assert lines[-1] == "failed skill-too-slow"
    assert took == pytest.approx(stage.picnic.patience_s, abs=1.0)


@in_virtual_time
async def test_a_skill_that_breaks_at_variations_is_proposed_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def breaks(_asked: Asked, _data: Data) -> Sequence[Asked]:
        raise RuntimeError("broken")

    async with staged_assistant(tmp_path) as stage:
        monkeypatch.setattr(stage.picnic, "variations", breaks)
        await stage.ask("pack a picnic")
        lines = await stage.ask("two")
    assert lines[-1] == "finished, waits for pre-plan"
    assert "broke at the variations" in caplog.text
    caplog.clear()


@in_virtual_time
async def test_a_skill_that_breaks_after_its_plan_was_written_takes_nothing_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def breaks(_plan: Plan) -> None:
        raise RuntimeError("broken")

    async with staged_assistant(tmp_path) as stage:
        card_id = await to_proposal(stage)
        monkeypatch.setattr(stage.picnic, "written", breaks)
        lines = await stage.press(card_id, "proceed")
    assert lines[-1] == "finished"
    assert "complete 2" in lines
    assert not [line for line in lines if line.startswith("card away")]
    assert "broke after its plan was written" in caplog.text
    caplog.clear()


@in_virtual_time
async def test_an_answer_that_changes_nothing_is_given_though_the_disk_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with staged_assistant(tmp_path) as stage:
        card_id = await to_proposal(stage)
        writes = stage.picnic.plan

        async def only_says(asked: Asked, data: Data) -> Plan:
            return replace(await writes(asked, data), writes=())

        async def full(_writes: object) -> None:
            raise StorageError("The disk is full.", code="disk-full")

        with monkeypatch.context() as broken:
            broken.setattr(stage.picnic, "plan", only_says)
            broken.setattr(stage.notebook, "commit", full)
            lines = await stage.press(card_id, "proceed")
        told = [event.message for event in stage.watched.events if isinstance(event, Notice)]
    assert "text Packed for 2." in lines
    assert lines[-1] == "finished"
    assert told == []
    assert any(line.startswith("card notice disk-full") for line in lines)
