"""How long requests took from the go-ahead until their cards were there: what the next estimate rests on."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median

from app.memory.notebook import Notebook, Put

COLLECTION = "timings"
KEPT = 20
"""Newest measurements of an intent."""


@dataclass(frozen=True, slots=True)
class Timing:
    """What requests of one intent took, seconds, the newest last."""

    intent: str
    seconds: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Expected:
    """The median of what it took before, None when it never happened; and how many times it did."""

    seconds: float | None
    measured: int


class Timings:
    """The measured history."""

    def __init__(self) -> None:
        self._known: dict[str, Timing] = {}

    async def load(self, notebook: Notebook) -> None:
        """Take up what earlier runs measured.

        Raises:
            StorageError: The notebook cannot be read.
        """
        for timing in await notebook.entries(COLLECTION, Timing):
            self._known.setdefault(timing.intent, timing)

    def expected(self, intent: str) -> Expected:
        """How long it will take, as far as can be told."""
        seconds = self._known.get(intent, Timing(intent)).seconds
        return Expected(median(seconds) if seconds else None, len(seconds))

    def took(self, intent: str, seconds: float) -> Put:
        """It took so long; what has to be written down about it."""
        before = self._known.get(intent, Timing(intent))
        timing = self._known[intent] = Timing(intent, (*before.seconds, seconds)[-KEPT:])
        return Put(COLLECTION, intent, timing)
