"""What every card has, and what a person can do with one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar


class Emphasis(StrEnum):
    """How much an action stands out; a card has one primary action at most."""

    PRIMARY = "primary"
    NORMAL = "normal"
    QUIET = "quiet"


@dataclass(frozen=True, slots=True, kw_only=True)
class CardAction:
    """Something a person can do with a card: by its button, by keyboard, or by saying so.

    Attributes:
        action: What the assistant is told: a verb, or ``verb:reference``.
        label: The button's text; saying it does the same.
        says: What else may be said instead, in lower case.
        emphasis: How much it stands out.
    """

    action: str
    label: str
    says: tuple[str, ...] = ()
    emphasis: Emphasis = Emphasis.NORMAL


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What every card has.

    Attributes:
        card_id: Unique for ever.
        turn_id: The turn that made it; empty for cards of the system.
        priority: Higher stands first within its turn.
        revision: Counts up from 1.
        actions: What a person can do with it now, in order.
        skill: Id of the skill it belongs to, which hears of its actions; empty for cards of the assistant itself.
    """

    kind: ClassVar[str] = ""

    card_id: str
    turn_id: str = ""
    priority: int = 50
    revision: int = 1
    actions: tuple[CardAction, ...] = ()
    skill: str = ""
