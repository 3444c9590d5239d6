"""Answers in a terminal to what waits for one: by its number, in words, or with Enter alone."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import TextIO

from app.contracts.skill_cards import ClarificationCard, PrePlanCard

Question = ClarificationCard | PrePlanCard
Reader = Callable[[], Awaitable[str | None]]
"""Waits for a line that the person types; None when no more will come."""

_DECISIONS = {"y": "yes", "yes": "yes", "m": "modify", "c": "cancel", "n": "cancel", "no": "cancel"}


def reply_to(card: Question, line: str) -> str:
    """What the person says with a line, in words that the card knows; empty when it says nothing.

    A number stands for the choice with it. Enter alone takes what is suggested, except for something of weight.
    """
    said = line.strip()
    if isinstance(card, PrePlanCard):
        labels = [each.label for each in card.actions]
        taken = "" if card.weighty else "yes"
        said = _DECISIONS.get(said.lower(), said)
    else:
        labels = [choice.label for choice in card.choices]
        taken = next((choice.label for choice in card.choices if choice.default), "")
    if said.isdecimal() and 1 <= int(said) <= len(labels):
        return labels[int(said) - 1]
    return said or taken


def prompt_of(card: Question) -> str:
    """What can be answered, in one line."""
    if isinstance(card, PrePlanCard):
        labels = ", ".join(each.label.lower() for each in card.actions) or "proceed, cancel"
        return f"Type one of {labels} > " if card.weighty else f"Enter to proceed, or one of {labels} > "
    count = len(card.choices)
    default = next((choice.label for choice in card.choices if choice.default), "")
    parts = [f"1-{count}" if count > 1 else "1" if count else "", "your own words" if card.free else ""]
    ways = " or ".join(part for part in parts if part)
    return f"{ways[:1].upper()}{ways[1:]}{f', Enter for {default}' if default else ''} > "


def line_reader(stream: TextIO) -> Reader:
    """Reads lines from a terminal without holding up the loop."""

    async def read() -> str | None:
        if sys.platform == "win32":
            line = await asyncio.to_thread(stream.readline)
        else:
            line = await _readable_line(stream)
        return line or None

    return read


async def _readable_line(stream: TextIO) -> str:
    """A terminal gives whole lines: once there is something to read, reading it does not wait."""
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[None] = loop.create_future()

    def readable() -> None:
        if not ready.done():
            ready.set_result(None)

    loop.add_reader(stream.fileno(), readable)
    try:
        await ready
    finally:
        loop.remove_reader(stream.fileno())
    return stream.readline()
