"""`sotto routing` says what answers what, and forgets on demand."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import pytest

from app.assistant.progressive.satisfaction import Satisfaction
from app.assistant.speculation.costs import COLLECTION, Measured
from app.assistant.speculation.strategy import Strategy
from app.assistant.understanding.meaning import Complexity
from app.cli.console import Console
from app.cli.parser import build_parser
from app.cli.routing import routing
from app.memory.notebook import Notebook, Put
from app.settings.paths import Paths
from tests.helpers.staged import NOON
from tests.helpers.virtual_time import in_virtual_time


@pytest.fixture
def paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Paths:
    for name in ("CONFIG", "DATA", "CACHE", "STATE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name.lower()))
    return Paths.default()


def run(*arguments: str) -> str:
    out = io.StringIO()
    options = build_parser().parse_args(["routing", *arguments])
    assert routing(options, Console(out, io.StringIO())) == 0
    return out.getvalue()


def rate(paths: Paths, times: int) -> None:
    @in_virtual_time
    async def work() -> None:
        notebook = Notebook(paths.notebook)
        satisfaction = Satisfaction(notebook, lambda: NOON)
        for _ in range(times):
            await satisfaction.rate("open_question", Complexity.MEDIUM, "quick_response", -1, last="synthesis")
        await notebook.aclose()

    paths.notebook.parent.mkdir(parents=True, exist_ok=True)
    work()


def test_before_any_rating(paths: Paths) -> None:
    text = run("explain")
    assert "  medium   quick_response → synthesis\n" in text
    assert "You have not rated any answer yet." in text
    run("reset")
    assert not paths.notebook.exists()


def test_what_ratings_moved_and_that_it_can_be_forgotten(paths: Paths) -> None:
    rate(paths, 3)
    text = run("explain")
    assert "medium open_question: 0.95 suffices, moved by +0.05" in text
    assert "quick_response  0 good, 3 bad: satisfied 43% of the time" in text
    content = json.loads(run("explain", "--json"))
    assert [stage["name"] for stage in content["stages"]] == ["quick_response", "deep_analysis", "synthesis"]
    assert content["routes"]["simple"] == ["quick_response"]
    (kind,) = content["kinds"]
    assert (kind["threshold"], kind["evidence"][0]["unsatisfied"]) == (pytest.approx(0.95), 3)
    run("reset")
    assert json.loads(run("explain", "--json"))["kinds"] == []


def test_the_strategies_of_work_ahead_side_by_side(paths: Paths) -> None:
    @in_virtual_time
    async def work() -> None:
        notebook = Notebook(paths.notebook)
        for strategy, missed in ((Strategy.NONE, 4), (Strategy.TOP_K, 1)):
            measured = Measured("2026-11-21", strategy, turns=4, background=4 - missed, missed=missed, joules=0.5)
            await notebook.commit((Put(COLLECTION, strategy.value, measured),))
        await notebook.aclose()

    paths.notebook.parent.mkdir(parents=True, exist_ok=True)
    work()
    assert re.search(r"none +4 +0 % +0 % +100 %", run("explain"))
    none, top = json.loads(run("explain", "--json"))["strategies"]
    assert (none["strategy"], none["missed"], top["background"]) == ("none", 4, 3)
    assert top["joules_thrown_away"] == pytest.approx(0.5)
