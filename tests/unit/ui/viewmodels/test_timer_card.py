from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from app.contracts.skill_cards import TimerState
from tests.helpers.demo_cards import timer
from ui.viewmodels.timer_card import TimerView

pytestmark = pytest.mark.usefixtures("qt_app", "qt_messages")

NOON = datetime(2026, 11, 21, 12, 0).astimezone()


class Wall:
    """A clock on the wall that is set by hand."""

    def __init__(self) -> None:
        self.at = NOON.timestamp()

    def __call__(self) -> float:
        return self.at


def test_it_counts_by_itself_and_says_when_it_looks_different() -> None:
    wall = Wall()
    view = TimerView(timer(wall.at), now=wall)
    assert (view.property("big"), view.property("note")) == ("3:04", "of 4:00")
    shown: list[str] = []
    view.ticked.connect(lambda: shown.append(view.property("big")))
    wall.at += 0.4
    assert view.tick() == pytest.approx(600, abs=3)
    wall.at += 0.61
    view.tick()
    wall.at += 181.5
    view.tick()
    wall.at += 100.0
    view.tick()
    assert shown == ["3:04", "3:03", "0:02", "0:00"]
    assert view.property("share") == 0.0


def test_every_step_ends_in_another_second() -> None:
    wall = Wall()
    view = TimerView(timer(wall.at + 0.317), now=wall)
    seen = []
    for _ in range(5):
        wall.at += view.tick() / 1000.0
        seen.append(view.property("big"))
    assert seen == ["3:04", "3:03", "3:02", "3:01", "3:00"]


@pytest.mark.parametrize(
    ("state", "big", "note", "counting"),
    [
        (TimerState.PAUSED, "1:30", "Paused", False),
        (TimerState.RINGING, "Now", "Ringing", False),
        (TimerState.DONE, "", "Over", False),
        (TimerState.CANCELLED, "", "Cancelled", False),
    ],
)
def test_the_other_states(state: TimerState, big: str, note: str, counting: bool) -> None:
    view = TimerView(timer(0.0, state=state, remaining_s=90.0), now=Wall())
    shown = tuple(view.property(name) for name in ("big", "note", "counting"))
    assert shown == (big, note, counting)


def test_an_alarm_shows_when_it_rings() -> None:
    wall = Wall()
    due = (NOON + timedelta(hours=19)).timestamp()
    card = timer(wall.at, what="alarm", label="", due_at=due, duration_s=0.0, repeats="every weekday at 07:00")
    view = TimerView(card, now=wall)
    assert (view.property("title"), view.property("big"), view.property("share")) == ("Alarm", "07:00", -1.0)
    assert view.property("note") == "tomorrow · in 19 h · every weekday at 07:00"


@pytest.mark.parametrize(
    ("left_s", "away", "next_ms"),
    [(27_670.0, "in 7 h 42 min", 10_002), (3600.0, "in 1 h", 20), (61.0, "in 2 min", 1002), (30.5, "in 31 s", 502)],
)
def test_an_alarm_far_off_is_told_to_the_minute(left_s: float, away: str, next_ms: int) -> None:
    wall = Wall()
    view = TimerView(timer(wall.at, what="alarm", label="", due_at=wall.at + left_s, duration_s=0.0), now=wall)
    assert view.property("note").endswith(away)
    assert view.tick() == pytest.approx(next_ms, abs=2)


def test_a_reminder_of_another_day_names_the_day() -> None:
    wall = Wall()
    due = (NOON + timedelta(days=5)).timestamp()
    view = TimerView(timer(wall.at, what="reminder", label="call Anna", due_at=due, duration_s=0.0), now=wall)
    assert (view.property("title"), view.property("note")) == ("Call Anna", "Thursday, 26 November")
