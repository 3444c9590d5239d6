"""Puts a day together from what is set and noted, and finds the time that is free in it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from app.assistant.skills.lists.store import Note
from app.assistant.skills.timers.repeats import in_words, interval_s, next_due
from app.assistant.skills.timers.timer import Timer, What
from app.assistant.understanding.recurring import clock_in_words
from app.contracts.skill_cards import TimerState

TAKES = timedelta(minutes=60)
"""An entry has a beginning and no end: it is taken to last so long."""
WAKING = (time(8), time(20))
"""Between these, free time is looked for."""
PARTS = {
    "morning": (time(8), time(12)),
    "afternoon": (time(12), time(18)),
    "evening": (time(18), time(22)),
    "night": (time(18), time(22)),
}
"""The parts of a day that may be asked about; the first begins and the last two end with the day itself."""
LEAST_FREE = timedelta(minutes=45)


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing in a day.

    Attributes:
        reference: Id of the reminder, alarm or note.
        text: What it is, in the person's own words.
        what: ``alarm``, ``reminder`` or ``note``.
        at: Its moment, aware; None for the whole day.
    """

    reference: str
    text: str
    what: str
    at: datetime | None = None

    @property
    def when(self) -> str:
        """Its time in words."""
        return "all day" if self.at is None else clock_in_words(self.at.time())


@dataclass(frozen=True, slots=True)
class Slot:
    """Free time."""

    begin: datetime
    end: datetime

    def in_words(self) -> str:
        """As in "10 am to 1 pm"."""
        return f"{clock_in_words(self.begin.time())} to {clock_in_words(self.end.time())}"


def entries_of(day: date, timers: Iterable[Timer], notes: Iterable[Note], now: datetime) -> tuple[Entry, ...]:
    """Everything of a day in the order of its time, what lasts all day first. What repeats is there each time."""
    found = [entry for timer in timers if (entry := _of_timer(timer, day, now)) is not None]
    for note in notes:
        at = None if note.when is None else datetime.fromtimestamp(note.when, now.tzinfo)
        if at is not None and at.date() == day:
            found.append(Entry(note.note_id, note.about or note.text, "note", None if note.whole_day else at))
    return tuple(sorted(found, key=lambda entry: (entry.at is not None, entry.at or now, entry.text)))


def free_slots(
    day: date, entries: Sequence[Entry], now: datetime, between: tuple[time, time] = WAKING
) -> tuple[Slot, ...]:
    """The time of a day in which nothing is, from now on; alarms take no time."""
    begin, end = (datetime.combine(day, at, now.tzinfo) for at in between)
    if day == now.date():
        begin = max(begin, _next_quarter(now))
    slots: list[Slot] = []
    for entry in entries:
        if entry.at is None or entry.what == What.ALARM.value:
            continue
        if entry.at - begin >= LEAST_FREE:
            slots.append(Slot(begin, min(entry.at, end)))
        begin = max(begin, entry.at + TAKES)
    if end - begin >= LEAST_FREE:
        slots.append(Slot(begin, end))
    return tuple(slot for slot in slots if slot.end - slot.begin >= LEAST_FREE)


def within(entries: Iterable[Entry], part: str) -> tuple[Entry, ...]:
    """The entries of a part of the day, one of `PARTS`; what lasts all day is in every part."""
    begin = time() if part == "morning" else PARTS[part][0]
    end = time.max if part in ("evening", "night") else PARTS[part][1]
    return tuple(entry for entry in entries if entry.at is None or begin <= entry.at.time() < end)


def _of_timer(timer: Timer, day: date, now: datetime) -> Entry | None:
    if timer.what is What.TIMER or timer.state is TimerState.PAUSED:
        return None
    midnight = datetime.combine(day, time(), now.tzinfo)
    at = datetime.fromtimestamp(timer.due_at, now.tzinfo)
    if interval_s(timer.repeats):
        every = f"{timer.label or 'Alarm'} {in_words(timer.repeats)}"
        return Entry(timer.timer_id, every, timer.what.value) if at.date() <= day else None
    if at.date() < day and timer.repeats:
        due = next_due(timer.repeats, midnight.timestamp() - 1.0, now.tzinfo)
        at = at if due is None else datetime.fromtimestamp(due, now.tzinfo)
    if at.date() != day:
        return None
    return Entry(timer.timer_id, timer.label or "Alarm", timer.what.value, at)


def _next_quarter(moment: datetime) -> datetime:
    """The next quarter of an hour, itself included."""
    past = timedelta(minutes=moment.minute % 15, seconds=moment.second, microseconds=moment.microsecond)
    return moment if not past else moment - past + timedelta(minutes=15)
