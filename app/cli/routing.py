"""`sotto routing explain|reset`: which stages answer which questions, and what your ratings have moved."""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from app.assistant.parts import Depth
from app.assistant.progressive.routing import REACH, SUFFICES, route
from app.assistant.progressive.satisfaction import STEP_A_DAY, Kind, Satisfaction
from app.assistant.speculation.costs import Measured, recorded
from app.assistant.speculation.costs import lines as strategy_lines
from app.assistant.understanding.meaning import OPEN_QUESTION, Complexity
from app.cli.columns import wrapped
from app.cli.console import Console, printable
from app.memory.notebook import Notebook
from app.settings.answer_stages import AnswerStage
from app.settings.paths import Paths, asset
from app.settings.profiles import Profile, ProfileStore
from app.settings.store import SettingsStore

T = TypeVar("T")


def routing(options: argparse.Namespace, console: Console) -> int:
    """Run `sotto routing`; returns the exit code.

    Raises:
        StorageError: The notebook cannot be read or written.
        InvalidInput: The chosen profile cannot be read.
    """
    paths = Paths.default()
    if options.action == "reset":
        count = _with_notebook(paths, _reset, 0)
        said = "1 kind of question" if count == 1 else f"{count} kinds of questions"
        forgotten = f"What you said of {said} is forgotten. A running window takes that up at its next start."
        console.say(forgotten if count else "You have not rated any answer yet.")
        return console.settle()
    known = _with_notebook(paths, _known, Known())
    profile = _profile(paths)
    console.write(as_json(profile, known) if options.json else as_text(profile, known))
    return console.settle()


@dataclass(frozen=True, slots=True)
class Known:
    """What was learned: from ratings, by kind of question; and of work ahead, by strategy."""

    kinds: tuple[Kind, ...] = ()
    strategies: tuple[Measured, ...] = ()


def as_json(profile: Profile, known: Known) -> str:
    """Everything as one JSON object and a line end."""
    content = {
        "profile": profile.profile_id,
        "suffices": SUFFICES,
        "reach": REACH,
        "step_a_day": STEP_A_DAY,
        "stages": [
            {"name": each.name, "tier": each.tier, "prior": each.prior, "temperature": each.temperature,
             "timeout_s": each.timeout_s, "system": each.system}
            for each in profile.answers
        ],
        "routes": {level.value: list(_names(profile.answers, level, SUFFICES)) for level in Complexity},
        "kinds": [
            {"complexity": kind.complexity, "intent": kind.intent, "threshold": kind.threshold,
             "route": list(_names(profile.answers, Complexity(kind.complexity), kind.threshold)),
             "evidence": [
                 {"stage": each.stage, "satisfied": each.satisfied, "unsatisfied": each.unsatisfied, "mean": each.mean}
                 for each in kind.evidence
             ]}
            for kind in known.kinds
        ],
        "strategies": [
            {"strategy": each.strategy.value, "turns": each.turns, "background": each.background, "cache": each.cache,
             "missed": each.missed, "saved_s": each.saved_s, "joules": each.joules,
             "joules_thrown_away": each.thrown_away_joules}
            for each in known.strategies
        ],
    }  # fmt: skip
    return json.dumps(content) + "\n"


def as_text(profile: Profile, known: Known) -> str:
    """The same for a person."""
    routes = (f"  {level.value:<8} {' → '.join(_names(profile.answers, level, SUFFICES))}" for level in Complexity)
    lines = [f"Open questions in the profile {printable(profile.name)}:", *routes, ""]
    for stage in profile.answers:
        said = f"{stage.tier}, confidence {stage.prior:.2f} as a rule, at most {stage.timeout_s:g} s"
        lines.append(printable(f"  {stage.name:<15} {said}"))
    lines.append("")
    lines += wrapped(
        f"An answer with a confidence of {SUFFICES:.2f} is left as it is. Your ratings move that between "
        f"{SUFFICES - REACH:.2f} and {min(1.0, SUFFICES + REACH):.2f}, by at most {STEP_A_DAY:g} a day.",
        "",
    )
    lines.append("")
    if not known.kinds:
        lines.append("You have not rated any answer yet.")
    for kind in known.kinds:
        moved = kind.threshold - SUFFICES
        way = f", moved by {moved:+.2f}" if abs(moved) >= 0.005 else ""
        suffices = f": {kind.threshold:.2f} suffices{way}" if kind.intent == OPEN_QUESTION else ""
        lines.append(printable(f"{kind.complexity} {kind.intent}{suffices}"))
        for each in kind.evidence:
            share = f"satisfied {each.mean:.0%} of the time, as far as can be told"
            lines.append(printable(f"  {each.stage:<15} {each.satisfied} good, {each.unsatisfied} bad: {share}"))
    if table := strategy_lines(known.strategies):
        lines += ["", "Work ahead, by strategy (the setting assistant.speculation; ab takes turns):"]
        lines += [f"  {line}" for line in table]
    return "\n".join(lines) + "\n"


def _names(stages: tuple[AnswerStage, ...], level: Complexity, threshold: float) -> tuple[str, ...]:
    return tuple(stage.name for stage in route(stages, Depth(), level, threshold).stages)


def _profile(paths: Paths) -> Profile:
    settings = SettingsStore(paths.settings_file)
    settings.load()
    return ProfileStore(asset("profiles"), paths.profiles_dir).load(settings.text("profile.active"))


async def _known(notebook: Notebook) -> Known:
    satisfaction = _satisfaction(notebook)
    await satisfaction.load()
    return Known(satisfaction.kinds(), await recorded(notebook))


async def _reset(notebook: Notebook) -> int:
    satisfaction = _satisfaction(notebook)
    await satisfaction.load()
    return await satisfaction.reset()


def _satisfaction(notebook: Notebook) -> Satisfaction:
    return Satisfaction(notebook, lambda: datetime.now().astimezone())


def _with_notebook(paths: Paths, work: Callable[[Notebook], Awaitable[T]], nothing: T) -> T:
    """Work on the notebook; ``nothing`` where none has been begun."""
    if not paths.notebook.exists():
        return nothing

    async def run() -> T:
        notebook = Notebook(paths.notebook)
        try:
            return await work(notebook)
        finally:
            await notebook.aclose()

    return asyncio.run(run())
