"""What work ahead costs and what it was good for, by strategy and day.

Why it exists: work ahead is paid for before anybody knows whether it will be wanted. Each piece of it carries its
`Cost`; it counts as thrown away until somebody wants what it made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from app.assistant.speculation.strategy import Strategy
from app.contracts.events import Prepared
from app.memory.notebook import Notebook, Put

COLLECTION = "speculation"
BACKGROUND, CACHE, MISSED = "background", "cache", "missed"
"""Outcomes of `Prepared`."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What one strategy did on one day.

    Attributes:
        day: As 2026-11-21, local.
        strategy: Which.
        turns: It was in force for so many.
        background: Things that were wanted and had been made ahead, or were on their way.
        cache: Things that were wanted and kept since they were wanted before.
        missed: Things that were wanted and had to be made.
        saved_s: Seconds that making the first two took when nobody waited.
        joules: What work ahead took above idle, by the processor's device model.
        used_joules: The part of it that made what was wanted later.
    """

    day: str
    strategy: Strategy
    turns: int = 0
    background: int = 0
    cache: int = 0
    missed: int = 0
    saved_s: float = 0.0
    joules: float = 0.0
    used_joules: float = 0.0

    @property
    def background_hit_rate(self) -> float | None:
        """Of the things that were not kept from an earlier use, the share made ahead; None without any."""
        made = self.background + self.missed
        return self.background / made if made else None

    @property
    def cache_hit_rate(self) -> float | None:
        """Of all things that were wanted, the share that was there: kept from an earlier use or made ahead."""
        wanted = self.background + self.cache + self.missed
        return (self.background + self.cache) / wanted if wanted else None

    @property
    def kept_hit_rate(self) -> float | None:
        """Of the things that nobody made ahead, the share that was kept from an earlier use; None without any."""
        made = self.cache + self.missed
        return self.cache / made if made else None

    @property
    def thrown_away_joules(self) -> float:
        """What work ahead took that nobody has wanted so far."""
        return max(0.0, self.joules - self.used_joules)


def added(measured: Iterable[Measured]) -> tuple[Measured, ...]:
    """Sums over the days, a line for each strategy; the day is that of the newest."""
    sums: dict[Strategy, Measured] = {}
    for each in measured:
        before = sums.get(each.strategy)
        sums[each.strategy] = each if before is None else _sum(before, each)
    return tuple(sums[strategy] for strategy in Strategy if strategy in sums)


async def recorded(notebook: Notebook) -> tuple[Measured, ...]:
    """What was written down so far, a line for each strategy: for commands, without an assistant.

    Raises:
        StorageError: The notebook cannot be read.
    """
    return added(await notebook.entries(COLLECTION, Measured))


def lines(measured: Iterable[Measured]) -> tuple[str, ...]:
    """The strategies side by side, as a table of text for the terminal or a card; empty when nothing was measured."""
    rows: list[tuple[str, ...]] = [("strategy", "turns", "ahead", "kept", "missed", "saved", "J", "J in vain")]
    for each in added(measured):
        wanted = max(1, each.background + each.cache + each.missed)
        shares = (f"{count / wanted * 100.0:.0f} %" for count in (each.background, each.cache, each.missed))
        energy = (f"{each.joules:.2f}", f"{each.thrown_away_joules:.2f}")
        rows.append((each.strategy.value, str(each.turns), *shares, f"{each.saved_s:.2f} s", *energy))
    if len(rows) == 1:
        return ()
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return tuple("  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]) for row in rows)


@dataclass(slots=True)
class Cost:
    """What one piece of work ahead took, and whether anybody wanted what came of it.

    Attributes:
        strategy: It was begun under.
        part_of: The work it was done for: that was of use too, once this is.
        busy_s: Processor seconds on the loop's thread.
        joules: Counted so far.
        parts_joules: Of the work that was done for it.
        used: Somebody wanted it.
    """

    strategy: Strategy
    part_of: Cost | None = None
    busy_s: float = 0.0
    joules: float = 0.0
    parts_joules: float = 0.0
    used: bool = False


@dataclass(slots=True)
class _Day:
    day: str = ""
    measured: dict[Strategy, Measured] = field(default_factory=dict)


class Costs:
    """Counts.

    Args:
        now: Local time, aware: tells the day.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._earlier: list[Measured] = []
        self._today = _Day()
        self._seen: dict[str, tuple[float, int]] = {}

    async def load(self, notebook: Notebook) -> None:
        """Take up what earlier runs counted.

        Raises:
            StorageError: The notebook cannot be read.
        """
        today = self._day()
        for each in await notebook.entries(COLLECTION, Measured):
            if each.day == today.day:
                before = today.measured.get(each.strategy)
                today.measured[each.strategy] = each if before is None else _sum(each, before)
            else:
                self._earlier.append(each)

    def report(self, *, today: bool = False) -> tuple[Measured, ...]:
        """What each strategy came to, over all days or today."""
        of_today = tuple(self._day().measured.values())
        return added(of_today if today else (*self._earlier, *of_today))

    def writes(self) -> tuple[Put, ...]:
        """What has to be written down about today."""
        return tuple(Put(COLLECTION, f"{each.day} {each.strategy}", each) for each in self._day().measured.values())

    def turn(self, strategy: Strategy) -> None:
        """A turn begins under a strategy."""
        self._change(strategy, turns=1)

    def wanted(self, strategy: Strategy, prepared: Prepared) -> None:
        """Something was wanted; the strategy that was in force when it could have been made ahead answers for it."""
        outcome = {name: int(prepared.outcome == name) for name in (BACKGROUND, CACHE, MISSED)}
        self._change(strategy, saved_s=prepared.saved_ms / 1000.0, **outcome)

    def spent(self, kind: str, cost: Cost, joules: float) -> None:
        """Work ahead has ended, done or not."""
        cost.joules = joules
        used = joules if cost.used else 0.0
        self._change(cost.strategy, joules=joules, used_joules=used)
        if cost.part_of is not None:
            cost.part_of.parts_joules += joules + cost.parts_joules
        total, count = self._seen.get(kind, (0.0, 0))
        self._seen[kind] = (total + joules + cost.parts_joules, count + 1)

    def use(self, cost: Cost | None) -> None:
        """What came of it is wanted; so the work it was part of was not in vain either."""
        while cost is not None and not cost.used:
            cost.used = True
            self._change(cost.strategy, used_joules=cost.joules)
            cost = cost.part_of

    def usual(self, kind: str) -> float:
        """Joules that work ahead of a kind took on average, with all that was done for it; 0 while nobody knows."""
        total, count = self._seen.get(kind, (0.0, 0))
        return total / count if count else 0.0

    def _change(self, strategy: Strategy, **more: float) -> None:
        measured = self._day().measured
        before = measured.get(strategy) or Measured(self._today.day, strategy)
        changed = {name: getattr(before, name) + value for name, value in more.items()}
        measured[strategy] = replace(before, **changed)

    def _day(self) -> _Day:
        day = self._now().date().isoformat()
        if day != self._today.day:
            self._earlier.extend(self._today.measured.values())
            self._today = _Day(day)
        return self._today


def _sum(one: Measured, other: Measured) -> Measured:
    return Measured(
        day=max(one.day, other.day),
        strategy=one.strategy,
        turns=one.turns + other.turns,
        background=one.background + other.background,
        cache=one.cache + other.cache,
        missed=one.missed + other.missed,
        saved_s=one.saved_s + other.saved_s,
        joules=one.joules + other.joules,
        used_joules=one.used_joules + other.used_joules,
    )
