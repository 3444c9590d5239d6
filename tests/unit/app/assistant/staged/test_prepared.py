"""What the person decides on is ready before they decide: the stages over the real store of prepared things."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from app.assistant.skills.skill import Asked, Fetch
from app.assistant.staged.timings import Timing
from app.contracts.events import Prepared
from app.memory.notebook import Notebook, Put
from tests.helpers.preparing import Kitchen, kitchen
from tests.helpers.staged import Stage, staged_assistant
from tests.helpers.virtual_time import in_virtual_time


def over(folder: Path, room: Kitchen) -> AbstractAsyncContextManager[Stage]:
    """The stages over that store."""
    return staged_assistant(folder / "staged", preparations=room.store)


def fails(asked: Asked) -> Sequence[Fetch]:
    raise ValueError("broken")


def told(stage: Stage, turn_id: str) -> list[str]:
    """What a turn wanted and whether it was there."""
    return [f"{event.what} {event.outcome}" for event in stage.watched.of(turn_id) if isinstance(event, Prepared)]


async def answered(stage: Stage, action: str) -> list[str]:
    """Read for a moment, then press."""
    await asyncio.sleep(2.0)
    pending = stage.staged.pending
    assert pending is not None
    await stage.press(pending.card.card_id, action)
    return told(stage, stage.watched.turns[-1])


@in_virtual_time
async def test_the_plan_and_its_cards_are_there_before_proceed(tmp_path: Path) -> None:
    async with kitchen(tmp_path) as room, over(tmp_path, room) as stage:
        await stage.ask("pack a picnic")
        assert told(stage, stage.watched.turns[0]) == ["skill-data missed"]
        assert await answered(stage, "answer:4") == ["skill-data cache"]
        assert await answered(stage, "proceed") == [
            "skill-data cache",
            "plan background",
            "cards background",
            "cards background",
            "cards background",
        ]
        assert stage.picnic.fetched == 1


@in_virtual_time
async def test_an_answer_is_learnt_and_followed_first_the_next_time(tmp_path: Path) -> None:
    async with (
        kitchen(tmp_path, strategy="top-1") as room,
        staged_assistant(tmp_path / "s", preparations=room.store) as stage,
    ):
        await stage.ask("pack a picnic")
        await answered(stage, "answer:4")
        await answered(stage, "cancel")
        planned = len(stage.picnic.planned)
        await stage.ask("pack a picnic")
        assert room.store.likely("pack_picnic.people", ("2", "4"))[0][0] == "4"
        await asyncio.sleep(2.0)
        assert len(stage.picnic.planned) == planned  # that branch is kept still


@in_virtual_time
async def test_strategy_none_prepares_nothing_and_answers_all_the_same(tmp_path: Path) -> None:
    async with (
        kitchen(tmp_path, strategy="none") as room,
        staged_assistant(tmp_path / "s", preparations=room.store) as stage,
    ):
        await stage.ask("pack a picnic")
        await answered(stage, "answer:2")
        assert (await answered(stage, "proceed"))[1] == "plan missed"
        assert stage.picnic.written_plans == 1


@in_virtual_time
async def test_what_has_changed_is_fetched_again_before_it_is_asked_for(tmp_path: Path) -> None:
    async with kitchen(tmp_path) as room, over(tmp_path, room) as stage:
        await stage.ask("pack a picnic")
        await answered(stage, "answer:4")
        await answered(stage, "proceed")  # writes down what was packed
        await asyncio.sleep(1.0)
        assert stage.picnic.fetched == 2
        await stage.ask("pack a picnic")
        assert told(stage, stage.watched.turns[-1]) == ["skill-data background"]


@in_virtual_time
async def test_what_another_program_wrote_is_seen_by_the_next_request(tmp_path: Path) -> None:
    async with kitchen(tmp_path) as room, over(tmp_path, room) as stage:
        await stage.ask("pack a picnic")
        await stage.notebook.entries("picnic.packed", Timing)
        terminal = Notebook(tmp_path / "staged" / "notebook.sqlite")
        await terminal.commit([Put("picnic.packed", "x", Timing("x"))])
        await terminal.aclose()
        fetched = stage.picnic.fetched
        await stage.ask("pack a picnic")
        assert stage.picnic.fetched > fetched


@in_virtual_time
async def test_a_skill_that_breaks_when_asked_what_to_fetch_keeps_nothing_from_being_written(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with kitchen(tmp_path) as room, over(tmp_path, room) as stage:
        await stage.ask("pack a picnic")
        stage.picnic.fetches = fails  # type: ignore[method-assign]
        await stage.notebook.commit([Put("picnic.larder", "x", Timing("x"))])
        assert await stage.notebook.entry("picnic.larder", "x", Timing) == Timing("x")
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    caplog.clear()


@in_virtual_time
async def test_what_is_known_of_the_person_is_fetched_before_anything_is_asked(tmp_path: Path) -> None:
    async with kitchen(tmp_path) as room, over(tmp_path, room) as stage:

        async def guests() -> object:
            return ("Anna", "Ben")

        larder = stage.picnic.fetches
        of_the_person = Fetch("guests", guests, (), "The guests are not known.", kind="person")
        stage.picnic.fetches = lambda asked: (*larder(asked), of_the_person)  # type: ignore[method-assign]
        stage.staged.get_ready()
        await room.store.idle()
        assert stage.picnic.fetched == 0
        await stage.ask("pack a picnic")
        assert told(stage, stage.watched.turns[-1]) == ["skill-data missed", "person background"]


@in_virtual_time
async def test_cancel_ends_all_that_is_being_made_for_a_proposal(tmp_path: Path) -> None:
    async with kitchen(tmp_path) as room, over(tmp_path, room) as stage:
        await stage.ask("pack a picnic")
        await answered(stage, "answer:4")
        room.ahead("of the proposal", 5.0, tag=f"{pending_card(stage)}/variation 0")
        await asyncio.sleep(1.0)
        await stage.press(pending_card(stage), "cancel")
        await asyncio.sleep(0.1)
        assert room.cancelled == ["of the proposal"]


def pending_card(stage: Stage) -> str:
    """Id of the card that waits."""
    pending = stage.staged.pending
    assert pending is not None
    return pending.card.card_id
