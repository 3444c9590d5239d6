"""Jobs are kept from their begin on, end exactly once, and can be cancelled from another process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from app.assistant.jobs.book import JobBook, Report, Result
from app.assistant.jobs.job import COLLECTION, KeptJob, still_runs, this_process
from app.contracts.errors import InvalidInput, TimedOut, Unavailable
from app.contracts.events import CardChanged, JobProgress, SystemEvent
from app.contracts.skill_cards import JobCard, JobState, ListCard
from app.memory.notebook import Notebook
from tests.helpers.virtual_time import LoopClock, in_virtual_time


@asynccontextmanager
async def opened(folder: Path, told: list[SystemEvent] | None = None, owner: str = "here") -> AsyncIterator[JobBook]:
    notebook = Notebook(folder / "notebook.db")
    publish = (told if told is not None else []).append
    book = JobBook(LoopClock(), notebook, publish, owner=owner, alive=lambda other: other in ("here", "there"))
    try:
        yield book
    finally:
        await book.aclose()
        await notebook.aclose()


async def endless(report: Report) -> Result:
    report("Going on.", 0.25)
    await asyncio.sleep(1e6)
    return Result("never")


@in_virtual_time
async def test_from_begin_to_end(tmp_path: Path) -> None:
    told: list[SystemEvent] = []
    card = ListCard(card_id="made", list_id="made", title="Made")

    async def work(report: Report) -> Result:
        report("Half of it.", 0.5)
        await asyncio.sleep(3.0)
        return Result("All of it.", (card,))

    async with opened(tmp_path, told) as book:
        began = await book.start("Count", work)
        job = await book.wait(began.job_id)
        again = await book.get(began.job_id[:5])
    cards = [event.card for event in told if isinstance(event, CardChanged)]
    shown = [(each.state, each.progress) for each in cards if isinstance(each, JobCard)]
    assert shown == [
        (JobState.QUEUED, None),
        (JobState.RUNNING, None),
        (JobState.RUNNING, 0.5),
        (JobState.DONE, 1.0),
    ]
    assert [card.revision for card in cards if isinstance(card, JobCard)] == [1, 2, 3, 4]
    assert cards[-1] == card
    assert [event.done for event in told if isinstance(event, JobProgress)] == [False, False, True]
    assert (job.state, job.message, again) == (JobState.DONE, "All of it.", job)
    assert job.ended_at - job.made_at >= 3.0


@in_virtual_time
async def test_ends(tmp_path: Path) -> None:
    async def refuses(report: Report) -> Result:
        raise Unavailable("There is no model.", code="no-model", remedy="Get one.")

    async with opened(tmp_path) as book:
        failed = await book.wait((await book.start("Refused", refuses)).job_id)
        await asyncio.sleep(1.0)
        goes_on = await book.start("Endless", endless)
        with pytest.raises(TimedOut):
            await book.wait(goes_on.job_id, 2.0)
        cancelled = await book.cancel(goes_on.job_id)
        unbegun = await book.cancel((await book.start("Unbegun", endless)).job_id)
        again = await book.cancel(failed.job_id)
        with pytest.raises(InvalidInput):
            await book.get("nothing")
        assert [job.name for job in await book.all()] == ["Unbegun", "Endless", "Refused"]
    assert (failed.state, failed.message, failed.code) == (JobState.FAILED, "There is no model. Get one.", "no-model")
    assert (cancelled.state, cancelled.progress) == (JobState.CANCELLED, 0.25)
    assert unbegun.state is JobState.CANCELLED
    assert again == failed


@in_virtual_time
async def test_the_end_of_the_program_and_a_crash_leave_interrupted_jobs(tmp_path: Path) -> None:
    async with opened(tmp_path) as book:
        closed = await book.start("Closed", endless)
        await asyncio.sleep(1.0)
    async with opened(tmp_path) as book:
        crashed = book.drafted("Crashed")
        elsewhere = KeptJob("beef", "Elsewhere", crashed.made_at, "there", JobState.RUNNING)
        gone = KeptJob("dead", "Gone", crashed.made_at, "gone", JobState.RUNNING)
        await book._notebook.commit([book.writing(job) for job in (crashed, elsewhere, gone)])
        left = await book.open()
        states = {job.name: (job.state, job.code) for job in await book.all()}
        waited = await book.wait(closed.job_id)
    interrupted = (JobState.FAILED, "interrupted")
    assert sorted(job.name for job in left) == ["Crashed", "Gone"]
    assert states == {
        "Closed": interrupted,
        "Crashed": interrupted,
        "Gone": interrupted,
        "Elsewhere": (JobState.RUNNING, ""),
    }
    assert waited.message == "Sotto was closed before it was done."


@in_virtual_time
async def test_another_process_waits_and_cancels(tmp_path: Path) -> None:
    async with opened(tmp_path) as here, opened(tmp_path, owner="there") as there:
        job = await here.start("Endless", endless)
        await asyncio.sleep(1.0)
        seen = await there.get(job.job_id)
        cancelled = await there.cancel(job.job_id)
        kept = await here._notebook.entries(f"{COLLECTION}.wishes", KeptJob)
    assert (seen.state, seen.message) == (JobState.RUNNING, "Going on.")
    assert cancelled.state is JobState.CANCELLED
    assert kept == ()


def test_a_process_is_told_by_its_id_and_its_start() -> None:
    assert still_runs(this_process())
    assert not still_runs(this_process() + "1")
    assert not still_runs("")


@in_virtual_time
async def test_a_job_whose_process_is_gone_is_shown_as_cut_off(tmp_path: Path) -> None:
    async with opened(tmp_path, owner="gone") as before:
        draft = before.drafted("Half")
        await before._notebook.commit((before.writing(draft),))
    async with opened(tmp_path) as book:
        [listed] = await book.all()
        shown = await book.get(draft.job_id)
        kept = await book._notebook.entry(COLLECTION, draft.job_id, KeptJob)
        await book.cancel(draft.job_id)
        settled = await book._notebook.entry(COLLECTION, draft.job_id, KeptJob)
    assert [(each.state, each.code) for each in (listed, shown)] == [(JobState.FAILED, "interrupted")] * 2
    assert kept is not None
    assert kept.state is JobState.QUEUED
    assert settled is not None
    assert settled.code == "interrupted"
