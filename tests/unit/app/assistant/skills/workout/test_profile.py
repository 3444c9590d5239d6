"""What people say about their training is kept, shown, and can be taken back."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.assistant.skills.workout import asking, profile
from app.assistant.skills.workout.words import Focus
from app.contracts.skill_cards import ListCard
from tests.helpers.virtual_time import in_virtual_time
from tests.helpers.workouts import Gym, gym

WORDS = [
    "i",
    "have",
    "own",
    "only",
    "sold",
    "my",
    "left",
    "knee",
    "shoulder",
    "back",
    "hurts",
    "is",
    "fine",
    "again",
    "not",
    "don't",
    "like",
    "love",
    "dumbbells",
    "bench",
    "no",
    "equipment",
    "upper",
    "body",
    "legs",
    "core",
    "for",
    "minutes",
    "thirty",
    "an",
    "hour",
    "easy",
    "hard",
    "without",
    "burpees",
    "and",
    "a",
    "the",
    "beginner",
    "stronger",
    "gym",
]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        (
            "I have dumbbells, a bench, a pull-up bar and two kettlebells",
            {"have": "bench,dumbbells,kettlebell,pull-up-bar"},
        ),
        ("I only have a resistance band", {"only_have": "band"}),
        ("I have no equipment at home", {"only_have": "none"}),
        ("I sold my barbell.", {"lost": "barbell"}),
        ("my left knee hurts", {"hurts": "knee", "side": "left"}),
        ("my lower back is sore", {"hurts": "lower-back"}),
        ("My shoulder is fine again", {"healed": "shoulder"}),
        ("I\u2019m a beginner", {"level": "beginner"}),
        ("I've been training for ten years", {"level": "advanced"}),
        ("I have trained for two years", {"level": "intermediate"}),
        ("I only have a mat", {"only_have": "none"}),
        ("I don't like burpees", {"dislikes": "burpees"}),
        ("I love squats", {"likes": "squats"}),
        ("I usually train for 45 minutes", {"minutes": "45"}),
        ("my training goal is to get stronger", {"goal": "strength"}),
        ("show my training profile", {}),
    ],
)
def test_it_is_read_as_people_say_it(text: str, values: dict[str, str]) -> None:
    assert profile.values_in(text) == values


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("Plan an upper body workout", {"focus": "upper"}),
        ("plan a workout", {}),
        ("make me a leg workout for today, my knee hurts", {"focus": "lower", "hurts": "knee"}),
        ("an easy half-hour workout at the gym without burpees",
         {"minutes": "30", "equipment": "gym", "effort": "easier", "without": "burpees"}),
        ("a hard chest workout with kettlebells for an hour",
         {"focus": "push", "minutes": "60", "equipment": "kettlebell", "effort": "harder"}),
        ("a workout that isn't too hard", {"effort": "easier"}),
        ("train legs and arms, no equipment", {"focus": "full", "equipment": "none"}),
        ("a quick core session for beginners", {"focus": "core", "minutes": "20", "level": "beginner"}),
    ],
)  # fmt: skip
def test_requests_are_read_as_people_say_them(text: str, values: dict[str, str]) -> None:
    assert asking.values_in(text) == values


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=80) | st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join))
def test_any_words_can_be_read(text: str) -> None:
    wanted = asking.values_in(text)
    assert all(wanted.values())
    assert wanted.get("focus", "full") in frozenset(Focus)
    assert 10 <= int(wanted.get("minutes", "30")) <= 120
    after, said = profile.changed(profile.Person(), profile.values_in(text), 0.0)
    assert bool(said) or after == profile.Person()


def test_long_texts_are_read_quickly() -> None:
    for piece in ("no ", "without any a-", "i have a bench and ", "my knee hurts ", "half an hour "):
        began = time.perf_counter()
        asking.values_in(piece * 500)
        profile.values_in(piece * 500)
        assert time.perf_counter() - began < 1.0


async def lines(room: Gym) -> list[str]:
    plan = await room.do("workout_profile", "show my training profile")
    card = plan.cards[0]
    assert isinstance(card, ListCard)
    return [item.text for item in card.items]


@in_virtual_time
async def test_what_is_said_adds_up_and_changes_the_plan(tmp_path: Path) -> None:
    async with gym(tmp_path) as room:
        assert await lines(room) == []
        for text in ("I have dumbbells and a bench", "I bought a kettlebell", "I sold my bench", "I hate push-ups"):
            await room.do("workout_profile", text)
        hurts = await room.do("workout_profile", "my left shoulder hurts")
        assert await lines(room) == [
            "Has: dumbbells", "Has: kettlebell", "Hurts: left shoulder", "Not wanted: push-ups",
        ]  # fmt: skip
        await room.do("plan_workout", "Plan an upper body workout")
        names = [exercise.name for exercise in room.session.exercises]
        await room.do("workout_profile", "my shoulder is fine again")
        assert "Hurts: left shoulder" not in await lines(room)
    assert "ask somebody who can" in hurts.speech
    assert not any("ress" in name and "floor" not in name for name in names)


@in_virtual_time
async def test_a_line_of_the_profile_is_removed(tmp_path: Path) -> None:
    async with gym(tmp_path) as room:
        for text in ("I have dumbbells", "I'm a beginner", "I love squats", "my knee hurts", "I want to build muscle"):
            await room.do("workout_profile", text)
        plan = await room.do("workout_profile", "show my training profile")
        card = plan.cards[0]
        assert isinstance(card, ListCard)
        for item in card.items:
            await room.press(card.card_id, f"remove:{item.item_id}")
        left = room.cards[card.card_id]
        assert isinstance(left, ListCard)
        assert left.items == ()
        assert left.revision == card.revision + len(card.items)
        assert await lines(room) == []
