"""How much is made ahead: the strategies, and the prices by which work ahead is weighed.

Why it exists: whether work ahead pays is one rule, and comparing strategies is only worth something when each of them
is exactly what its name says. The executor, the benchmark and the settings all take it from here.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from app.assistant.speculation.preparing import Urgency, Worth
from app.contracts.energy import GovernorVerdict


class Strategy(StrEnum):
    """What is made ahead."""

    NONE = "none"
    """Nothing. What was made once is still kept."""
    TOP_1 = "top-1"
    """The likeliest answer of every question, what is proposed, and the data of both."""
    TOP_K = "top-k"
    """The three likeliest answers, what is proposed and what it may be turned into, as far as that pays."""
    ALL = "all"
    """Everything, whatever it costs."""


AB = "ab"
"""The setting that takes one strategy after the other, turn by turn, so that they can be compared."""
COMPARED = (Strategy.NONE, Strategy.TOP_1, Strategy.TOP_K, Strategy.ALL)
BRANCHES: dict[Strategy, int | None] = {
    Strategy.NONE: 0,
    Strategy.TOP_1: 1,
    Strategy.TOP_K: 3,
    Strategy.ALL: None,
}
"""How many answers of a question are followed; None for each of them."""


def budget(processors: int) -> int:
    """Pieces of work ahead that may run at the same time on a machine of so many processors."""
    return 1 if processors <= 4 else 2


@dataclass(frozen=True, slots=True)
class Prices:
    """What seconds and joules are set against.

    Attributes:
        of_second: Of a second a person does not wait: the unit.
        of_joule: Of a joule: how many seconds longer somebody would wait to save it. At 0.002 a plan of 20 ms on a
            processor of 15 W (0.3 J) pays from a chance of 1 in 500 on, a prompt of 5 s on the same processor (75 J)
            only when it saves 0.15 s for sure.
    """

    of_second: float = 1.0
    of_joule: float = 0.002


MAINS = Prices()
SCARCE = Prices(of_joule=0.02)
"""Where energy is short a joule is worth ten times as much."""


def prices_of(verdict: GovernorVerdict) -> Prices:
    """The prices as the governor sees the machine: energy is short once answers have to do with less of it."""
    return SCARCE if verdict.patience > 0.0 or verdict.joules is not None else MAINS


def pays(worth: Worth, joules: float, prices: Prices) -> bool:
    """Whether what work ahead saves on average is worth more than what it takes.

    Args:
        worth: Its chance and the seconds it saves.
        joules: What it takes, by what is said or by what such work took before.
        prices: Of both.
    """
    return worth.chance * worth.saves_s * prices.of_second > joules * prices.of_joule


def takes(strategy: Strategy, urgency: Urgency, worth: Worth | None, joules: float, prices: Prices) -> bool:
    """Whether a strategy makes something ahead; which answers of a question, `BRANCHES` says."""
    if strategy is Strategy.NONE:
        return False
    if strategy is Strategy.ALL:
        return True
    if strategy is Strategy.TOP_1 and urgency is Urgency.VARIATION:
        return False
    return worth is None or pays(worth, joules, prices)


class Alternating:
    """The strategy of each turn, as the setting says.

    Attributes:
        now: In force: work ahead that begins now is counted for it.
        before: Of the turn before, which got ready what this turn wants.
    """

    def __init__(self) -> None:
        self.now = self.before = Strategy.TOP_K
        self._changes = 0

    def turn_begins(self, setting: str) -> None:
        """Another turn; a setting that is not known counts as `Strategy.TOP_K`."""
        if self._changes:
            self.before = self.now
            self.now = self._following(setting)
        else:
            self.now = self.before = self._following(setting)
        self._changes += 1

    def heard(self, setting: str) -> None:
        """Something is made ahead; before the first turn the setting has to be looked at for it."""
        if not self._changes:
            self.now = self.before = self._following(setting)

    def _following(self, setting: str) -> Strategy:
        if setting == AB:
            return COMPARED[self._changes % len(COMPARED)]
        return Strategy(setting) if setting in {each.value for each in Strategy} else Strategy.TOP_K
