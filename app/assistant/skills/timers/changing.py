"""Which of the timers that are set is meant, and what becomes of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time

from app.assistant.skills.skill import Asked, Clarification, Proposal
from app.assistant.skills.timers import repeats
from app.assistant.skills.timers.cards import SNOOZE_S
from app.assistant.skills.timers.hands import Hands
from app.assistant.skills.timers.reading import ALL, DEED, LAST, LENGTH, NAME, WHAT
from app.assistant.skills.timers.timer import Timer, What, clock_time
from app.assistant.skills.timers.wording import kinds_of, length, state, when
from app.assistant.understanding.durations import duration
from app.assistant.understanding.moments import moment
from app.assistant.understanding.numbers import number
from app.assistant.understanding.recurring import local
from app.assistant.wording import capital
from app.contracts.skill_cards import Choice, TimerState

WHICH = "which"
"""The slot of the question which one is meant; its value is an id."""
_MOST_CHOICES = 6
_DEEDS = (("cancel", "Cancel it"), ("pause", "Pause it"), ("add", "Add a minute"))
_NEEDS = {
    "pause": (TimerState.RUNNING,),
    "resume": (TimerState.PAUSED,),
    "snooze": (TimerState.RINGING,),
}
_NO_PAUSE = "Only timers can be paused."
_HALF = re.compile(
    r"\b[ap]\.?m\b|\bnoon\b|\bmidnight\b|\b(?:morning|afternoon|evening|night)\b|\b(?:1[3-9]|2[0-3]):", re.I
)
_DONE = {"pause": "pause", "resume": "resume", "snooze": "snooze", "stop": "stop", "cancel": "cancel"}


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of one: as it goes on, None when it has ended with ``state``; and what is said."""

    timer: Timer | None
    state: TimerState
    says: str


def deed_of(asked: Asked) -> str:
    """What is to be done; empty when nobody said."""
    return str(asked.values.get(DEED, ""))


def meant(asked: Asked, timers: Sequence[Timer]) -> tuple[Timer, ...]:
    """Those that the words may mean, the one due first first."""
    values = asked.values
    if (chosen := values.get(WHICH)) is not None:
        return tuple(timer for timer in timers if timer.timer_id == chosen)
    if values.get(LAST) is True:
        return tuple(sorted(timers, key=lambda timer: timer.made_at)[-1:])
    found = sorted(timers, key=lambda timer: timer.due_at)
    if _bare_stop(asked):  # it names nothing: only what rings can be meant
        return tuple(timer for timer in found if timer.state is TimerState.RINGING)
    if what := values.get(WHAT):
        found = [timer for timer in found if timer.what == what]
    if NAME in values:
        found = [timer for timer in found if _called(timer, str(values[NAME]), asked.now)]
    if isinstance(size := values.get(LENGTH), int | float):
        found = [timer for timer in found if abs(timer.duration_s - size) < 1.0]
    return tuple(_fit_for(deed_of(asked), found))


def question(asked: Asked, timers: Sequence[Timer], hands: Hands) -> Clarification | None:
    """What has to be asked before anything is changed."""
    if not deed_of(asked):
        choices = (Choice(value=deed, label=label, default=deed == "cancel") for deed, label in _DEEDS)
        return Clarification(DEED, "What shall I do with it?", tuple(choices), free=False) if timers else None
    found = meant(asked, timers)
    if len(found) <= 1 or asked.values.get(ALL) is True or _all_ring(asked, found):
        return None
    choices = (
        Choice(
            value=timer.timer_id,
            label=f"{capital(timer.name)}, {state(timer, hands, asked.now)}",
            says=(timer.name, f"the {timer.name}", *((timer.label,) if timer.label else ())),
            default=not place,
        )
        for place, timer in enumerate(found[:_MOST_CHOICES])
    )
    return Clarification(WHICH, "Which one?", tuple(choices))


def read_which(asked: Asked, text: str, timers: Sequence[Timer]) -> str | None:
    """Id of the one an answer in the person's own words names."""
    named = [timer for timer in meant(asked, timers) if _called(timer, text, asked.now)]
    return named[0].timer_id if len(named) == 1 else None


def proposal(asked: Asked, timers: Sequence[Timer], hands: Hands) -> Proposal | None:
    """Ending several at once is asked about."""
    found = meant(asked, timers)
    if len(found) < 2 or asked.values.get(ALL) is not True or not _ends(deed_of(asked), found):
        return None
    preview = tuple(f"{timer.name}, {state(timer, hands, asked.now)}" for timer in found[:_MOST_CHOICES])
    return Proposal(f"I'll cancel {kinds_of(found)}.", preview, weighty=True)


def nothing_fits(asked: Asked, timers: Sequence[Timer]) -> str:
    """The sentence when no timer is meant."""
    if _bare_stop(asked):
        return "Nothing is ringing."
    values = asked.values
    deed, what = deed_of(asked), str(values.get(WHAT, "timer"))
    if NAME in values:
        kind = "" if str(values[NAME]).endswith(what) else f" {what}"
        return f"There is no {values[NAME]}{kind}."
    if deed in _NEEDS and timers:
        return f"There is nothing to {_DONE[deed]}."
    return f"There is no {what} set."


def changed(timer: Timer, deed: str, by_s: float | None, hands: Hands, now: datetime) -> Change:
    """What becomes of one that is meant."""
    name = capital(timer.name)
    match deed:
        case "pause" if timer.what is What.TIMER:
            return Change(hands.paused(timer), TimerState.PAUSED, f"{name} paused.")
        case "resume" if timer.state is TimerState.PAUSED:
            on = hands.running(timer, timer.remaining_s)
            return Change(on, TimerState.RUNNING, f"{name} goes on, {length(timer.remaining_s)} left.")
        case "snooze":
            seconds = by_s or float(SNOOZE_S[0])
            return Change(_later(timer, seconds, hands), TimerState.RUNNING, f"All right, again in {length(seconds)}.")
        case "add" | "take":
            return _moved(timer, (by_s or 60.0) * (1 if deed == "add" else -1), hands, now)
        case "stop" if timer.state is TimerState.RINGING:
            return Change(None, TimerState.DONE, "")
        case "cancel" | "stop":
            return Change(None, TimerState.CANCELLED, f"{name} cancelled.")
        case _:
            return Change(timer, timer.state, _NO_PAUSE if deed == "pause" else "")


def moved_to(timer: Timer, to: str, hands: Hands, now: datetime) -> Change:
    """It is set to another time, in words; a timer to another length.

    A time without a day stays on its day, and without "am" or "pm" in its half of it.
    """
    name = capital(timer.name)
    if timer.what is What.TIMER:
        minutes = number(to)
        seconds = duration(to) if minutes is None else minutes * 60.0
        if seconds is None or seconds < 1.0:
            return Change(timer, timer.state, "I did not understand for how long.")
        changed = hands.running(replace(timer, duration_s=seconds), seconds)
        named = name if timer.label else "Timer"
        return Change(changed, TimerState.RUNNING, f"{named} set to {length(seconds)}.")
    said = moment(to, now) or moment(f"at {to}", now)
    if said is None:
        return Change(timer, timer.state, "I did not understand the new time.")
    at = said.at
    due = datetime.fromtimestamp(timer.due_at, now.tzinfo)
    if not said.has_day and duration(to) is None:
        halves = (0,) if _HALF.search(to) else (0, 12)
        on_its_day = [local(due.date(), time((at.hour + more) % 24, at.minute), now) for more in halves]
        ahead = [each for each in on_its_day if each > now] or [at]
        at = min(ahead, key=lambda each: abs((each - due).total_seconds()))
    elif not said.has_time:
        at = local(at.date(), due.time(), now)
    if at <= now:
        return Change(timer, timer.state, "That time has passed already.")
    changed = replace(hands.waiting(timer, at.timestamp()), repeats=repeats.at_time(timer.repeats, at.hour, at.minute))
    return Change(
        changed,
        TimerState.RUNNING,
        f"{name} moved to {when(at.timestamp(), now).removeprefix('at ').removeprefix('on ')}.",
    )


def _later(timer: Timer, seconds: float, hands: Hands) -> Timer:
    if timer.what is What.TIMER:
        return replace(hands.running(timer, seconds), duration_s=seconds)
    return hands.waiting(timer, hands.now() + seconds)


def _moved(timer: Timer, by_s: float, hands: Hands, now: datetime) -> Change:
    """More time, or less; one that rings goes on for so long."""
    if timer.state is TimerState.RINGING:
        seconds = max(1.0, by_s)
        return Change(_later(timer, seconds, hands), TimerState.RUNNING, f"{length(seconds)} more.")
    name = capital(timer.name)
    if timer.what is not What.TIMER:
        moved = hands.waiting(timer, max(hands.now() + 1.0, timer.due_at + by_s))
        return Change(moved, timer.state, f"{name} moved to {when(moved.due_at, now).removeprefix('at ')}.")
    left_s = max(1.0, hands.left_s(timer) + by_s)
    whole = replace(timer, duration_s=max(1.0, timer.duration_s + by_s))
    if timer.state is TimerState.PAUSED:
        return Change(replace(whole, remaining_s=left_s), timer.state, f"{name}: {length(left_s)} left, still paused.")
    return Change(hands.running(whole, left_s), timer.state, f"{name}: {length(left_s)} left now.")


def _fit_for(deed: str, timers: Sequence[Timer]) -> Sequence[Timer]:
    """Those a deed makes sense for: what rings comes before everything that does not."""
    ringing = [timer for timer in timers if timer.state is TimerState.RINGING]
    if deed in ("stop", "snooze") and ringing:
        return ringing
    if deed in _NEEDS:
        return [timer for timer in timers if timer.state in _NEEDS[deed]]
    if deed in ("add", "take"):
        return [timer for timer in timers if timer.what is What.TIMER] or timers
    return timers


def _bare_stop(asked: Asked) -> bool:
    return deed_of(asked) == "stop" and not {WHAT, NAME, LENGTH, ALL} & asked.values.keys()


def _all_ring(asked: Asked, found: Sequence[Timer]) -> bool:
    """One word is for everything that rings."""
    return deed_of(asked) in ("stop", "snooze") and all(timer.state is TimerState.RINGING for timer in found)


def _ends(deed: str, found: Sequence[Timer]) -> bool:
    return deed in ("cancel", "stop") and any(timer.state is not TimerState.RINGING for timer in found)


def _called(timer: Timer, name: str, now: datetime) -> bool:
    """Whether a name means this one: by its words, or by its time of day."""
    wanted = _words(name) - {timer.what.value, "the", "my", "one", "for", "to"}
    if wanted and wanted <= _words(f"{timer.label} {timer.name}"):
        return True
    if timer.what is What.TIMER:
        return False
    said = moment(name, now) or moment(f"at {name}", now)
    if said is None or not said.has_time:
        return False
    due = datetime.fromtimestamp(timer.due_at, now.tzinfo)
    if said.has_day and said.at.date() != due.date():
        return False
    return clock_time(said.at.timestamp(), now.tzinfo) == clock_time(timer.due_at, now.tzinfo) or (
        said.at.hour % 12 == due.hour % 12 and said.at.minute == due.minute and not re.search(r"\d\s*[ap]\.?m", name)
    )


def _words(text: str) -> set[str]:
    found = re.findall(r"[\w']+", text.lower())
    return {word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word for word in found}
