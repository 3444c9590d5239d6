"""The people of the scripted day: what they choose, and what they are content with.

Why it exists: whether work ahead pays depends on how well choices can be foreseen. These people have habits of their
own, drawn from a seed; the predictor never reads them. It only sees what they choose, as it would with anybody. Beside
them stand one who always takes the default and one whose choices cannot be foreseen at all.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from app.contracts.card import CardAction
from app.contracts.skill_cards import Choice

PATIENCE_MS = 1000.0
"""Nobody of them is content with an answer that takes longer to begin."""


Habit = Callable[["Person", str, Sequence[Choice], str], Sequence[float]]
"""Weights of the choices of a question, for somebody, by slot and hour band."""


@dataclass(slots=True)
class Person:
    """One person with habits.

    Attributes:
        name: For the report.
        chance: Theirs alone.
        habit: How they choose.
        proceeds: Share of proposals they go along with; the rest is modified or cancelled, half each.
        speaks: Share of requests they speak; the others are typed.
        last: What they chose last, by slot.
    """

    name: str
    chance: random.Random
    habit: Habit
    proceeds: float = 0.85
    speaks: float = 0.6
    last: dict[str, str] = field(default_factory=dict)

    def choose(self, slot: str, choices: Sequence[Choice], band: str) -> Choice:
        """Their answer to a question."""
        weights = self.habit(self, slot, choices, band)
        choice = self.chance.choices(choices, weights=weights)[0]
        self.last[slot] = choice.value
        return choice

    def decide(self, actions: Sequence[CardAction]) -> CardAction:
        """What they do with a proposal."""
        proceed = next(action for action in actions if action.action == "proceed")
        others = [action for action in actions if action is not proceed]
        return proceed if self.chance.random() < self.proceeds else self.chance.choice(others)

    def content(self, *, as_meant: bool, failed: bool, first_ms: float) -> bool:
        """Thumbs up: it was taken for what was meant, nothing failed, and it began soon."""
        return as_meant and not failed and first_ms <= PATIENCE_MS


def people(seed: int) -> tuple[Person, ...]:
    """Seven people, the same for the same seed."""

    def person(name: str, habit: Habit, proceeds: float = 0.85) -> Person:
        return Person(name, random.Random(f"{seed} {name}"), habit, proceeds)  # noqa: S311 - the same day every time

    def favourite(share: float, *, by_hour: bool = False) -> Habit:
        def weights(who: Person, slot: str, choices: Sequence[Choice], band: str) -> list[float]:
            about = f"{slot} {band}" if by_hour else slot
            return _favours(choices, _taste(seed, who, about, choices), share)

        return weights

    def default(share: float) -> Habit:
        return lambda _who, _slot, choices, _band: _favours(choices, _default(choices), share)

    return (
        person("steady", favourite(0.9)),
        person("by-the-hour", favourite(0.85, by_hour=True)),
        person("in-turns", lambda who, slot, choices, _band: _in_turns(seed, who, slot, choices)),
        person("explorer", favourite(0.5), 0.7),
        person("mostly-default", default(0.7)),
        person("always-default", default(1.0), 1.0),
        person("random", lambda _who, _slot, choices, _band: [1.0] * len(choices), 0.34),
    )


def _favours(choices: Sequence[Choice], favourite: int, share: float) -> list[float]:
    """One choice with a share, the rest of it spread over the others."""
    rest = (1.0 - share) / max(1, len(choices) - 1)
    return [share if at == favourite else rest for at in range(len(choices))]


def _taste(seed: int, who: Person, about: str, choices: Sequence[Choice]) -> int:
    """Which choice somebody likes best: drawn once for each person and question."""
    drawn = random.Random(f"{seed} {who.name} {about}")  # noqa: S311
    return drawn.randrange(len(choices))


def _default(choices: Sequence[Choice]) -> int:
    return next((at for at, choice in enumerate(choices) if choice.default), 0)


def _in_turns(seed: int, who: Person, slot: str, choices: Sequence[Choice]) -> list[float]:
    """Two choices, one after the other, mostly."""
    one = _taste(seed, who, slot, choices)
    other = (one + 1) % len(choices)
    after_one = who.last.get(slot) == choices[one].value
    return _favours(choices, other if after_one else one, 0.9)
