"""Times that come again: every day, on some weekdays, every so many days; at a time of the clock on the wall."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone

from app.assistant.wording import joined

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
ALL_DAYS, WORKING_DAYS, WEEKEND = (0, 1, 2, 3, 4, 5, 6), (0, 1, 2, 3, 4), (5, 6)


@dataclass(frozen=True, slots=True)
class Recurrence:
    """When something comes again. Made of what the notebook can keep.

    Attributes:
        hour: Of the day, 0-23, local time.
        minute: 0-59.
        weekdays: On which it comes, 0 is Monday; empty when it comes every ``every_days`` days.
        every_days: Days from one to the next, counted from ``since``.
        since: A day it comes on, ISO; needed when ``weekdays`` is empty.
    """

    hour: int
    minute: int
    weekdays: tuple[int, ...] = ALL_DAYS
    every_days: int = 1
    since: str = ""

    def next_after(self, moment: datetime) -> datetime:
        """The first time strictly after a moment, which is aware; in the same zone.

        A time of day that the change to summer time leaves out comes as much later as the clock jumps; one that the
        change to winter time brings twice comes once, the first time.
        """
        day = moment.date() - timedelta(days=1)
        while True:
            if self._comes_on(day):
                at = local(day, time(self.hour, self.minute), moment)
                if at.astimezone(UTC) > moment.astimezone(UTC):
                    return at
            day += timedelta(days=1)

    def in_words(self) -> str:
        """For people, as in "every weekday at 7 am"."""
        return f"{self._days_in_words()} at {clock_in_words(time(self.hour, self.minute))}"

    def _comes_on(self, day: date) -> bool:
        if self.weekdays:
            return day.weekday() in self.weekdays
        return (day - date.fromisoformat(self.since)).days % max(1, self.every_days) == 0

    def _days_in_words(self) -> str:
        if not self.weekdays:
            weeks, odd = divmod(self.every_days, 7)
            if odd == 0 and weeks:
                name = WEEKDAYS[date.fromisoformat(self.since).weekday()]
                return f"every {name}" if weeks == 1 else f"every {weeks} weeks on {name}"
            return {1: "every day", 2: "every other day"}.get(self.every_days, f"every {self.every_days} days")
        named = {ALL_DAYS: "every day", WORKING_DAYS: "every weekday", WEEKEND: "every Saturday and Sunday"}
        names = [WEEKDAYS[day] for day in self.weekdays]
        return named.get(tuple(sorted(set(self.weekdays))), f"every {joined(names)}")


def local(day: date, at: time, like: datetime) -> datetime:
    """A day and a time of the clock as a moment of the zone of ``like``; a time that is left out is moved on.

    A bare offset says nothing of summer time. Where it is the offset of this machine at that moment, as
    `datetime.astimezone` makes it, the machine's own rules are followed.
    """
    zone = like.tzinfo
    if type(zone) is timezone and zone is not UTC and like.astimezone().utcoffset() == like.utcoffset():
        return datetime.combine(day, at).astimezone()
    return datetime.combine(day, at, zone).astimezone(UTC).astimezone(zone)


def clock_in_words(at: time) -> str:
    """A time of day for people: "7 am", "7:30 pm", "noon", "midnight"."""
    if at.minute == 0 and at.hour in (0, 12):
        return "noon" if at.hour else "midnight"
    minutes = f":{at.minute:02}" if at.minute else ""
    return f"{(at.hour - 1) % 12 + 1}{minutes} {'pm' if at.hour >= 12 else 'am'}"
