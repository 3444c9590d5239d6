"""Routines and jobs from the terminal, over the real skill."""

from __future__ import annotations

import io
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from app.cli.console import Console
from app.cli.jobs import jobs, open_jobs
from app.cli.parser import build_parser
from app.cli.routines import Desk, RoutineRequest, routines
from app.contracts.errors import InvalidInput
from tests.helpers.routines import house
from tests.helpers.virtual_time import in_virtual_time

TEA = ("when I say tea time,", "set a timer for 4 minutes")


class Terminal:
    """Runs commands one after the other over one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.said = ""

    async def run(self, *words: str, piped: str = "", **options: bool | tuple[str, ...]) -> str:
        """What a command writes; what it says beside that is in ``said``."""
        out, err = io.StringIO(), io.StringIO()
        request = RoutineRequest(action=words[0], words=words[1:], **options)  # type: ignore[arg-type]
        code = await routines(self._open, Console(out, err), request, io.StringIO(piped))
        assert code == 0
        self.said = err.getvalue()
        return out.getvalue()

    async def jobs(self, action: str, job_id: str = "", *, as_json: bool = False) -> str:
        """What a command about jobs writes."""
        out = io.StringIO()
        path = self._folder / "notebook.db"
        await jobs(lambda: open_jobs(path), Console(out, io.StringIO()), action, job_id, as_json=as_json)
        return out.getvalue()

    @asynccontextmanager
    async def _open(self) -> AsyncIterator[Desk]:
        async with house(self._folder) as made:
            yield made


@in_virtual_time
async def test_made_listed_shown_run_and_deleted(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    made = await terminal.run("make", *TEA)
    listed = await terminal.run("list")
    shown = await terminal.run("show", "tea", "time")
    ran = await terminal.run("run", "tea-time")
    piped = await terminal.run("run", "tea-time", piped="minutes: 1 hour\n")
    setting = await terminal.run("run", "tea-time", settings=("minutes=9",))
    dry = await terminal.run("run", "tea-time", dry=True)
    again = await terminal.run("make", *TEA, piped="minutes = 6")
    counted = json.loads(await terminal.run("show", "tea-time", as_json=True))["runs"]
    with pytest.raises(InvalidInput, match="--yes"):
        await terminal.run("delete", "tea-time")
    await terminal.run("delete", "tea-time", yes=True)
    assert "- ask: set a timer for {{ minutes }} minutes\n" in made
    assert listed == "tea-time  1 step, started by: tea time\n"
    assert shown == made
    assert [ran, piped, setting, dry, again] == [
        "Timer for 4 minutes.\n",
        "Timer for 60 minutes.\n",
        "Timer for 9 minutes.\n",
        "Timer for 4 minutes.\n",
        "Timer for 6 minutes.\n",
    ]
    assert counted == 4
    assert await terminal.run("list", as_json=True) == '{"routines": []}\n'
    stats = json.loads(await terminal.run("stats", as_json=True))
    assert (stats["requests"], stats["reuse_share"]) == (2, 0.5)


@in_virtual_time
async def test_what_has_weight_needs_a_word(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    await terminal.run("make", "when I say clean up, clear my list")
    with pytest.raises(InvalidInput, match="I'll clear your list"):
        await terminal.run("run", "clean", "up")
    with pytest.raises(InvalidInput, match="--replace"):
        await terminal.run("make", "when I say clean up, tell me the time")
    assert await terminal.run("run", "clean", "up", dry=True) == "(would ask first: I'll clear your list.)\n"
    assert await terminal.run("run", "clean", "up", yes=True) == "It is empty now.\n"
    assert "tell me the time" in await terminal.run("make", "when I say clean up, tell me the time", replace=True)


@in_virtual_time
async def test_runs_are_jobs_that_another_command_sees(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    await terminal.run("make", *TEA)
    await terminal.run("run", "tea-time")
    [job] = json.loads(await terminal.jobs("list", as_json=True))["jobs"]
    shown = await terminal.jobs("show", job["job_id"])
    waited = await terminal.jobs("wait", job["job_id"][:4])
    assert (job["name"], job["state"]) == ("Tea time", "done")
    assert shown == waited == "Tea time: done\nTimer for 4 minutes.\n"
    assert job["job_id"] in await terminal.jobs("list")


@in_virtual_time
async def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    for piped in ("a\0b", "caf\udce9"):
        with pytest.raises(InvalidInput, match="no UTF-8 text"):
            await terminal.run("make", *TEA, piped=piped)


@pytest.mark.parametrize(
    "words", [("list", "--limit", "0"), ("list", "--limit", "x"), ("wait", "a", "--timeout", "nan")]
)
def test_counts_and_times_that_are_none_are_refused(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        build_parser().parse_args(["jobs", *words])
    assert "is no number" in capsys.readouterr().err


@in_virtual_time
async def test_both_ways_are_put_side_by_side(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    await terminal.run("make", *TEA)
    both = json.loads(await terminal.run("stats", compare=True, as_json=True))
    said = await terminal.run("stats", compare=True)
    assert {way: measured["requests"] for way, measured in both.items()} == {"reuse": 5, "make": 5}
    assert [line.split(",")[0] for line in said.splitlines() if line.endswith("requests")] == [
        "a saved one is taken",
        "a new one is made",
    ]
