"""The cards of a turn in a terminal: kept until they are whole, then printed once, the most important first.

Why it exists: a card comes in several revisions, and what stands in a terminal cannot be changed any more.
"""

from __future__ import annotations

import textwrap
import time
from collections.abc import Callable

from app.assistant.card_words import in_lines, timer_in_words
from app.cli.columns import COLUMNS
from app.cli.console import printable
from app.contracts.cards import AnyCard, ErrorCard, NoticeCard
from app.contracts.skill_cards import (
    SKILL_CARDS,
    ClarificationCard,
    JobCard,
    JobState,
    PrePlanCard,
    PrePlanState,
    StatusCard,
    TimerCard,
    TimerState,
)


class CardPile:
    """The cards of one turn that have not been printed yet.

    Args:
        now: Seconds since the epoch.
    """

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._cards: dict[str, AnyCard] = {}
        self._printed: dict[str, list[str]] = {}

    def clear(self) -> None:
        """Another turn begins."""
        self._cards.clear()
        self._printed.clear()

    def take(self, card: AnyCard) -> bool:
        """Keep a card, or its newer revision; returns False for one that is not printed as a card."""
        if isinstance(card, StatusCard) or not (isinstance(card, SKILL_CARDS) or _of_a_skill(card)):
            return False
        if not _is_answered(card):
            self._cards[card.card_id] = card
        return True

    def remove(self, card_id: str) -> None:
        """A card is gone."""
        self._cards.pop(card_id, None)

    def lines(self) -> list[str]:
        """What has to be printed now; nothing is given twice."""
        found: list[str] = []
        for card in sorted(self._cards.values(), key=lambda card: -card.priority):
            lines = wrapped_lines(card, self._now())
            if lines != self._printed.get(card.card_id):
                self._printed[card.card_id] = lines
                found += lines
        self._cards.clear()
        return found


def wrapped_lines(card: AnyCard, now: float) -> list[str]:
    """A card's lines, none wider than a terminal of 80 columns; a long one goes on beneath its own text."""
    lines = []
    for line in in_lines(card, now):
        text = printable(line)
        indent = len(text) - len(text.lstrip(" "))
        rest = " " * (indent + 2)
        lines += textwrap.wrap(text, COLUMNS, initial_indent="", subsequent_indent=rest, break_long_words=False) or [""]
    return lines


def said_outside_turns(card: AnyCard, now: float) -> str:
    """What is told of a card that changed by itself: a timer that rings, a job that is over. Empty for nothing."""
    match card:
        case TimerCard(state=TimerState.RINGING):
            return timer_in_words(card, now)
        case JobCard(state=JobState.DONE | JobState.FAILED) | NoticeCard():
            return " ".join(in_lines(card, now))
        case _:
            return ""


def _of_a_skill(card: AnyCard) -> bool:
    return isinstance(card, NoticeCard | ErrorCard) and bool(card.skill)


def _is_answered(card: AnyCard) -> bool:
    """Whoever answered it in the terminal knows what the answer was."""
    match card:
        case ClarificationCard(chosen=chosen, expired=expired):
            return bool(chosen) or expired
        case PrePlanCard(state=state):
            return state is not PrePlanState.WAITING
        case _:
            return False
