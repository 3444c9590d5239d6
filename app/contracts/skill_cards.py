"""The cards of the staged assistant: what it asks, proposes, plans, counts and lists."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from app.contracts.card import Card


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusCard(Card):
    """What is being done, while it takes long enough to wonder; it goes when the cards are there.

    Attributes:
        stage: The stage at work.
        message: Its sentence.
        progress: In [0, 1] over all stages, None when unknown.
    """

    kind: ClassVar[str] = "status"

    stage: str
    message: str
    progress: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One answer a question offers.

    Attributes:
        value: What it stands for, as text.
        label: What is shown; saying it chooses it.
        says: What else may be said instead, in lower case.
        default: Taken when the person says "whatever" or presses Enter.
    """

    value: str
    label: str
    says: tuple[str, ...] = ()
    default: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ClarificationCard(Card):
    """One question that has to be answered first.

    Attributes:
        question: It.
        slot: Name of the value that is missing.
        choices: Likely answers.
        free: Another answer than these may be given, typed or spoken.
        chosen: The answer that was given, in words; empty while it waits.
        expired: It can no longer be answered: another request came, or Sotto was started again.
    """

    kind: ClassVar[str] = "clarification"

    question: str
    slot: str
    choices: tuple[Choice, ...] = ()
    free: bool = True
    chosen: str = ""
    expired: bool = False


class PrePlanState(StrEnum):
    """What became of a proposal."""

    WAITING = "waiting"
    PROCEEDING = "proceeding"
    MODIFIED = "modified"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class PrePlanCard(Card):
    """What is going to be done, before it is.

    Attributes:
        sentence: "I'll create a 4-exercise upper body workout…".
        preview: A few short lines of what it will hold.
        estimated_s: How long making it takes, seconds, from what it took before; None when never done.
        measured: How many times that rests on.
        weighty: It changes or deletes something: nothing happens without a word from the person.
        state: Whether it still waits.
    """

    kind: ClassVar[str] = "pre-plan"

    sentence: str
    preview: tuple[str, ...] = ()
    estimated_s: float | None = None
    measured: int = 0
    weighty: bool = False
    state: PrePlanState = PrePlanState.WAITING


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionExercise:
    """One exercise of a session.

    Attributes:
        exercise_id: Its id in the exercise data.
        name: What it is called.
        sets: How many.
        repetitions: "8 to 12", "30 s", "10 each side".
        rest_s: Seconds of rest between sets.
        weight: "12 kg", "body weight"; empty when not said.
        muscles: What it works, in words.
        how: How it is done, a line each; empty until that detail is there.
        drawing: Name of its drawing in the assets; empty until that detail is there, or where there is none.
        link: An https address; empty for none.
        swapped_from: Name of the exercise it replaced, empty for none.
        sets_done: How many sets have been done.
    """

    exercise_id: str
    name: str
    sets: int
    repetitions: str
    rest_s: int
    weight: str = ""
    muscles: str = ""
    how: tuple[str, ...] = ()
    drawing: str = ""
    link: str = ""
    swapped_from: str = ""
    sets_done: int = 0

    @property
    def done(self) -> bool:
        """Every set has been done."""
        return self.sets_done >= self.sets


class Detail(StrEnum):
    """How far a card is filled in."""

    BASIC = "basic"
    DETAILED = "detailed"
    ILLUSTRATED = "illustrated"


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionPlanCard(Card):
    """A training session.

    Attributes:
        title: "Upper body, 30 minutes".
        minutes: Expected length with rests.
        exercises: In order.
        warm_up: A line each.
        cool_down: A line each.
        detail: How far the exercises are filled in.
        finished: The session is over and kept in the training history.
    """

    kind: ClassVar[str] = "session-plan"

    title: str
    minutes: int
    exercises: tuple[SessionExercise, ...] = ()
    warm_up: tuple[str, ...] = ()
    cool_down: tuple[str, ...] = ()
    detail: Detail = Detail.BASIC
    finished: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    """Something else that could be had, by the action of the same reference."""

    reference: str
    label: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlternativesCard(Card):
    """What else could be had. Choosing one is the action ``choose:REFERENCE``."""

    kind: ClassVar[str] = "alternatives"

    title: str
    alternatives: tuple[Alternative, ...] = ()
    chosen: str = ""


class TimerState(StrEnum):
    """What a timer does."""

    RUNNING = "running"
    PAUSED = "paused"
    RINGING = "ringing"
    DONE = "done"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class TimerCard(Card):
    """A timer, an alarm or a reminder. The window counts by itself; no revision comes for a second that passes.

    Attributes:
        timer_id: Unique.
        what: ``timer``, ``alarm`` or ``reminder``.
        label: What it is for: "tea"; empty for none.
        due_at: Seconds since the epoch at which it rings; of a paused one, as if it went on now.
        duration_s: Whole length of a timer, 0 for the others.
        remaining_s: What is left of a paused timer.
        repeats: "every weekday at 07:00", empty for once.
        state: What it does.
    """

    kind: ClassVar[str] = "timer"

    timer_id: str
    what: str
    label: str
    due_at: float
    duration_s: float = 0.0
    remaining_s: float = 0.0
    repeats: str = ""
    state: TimerState = TimerState.RUNNING


@dataclass(frozen=True, slots=True, kw_only=True)
class ListItem:
    """One line of a list.

    Attributes:
        item_id: Unique in its list; ``check:ITEM_ID`` and ``remove:ITEM_ID`` are what can be done with it.
        text: It.
        done: Ticked off.
        when: A time in words: "14:00", "tomorrow"; empty for none.
        checkable: Whether it can be ticked off.
    """

    item_id: str
    text: str
    done: bool = False
    when: str = ""
    checkable: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ListCard(Card):
    """A list: things to buy, notes, facts, what is due today."""

    kind: ClassVar[str] = "list"

    list_id: str
    title: str
    items: tuple[ListItem, ...] = ()
    empty_text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A place something was found: the document, where in it, and the words."""

    title: str
    place: str = ""
    excerpt: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcesCard(Card):
    """Where an answer comes from."""

    kind: ClassVar[str] = "sources"

    sources: tuple[Source, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutineStep:
    """A step of a routine: what it does in words, and what it gave in the last dry run."""

    step_id: str
    does: str
    gave: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutineCard(Card):
    """A routine a person saved, or is about to.

    Attributes:
        routine_id: Unique.
        name: "Good morning".
        phrases: What starts it.
        steps: In order, with what a dry run gave.
        parameters: ``name = value`` lines.
        yaml: The whole of it as it is kept; edited text comes back by the action ``save`` with the text.
        saved: It is kept.
        problem: What is wrong with the edited text, with line and column; empty when it is sound.
    """

    kind: ClassVar[str] = "routine"

    routine_id: str
    name: str
    phrases: tuple[str, ...] = ()
    steps: tuple[RoutineStep, ...] = ()
    parameters: tuple[str, ...] = ()
    yaml: str = ""
    saved: bool = False
    problem: str = ""


class JobState(StrEnum):
    """What became of a long job."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class JobCard(Card):
    """A long job that goes on by itself.

    Attributes:
        job_id: What `sotto jobs show` takes.
        name: What it does.
        message: Where it is, or what came of it.
        progress: In [0, 1], None when unknown.
        state: Whether it goes on.
    """

    kind: ClassVar[str] = "job"

    job_id: str
    name: str
    message: str = ""
    progress: float | None = None
    state: JobState = JobState.QUEUED


SkillCard = (
    StatusCard
    | ClarificationCard
    | PrePlanCard
    | SessionPlanCard
    | AlternativesCard
    | TimerCard
    | ListCard
    | SourcesCard
    | RoutineCard
    | JobCard
)
SKILL_CARDS: tuple[type[SkillCard], ...] = SkillCard.__args__
