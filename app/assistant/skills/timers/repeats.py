"""When something comes again, as one word that fits into a value of a request and into the notebook.

``0,1,2,3,4@07:00`` is every weekday at seven (Monday is 0), ``3/2026-11-21@18:30`` every third day from that one on,
``7200s@1795262400`` every two hours as they go by, counted from that moment (seconds since the epoch).
"""

from __future__ import annotations

import math
import re
from datetime import datetime, time, tzinfo

from app.aio.clock import LOCAL
from app.assistant.understanding import durations
from app.assistant.understanding.recurring import Recurrence

_FORM = re.compile(r"(?:(?P<days>[0-6](?:,[0-6])*)|(?P<every>\d{1,3})/(?P<since>\d{4}-\d\d-\d\d))@(?P<time>\d\d:\d\d)")
_INTERVAL = re.compile(r"(?P<every>\d{1,6})s@(?P<since>\d{1,11})")
LEAST_S = 60
"""Nothing comes again more often than this."""


def form_of_interval(every_s: float, since: float) -> str:
    """The word for every so many seconds from a moment on, seconds since the epoch."""
    return f"{round(every_s)}s@{math.floor(since)}"


def interval_s(word: str) -> int:
    """Seconds from one time to the next of what comes again after so long; 0 for everything else."""
    match = _INTERVAL.fullmatch(word)
    return 0 if match is None else int(match["every"])


def form(recurrence: Recurrence | None) -> str:
    """The word for it, empty for once."""
    if recurrence is None:
        return ""
    at = f"{recurrence.hour:02}:{recurrence.minute:02}"
    if recurrence.weekdays:
        return f"{','.join(map(str, sorted(set(recurrence.weekdays))))}@{at}"
    return f"{recurrence.every_days}/{recurrence.since}@{at}"


def read(word: str) -> Recurrence | None:
    """What a word stands for, None for the empty one and for one that nobody can read."""
    match = _FORM.fullmatch(word)
    if match is None:
        return None
    try:
        at = time.fromisoformat(match["time"])
        if match["days"]:
            return Recurrence(at.hour, at.minute, tuple(map(int, match["days"].split(","))))
        datetime.fromisoformat(match["since"])
    except ValueError:
        return None
    return Recurrence(at.hour, at.minute, (), max(1, int(match["every"])), match["since"])


def at_time(word: str, hour: int, minute: int) -> str:
    """The same days at another time of day; what comes again after so long stays as it is."""
    if interval_s(word):
        return word
    days, mark, _ = word.partition("@")
    return f"{days}@{hour:02}:{minute:02}" if mark else word


def in_words(word: str) -> str:
    """A word for people, empty for once."""
    if every_s := interval_s(word):
        one = {60: "minute", 3600: "hour"}.get(every_s)
        return f"every {one or durations.in_words(every_s)}"
    recurrence = read(word)
    return "" if recurrence is None else recurrence.in_words()


def next_due(word: str, after: float, zone: tzinfo | None = None) -> float | None:
    """When it comes next, strictly after a moment; both in seconds since the epoch.

    Args:
        word: As it is kept.
        after: The moment.
        zone: Whose clock on the wall; None for that of this machine.

    Returns:
        None for once, and for a word that nobody can read.
    """
    if every_s := interval_s(word):
        since = float(word.partition("@")[2])
        return since + (math.floor((after - since) / every_s) + 1) * every_s
    recurrence = read(word)
    if recurrence is None:
        return None
    return recurrence.next_after(datetime.fromtimestamp(after, zone or LOCAL)).timestamp()
