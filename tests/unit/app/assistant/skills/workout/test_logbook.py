"""What somebody says to have done is kept, also when it is no exercise of the data; and can be undone."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.assistant.skills.workout.history import performed_words
from app.assistant.skills.workout.logbook import read, said_in
from app.assistant.skills.workout.person import SESSIONS, History, Performed, Planned, Session
from app.contracts.errors import InvalidInput
from app.contracts.skill_cards import ListCard
from tests.helpers.virtual_time import in_virtual_time
from tests.helpers.workouts import gym, shipped

EXERCISES = shipped()


def words(text: str) -> list[str]:
    return [
        performed_words(each).replace("\u00d7", "x") for each in read(said_in(text), EXERCISES, History()).performed
    ]


@pytest.mark.parametrize(
    ("text", "done"),
    [
        ("I did three sets of ten push-ups", ["push-up 3 x 10"]),
        ("log my workout: bench press 3x8 at 60 kg and a one minute plank",
         ["barbell bench press 3 x 8 at 60 kg", "forearm plank 1 x 60 s"]),
        ("I did fifty pushups and twenty sit-ups", ["push-up 1 x 50", "crunch 1 x 20"]),
        ("I just ran for thirty minutes", ["running 30 minutes"]),
        ("log pull ups five sets of five", ["pull-up 5 x 5"]),
        ("I did bench press three by eight at a hundred and thirty five pounds",
         ["barbell bench press 3 x 8 at 61.2 kg"]),
        ("I've done 4 sets of 12 bicep curls with 10 kg then lunges",
         ["cable curl 4 x 12 at 10 kg", "reverse lunge 1 set"]),
        ("note that I went swimming for an hour", ["swimming 1 hour"]),
    ],
)  # fmt: skip
def test_it_is_read_as_people_say_it(text: str, done: list[str]) -> None:
    assert words(text) == done


@pytest.mark.parametrize(
    "text", ["log my workout", "I finished my training", "Log yesterday's workout.", "track my session"]
)
def test_a_request_that_tells_nothing_is_asked_back(text: str) -> None:
    assert said_in(text) == ""


def test_length_and_focus_are_read_without_exercises() -> None:
    told = read(said_in("record a leg workout of 45 minutes"), EXERCISES, History())
    assert (told.performed, told.minutes, told.focus) == ((), 45, "lower")


def test_a_short_name_is_the_exercise_that_was_done_before() -> None:
    before = Performed("dumbbell-bench-press", "Dumbbell bench press", 3, 8)
    history = History((Session("s", 0.0, "2026-11-20", performed=(before,)),))
    told = read("3 sets of 10 bench presses", EXERCISES, history)
    assert told.performed[0].exercise_id == "dumbbell-bench-press"


@settings(max_examples=40, deadline=None)
@given(
    st.text(max_size=60)
    | st.lists(
        st.sampled_from(
            ["3", "x", "sets", "of", "ten", "squat", "push-ups", "and", "at", "60", "kg", "for", "minutes", ","]
        )
    ).map(" ".join)
)
def test_any_words_can_be_read(text: str) -> None:
    for each in read(said_in(text), EXERCISES, History()).performed:
        assert 0 <= each.sets <= 20
        assert each.amount >= 0
        assert 0 <= each.kg <= 500


@in_virtual_time
async def test_a_log_is_kept_once_a_request_and_can_be_undone(tmp_path: Path) -> None:
    async with gym(tmp_path) as room:
        plan = await room.do("log_workout", "I did three sets of ten push-ups yesterday")
        kept = await room.notebook.entries(SESSIONS, Session)
        card = plan.cards[0]
        assert isinstance(card, ListCard)
        said = await room.press(card.card_id, card.actions[0].action)
        gone = await room.notebook.entries(SESSIONS, Session)
    assert plan.speech == "Logged: 3 sets of 10 push-ups."
    assert [(each.day, each.focus) for each in kept] == [("2026-11-20", "upper")]
    assert said == "That workout is no longer in your history."
    assert gone == ()


@in_virtual_time
async def test_as_planned_is_what_the_last_plan_held(tmp_path: Path) -> None:
    async with gym(tmp_path) as room:
        await room.do("plan_workout", "Plan a leg workout")
        asked = room.asked("log_workout", "log my workout")
        question = room.skill.clarify(asked, await room.data(asked))
        plan = await room.do("log_workout", "log my workout", said="as planned")
        kept = (await room.notebook.entries(SESSIONS, Session))[0]
        planned = (await room.notebook.entries("workout.plans", Planned))[0]
    assert question is not None
    assert question.choices[0].label == "The planned lower body session"
    assert question.choices[0].default
    assert [each.exercise_id for each in kept.performed] == [each.exercise_id for each in planned.items]
    assert planned.finished
    assert "minutes" in plan.speech


@in_virtual_time
async def test_nonsense_is_not_kept(tmp_path: Path) -> None:
    async with gym(tmp_path) as room:
        with pytest.raises(InvalidInput, match="could not tell"):
            await room.do("log_workout", "log my workout", said="the colour blue")
        assert await room.notebook.entries(SESSIONS, Session) == ()


@in_virtual_time
async def test_the_history_tells_how_often_what_and_what_not(tmp_path: Path) -> None:
    async with gym(tmp_path) as room:
        nothing = await room.do("training_history", "show my training history")
        await room.do("log_workout", "I did bench press 3x8 at 60 kg yesterday")
        room.pass_days(2)
        await room.do("log_workout", "I did bench press 3x8 at 55 kg and 30 minutes of running")
        week = await room.do("training_history", "how often did I train this week")
        press = await room.do("training_history", "what did I barbell bench press last time")
    assert nothing.speech.startswith("There are no workouts yet.")
    assert week.speech.startswith("2 workouts in the last 7 days, 30 minutes together. The last one was today:")
    assert "Not trained for a week or more: upper back" in week.speech
    assert press.speech == (
        "Last time, today: 3 sets of 8 barbell bench presses at 55 kg. "
        "Your best was 3 sets of 8 barbell bench presses at 60 kg, on Friday."
    )
    card = week.cards[0]
    assert isinstance(card, ListCard)
    assert [item.when for item in card.items] == ["today", "on Friday"]
