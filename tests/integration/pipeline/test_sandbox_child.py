"""The sandbox with its real child: what it does, what it cannot do, and that nothing of it is left."""

from __future__ import annotations

import asyncio
import importlib
import os
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psutil
import pytest

from app.contracts.errors import InvalidInput, RuntimeFault, TimedOut
from app.pipeline.sandbox import operations, process
from app.pipeline.sandbox.child import ChildSandbox
from app.pipeline.sandbox.operations import OPERATIONS, TEMPLATES
from tests.helpers.waiting import until

EXAMINE = "app.pipeline.sandbox.reading:examine"
_WORKER = """
import sys
sys.path[:0] = sys.argv[2:]
import dataclasses
from app.pipeline.sandbox import operations, worker
own = {}
for name in ("hog", "spin", "sleep", "die", "write", "run", "connect", "shout", "refuse", "environment", "fork", "raw"):
    own["tests.data.sandbox.naughty:" + name] = dataclasses.replace(operations.TEMPLATES, memory_mb=64, cpu_s=1)
worker.OPERATIONS = own
worker.main(sys.argv[1:2])
"""


@pytest.fixture
async def sandbox() -> AsyncIterator[ChildSandbox]:
    sandbox = ChildSandbox(size=1)
    yield sandbox
    pids = sandbox.pids
    await sandbox.aclose()
    assert not [pid for pid in pids if psutil.pid_exists(pid)]


@pytest.fixture
def naughty(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Operations that do what no operation should, in a real child with the real limits."""
    names = ("hog", "spin", "sleep", "die", "write", "run", "connect", "shout", "refuse", "environment", "fork", "raw")
    own = {f"tests.data.sandbox.naughty:{name}": TEMPLATES for name in names}
    monkeypatch.setattr("app.pipeline.sandbox.child.OPERATIONS", own)
    monkeypatch.setattr(process, "_START", _WORKER)
    return iter(())


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_operation_is_there(operation: str) -> None:
    module, _, function = operation.partition(":")
    assert callable(getattr(importlib.import_module(module), function))


async def test_a_child_answers_and_stays(sandbox: ChildSandbox) -> None:
    assert sandbox.pids == ()
    answer = await sandbox.call(EXAMINE, {"code": "def f():\n    return 1\nassert f() == 1\n"})
    first = sandbox.pids
    assert answer == {"problem": "", "examples": 1, "names": ["f"]}
    assert "line 1: " in str(await sandbox.call(EXAMINE, {"code": "def f(:"}))
    assert sandbox.pids == first
    await sandbox.aclose()
    assert not psutil.pid_exists(first[0])
    with pytest.raises(RuntimeFault) as failure:
        await sandbox.call(EXAMINE, {"code": ""})
    assert failure.value.code == "sandbox-closed"


async def test_what_is_not_in_the_table_is_not_run(sandbox: ChildSandbox) -> None:
    with pytest.raises(RuntimeFault, match="knows no operation") as failure:
        await sandbox.call("os:system", {"command": "true"})
    assert failure.value.code == "sandbox-operation"
    assert sandbox.pids == ()


async def test_two_children_at_most_whatever_is_asked() -> None:
    sandbox = ChildSandbox(size=2)
    answers = await asyncio.gather(*(sandbox.call(EXAMINE, {"code": f"x = {at}"}) for at in range(20)))
    pids = sandbox.pids
    await sandbox.aclose()
    assert len(answers) == 20
    assert len(pids) == 2


async def test_a_child_that_died_while_idle_is_replaced_unseen(sandbox: ChildSandbox) -> None:
    await sandbox.call(EXAMINE, {"code": "x = 1"})
    (first,) = sandbox.pids
    psutil.Process(first).kill()
    await until(lambda: psutil.Process(first).status() == psutil.STATUS_ZOMBIE)
    assert await sandbox.call(EXAMINE, {"code": "x = 1"}) == {"problem": "", "examples": 0, "names": []}
    assert sandbox.pids != (first,)


async def naughtily(sandbox: ChildSandbox, name: str, timeout_s: float = 10.0, **arguments: object) -> object:
    return await sandbox.call(f"tests.data.sandbox.naughty:{name}", arguments, timeout_s=timeout_s)  # type: ignore[arg-type]


@pytest.mark.usefixtures("naughty")
@pytest.mark.skipif(sys.platform != "linux", reason="the limits are the kernel's")
class TestLimits:
    async def test_memory(self, sandbox: ChildSandbox) -> None:
        with pytest.raises(RuntimeFault, match="more than 64 MB of memory"):
            await naughtily(sandbox, "hog")
        assert await naughtily(sandbox, "environment") is not None

    async def test_processor_time(self, sandbox: ChildSandbox) -> None:
        with pytest.raises(TimedOut, match="too much processor time"):
            await naughtily(sandbox, "spin")
        assert sandbox.pids == ()

    async def test_time(self, sandbox: ChildSandbox) -> None:
        with pytest.raises(TimedOut, match=r"longer than 0\.2 s") as failure:
            await naughtily(sandbox, "sleep", timeout_s=0.2)
        assert failure.value.code == "sandbox-timeout"
        assert sandbox.pids == ()

    async def test_output(self, sandbox: ChildSandbox) -> None:
        with pytest.raises(RuntimeFault, match="more than 4 MB of output"):
            await naughtily(sandbox, "shout")

    async def test_death(self, sandbox: ChildSandbox) -> None:
        with pytest.raises(RuntimeFault, match=r"ended its process \(code 3\)"):
            await naughtily(sandbox, "die")
        assert await naughtily(sandbox, "environment") is not None

    async def test_refusal_is_told_with_its_code(self, sandbox: ChildSandbox) -> None:
        with pytest.raises(InvalidInput) as failure:
            await naughtily(sandbox, "refuse")
        assert (failure.value.message, failure.value.code, failure.value.remedy) == ("No.", "not-so", "Do not.")

    @pytest.mark.parametrize("name", ["write", "run", "connect", "fork"])
    async def test_the_hurdle(self, sandbox: ChildSandbox, name: str, tmp_path: Path) -> None:
        with pytest.raises(RuntimeFault, match="PermissionError"):
            await naughtily(sandbox, name, folder=str(tmp_path))
        assert os.listdir(tmp_path) == []

    async def test_behind_the_hurdle_the_kernel_refuses(self, sandbox: ChildSandbox, tmp_path: Path) -> None:
        told = await naughtily(sandbox, "raw", path=str(tmp_path / "written"))
        assert isinstance(told, dict)
        assert told["written"] < 0
        assert told["capabilities"] == 0
        if told["own_network"]:
            assert told["connected"] < 0

    async def test_it_knows_nothing_of_us(self, sandbox: ChildSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SECRET", "1")
        told = await naughtily(sandbox, "environment")
        assert isinstance(told, dict)
        assert not set(told["names"]) - {"LC_CTYPE"}
        assert told["files"] == []
        assert told["folder"] != os.getcwd()

    async def test_cancelling_ends_the_child(self, sandbox: ChildSandbox) -> None:
        task = asyncio.create_task(naughtily(sandbox, "sleep"))
        await until(lambda: bool(sandbox.pids))
        await asyncio.sleep(0.5)
        (pid,) = sandbox.pids
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not psutil.pid_exists(pid)
        assert sandbox.pids == ()

    async def test_closing_ends_what_runs(self, sandbox: ChildSandbox) -> None:
        task = asyncio.create_task(naughtily(sandbox, "sleep"))
        await until(lambda: bool(sandbox.pids))
        await sandbox.aclose()
        with pytest.raises(RuntimeFault):
            await task


def test_limits_of_documents_are_larger_than_those_of_templates() -> None:
    assert operations.DOCUMENTS.memory_mb > TEMPLATES.memory_mb
    assert operations.DOCUMENTS.cpu_s > TEMPLATES.cpu_s
