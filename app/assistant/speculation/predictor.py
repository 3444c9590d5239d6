"""What a person is likely to choose: learnt from what was chosen before, at such hours, after such a choice.

Counts of choices fade with a half-life of fourteen days. The chance of a value is smoothed: among all choices of a
question each value is counted once more than it was chosen (add-one); the chances of a narrower context, an hour band
or the hour band after the last choice, begin as those of the wider one, with the weight of as many choices as there
are values. So nothing is ruled out, and one choice does not decide.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.memory.notebook import Notebook, Put

COLLECTION = "predictor"
HALF_LIFE_S = 14 * 86_400.0
FADED = 0.01
"""A count below this is forgotten."""
MOST = 200
"""Counts kept of one question."""
_BANDS = ((6, "night"), (11, "morning"), (17, "midday"), (22, "evening"), (24, "night"))


@dataclass(frozen=True, slots=True)
class Count:
    """How often a value was chosen in an hour band after another value, faded to the time of its `Learned`."""

    band: str
    after: str
    value: str
    weight: float


@dataclass(frozen=True, slots=True)
class Learned:
    """The choices of one question.

    Attributes:
        slot: Intent and value that is asked for, as in ``plan_workout.minutes``.
        at: Seconds since the epoch to which the counts are faded.
        last: What was chosen last, empty before the first time.
        counts: In no order.
    """

    slot: str
    at: float = 0.0
    last: str = ""
    counts: tuple[Count, ...] = ()


def hour_band(moment: datetime) -> str:
    """``night`` from 22 to 6, ``morning`` to 11, ``midday`` to 17, ``evening`` to 22, local time."""
    return next(name for end, name in _BANDS if moment.hour < end)


class Predictor:
    """P(choice | intent, hour band, last choice).

    Args:
        now: Local time, aware.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._learned: dict[str, Learned] = {}

    async def load(self, notebook: Notebook) -> None:
        """Take up what was learnt before; what was learnt meanwhile stays.

        Raises:
            StorageError: The notebook cannot be read.
        """
        for learned in await notebook.entries(COLLECTION, Learned):
            self._learned.setdefault(learned.slot, learned)

    def chose(self, slot: str, value: str) -> Put:
        """Learn a choice; returns what has to be written down."""
        now = self._now()
        before = self._learned.get(slot, Learned(slot))
        context = (hour_band(now), before.last, value)
        fade = _fade(before, now)
        weights = {(each.band, each.after, each.value): each.weight * fade for each in before.counts}
        weights[context] = weights.get(context, 0.0) + 1.0
        heaviest = sorted(weights.items(), key=lambda item: -item[1])[:MOST]
        counts = tuple(Count(*where, weight) for where, weight in heaviest if weight >= FADED)
        learned = self._learned[slot] = Learned(slot, now.timestamp(), value, counts)
        return Put(COLLECTION, slot, learned, now.timestamp())

    def chances(self, slot: str, values: Sequence[str]) -> tuple[tuple[str, float], ...]:
        """The values with their chances, which add up to one, the likeliest first; as likely ones stay in order."""
        if not values:
            return ()
        now = self._now()
        learned = self._learned.get(slot, Learned(slot))
        fade, band = _fade(learned, now), hour_band(now)
        chances = dict.fromkeys(values, 1.0 / len(values))
        for fits in (
            lambda _count: True,
            lambda count: count.band == band,
            lambda count: count.band == band and count.after == learned.last,
        ):
            seen = dict.fromkeys(values, 0.0)
            for count in learned.counts:
                if count.value in seen and fits(count):
                    seen[count.value] += count.weight * fade
            total = sum(seen.values()) + len(values)
            chances = {value: (seen[value] + len(values) * chances[value]) / total for value in values}
        return tuple(sorted(chances.items(), key=lambda item: -item[1]))


def _fade(learned: Learned, now: datetime) -> float:
    """What the counts are worth now; a clock that was set back makes nothing younger."""
    return float(0.5 ** (max(0.0, now.timestamp() - learned.at) / HALF_LIFE_S))
