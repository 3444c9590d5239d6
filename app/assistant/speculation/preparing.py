"""What the rest of the assistant sees of caches and of work done ahead."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol, TypeVar

from app.contracts.events import Prepared

T = TypeVar("T")
Report = Callable[[Prepared], object]
"""Hears what was wanted and whether it was there."""


class Urgency(IntEnum):
    """Which work ahead goes first. Whatever the person waits for goes before all of it."""

    LIKELY = 3
    """Nearly sure to be wanted: data for the intent just heard."""
    BRANCH = 2
    """One of the answers the person may give."""
    VARIATION = 1
    """What the person may turn a proposal into."""
    IDLE = 0
    """Whenever there is nothing else."""


@dataclass(frozen=True, slots=True)
class Worth:
    """What work ahead is good for.

    Attributes:
        chance: In [0, 1], that it will be wanted.
        saves_s: Seconds the person then does not wait.
        joules: What it takes above idle.
    """

    chance: float = 1.0
    saves_s: float = 0.1
    joules: float = 0.0


class Preparations(Protocol):
    """Things that are made once and kept for a while, in the foreground or ahead.

    A thing is known by its kind and a key that holds everything it depends on. Whoever asks for one that is being made
    waits for that; it is never made twice at once.
    """

    async def get(self, kind: str, key: Hashable, make: Callable[[], Awaitable[T]]) -> T:
        """The thing, made now unless it is there; somebody waits for it. Reports `Prepared`.

        Raises:
            SottoError: Making it failed; it will be tried again when it is wanted again.
        """
        ...

    def ahead(
        self,
        kind: str,
        key: Hashable,
        make: Callable[[], Awaitable[object]],
        *,
        urgency: Urgency,
        worth: Worth | None = None,
        tag: str = "",
    ) -> None:
        """Make it when nobody waits for anything, if it is worth it. What fails is forgotten.

        Args:
            kind: ``person``, ``skill-data``, ``clarification``, ``plan``, ``cards`` or ``answer``.
            key: Everything it depends on.
            make: Makes it; must have no effect on anything.
            urgency: Which goes first.
            worth: Weighed against the strategy; None for work that is always worth it.
            tag: By which `drop` finds it.
        """
        ...

    def drop(self, tag: str) -> None:
        """It will not be wanted: cancel at once what goes on under this tag."""
        ...

    def forget(self, kind: str) -> None:
        """What is kept of a kind no longer holds."""
        ...

    def foreground(self, report: Report | None = None) -> AbstractContextManager[None]:
        """While this block, a turn, runs somebody waits: no work ahead is begun.

        Args:
            report: Hears of everything that is wanted in this block.
        """
        ...

    def chose(self, intent: str, value: str) -> None:
        """The person chose this answer: learn from it."""
        ...

    def likely(self, intent: str, values: tuple[str, ...]) -> tuple[tuple[str, float], ...]:
        """Answers worth following, with their chances, the likeliest first, by what was chosen before at such hours."""
        ...
