"""The buttons of a session: sets are ticked off, exercises swapped, the workout is kept when it is finished."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from app.assistant.skills.workout.cards import said_names
from app.assistant.skills.workout.exercise import Unit
from app.assistant.skills.workout.person import SESSIONS, Planned, Session
from app.assistant.skills.workout.skill import WorkoutSkill
from app.assistant.staged.matching import Sayable, exactly
from app.contracts.cards import AnyCard, NoticeCard
from app.contracts.errors import InvalidInput
from app.contracts.events import CardChanged
from app.contracts.skill_cards import AlternativesCard, SessionExercise, SessionPlanCard
from tests.helpers.virtual_time import in_virtual_time
from tests.helpers.workouts import Gym, gym, parts


async def begun(room: Gym) -> SessionPlanCard:
    """A session with dumbbells and a bench."""
    await room.do("workout_profile", "I have dumbbells and a bench")
    await room.do("plan_workout", "Plan an upper body workout")
    return room.session


def alternatives_of(room: Gym) -> AlternativesCard:
    return next(card for card in room.cards.values() if isinstance(card, AlternativesCard))


@in_virtual_time
async def test_a_session_of_today_is_back_after_a_restart_until_it_is_finished(tmp_path: Path) -> None:
    async with gym(tmp_path) as room:

        async def restarted() -> list[AnyCard]:
            shown: list[AnyCard] = []

            def publish(event: object) -> None:
                assert isinstance(event, CardChanged)
                shown.append(event.card)

            await WorkoutSkill(replace(parts(room.notebook, room.clock), publish=publish)).start()
            return shown

        assert await restarted() == []
        card = await begun(room)
        await room.press(card.card_id, card.actions[0].action)
        (back,) = await restarted()
        assert isinstance(back, SessionPlanCard)
        assert (back.card_id, back.exercises, back.actions) == (
            card.card_id,
            room.session.exercises,
            room.session.actions,
        )
        assert back.revision > room.session.revision
        room.pass_days(1)
        assert await restarted() == []
        room.pass_days(-1)
        await room.press(card.card_id, "finish")
        assert await restarted() == []


@in_virtual_time
async def test_an_exercise_is_swapped_by_its_place(tmp_path: Path) -> None:
    async with gym(tmp_path) as room:
        card = await begun(room)
    options = [Sayable(each.action, each.label, each.says) for each in card.actions]
    assert exactly("swap the first exercise", options) == f"swap:{card.exercises[0].exercise_id}"
    assert exactly("Swap the last one, please.", options) == f"swap:{card.exercises[-1].exercise_id}"


@in_virtual_time
async def test_sets_are_ticked_off_one_by_one(tmp_path: Path) -> None:
    async with gym(tmp_path) as room:
        card = await begun(room)
        first, second = card.exercises[:2]
        said = [await room.press(card.card_id, room.session.actions[0].action) for _ in range(first.sets)]
        after = room.session
        again = await room.press(card.card_id, f"set-done:{first.exercise_id}")
    assert said[0] == f"Set 1 of {first.sets}. Rest {first.rest_s} seconds."
    assert said[-1] == f"Done. Next: {second.name.lower()}, {second.sets} sets of {second.repetitions}."
    assert after.exercises[0].done
    assert after.actions[0].action == f"set-done:{second.exercise_id}"
    assert after.revision == card.revision + first.sets
    assert again == f"All sets of the {first.name.lower()} are done already."


@in_virtual_time
async def test_a_swap_takes_the_best_alternative_and_says_which(tmp_path: Path) -> None:
    async with gym(tmp_path) as room:
        card = await begun(room)
        old = card.exercises[0]
        best = next(
            each for each in alternatives_of(room).alternatives if each.reference.startswith(f"{old.exercise_id}>")
        )
        said = await room.press(card.card_id, f"swap:{old.exercise_id}")
        new, shown = room.session.exercises[0], [each.exercise_id for each in room.session.exercises]
        plan = await room.notebook.entry("workout.plans", card.card_id.rpartition("-")[2], Planned)
        chosen = alternatives_of(room)
        back = await room.press(card.card_id, f"swap:{new.exercise_id}")
    assert said.startswith(f"Swapped the {old.name.lower()} for the {new.name.lower()}: it ")
    assert best.reference == f"{old.exercise_id}>{new.exercise_id}"
    assert new.swapped_from == old.name
    assert new.how
    assert new.drawing
    assert plan is not None
    assert [each.exercise_id for each in plan.items] == shown
    assert chosen.chosen == new.name
    assert not any(each.reference.endswith(f">{new.exercise_id}") for each in chosen.alternatives)
    assert back.startswith(f"Swapped the {new.name.lower()} for ")


@in_virtual_time
async def test_an_alternative_is_chosen_from_its_card(tmp_path: Path) -> None:
    async with gym(tmp_path) as room:
        card = await begun(room)
        offered = alternatives_of(room)
        old, _, new = offered.alternatives[1].reference.partition(">")
        await room.press(offered.card_id, offered.actions[1].action)
        place = [each.exercise_id for each in card.exercises].index(old)
        assert room.session.exercises[place].exercise_id == new


@in_virtual_time
async def test_a_finished_workout_is_in_the_history_and_the_next_one_follows_on_it(tmp_path: Path) -> None:
    async with gym(tmp_path) as room:
        card = await begun(room)
        for exercise in card.exercises:
            for _ in range(exercise.sets):
                await room.press(card.card_id, f"set-done:{exercise.exercise_id}")
        room.clock.now = room.clock.now.replace(minute=34)
        said = await room.press(card.card_id, "finish")
        kept = await room.notebook.entries(SESSIONS, Session)
        finished = room.session
        late = await room.press(card.card_id, "finish")
        room.pass_days(3)
        await room.do("plan_workout", "Plan an upper body workout", others="0")
        following = {each.exercise_id: each.weight for each in room.session.exercises}
    sets = sum(each.sets for each in card.exercises)
    assert said == f"Well done: 4 exercises, {sets} sets, 34 minutes. It is in your history."
    assert finished.finished
    assert finished.actions == ()
    assert late == "That workout is finished already."
    assert kept[0].minutes == 34
    assert kept[0].focus == "upper"
    assert [each.exercise_id for each in kept[0].performed] == [each.exercise_id for each in card.exercises]
    heavier = [each for each in card.exercises if following.get(each.exercise_id, each.weight) != each.weight]
    assert heavier
    assert all(int(following[each.exercise_id].split()[0]) > int(each.weight.split()[0]) for each in heavier)


@in_virtual_time
async def test_what_was_not_done_is_not_kept(tmp_path: Path) -> None:
    async with gym(tmp_path) as room:
        card = await begun(room)
        await room.press(card.card_id, room.session.actions[0].action)
        await room.press(card.card_id, "finish")
        kept = await room.notebook.entries(SESSIONS, Session)
    assert [(each.exercise_id, each.sets) for each in kept[0].performed] == [(card.exercises[0].exercise_id, 1)]
    assert kept[0].minutes == card.minutes


@in_virtual_time
async def test_finishing_without_ticks_keeps_it_as_planned(tmp_path: Path) -> None:
    async with gym(tmp_path) as room:
        await room.do("plan_workout", "Plan an upper body workout")
        card = room.session
        await room.press(card.card_id, "finish")
        kept = await room.notebook.entries(SESSIONS, Session)
        assert all(each.done for each in room.session.exercises)
    assert [each.sets for each in kept[0].performed] == [each.sets for each in card.exercises]
    timed = {each.exercise_id for each in card.exercises if each.repetitions.endswith(" s")}
    assert timed
    assert {each.exercise_id for each in kept[0].performed if each.unit is Unit.SECONDS} == timed


@in_virtual_time
async def test_what_cannot_be_done_changes_nothing(tmp_path: Path) -> None:
    async with gym(tmp_path) as room:
        card = await begun(room)
        with pytest.raises(InvalidInput, match="not in the session"):
            await room.press(card.card_id, "swap:nothing")
        assert await room.skill.act(card, "dance", "") is None
        assert await room.skill.act(NoticeCard(card_id="x", message="x"), "finish", "") is None
        assert room.session == card


@in_virtual_time
async def test_every_exercise_can_be_swapped_by_voice(tmp_path: Path) -> None:
    async with gym(tmp_path) as room:
        card = await begun(room)
    says = {words: action.action for action in card.actions for words in (action.label.lower(), *action.says)}
    for exercise in card.exercises:
        assert says[f"swap the {exercise.name.lower()}"] == f"swap:{exercise.exercise_id}"
    assert says["swap the shoulder press"] == "swap:dumbbell-shoulder-press"
    assert says["finish workout"] == "finish"
    assert len({action.action for action in card.actions}) == len(card.actions)


def test_exercises_are_called_by_their_last_words_where_that_is_clear() -> None:
    shown = [SessionExercise(exercise_id=name, name=name, sets=3, repetitions="8", rest_s=60)
             for name in ("Barbell bench press", "Dumbbell shoulder press", "Push-up")]  # fmt: skip
    bench, shoulder, push = said_names(shown)
    assert bench == ("barbell bench press", "bench press")
    assert shoulder == ("dumbbell shoulder press", "shoulder press")
    assert push == ("push-up", "push up", "pushup")
