"""What skills are made with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from app.contracts.events import SystemEvent
from app.contracts.ports import Clock, Embedder, PowerMonitor
from app.contracts.skill_cards import Source
from app.memory.notebook import Notebook


class Facts(Protocol):
    """What a skill may know of the program it runs in; every figure is asked for afresh."""

    def profile(self) -> str:
        """Name of the profile in use."""
        ...

    def model(self) -> str:
        """Backend and model that answer first, in words."""
        ...


class Search(Protocol):
    """The person's own documents."""

    async def find(self, question: str, limit: int) -> tuple[Source, ...]:
        """The passages that fit best, the best first; empty when there are none, or no index.

        Raises:
            SottoError: The index cannot be read.
        """
        ...


@dataclass(frozen=True, slots=True)
class SkillParts:
    """What skills are made with.

    Attributes:
        clock: Time; timers ring by it.
        notebook: Where they keep things.
        power: Watts, degrees, joules.
        facts: Profile and model in use.
        publish: Takes events of the system: a card that changed, a timer that rang.
        announce: Says a sentence aloud, now or when the turn that goes on has ended.
        search: The person's documents, None where there is no index.
        embedder: For finding by meaning, called at use; returns None where no model for it is installed.
    """

    clock: Clock
    notebook: Notebook
    power: PowerMonitor
    facts: Facts
    publish: Callable[[SystemEvent], None]
    announce: Callable[[str], None]
    search: Search | None = None
    embedder: Callable[[], Awaitable[Embedder | None]] | None = None
