"""`sotto jobs list|show|wait|cancel`: what goes on by itself, here or in another Sotto of this person."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from app.aio.clock import SystemClock
from app.assistant.jobs.book import JobBook
from app.assistant.jobs.job import KeptJob
from app.cli.console import Console, printable
from app.contracts.skill_cards import JobState
from app.memory.notebook import Notebook

Opener = Callable[[], AbstractAsyncContextManager[JobBook]]


@asynccontextmanager
async def open_jobs(path: Path) -> AsyncIterator[JobBook]:
    """The jobs in a notebook, without anything that could begin one."""
    notebook = Notebook(path)
    try:
        book = JobBook(SystemClock(), notebook, lambda _event: None)
        yield book
        await book.aclose()
    finally:
        await notebook.aclose()


async def jobs(
    open_book: Opener,
    console: Console,
    action: str,
    job_id: str = "",
    *,
    limit: int = 20,
    timeout_s: float | None = None,
    as_json: bool = False,
) -> int:
    """Do what was asked; returns the exit code: 0, or 1 when a job that was waited for did not end well.

    Raises:
        SottoError: There is no such job, it still goes on, or the notebook cannot be read.
    """
    async with open_book() as book:
        match action:
            case "list":
                return _list(console, await book.all(limit), as_json=as_json)
            case "wait":
                job = await book.wait(job_id, timeout_s)
            case "cancel":
                job = await book.cancel(job_id)
            case _:
                job = await book.get(job_id)
    _show(console, job, as_json=as_json)
    failed = action == "wait" and job.state is not JobState.DONE
    return console.settle() or int(failed)


def _list(console: Console, found: Sequence[KeptJob], *, as_json: bool) -> int:
    if as_json:
        console.write(json.dumps({"jobs": [asdict(job) for job in found]}) + "\n")
        return console.settle()
    if not found:
        console.say("There are no jobs.")
    for job in found:
        began = datetime.fromtimestamp(job.made_at).astimezone().strftime("%Y-%m-%d %H:%M:%S")
        console.write(printable(f"{job.job_id}  {began}  {_state(job).ljust(11)}  {job.name}\n"))
    return console.settle()


def _show(console: Console, job: KeptJob, *, as_json: bool) -> None:
    if as_json:
        console.write(json.dumps(asdict(job)) + "\n")
        return
    console.write(printable(f"{job.name}: {_state(job)}\n"))
    if job.message:
        console.write(printable(f"{job.message}\n"))


def _state(job: KeptJob) -> str:
    if job.state is JobState.RUNNING and job.progress is not None:
        return f"{job.state.value} {job.progress:.0%}"
    return job.code if job.state is JobState.FAILED and job.code == "interrupted" else job.state.value
