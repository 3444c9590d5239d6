"""A card in plain words, a line each: what the terminal prints, the clipboard takes and a screen reader reads.

Why it exists: the three must not tell different stories about the same card. Nothing here knows of a screen.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from app.aio.clock import LOCAL
from app.assistant.skills.timers.wording import when
from app.contracts.cards import AnswerCard, AnyCard, ErrorCard, NoticeCard, QuestionCard
from app.contracts.skill_cards import (
    AlternativesCard,
    ClarificationCard,
    JobCard,
    JobState,
    ListCard,
    ListItem,
    PrePlanCard,
    PrePlanState,
    RoutineCard,
    SessionExercise,
    SessionPlanCard,
    SourcesCard,
    StatusCard,
    TimerCard,
    TimerState,
)

TIMES = "\u00d7"
"""The sign between a number of sets and what each of them is."""
PRE_PLAN_WORDS = {
    PrePlanState.WAITING: "",
    PrePlanState.PROCEEDING: "Going ahead",
    PrePlanState.MODIFIED: "Changed",
    PrePlanState.CANCELLED: "Cancelled",
    PrePlanState.EXPIRED: "No longer waiting",
}
TIMER_WORDS = {
    TimerState.RUNNING: "",
    TimerState.PAUSED: "paused",
    TimerState.RINGING: "ringing",
    TimerState.DONE: "over",
    TimerState.CANCELLED: "cancelled",
}
JOB_WORDS = {
    JobState.QUEUED: "Waiting for its turn",
    JobState.RUNNING: "Running",
    JobState.DONE: "Done",
    JobState.FAILED: "Failed",
    JobState.CANCELLED: "Cancelled",
}


def in_lines(card: AnyCard, now: float) -> list[str]:
    """The whole card, line by line; empty for one that has nothing to say.

    Args:
        card: Any card.
        now: Seconds since the epoch, for what a timer has left.
    """
    match card:
        case QuestionCard(text=text) | AnswerCard(text=text):
            return text.splitlines()
        case ErrorCard(message=message, remedy=remedy):
            return [f"{message} {remedy}".strip()]
        case NoticeCard(message=message) | StatusCard(message=message):
            return [message]
        case ClarificationCard() | PrePlanCard() | AlternativesCard():
            return _of_a_choice(card)
        case SessionPlanCard():
            return _of_a_session(card)
        case TimerCard():
            return [timer_in_words(card, now)]
        case ListCard(title=title, items=items, empty_text=empty):
            return [title, *(f"  {item_in_words(item)}" for item in items)] if items else [title, f"  {empty}".rstrip()]
        case SourcesCard(sources=sources):
            return ["Sources", *_of_sources(card)] if sources else []
        case RoutineCard():
            return _of_a_routine(card)
        case JobCard():
            return [job_in_words(card)]


def clock(seconds: float) -> str:
    """A length of time as a clock shows it: ``4:05``, ``1:00:00``; a begun second counts as whole."""
    whole = max(0, -int(-seconds // 1))
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02d}:{whole % 60:02d}" if hours else f"{minutes}:{whole % 60:02d}"


def short_time(seconds: float) -> str:
    """A length of time in one unit: ``45 s``, ``90 s``, ``3 min``."""
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def remaining_s(card: TimerCard, now: float) -> float:
    """What a timer has left, never less than nothing; zero when it rings or is over."""
    match card.state:
        case TimerState.RUNNING:
            return max(0.0, card.due_at - now)
        case TimerState.PAUSED:
            return max(0.0, card.remaining_s)
        case _:
            return 0.0


def timer_name(card: TimerCard) -> str:
    """What it is called: "Tea timer", "Alarm", "Call mum"."""
    if card.what == "timer":
        return f"{card.label} timer".strip().capitalize() if len(card.label) <= 20 else card.label
    return card.label[:1].upper() + card.label[1:] or card.what.capitalize()


def timer_in_words(card: TimerCard, now: float) -> str:
    """A timer in one line."""
    state, left = TIMER_WORDS[card.state], ""
    if card.what == "timer" and card.state in (TimerState.RUNNING, TimerState.PAUSED):
        left = f"{clock(remaining_s(card, now))} left"
    elif card.what != "timer" and card.state is TimerState.RUNNING:
        left = when(card.due_at, datetime.fromtimestamp(now, LOCAL))
    return ", ".join(part for part in (timer_name(card), state, left, card.repeats) if part)


def item_in_words(item: ListItem) -> str:
    """A line of a list."""
    mark = "" if not item.checkable else "[x] " if item.done else "[ ] "
    when = f"{item.when}  " if item.when else ""
    return f"{mark}{when}{item.text}"


def amount_of(exercise: SessionExercise) -> str:
    """How much of it: sets times repetitions, weight, rest."""
    rest = f"rest {exercise.rest_s} s" if exercise.rest_s else ""
    return " · ".join(
        part for part in (f"{exercise.sets} {TIMES} {exercise.repetitions}", exercise.weight, rest) if part
    )


def session_progress(card: SessionPlanCard) -> str:
    """How far the session is: "3 of 12 sets done"."""
    if card.finished:
        return "Finished, kept in your training history"
    total = sum(exercise.sets for exercise in card.exercises)
    done = sum(min(exercise.sets, exercise.sets_done) for exercise in card.exercises)
    return f"{done} of {total} sets done" if done else f"{len(card.exercises)} exercises, {total} sets"


def estimate_of(card: PrePlanCard) -> str:
    """How long making it takes, and how anybody can know."""
    if card.estimated_s is None:
        return ""
    span = "less than a second" if card.estimated_s < 1.0 else f"about {short_time(card.estimated_s)}"
    return f"Takes {span}, measured {card.measured} times" if card.measured > 1 else f"Takes {span}"


def job_in_words(card: JobCard) -> str:
    """A job in one line."""
    share = f" {card.progress:.0%}" if card.progress is not None and card.state is JobState.RUNNING else ""
    message = f": {card.message}" if card.message else ""
    return f"{card.name} ({JOB_WORDS[card.state].lower()}{share}){message}"


def _of_a_choice(card: ClarificationCard | PrePlanCard | AlternativesCard) -> list[str]:
    match card:
        case ClarificationCard(question=question, choices=choices):
            if card.chosen:
                return [f"{question} {card.chosen}"]
            waits = () if card.expired else _numbered((each.label, " (default)" * each.default) for each in choices)
            return [question, *waits]
        case PrePlanCard(sentence=sentence, preview=preview):
            notes = (estimate_of(card), PRE_PLAN_WORDS[card.state])
            return [sentence, *(f"  - {line}" for line in preview), *(f"  {note}" for note in notes if note)]
        case AlternativesCard(title=title, alternatives=alternatives):
            found = ((each.label, f": {each.reason}" if each.reason else "") for each in alternatives)
            chosen = [f"  Taken: {card.chosen}"] if card.chosen else []
            return [title, *_numbered(found), *chosen]


def _of_a_session(card: SessionPlanCard) -> list[str]:
    lines = [card.title if str(card.minutes) in card.title.split() else f"{card.title} ({card.minutes} min)"]
    lines += _under("Warm up", card.warm_up)
    for number, exercise in enumerate(card.exercises, 1):
        done = f"  [{exercise.sets_done} of {exercise.sets} sets done]" if exercise.sets_done else ""
        swapped = f" (instead of {exercise.swapped_from})" if exercise.swapped_from else ""
        lines.append(f"  {number}. {exercise.name}{swapped}: {amount_of(exercise)}{done}")
        lines += [f"       {line}" for line in exercise.how]
    lines += _under("Cool down", card.cool_down)
    return [*lines, f"  {session_progress(card)}"]


def _of_sources(card: SourcesCard) -> list[str]:
    lines = []
    for number, source in enumerate(card.sources, 1):
        place = f", {source.place}" if source.place else ""
        lines.append(f"  [{number}] {source.title}{place}")
        if source.excerpt:
            lines.append(f"      {' '.join(source.excerpt.split())}")
    return lines


def _of_a_routine(card: RoutineCard) -> list[str]:
    lines = [f"Routine: {card.name}{'' if card.saved else ' (not saved)'}"]
    if card.phrases:
        lines.append("  Say: " + ", ".join(f'"{phrase}"' for phrase in card.phrases))
    for number, step in enumerate(card.steps, 1):
        lines.append(f"  {number}. {step.does}" + (f" -> {step.gave}" if step.gave else ""))
    lines += [f"  {parameter}" for parameter in card.parameters]
    return [*lines, f"  Problem: {card.problem}"] if card.problem else lines


def _under(title: str, lines: Iterable[str]) -> list[str]:
    shown = [f"    - {line}" for line in lines]
    return [f"  {title}:", *shown] if shown else []


def _numbered(labels: Iterable[tuple[str, str]]) -> list[str]:
    return [f"  {number}. {label}{note}" for number, (label, note) in enumerate(labels, 1)]
