"""How moments and lengths are told: "tomorrow at 5 pm", "4 minutes 10 seconds left"."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from app.assistant.skills.timers.hands import Hands
from app.assistant.skills.timers.timer import Timer, What
from app.assistant.understanding.durations import in_words
from app.assistant.understanding.recurring import clock_in_words
from app.assistant.wording import counted, joined
from app.contracts.skill_cards import TimerState

_SECONDS_MATTER_S = 600.0
_WEEK = 7


def when(at: float, now: datetime) -> str:
    """A moment as one tells it today: "at 5 pm", "tomorrow at noon", "on Monday at 9 am", "on 3 May at 9 am"."""
    moment = datetime.fromtimestamp(at, now.tzinfo)
    clock = f"at {clock_in_words(moment.time())}"
    days = (moment.date() - now.date()).days
    if days == 0:
        return clock
    if days == -1:
        return f"yesterday {clock}"
    if days == 1:
        return f"tomorrow {clock}"
    if 1 < days < _WEEK:
        return f"on {moment:%A} {clock}"
    year = f" {moment.year}" if moment.year != now.year else ""
    return f"on {moment.day} {moment:%B}{year} {clock}"


def length(seconds: float) -> str:
    """A length for people: to the second when short, to the minute when long."""
    if seconds >= _SECONDS_MATTER_S:
        seconds = timedelta(minutes=round(seconds / 60)).total_seconds()
    return in_words(max(1.0, seconds) if seconds > 0 else 0.0)


def state(timer: Timer, hands: Hands, now: datetime) -> str:
    """How one stands: "4 minutes left", "paused with 2 minutes left", "ringing", "tomorrow at 7 am"."""
    if timer.state is TimerState.RINGING:
        return "ringing"
    if timer.state is TimerState.PAUSED:
        return f"paused with {length(timer.remaining_s)} left"
    if timer.what is What.TIMER:
        return f"{length(hands.left_s(timer))} left"
    return when(timer.due_at, now)


def kinds_of(timers: Sequence[Timer]) -> str:
    """How many of each kind: "2 timers and 1 alarm"."""
    counts = ((what, sum(timer.what is what for timer in timers)) for what in What)
    return joined([counted(count, what.value) for what, count in counts if count])
