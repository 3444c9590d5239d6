"""The workout planner behind the seven stages: it asks what is missing, proposes, plans, and says what did not come."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from app.contracts.cards import AnswerCard, NoticeCard
from app.contracts.errors import InvalidInput, StorageError
from app.contracts.events import Complete, Status, TurnFailed
from app.contracts.skill_cards import ClarificationCard, Detail, PrePlanCard, PrePlanState, SessionPlanCard
from app.settings.paths import asset
from tests.helpers.virtual_time import in_virtual_time
from tests.helpers.workouts import Studio, gym, studio


def question(room: Studio) -> ClarificationCard:
    """The question that waits."""
    pending = room.staged.pending
    assert pending is not None
    assert isinstance(pending.card, ClarificationCard)
    return pending.card


def proposal(room: Studio) -> PrePlanCard:
    """The proposal that waits."""
    pending = room.staged.pending
    assert pending is not None
    assert isinstance(pending.card, PrePlanCard)
    return pending.card


@in_virtual_time
async def test_a_clear_request_is_proposed_and_then_made(tmp_path: Path) -> None:
    async with studio(tmp_path) as room:
        asked = await room.ask("Plan an upper body workout")
        stages = [event.stage for event in room.watched.of(asked) if isinstance(event, Status)]
        waits = proposal(room)
        made = await room.answer("proceed")
        revisions = room.revisions(made)
        complete = [event for event in room.watched.of(made) if isinstance(event, Complete)]
    assert stages == ["understand", "clarify", "pre-plan"]
    assert waits.sentence == "I'll create a 5-exercise upper body workout, about 30 minutes, with body weight only."
    assert waits.preview[0] == "Push-up: 4 × 8 to 15"  # noqa: RUF001
    assert [action.label for action in waits.actions] == ["Proceed", "Modify", "Cancel"]
    sessions = [card for card in revisions if isinstance(card, SessionPlanCard)]
    assert [card.detail for card in sessions] == [*Detail, Detail.ILLUSTRATED]
    assert [card.revision for card in sessions] == [1, 2, 3, 4]
    basic, detailed, illustrated, usable = sessions
    assert basic.exercises[0].how == ()
    assert detailed.exercises[0].how[0] == "Hands under the shoulders, body in one line"
    assert detailed.exercises[0].drawing == ""
    assert asset(illustrated.exercises[0].drawing).is_file()
    assert usable.actions[0].action == "set-done:push-up"
    assert complete[0].cards_published == 4
    shown = {card.card_id.rpartition("-")[0]: card.priority for card in revisions if card.skill == "workout"}
    assert shown["workout-session"] == 100
    assert shown["workout-equipment"] == 90
    assert shown["workout-alternatives"] == 80


@in_virtual_time
async def test_a_vague_request_asks_what_is_missing_and_remembers_the_equipment(tmp_path: Path) -> None:
    async with studio(tmp_path) as room:
        await room.ask("Plan a workout")
        first = question(room)
        await room.answer("answer:lower")
        second = question(room)
        await room.ask("three quarters of an hour")
        third = question(room)
        await room.ask("I've got two kettlebells and a bench")
        waits = proposal(room)
        made = await room.answer("proceed")
        notices = [card.message for card in room.revisions(made) if isinstance(card, NoticeCard)]
        await room.ask("Plan a workout")
        again = question(room)
        await room.answer("answer:core")
        minutes = question(room)
        await room.answer("answer:20")
        short = proposal(room)
    assert (first.slot, [choice.value for choice in first.choices]) == ("focus", ["upper", "lower", "full", "core"])
    assert [choice.label for choice in first.choices if choice.default] == ["Full body"]
    assert (second.slot, third.slot) == ("minutes", "equipment")
    assert waits.sentence.startswith("I'll create a 6-exercise lower body workout, about 45 minutes, with ")
    assert "I will remember what you train with: a bench and a kettlebell." in notices
    assert (again.slot, minutes.slot) == ("focus", "minutes")
    assert "core workout, about 20 minutes" in short.sentence


@in_virtual_time
async def test_a_proposal_is_changed_step_by_step(tmp_path: Path) -> None:
    async with studio(tmp_path) as room:
        await room.ask("Plan an upper body workout")
        await room.answer("modify")
        labels = [choice.label for choice in question(room).choices]
        await room.ask("shorter")
        shorter = proposal(room)
        await room.answer("modify")
        await room.ask("with dumbbells please")
        armed = proposal(room)
        await room.answer("modify")
        await room.ask("another focus")
        await room.ask("legs")
        other = proposal(room)
        await room.answer("cancel")
        cancelled = room.shown()[other.card_id]
    assert labels == ["Shorter (20 min)", "Other exercises", "Longer (45 min)", "Easier", "Harder", "Another focus",
                      "Other equipment"]  # fmt: skip
    assert "3-exercise upper body workout, about 20 minutes, with body weight only" in shorter.sentence
    assert "about 20 minutes, with dumbbells." in armed.sentence
    assert "lower body workout, about 20 minutes, with dumbbells." in other.sentence
    assert isinstance(cancelled, PrePlanCard)
    assert cancelled.state is PrePlanState.CANCELLED


@in_virtual_time
async def test_a_proposal_is_changed_by_saying_so(tmp_path: Path) -> None:
    async with studio(tmp_path) as room:
        await room.ask("Plan an upper body workout")
        first = proposal(room)
        await room.ask("make it shorter")
        shorter = proposal(room)
        await room.ask("with kettlebells please")
        armed = proposal(room)
        await room.ask("tell me who won the cup in nineteen ninety eight and why")
        gone = room.shown()[armed.card_id]
        was = room.shown()[first.card_id]
    assert "about 20 minutes" in shorter.sentence
    assert "about 20 minutes, with a kettlebell." in armed.sentence
    assert isinstance(was, PrePlanCard)
    assert was.state is PrePlanState.MODIFIED
    assert isinstance(gone, PrePlanCard)
    assert gone.state is PrePlanState.EXPIRED


@in_virtual_time
async def test_two_plans_of_a_day_have_cards_of_their_own(tmp_path: Path) -> None:
    async with studio(tmp_path) as room:
        for _ in range(2):
            await room.ask("Plan an upper body workout")
            await room.answer("proceed")
        await room.ask("next set done")
        sessions = [card for card in room.shown().values() if isinstance(card, SessionPlanCard)]
    assert len({card.card_id for card in sessions}) == 2
    assert [card.exercises[0].sets_done for card in sessions] == [0, 1]


@in_virtual_time
async def test_what_is_likely_next_is_what_modify_leads_to(tmp_path: Path) -> None:
    async with gym(tmp_path) as room:
        asked = room.asked("plan_workout", "plan a leg workout")
        data = await room.data(asked)
        offered = room.skill.propose(asked, data)
        likely = room.skill.variations(asked, data)
        plans = [await room.skill.plan(each, data) for each in (asked, *likely)]
    assert offered is not None
    assert offered.modify is not None
    choices = [choice.value for choice in offered.modify.choices[:2]]
    assert [each.values["change"] for each in likely] == choices
    assert len({plan.speech for plan in plans}) == 3


@in_virtual_time
async def test_a_fetch_that_fails_or_hangs_is_told_and_the_plan_is_made_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with studio(tmp_path) as room:
        skill = room.skill

        async def hangs() -> object:
            await asyncio.sleep(60)
            return None

        async def fails() -> object:
            raise StorageError("The disk is gone.")

        monkeypatch.setattr(skill._catalogue, "exercises", hangs)
        monkeypatch.setattr(skill._log, "recent", fails)
        await room.ask("Plan an upper body workout")
        made = await room.answer("proceed")
        notices = [card.message for card in room.revisions(made) if isinstance(card, NoticeCard)]
        sessions = [card for card in room.revisions(made) if isinstance(card, SessionPlanCard)]
    assert "The exercises could not be read: here are six basic ones." in notices
    assert "Your last workouts could not be read, so they are left out of account." in notices
    assert {each.name for each in sessions[-1].exercises} == {"Push-up", "Prone row"}
    assert "took too long" in caplog.text
    caplog.clear()


@in_virtual_time
async def test_when_nothing_fits_the_turn_fails_with_a_remedy(tmp_path: Path) -> None:
    async with gym(tmp_path) as room:
        await room.do("workout_profile", "my knee hurts")
        unwanted = "bridge,squat,hinge,calf,lunge,raise,curl,walk,side,deadlift,swing,thrust"
        asked = room.asked("plan_workout", "plan a leg workout", without=unwanted)
        data = await room.data(asked)
        assert room.skill.propose(asked, data) is None
        with pytest.raises(InvalidInput) as failed:
            await room.skill.plan(asked, data)
    assert failed.value.code == "no-exercises"
    assert "well again" in failed.value.remedy


@in_virtual_time
async def test_words_and_buttons_reach_the_session(tmp_path: Path) -> None:
    async with studio(tmp_path) as room:
        await room.ask("Plan an upper body workout")
        await room.answer("proceed")
        said = []
        for words in ("next set done", "swap the push-up", "finish workout"):
            turn = await room.ask(words)
            assert not any(isinstance(event, TurnFailed) for event in room.watched.of(turn))
            said += [card.text for card in room.revisions(turn) if isinstance(card, AnswerCard) and card.finished]
        session = next(card for card in room.shown().values() if isinstance(card, SessionPlanCard))
    assert session.finished
    assert session.exercises[0].swapped_from == "Push-up"
