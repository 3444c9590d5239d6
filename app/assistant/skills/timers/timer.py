"""A timer, an alarm or a reminder as it is kept, and what it is called."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, tzinfo
from enum import StrEnum

from app.aio.clock import LOCAL
from app.assistant.skills.wording import second_person
from app.assistant.understanding.durations import in_words
from app.assistant.understanding.recurring import clock_in_words
from app.assistant.wording import sentence
from app.contracts.skill_cards import TimerState

TIMERS = "timers"
"""The collection of those that are set: running, paused or ringing."""


class What(StrEnum):
    """Which of the three. A timer counts time that goes by; the others wait for a moment of the day."""

    TIMER = "timer"
    ALARM = "alarm"
    REMINDER = "reminder"


RING_FOR_S = {What.TIMER: 120.0, What.ALARM: 300.0, What.REMINDER: 600.0}
"""It stops by itself after so long: nobody is there."""


@dataclass(frozen=True, slots=True)
class Timer:
    """One of them.

    Attributes:
        timer_id: Unique.
        what: Which of the three.
        label: What it is for: "tea", "call mum"; empty for none.
        due_at: Seconds since the epoch at which it rings, or rang.
        made_at: Seconds since the epoch.
        state: Running, paused or ringing.
        duration_s: Whole length of a timer, 0 for the others.
        remaining_s: What is left of a paused timer.
        counts_to_s: Of a running timer: `Clock.since_boot` at which it rings. Of a ringing one: at which it gives up.
        boot: The start of the machine that ``counts_to_s`` belongs to.
        offset_s: Of one that repeats at a time of day: seconds by which that clock was ahead of UTC at ``due_at``.
        repeats: When it rings again, see `app.assistant.skills.timers.repeats`; empty for once.
    """

    timer_id: str
    what: What
    label: str
    due_at: float
    made_at: float
    state: TimerState = TimerState.RUNNING
    duration_s: float = 0.0
    remaining_s: float = 0.0
    counts_to_s: float = 0.0
    boot: str = ""
    repeats: str = ""
    offset_s: float | None = None

    @property
    def card_id(self) -> str:
        """Its card, the same as long as it lives."""
        return f"timer-{self.timer_id}"

    @property
    def name(self) -> str:
        """What it is called, without an article: "tea timer", "10 minute timer", "reminder to call mum"."""
        if self.what is What.REMINDER:
            behind = of_what(self.label)
            return f"reminder{behind}" if behind.startswith(" to ") else f'reminder "{second_person(self.label)}"'
        if self.label:
            return self.label if self.label.endswith(self.what.value) else f"{self.label} {self.what.value}"
        return f"{_as_adjective(in_words(self.duration_s))} timer" if self.what is What.TIMER else "alarm"

    def over(self, zone: tzinfo | None) -> str:
        """What is said when it rings."""
        match self.what:
            case What.TIMER:
                return f"Your {self.name} is over."
            case What.ALARM:
                label = f" {sentence(self.label)}" if self.label else ""
                return f"It is {clock_time(self.due_at, zone)}.{label or ' This is your alarm.'}"
            case What.REMINDER:
                return f"Reminder: {sentence(second_person(self.label))}"

    def missed(self, when: str) -> str:
        """What is said of it when nobody was there to hear it, as part of a sentence; ``when`` as in "at 7 am"."""
        match self.what:
            case What.TIMER:
                return f"your {self.name} was over {when}"
            case What.ALARM:
                return f"your {self.name} was set for {when.removeprefix('at ').removeprefix('on ')}"
            case What.REMINDER:
                return f"{when} you wanted to be reminded: {second_person(self.label)}"


def clock_time(at: float, zone: tzinfo | None) -> str:
    """A moment as a time of day: "7:05 am"."""
    return clock_in_words(datetime.fromtimestamp(at, zone or LOCAL).time())


_NO_DEEDS = frozenset(
    ("the", "a", "an", "my", "our", "your", "his", "her", "their", "this", "that", "i", "i'm", "i've", "i'll", "we",
     "we're", "it", "it's", "there", "there's", "he", "she", "they", "you", "today", "someone", "somebody")
)  # fmt: skip


def of_what(label: str) -> str:
    """What one is reminded of, behind the verb: " to call your mum", ": the meeting", ": you have a date"."""
    first = label.split(" ", 1)[0].lower().replace("\u2019", "'")
    return f": {second_person(label)}" if first in _NO_DEEDS else f" to {second_person(label)}"


def _as_adjective(words: str) -> str:
    """As a length of time stands in front of "timer": "10 minute"."""
    return " ".join(word.removesuffix("s") for word in words.split())
