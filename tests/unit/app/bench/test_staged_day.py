"""A short scripted day on the real staged assistant."""

from __future__ import annotations

import asyncio
from datetime import datetime

import pytest

from app.assistant.speculation.strategy import Strategy
from app.bench import staged_day
from app.bench.staged import open_power
from app.bench.staged_day import Day, Request, Script, Turn
from app.bench.staged_figures import figures_of
from app.bench.staged_house import house
from app.bench.staged_people import people
from app.contracts.events import TurnFinished

PLAN = Script(
    requests=(Request("plan a workout", "plan_workout", ("morning", "midday", "evening")),),
    first=(Request("why is the sky blue", "open_question"),),
    answers={"sky": "Air scatters blue light."},
    otherwise="I am not sure.",
)


async def live(turns: int) -> tuple[list[Turn], float]:
    """The day of one who always takes the default, and the joules of work ahead."""
    person = next(each for each in people(1) if each.name == "always-default")
    begins = datetime(2026, 11, 23, 7, 0).astimezone()
    async with open_power() as power, house(Strategy.TOP_K, begins, PLAN.answers, PLAN.otherwise, power) as home:
        lived = await Day(home, person, PLAN, 3, begins).live(turns)
        await home.store.idle()
        return lived, sum(each.joules for each in home.costs())


def test_a_short_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(staged_day, "QUICKER", 60.0)
    turns, joules = asyncio.run(live(5))
    kinds = {turn.kind for turn in turns}
    assert {"request", "answer", "proceed"} <= kinds
    assert all(isinstance(turn.events[-1], TurnFinished) for turn in turns)
    assert all(turn.as_meant and turn.content for turn in turns)
    figures = figures_of(turns)
    assert figures["proceed_ms"].n >= 1
    assert figures["background_hit_rate"].n > 0
    assert joules > 0.0
