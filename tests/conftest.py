"""What every test is held to: nothing it started is left behind, and nothing it did logged an error."""

from __future__ import annotations

import asyncio
import gc
import inspect
import logging
import os
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psutil
import pytest

from models.quiet import refuse_telemetry

PATIENCE_S = 5.0
"""A process that was told to end may take this long before it counts as left behind."""
_HELPERS = ("multiprocessing.resource_tracker", "multiprocessing.forkserver")
"""Children the standard library keeps for the rest of the session."""
_THREADS = Path("/proc/self/task")


def pytest_configure(config: pytest.Config) -> None:
    refuse_telemetry()
    _compile_once()
    config.addinivalue_line("markers", "logs_errors: this test makes the program log an error, on purpose")


def pytest_collection_finish() -> None:
    """What was imported and collected stays to the end: the garbage collector need not look through it again."""
    gc.collect()
    gc.freeze()


def _compile_once() -> None:
    """Let programs under test keep the bytecode of our modules, whatever the shell says: hundreds of them start."""
    sys.dont_write_bytecode = False
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


@pytest.fixture(autouse=True)
def no_leftovers(request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Fail a test that leaves a task or a child process behind, or in which an error was logged."""
    before = _children()
    if inspect.iscoroutinefunction(getattr(request, "function", None)):
        request.getfixturevalue("no_leaked_tasks")
    yield
    left = _left(before)
    assert not left, f"left behind: {left}"
    if request.node.get_closest_marker("logs_errors") is None:
        errors = [
            f"{record.name}: {record.getMessage()}"
            for phase in ("setup", "call")
            for record in caplog.get_records(phase)
            if record.levelno >= logging.ERROR
        ]
        assert not errors, f"errors were logged: {errors}"


@pytest.fixture
async def no_leaked_tasks() -> AsyncIterator[None]:
    """Fail a test that ends while a task of its event loop still runs."""
    mine = asyncio.all_tasks()
    yield
    for _ in range(3):  # a task that has just been told to end needs a turn of the loop for it
        await asyncio.sleep(0)
    left = asyncio.all_tasks() - mine - {asyncio.current_task()}
    assert not left, f"tasks still run: {sorted(task.get_name() for task in left)}"


def _children() -> set[int]:
    """Our own children; what a program under test starts in its turn is that program's business.

    Asked twice for every test: nothing is read while there is no child at all, and where the kernel lists them, they
    are not looked for among all processes.
    """
    if hasattr(os, "waitid"):
        try:
            os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return set()
    listed = list(_THREADS.glob("*/children"))
    if not listed:
        return {child.pid for child in psutil.Process().children()}
    return {int(pid) for path in listed for pid in _text(path).split()}


def _text(path: Path) -> str:
    """Empty when the thread has just ended: its children have gone over to another one."""
    try:
        return path.read_text(encoding="ascii")
    except (FileNotFoundError, ProcessLookupError):
        return ""


def _left(before: set[int]) -> list[str]:
    """The command lines of children that are new, after they had time to end."""
    deadline = time.monotonic() + PATIENCE_S
    while new := _children() - before:
        found = [words for pid in new if (words := _command(pid)) and not any(name in words for name in _HELPERS)]
        if not found or time.monotonic() > deadline:
            return found
        time.sleep(0.02)
    return []


def _command(pid: int) -> str:
    """Empty when it has gone meanwhile."""
    try:
        process = psutil.Process(pid)
        return f"{process.status()} {' '.join(process.cmdline()) or process.name()}"
    except psutil.NoSuchProcess:
        return ""
