"""`sotto bench staged`: a scripted day of the staged assistant, with people who pause, choose and change their minds.

Seven people live a day each at the same time, on an assistant of their own but on one event loop, so that each is also
delayed by what the others have to be computed. The day is lived once with every strategy of work ahead; the
figures without a prefix are those of the strategy the program comes with. See `app.bench.staged_figures` for what is
counted, `app.bench.staged_people` for the people and `app.bench.staged_house` for what is real and what is scripted.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from app.assistant.speculation.costs import Measured, added
from app.assistant.speculation.strategy import COMPARED, Strategy
from app.assistant.understanding.meaning import OPEN_QUESTION
from app.bench.intents import CORE, IntentReport, measure
from app.bench.machine import describe
from app.bench.report import Figure, Report, percentiles, single
from app.bench.staged_day import LOST, QUICKER, Day, Script, Turn, script
from app.bench.staged_figures import figures_of, hit_rates, proceeds_ms
from app.bench.staged_house import house
from app.bench.staged_people import Person, people
from app.bootstrap.power import Hosting, put_power_together
from app.power.service import PowerService
from app.settings.limits import Limits
from app.settings.paths import Paths
from app.settings.store import SettingsStore
from app.settings.table import BY_KEY

DEFAULT = Strategy(str(BY_KEY["assistant.speculation"].default))
LONGEST_S = 200.0
"""No further strategy is begun after that; ``n`` tells."""
BEGINS = datetime(2026, 11, 23, 7, 0)
"""A Monday, local time."""


@dataclass
class Lived:
    """What the day came to with one strategy, by person."""

    turns: dict[str, list[Turn]] = field(default_factory=dict)
    costs: list[Measured] = field(default_factory=list)

    @property
    def all_turns(self) -> list[Turn]:
        """Those of everybody."""
        return [turn for turns in self.turns.values() for turn in turns]


def main(arguments: Sequence[str]) -> int:
    """Run the benchmark and print its report; returns the exit code."""
    parser = argparse.ArgumentParser(prog="sotto bench staged")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of the people and what they ask")
    parser.add_argument("--turns", type=int, default=210, metavar="N", help="with each strategy, over all people")
    options = parser.parse_args(arguments)
    lived, understood = asyncio.run(_live(options.seed, max(len(people(0)), options.turns)))
    figures = _figures(lived) | intent_figures(understood)
    facts = {"seed": options.seed, "language_model": "a script at the pace of the starter model"}
    notes = (*_notes(lived), "", *understood.table().splitlines())
    Report("staged", describe(**facts), figures, notes).show(as_json=options.json)
    return 0


async def _live(seed: int, turns: int) -> tuple[dict[Strategy, Lived], IntentReport]:
    """The day with each strategy, first with the one the program comes with; and how well requests are understood."""
    began, plan, lived = time.monotonic(), script(), {strategy: Lived() for strategy in COMPARED}
    async with open_power() as power:
        understood = await _understood(plan, power)
        for strategy in sorted(COMPARED, key=lambda each: each is not DEFAULT):
            if time.monotonic() - began < LONGEST_S:
                everybody, each = people(seed), math.ceil(turns / len(people(seed)))
                days = (_one_day(lived[strategy], strategy, who, plan, seed, each, power) for who in everybody)
                await asyncio.gather(*days)
    return lived, understood


@asynccontextmanager
async def open_power() -> AsyncIterator[PowerService]:
    """The sensors and accounts of this machine, as the program has them; nothing is left on the disk."""
    with TemporaryDirectory(prefix="sotto-bench-") as folder:
        paths = Paths.under(Path(folder))
        paths.ensure()
        power, _problems = put_power_together(paths, SettingsStore(paths.settings_file), Limits, Hosting())
        try:
            yield power
        finally:
            await power.aclose()


async def _understood(plan: Script, power: PowerService) -> IntentReport:
    """The shipped utterances, each understood once with all skills there are."""
    async with house(DEFAULT, BEGINS.astimezone(), plan.answers, plan.otherwise, power) as home:
        return measure(tuple(home.skills))


async def _one_day(
    lived: Lived, strategy: Strategy, person: Person, plan: Script, seed: int, turns: int, power: PowerService
) -> None:
    begins = BEGINS.astimezone()
    async with house(strategy, begins, plan.answers, plan.otherwise, power) as home:
        lived.turns[person.name] = await Day(home, person, plan, seed, begins).live(turns)
        await home.store.idle()
        lived.costs.extend(home.costs())


def intent_figures(report: IntentReport) -> dict[str, Figure]:
    """How well requests are understood, and how quickly."""
    count = len(report.judged)
    of_twelve = sum(each.utterance.intent in CORE for each in report.judged)
    opens = sum(each.utterance.intent == OPEN_QUESTION for each in report.judged)
    return {
        "intent_accuracy": single(report.accuracy, "", count),
        "intent_accuracy_of_twelve": single(report.core_accuracy, "", of_twelve),
        "intent_macro_f1": single(report.macro_f1, "", count),
        "intent_open_kept": single(report.open_kept, "", opens),
        "intent_calibration_error": single(report.calibration_error, "", count),
        "intent_brier": single(report.brier if count else None, "", count),
        "understand_ms": percentiles([each.ms for each in report.judged]),
    }


def _figures(lived: dict[Strategy, Lived]) -> dict[str, Figure]:
    standard = lived[DEFAULT]
    figures = figures_of(standard.all_turns)
    figures["joules_thrown_away"] = _joules(standard)
    for person in people(0):
        rate = hit_rates(standard.turns.get(person.name, []))["background_hit_rate"]
        figures[f"background_hit_rate_{person.name.replace('-', '_')}"] = rate
    for strategy, each in lived.items():
        prefix = strategy.value.replace("-", "_")
        rates = hit_rates(each.all_turns)
        figures[f"{prefix}_proceed_ms"] = percentiles(proceeds_ms(each.all_turns))
        figures[f"{prefix}_background_hit_rate"] = rates["background_hit_rate"]
        figures[f"{prefix}_cache_hit_rate"] = rates["cache_hit_rate"]
        saved_s = sum(one.saved_s for one in each.costs) / max(1, len(each.all_turns))
        figures[f"{prefix}_saved_ms_a_turn"] = single(saved_s * 1000.0, "ms", len(each.all_turns))
        figures[f"{prefix}_joules_ahead"] = single(sum(one.joules for one in each.costs), "J", len(each.all_turns))
        figures[f"{prefix}_joules_thrown_away"] = _joules(each)
    return figures


def _joules(lived: Lived) -> Figure:
    thrown_away = sum(each.thrown_away_joules for each in added(lived.costs))
    return single(thrown_away, "J", len(lived.all_turns))


def _notes(lived: dict[Strategy, Lived]) -> tuple[str, ...]:
    turns = lived[DEFAULT].all_turns
    spoken = sum(turn.spoken for turn in turns)
    return (
        f"figures without a prefix are those of the strategy {DEFAULT.value}; {len(turns)} turns with each strategy,",
        f"{spoken} of them heard word by word, the others typed or buttons; nothing is recognised or spoken,",
        f"but {LOST:.0%} of the heard words are lost, as recognisers lose them.",
        f"People pause {QUICKER:.0f} times shorter than people do: work ahead has so much less time.",
        "joules are processor seconds of the loop's thread times the device model, above idle: an estimate.",
        "intent_accuracy is from the utterances of assets/bench/intents; understood_share from this day.",
    )
