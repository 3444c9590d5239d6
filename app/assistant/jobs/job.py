"""What is kept of a job."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import psutil

from app.contracts.card import CardAction, Emphasis
from app.contracts.skill_cards import JobCard, JobState

COLLECTION = "jobs"
WISHES = "jobs.wishes"
"""Where another process asks for a job to be cancelled."""
CANCEL = "cancel-job"
"""The action of a job's card."""
ENDED = frozenset({JobState.DONE, JobState.FAILED, JobState.CANCELLED})
INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class KeptJob:
    """A job as the notebook has it.

    Attributes:
        job_id: Unique.
        name: What it does.
        state: Whether it goes on.
        message: Where it is, or what came of it.
        progress: In [0, 1], None when unknown.
        made_at: Seconds since the epoch.
        ended_at: Likewise, 0 while it goes on.
        owner: The process it runs in.
        code: Of the error that ended it, ``interrupted`` when Sotto was closed; empty otherwise.
        revision: Of its card.
    """

    job_id: str
    name: str
    made_at: float
    owner: str
    state: JobState = JobState.QUEUED
    message: str = ""
    progress: float | None = None
    ended_at: float = 0.0
    code: str = ""
    revision: int = 1

    @property
    def ended(self) -> bool:
        """It does not go on any more."""
        return self.state in ENDED


@dataclass(frozen=True, slots=True)
class Wish:
    """Somebody wants a job to be cancelled."""

    job_id: str


def card_of(job: KeptJob, *, skill: str = "", turn_id: str = "") -> JobCard:
    """The card of a job."""
    stop = CardAction(
        action=CANCEL, label="Cancel the job", says=("cancel the job", "stop the job"), emphasis=Emphasis.QUIET
    )
    return JobCard(
        card_id=f"job-{job.job_id}",
        turn_id=turn_id,
        skill=skill,
        priority=85,
        revision=job.revision,
        actions=() if job.ended else (stop,),
        job_id=job.job_id,
        name=job.name,
        message=job.message,
        progress=job.progress,
        state=job.state,
    )


def this_process() -> str:
    """A name for this process that no later one has."""
    return f"{os.getpid()}:{_begun(os.getpid())}"


def still_runs(owner: str) -> bool:
    """Whether the process of this name is there."""
    pid, _, begun = owner.partition(":")
    try:
        return pid.isdigit() and _begun(int(pid)) == begun
    except (psutil.Error, OverflowError):
        return False


def _begun(pid: int) -> str:
    """When a process began, in a form that stays the same when the clock is set.

    Raises:
        psutil.Error: There is no such process.
    """
    try:  # Linux tells it as ticks since it was started; as a time of day it would change with the clock
        stat = Path(f"/proc/{pid}/stat").read_text(errors="replace")
        return stat.rpartition(")")[2].split()[_TICKS]
    except (OSError, IndexError):
        return f"{psutil.Process(pid).create_time():.2f}"


_TICKS = 19
"""Place of the start behind the name in that file."""
