"""Starts jobs, keeps what becomes of them, and lets anybody list, wait for and cancel them.

Why it exists: what takes longer than a turn must not hold one up, and must not be lost from sight either. A job is
written down before it begins; one that a crash or the end of the program cut off is found as failed at the next start.
Another process (`sotto jobs`) sees the same entries; its wish to cancel is an entry too, which the owner looks for.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from app.aio.tasks import TaskOwner
from app.assistant.jobs.job import COLLECTION, INTERRUPTED, WISHES, KeptJob, Wish, card_of, still_runs, this_process
from app.contracts.cards import AnyCard
from app.contracts.errors import InvalidInput, SottoError, TimedOut
from app.contracts.events import CardChanged, JobProgress, SystemEvent
from app.contracts.ports import Clock
from app.contracts.skill_cards import JobState
from app.memory.notebook import CARDS, Notebook, Put, Remove, Write, put_card

LOOK_EVERY_S = 0.5
"""How often progress is written down and a wish looked for."""
KEPT = 200
"""Ended jobs that are kept."""


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a job.

    Attributes:
        message: One or more sentences.
        cards: Cards it leaves on the canvas.
        writes: What is kept in the same transaction as its end.
    """

    message: str = ""
    cards: tuple[AnyCard, ...] = ()
    writes: tuple[Write, ...] = ()


Report = Callable[[str, float | None], None]
"""Hears how far a job is: a sentence, a share in [0, 1] or None."""
Work = Callable[[Report], Awaitable[Result]]
Ended = Callable[[KeptJob, Result], None]


@dataclass(slots=True)
class _Running:
    job: KeptJob
    skill: str
    turn_id: str
    ended: Ended | None = None
    task: asyncio.Task[None] | None = None
    written: KeptJob | None = None
    cancelled: bool = False


class JobBook:
    """The jobs. Belongs to one event loop.

    Args:
        clock: Time.
        notebook: Where they are kept.
        publish: Takes cards and progress.
        owner: Name of this process.
        alive: Whether a process of a name still runs.
    """

    def __init__(
        self,
        clock: Clock,
        notebook: Notebook,
        publish: Callable[[SystemEvent], None],
        *,
        owner: str = "",
        alive: Callable[[str], bool] = still_runs,
    ) -> None:
        self._clock = clock
        self._notebook = notebook
        self._publish = publish
        self._owner = owner or this_process()
        self._alive = alive
        self._tasks = TaskOwner()
        self._running: dict[str, _Running] = {}

    async def open(self) -> tuple[KeptJob, ...]:
        """Mark what an earlier run left unfinished as failed; returns those.

        Raises:
            StorageError: The notebook cannot be read or written.
        """
        left = [
            job
            for job in await self._notebook.entries(COLLECTION, KeptJob)
            if not job.ended and job.job_id not in self._running and not self._elsewhere(job)
        ]
        ended = tuple(self._interrupted(job) for job in left)
        await self._notebook.commit([write for job in ended for write in self._writes(job)])
        for job in ended:
            if await self._notebook.card(card_of(job).card_id) is not None:
                self._publish(CardChanged(card=card_of(job)))
        return ended

    def drafted(self, name: str, message: str = "") -> KeptJob:
        """A job that is to begin; whoever drafts it writes it down with `writing` and begins it with `begin`."""
        return KeptJob(secrets.token_hex(4), name, self._clock.time(), self._owner, message=message)

    def writing(self, job: KeptJob) -> Write:
        """The write that keeps a job."""
        return Put(COLLECTION, job.job_id, job, job.made_at)

    async def start(self, name: str, work: Work, *, ended: Ended | None = None) -> KeptJob:
        """Write a job down and begin it; returns at once.

        Raises:
            StorageError: It cannot be written down.
        """
        job = self.drafted(name)
        await self._notebook.commit((self.writing(job), put_card(card_of(job), self._clock.time())))
        self._publish(CardChanged(card=card_of(job)))
        self.begin(job, work, ended=ended)
        return job

    def begin(
        self, job: KeptJob, work: Work, *, skill: str = "", turn_id: str = "", ended: Ended | None = None
    ) -> None:
        """Begin a job that has been written down."""
        running = _Running(job, skill, turn_id, ended)
        self._running[job.job_id] = running
        running.task = self._tasks.start(self._run(running, work), f"job {job.job_id}")

    async def all(self, limit: int = 50) -> tuple[KeptJob, ...]:
        """The newest jobs, the newest first; those that run here as they are now.

        Raises:
            StorageError: The notebook cannot be read.
        """
        kept = await self._notebook.entries(COLLECTION, KeptJob, limit=limit, newest_first=True)
        return tuple(self._now(job) for job in kept)

    async def get(self, job_id: str) -> KeptJob:
        """One job, by its id or by the begin of it.

        Raises:
            InvalidInput: There is none, or more than one.
            StorageError: The notebook cannot be read.
        """
        job = await self._notebook.entry(COLLECTION, job_id, KeptJob)
        if job is None and job_id:
            fitting = [each for each in await self.all(limit=-1) if each.job_id.startswith(job_id)]
            job = fitting[0] if len(fitting) == 1 else None
        if job is None:
            raise InvalidInput(f"There is no job {job_id!r}.", code="no-job", remedy="See `sotto jobs list`.")
        return self._now(job)

    async def wait(self, job_id: str, timeout_s: float | None = None) -> KeptJob:
        """Wait for the end of a job, also of one of another process.

        Raises:
            InvalidInput: There is none.
            TimedOut: It still goes on.
        """
        began = self._clock.monotonic()
        job = await self._left(await self.get(job_id))
        while not job.ended:
            if not self._elsewhere(job) and job.job_id not in self._running:
                job = self._interrupted(job)
                await self._notebook.commit(self._writes(job))
                break
            if timeout_s is not None and self._clock.monotonic() - began >= timeout_s:
                raise TimedOut(f"The job {job.job_id} still goes on after {timeout_s:g} s.", code="job-goes-on")
            left = LOOK_EVERY_S if timeout_s is None else timeout_s - (self._clock.monotonic() - began)
            running = self._running.get(job.job_id)
            if running is not None and running.task is not None:
                await asyncio.wait([running.task], timeout=None if timeout_s is None else left)
            else:
                await self._clock.sleep(min(LOOK_EVERY_S, left))
            job = await self._left(await self.get(job.job_id))
        return job

    async def cancel(self, job_id: str) -> KeptJob:
        """Cancel a job and wait for its end; one that has ended stays as it is.

        Raises:
            InvalidInput: There is none.
            TimedOut: Its process did not do it in time.
        """
        job = await self._left(await self.get(job_id))
        if job.ended:
            return job
        running = self._running.get(job.job_id)
        if running is not None and running.task is not None:
            running.cancelled = True
            running.task.cancel()
            await asyncio.wait([running.task])
            if job.job_id in self._running:  # it had not even begun
                await self._end(running, _cancelled(self._interrupted(running.job)), Result(), None)
            return await self.get(job.job_id)
        await self._notebook.commit((Put(WISHES, job.job_id, Wish(job.job_id), self._clock.time()),))
        return await self.wait(job.job_id, 10 * LOOK_EVERY_S)

    async def aclose(self) -> None:
        """End what goes on here; it is kept as interrupted. May be called twice."""
        await self._tasks.aclose()

    async def _run(self, running: _Running, work: Work) -> None:
        self._move(running, state=JobState.RUNNING)
        attending = asyncio.create_task(self._attend(running), name=f"job {running.job.job_id} looked after")
        result = Result()

        def report(message: str, progress: float | None) -> None:
            if not running.job.ended:
                self._move(running, message=message, progress=progress)

        try:
            result = await work(report)
            end = replace(running.job, state=JobState.DONE, message=result.message or "Done.", progress=1.0)
        except asyncio.CancelledError:
            end = self._interrupted(running.job)
            if running.cancelled:
                end = _cancelled(end)
            await self._end(running, end, result, attending)
            raise
        except SottoError as error:
            end = replace(running.job, state=JobState.FAILED, message=str(error), code=error.code)
        except Exception as error:
            end = replace(running.job, state=JobState.FAILED, message=f"It broke down: {error}", code="job-broke")
            await self._end(running, end, result, attending)
            raise
        await self._end(running, end, result, attending)

    async def _end(self, running: _Running, end: KeptJob, result: Result, attending: asyncio.Task[None] | None) -> None:
        """Write the end down and tell it."""
        if attending is not None:
            attending.cancel()
            await asyncio.gather(attending, return_exceptions=True)
        end = replace(end, ended_at=self._clock.time(), revision=running.job.revision + 1)
        running.job = end
        card = card_of(end, skill=running.skill, turn_id=running.turn_id)
        at = self._clock.time()
        try:
            await self._notebook.commit(
                (
                    self.writing(end),
                    Remove(WISHES, end.job_id),
                    put_card(card, at),
                    *(put_card(each, at) for each in result.cards),
                    *result.writes,
                )
            )
        finally:
            self._running.pop(end.job_id, None)
            self._publish(CardChanged(card=card))
            for each in result.cards:
                self._publish(CardChanged(card=each))
            self._tell(end)
        await self._forget_old()
        if running.ended is not None:
            running.ended(end, result)

    async def _attend(self, running: _Running) -> None:
        """Write down how far it is, and cancel it when another process wants that."""
        while True:
            await self._clock.sleep(LOOK_EVERY_S)
            job = running.job
            if job is not running.written:
                await self._notebook.commit((self.writing(job),))
                running.written = job
            wish = await self._notebook.entry(WISHES, job.job_id, Wish)
            if wish is not None and running.task is not None:
                running.cancelled = True
                running.task.cancel()

    def _move(
        self,
        running: _Running,
        *,
        state: JobState | None = None,
        message: str | None = None,
        progress: float | None = None,
    ) -> None:
        job = running.job
        running.job = replace(
            job,
            state=state or job.state,
            message=job.message if message is None else message,
            progress=progress if progress is not None else job.progress,
            revision=job.revision + 1,
        )
        self._publish(CardChanged(card=card_of(running.job, skill=running.skill, turn_id=running.turn_id)))
        self._tell(running.job)

    def _tell(self, job: KeptJob) -> None:
        self._publish(
            JobProgress(job_id=job.job_id, name=job.name, message=job.message, progress=job.progress, done=job.ended)
        )

    async def _left(self, job: KeptJob) -> KeptJob:
        """The job; the end of one whose process is gone is written down."""
        if job.code == INTERRUPTED and job.owner != self._owner:
            kept = await self._notebook.entry(COLLECTION, job.job_id, KeptJob)
            if kept is not None and not kept.ended:
                await self._notebook.commit(self._writes(job))
        return job

    def _now(self, job: KeptJob) -> KeptJob:
        """A job as it is now: as it goes on here, or as cut off when its process is gone."""
        running = self._running.get(job.job_id)
        if running is not None:
            return running.job
        gone = not job.ended and job.owner != self._owner and not self._alive(job.owner)
        return self._interrupted(job) if gone else job

    def _elsewhere(self, job: KeptJob) -> bool:
        """It goes on in another process."""
        return job.owner != self._owner and self._alive(job.owner)

    def _interrupted(self, job: KeptJob) -> KeptJob:
        return replace(
            job,
            state=JobState.FAILED,
            message="Sotto was closed before it was done.",
            code=INTERRUPTED,
            ended_at=self._clock.time(),
            revision=job.revision + 1,
        )

    def _writes(self, job: KeptJob) -> tuple[Write, ...]:
        return (self.writing(job), Remove(WISHES, job.job_id), put_card(card_of(job), job.made_at))

    async def _forget_old(self) -> None:
        """Of the ended ones only the newest stay."""
        jobs = await self._notebook.entries(COLLECTION, KeptJob, newest_first=True)
        old = [job for job in jobs[KEPT:] if job.ended]
        await self._notebook.commit(
            [write for job in old for write in (Remove(COLLECTION, job.job_id), Remove(CARDS, f"job-{job.job_id}"))]
        )


def _cancelled(job: KeptJob) -> KeptJob:
    return replace(job, state=JobState.CANCELLED, message="Cancelled.", code="")
