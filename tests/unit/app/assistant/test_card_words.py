from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from app.assistant.card_words import clock, estimate_of, in_lines, remaining_s, session_progress, timer_name
from app.contracts.cards import ErrorCard, NoticeCard, QuestionCard
from app.contracts.skill_cards import PrePlanState, SourcesCard, TimerState
from tests.helpers.demo_cards import (
    AGENDA,
    ALTERNATIVES,
    CLARIFICATION,
    JOB,
    LIST,
    PRE_PLAN,
    ROUTINE,
    SESSION,
    SOURCES,
    STATUS,
    acted,
    every_card,
    timer,
)


def test_every_kind_of_card_has_words() -> None:
    assert all(in_lines(card, 0.0) for card in every_card(0.0))
    assert in_lines(SourcesCard(card_id="s"), 0.0) == []


def test_a_question_and_its_choices() -> None:
    assert in_lines(CLARIFICATION, 0.0) == [
        "What would you like to train?",
        "  1. Upper body",
        "  2. Lower body",
        "  3. Full body (default)",
        "  4. Core",
    ]
    assert in_lines(replace(CLARIFICATION, chosen="Core"), 0.0) == ["What would you like to train? Core"]


def test_a_proposal() -> None:
    assert in_lines(PRE_PLAN, 0.0) == [
        "I'll create a 4-exercise upper body workout, about 30 minutes, with dumbbells.",
        "  - Push, pull, push, pull",
        "  - Nothing for the left knee",
        "  Takes less than a second, measured 6 times",
    ]
    assert in_lines(replace(PRE_PLAN, state=PrePlanState.CANCELLED), 0.0)[-1] == "  Cancelled"


@pytest.mark.parametrize(
    ("seconds", "measured", "words"),
    [
        (None, 0, ""),
        (3.2, 1, "Takes about 3 s"),
        (3.2, 4, "Takes about 3 s, measured 4 times"),
        (300.0, 2, "Takes about 5 min, measured 2 times"),
    ],
)
def test_how_long_it_takes(seconds: float | None, measured: int, words: str) -> None:
    assert estimate_of(replace(PRE_PLAN, estimated_s=seconds, measured=measured)) == words


def test_a_session() -> None:
    lines = in_lines(acted(SESSION, "set-done:floor-press") or SESSION, 0.0)
    assert lines[0] == "Upper body with dumbbells (30 min)"
    assert "  1. Dumbbell floor press: 3 \u00d7 8 to 12 · 14 kg · rest 90 s  [1 of 3 sets done]" in lines
    assert "       Press up without letting the dumbbells touch." in lines
    assert lines[-1] == "  1 of 11 sets done"
    assert in_lines(replace(SESSION, title="Core, 30 minutes"), 0.0)[0] == "Core, 30 minutes"
    assert session_progress(replace(SESSION, finished=True)) == "Finished, kept in your training history"
    swapped = in_lines(acted(SESSION, "swap:row") or SESSION, 0.0)
    assert any("Push-up (instead of One-arm dumbbell row)" in line for line in swapped)


NOON = datetime(2026, 11, 21, 12).timestamp()


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "Tea timer, 3:04 left"),
        ({"state": TimerState.PAUSED, "remaining_s": 60.0}, "Tea timer, paused, 1:00 left"),
        ({"state": TimerState.RINGING}, "Tea timer, ringing"),
        (
            {"what": "alarm", "label": "", "due_at": NOON + 3600.0, "repeats": "every weekday at 07:00"},
            "Alarm, at 1 pm, every weekday at 07:00",
        ),
        ({"what": "alarm", "label": "", "due_at": NOON + 19 * 3600.0}, "Alarm, tomorrow at 7 am"),
        ({"what": "reminder", "label": "call Anna", "state": TimerState.DONE}, "Call Anna, over"),
    ],
)
def test_a_timer(fields: dict[str, object], words: str) -> None:
    assert in_lines(timer(NOON, **fields), NOON) == [words]


def test_a_timer_without_a_name_is_a_timer() -> None:
    assert timer_name(timer(0.0, label="")) == "Timer"
    assert remaining_s(timer(0.0), 999.0) == 0.0


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0.0, "0:00"), (0.2, "0:01"), (59.0, "0:59"), (184.0, "3:04"), (3600.0, "1:00:00")]
)
def test_a_clock(seconds: float, shown: str) -> None:
    assert clock(seconds) == shown


def test_lists() -> None:
    assert in_lines(LIST, 0.0) == ["Shopping list", "  [ ] Milk", "  [x] Eggs", "  [ ] Bread, the dark one with seeds"]
    assert in_lines(AGENDA, 0.0)[2] == "  14:30  Dentist"
    assert in_lines(replace(LIST, items=(), empty_text="Nothing to buy."), 0.0) == [
        "Shopping list",
        "  Nothing to buy.",
    ]


def test_the_others() -> None:
    assert in_lines(STATUS, 0.0) == ["Preparing…"]
    assert in_lines(ALTERNATIVES, 0.0)[1] == "  1. 20 minutes, 3 exercises: The same without the plank"
    assert in_lines(SOURCES, 0.0)[1] == "  [1] heating-manual.pdf, page 12"
    assert in_lines(JOB, 0.0) == ["Read the folder Papers (running 56%): 214 of 380 documents"]
    assert in_lines(acted(ROUTINE, "dry-run") or ROUTINE, 0.0)[:3] == [
        "Routine: Good morning",
        '  Say: "good morning"',
        "  1. Tell the time -> It is 08:00.",
    ]
    assert in_lines(replace(ROUTINE, problem="Line 2: …"), 0.0)[-1] == "  Problem: Line 2: …"
    assert in_lines(ErrorCard(card_id="e", code="c", message="Broken.", remedy="Mend it."), 0.0) == ["Broken. Mend it."]
    assert in_lines(NoticeCard(card_id="n", message="So."), 0.0) == ["So."]
    assert in_lines(QuestionCard(card_id="q", text="a\nb", final=True, spoken=False), 0.0) == ["a", "b"]
