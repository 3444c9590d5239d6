"""What understanding comes to. Whoever needs it without knowing how it is done takes it from here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Protocol

Value = str | int | float | bool | tuple[str, ...]
"""What a slot may hold. Lengths of time are seconds (float), moments are seconds since the epoch (float)."""
Values = Mapping[str, Value]
NO_VALUES: Values = MappingProxyType({})

OPEN_QUESTION = "open_question"
"""The intent of everything that no skill claims: the language model answers."""


class Complexity(StrEnum):
    """How much thought a request needs."""

    SIMPLE = "simple"
    MEDIUM = "medium"
    COMPLEX = "complex"


@dataclass(frozen=True, slots=True)
class Guess:
    """One intent a text may have, and in [0, 1] how likely."""

    intent: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Understanding:
    """What a text is taken for.

    Attributes:
        text: The words.
        intent: The likeliest, `OPEN_QUESTION` when no skill claims it.
        skill: Id of the skill whose intent it is, empty for an open question.
        confidence: In [0, 1], calibrated: the share of guesses like this one that are right.
        complexity: How much thought it needs.
        values: What the words say already, by slot.
        runners_up: Other intents, the likeliest first.
    """

    text: str
    intent: str
    skill: str = ""
    confidence: float = 1.0
    complexity: Complexity = Complexity.SIMPLE
    values: Values = field(default_factory=lambda: NO_VALUES)
    runners_up: tuple[Guess, ...] = ()


class Understander(Protocol):
    """Takes words for something, in a few milliseconds."""

    def prepare(self) -> None:
        """Get ready, a fraction of a second, in any thread; else the first question does. Nothing when ready.

        Raises:
            Unavailable: A file of the program is missing.
        """
        ...

    def understand(self, text: str, now: datetime) -> Understanding:
        """What a text, also one that is still being spoken, is taken for.

        Args:
            text: The words.
            now: Local time, aware; "tomorrow" counts from here.
        """
        ...
