"""Whatever breaks or is cancelled, the sequence ends as it should and nothing half done is kept."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from app.contracts.errors import StorageError, Unavailable
from app.contracts.events import CardChanged, Notice
from app.contracts.skill_cards import ListCard
from tests.helpers.assistants import cast, died
from tests.helpers.staged import Packed, Stage, staged_assistant
from tests.helpers.virtual_time import LoopClock, in_virtual_time

pause = LoopClock().sleep


async def to_proposal(stage: Stage) -> str:
    """Ask, choose two people; returns the id of the proposal's card."""
    await stage.ask("pack a picnic")
    question = stage.staged.pending
    assert question is not None
    await stage.press(question.card.card_id, "answer:2")
    proposal = stage.staged.pending
    assert proposal is not None
    return proposal.card.card_id


async def kept(stage: Stage) -> list[str]:
    """What a picnic leaves in the notebook."""
    packed = await stage.notebook.entries("picnic.packed", Packed)
    cards = [card for name in ("picnic-basket", "picnic-notes") if (card := await stage.notebook.card(name))]
    return [*(f"packed for {each.people}" for each in packed), *(card.kind for card in cards)]


@in_virtual_time
async def test_a_fetch_that_fails_is_replaced_by_its_default_and_said(tmp_path: Path) -> None:
    async with staged_assistant(tmp_path) as stage:
        stage.picnic.fetch = _fails
        card_id = await to_proposal(stage)
        lines = await stage.press(card_id, "proceed")
        assert await kept(stage) == ["packed for 2", "list", "notice"]
        basket = await stage.notebook.card("picnic-basket")
    assert isinstance(basket, ListCard)
    assert [item.text for item in basket.items] == ["WATER"]
    assert lines[-5:] == [
        "card notice note-0 r1",
        "card answer answer r1",
        "text Packed for 2.",
        "card answer answer r2",
        "finished",
    ]


@in_virtual_time
async def test_a_fetch_that_hangs_is_given_up_in_time(tmp_path: Path) -> None:
    async with staged_assistant(tmp_path) as stage:
        stage.picnic.fetch = lambda: asyncio.sleep(3600.0)
        began = LoopClock().monotonic()
        await to_proposal(stage)
        assert LoopClock().monotonic() - began < 2.0
        assert stage.picnic.fetched == 2


@in_virtual_time
async def test_a_skill_that_raises_fails_the_turn_and_keeps_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with staged_assistant(tmp_path) as stage:
        stage.picnic.planning = _breaks
        lines = await stage.press(await to_proposal(stage), "proceed")
        assert await kept(stage) == []
        again = await stage.ask("pack a picnic")
    assert lines[-3:] == ["plan: Preparing…", "card error error r1", "failed skill-broke"]
    assert again[-1] == "finished, waits for people"
    assert "broke at its plan" in caplog.text
    caplog.clear()


@in_virtual_time
async def test_a_full_disk_takes_the_cards_away_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with staged_assistant(tmp_path) as stage:
        card_id = await to_proposal(stage)

        async def full(_writes: object) -> None:
            raise StorageError("The disk is full.", code="disk-full")

        with monkeypatch.context() as broken:
            broken.setattr(stage.notebook, "commit", full)
            lines = await stage.press(card_id, "proceed")
        assert await kept(stage) == []
        assert stage.picnic.written_plans == 0
    assert lines[-6:] == [
        "card list basket r2",
        "present: Finalizing…",
        "card away basket",
        "card away notes",
        "card error error r1",
        "failed disk-full",
    ]


@pytest.mark.parametrize("stop_at", ["clarify:", "plan:", "execute:"])
@in_virtual_time
async def test_cancelled_in_the_middle_nothing_is_kept(tmp_path: Path, stop_at: str) -> None:
    async with staged_assistant(tmp_path) as stage:
        card_id = ""
        if stop_at != "clarify:":
            card_id = await to_proposal(stage)
        stage.picnic.fill_s = 0.1
        _stop_at(stage, stop_at)
        lines = await (stage.press(card_id, "proceed") if card_id else stage.ask("pack a picnic"))
        assert lines[-1] == "cancelled"
        shown = [line.split()[2] for line in lines if line.startswith(("card list", "card notice"))]
        gone = [line.split()[2] for line in lines if line.startswith("card away")]
        assert sorted(set(shown)) == sorted(gone)
        assert await kept(stage) == []
        assert stage.picnic.written_plans == 0


@in_virtual_time
async def test_cancelled_while_it_is_written_down_it_is_written_whole_and_stays_on_screen(tmp_path: Path) -> None:
    async with staged_assistant(tmp_path) as stage:
        card_id = await to_proposal(stage)
        _stop_at(stage, "present:")
        lines = await stage.press(card_id, "proceed")
        await pause(1.0)
        assert lines[-2:] == ["present: Finalizing…", "cancelled"]
        changed = [event.card.card_id for event in stage.watched.events if isinstance(event, CardChanged)]
        written = stage.picnic.written_plans
        found = await kept(stage)
    assert (written, found) == (1, ["packed for 2", "list", "notice"])
    assert changed == ["picnic-basket", "picnic-notes"]


@in_virtual_time
async def test_an_action_of_a_card(tmp_path: Path) -> None:
    async with staged_assistant(tmp_path) as stage:
        await stage.press(await to_proposal(stage), "proceed")
        stage.assistant.act("picnic-basket", "empty")
        await stage.watched.until(lambda: any(isinstance(event, CardChanged) for event in stage.watched.events[-3:]))
        basket = await stage.notebook.card("picnic-basket")
    assert isinstance(basket, ListCard)
    assert basket.items == ()


@in_virtual_time
async def test_a_question_is_answered_in_words_and_by_the_second_one(tmp_path: Path) -> None:
    async with staged_assistant(tmp_path) as stage:
        await stage.ask("pack a picnic")
        lines = await stage.ask("the second one")
        assert "pre-plan: I'll pack for 4." in lines
        await stage.ask("yes please")
        assert stage.picnic.planned == [{"people": "4"}]


@in_virtual_time
async def test_another_question_lets_the_card_expire(tmp_path: Path) -> None:
    async with staged_assistant(tmp_path) as stage:
        card_id = await to_proposal(stage)
        lines = await stage.ask("where does the river go")
        assert "text It" in lines
        stage.assistant.act(card_id, "proceed")
        await stage.watched.until(lambda: any(isinstance(event, Notice) for event in stage.watched.events))
        assert stage.picnic.planned == []


@in_virtual_time
async def test_a_model_host_that_dies_while_it_reads_ahead_is_not_noticed(tmp_path: Path) -> None:
    players = cast(heard=("pack a picnic",))
    players.text.fail("prefill", died())
    async with staged_assistant(tmp_path, players=players) as stage:
        stage.assistant.press()
        await pause(1.6)
        stage.assistant.release()
        await stage.watched.ended()
        lines = stage.lines(stage.watched.turns[0])
        await stage.ask("the second one")
        await stage.ask("yes please")
        assert stage.picnic.planned == [{"people": "4"}]
        prompts = len(players.text.prefilled)
    assert prompts, "nothing was read ahead"
    assert [line for line in lines if not line.startswith("card question")] == [
        "start voice",
        "listen: Listening…",
        "transcribe: Recognising…",
        "understand: Understanding your request…",
        "understood pack_picnic",
        "clarify: Looking at what I know…",
        "card clarification people r1 usable",
        "asked",
        "finished, waits for people",
    ]


def _stop_at(stage: Stage, sentence: str) -> None:
    """Cancel as soon as a stage says its sentence."""

    def listen(event: object) -> None:
        if getattr(event, "stage", "") + ":" == sentence and getattr(event, "message", ""):
            asyncio.get_running_loop().call_soon(stage.assistant.cancel)

    stage.assistant.subscribe(listen)


def _fails() -> object:
    raise Unavailable("The larder is locked.")


def _breaks() -> None:
    raise ValueError("a mistake")
