"""Reads a request for a session, asks for what is missing, and proposes what is going to be made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from app.assistant.skills.skill import Asked, Clarification, Proposal
from app.assistant.skills.workout import wish as slots
from app.assistant.skills.workout.choosing import days_since
from app.assistant.skills.workout.dosing import amount_words
from app.assistant.skills.workout.exercise import Muscle
from app.assistant.skills.workout.planning import draft
from app.assistant.skills.workout.wish import Known, Wish, changed, focus_of, usual_minutes, values_of, wish_of
from app.assistant.skills.workout.words import (
    AT_THE_GYM,
    LENGTHS,
    NONE,
    Focus,
    effort_in,
    focus_in,
    gear_in,
    gear_words,
    hurting,
    level_in,
    minutes_in,
    steps_in,
    unwanted_in,
)
from app.assistant.wording import joined
from app.contracts.skill_cards import Choice

SURE = 0.9
"""Over this confidence of the intent, what has a default is not asked when the words said what to train."""
SHOWN = 6
"""Exercises of a preview."""
_MUSCLES = {
    Focus.UPPER: (Muscle.CHEST, Muscle.UPPER_BACK, Muscle.LATS, Muscle.SHOULDERS),
    Focus.LOWER: (Muscle.QUADS, Muscle.GLUTES, Muscle.HAMSTRINGS),
    Focus.CORE: (Muscle.ABS, Muscle.OBLIQUES),
}
_FOCUS_SAYS = {
    Focus.UPPER: ("upper", "the upper body", "arms and chest", "arms"),
    Focus.LOWER: ("lower", "the lower body", "legs", "leg day"),
    Focus.FULL: ("full", "everything", "the whole body", "whole body", "all of it", "both"),
    Focus.CORE: ("abs", "the core", "my core", "stomach"),
}
_GEAR_CHOICES = (
    Choice(value=NONE, label="Nothing", says=("no equipment", "body weight", "just my body"), default=True),
    Choice(value="dumbbells", label="Dumbbells", says=("some dumbbells", "hand weights")),
    Choice(
        value="bench,dumbbells", label="Dumbbells and a bench", says=("dumbbells and bench", "a bench and dumbbells")
    ),
    Choice(value=AT_THE_GYM, label="A gym", says=("the gym", "at the gym", "everything")),
)


def values_in(text: str) -> dict[str, str]:
    """What the words of a request say about the session."""
    text = text.lower().replace("\u2019", "'")
    hurts = hurting(text)
    found = {
        slots.FOCUS: focus_in(text),
        slots.MINUTES: minutes_in(text),
        slots.GEAR: gear_in(text),
        slots.EFFORT: effort_in(text),
        slots.LEVEL: level_in(text),
        slots.HURTS: ",".join(sorted(hurts)),
        slots.WITHOUT: ",".join(unwanted_in(text)),
    }
    return {name: str(value) for name, value in found.items() if value}


def question(asked: Asked, known: Known) -> Clarification | None:
    """The next question: a tree of what to train, how long, and with what; only what is missing.

    Whoever says what to train is asked no more; whoever leaves that open is also asked for what the profile and the
    history do not tell.
    """
    values = values_of(asked)
    wanted = values.get(slots.ASK, "")
    if wanted:
        return _again(asked, wanted)
    if focus_of(values) is None:
        return Clarification(slots.FOCUS, "What would you like to train?", focus_choices(known, asked))
    if slots.FOCUS in values_in(asked.text) and asked.confidence > SURE:
        return None
    if slots.MINUTES not in values and usual_minutes(known, focus_of(values)) is None:
        return Clarification(slots.MINUTES, "How long should it take?", _length_choices())
    if slots.GEAR not in values and not known.equipment.known:
        return Clarification(slots.GEAR, "What do you have to train with?", _GEAR_CHOICES)
    return None


def answer(asked: Asked, slot: str, text: str) -> str | None:
    """The value of an answer in the person's own words."""
    lower = text.lower().replace("\u2019", "'")
    if slot == slots.MINUTES:
        minutes = minutes_in(lower)
        return None if minutes is None else str(minutes)
    if slot == slots.CHANGE:
        found = values_in(lower)
        if "other exercises" in lower or "something else" in lower or "different exercises" in lower:
            found[slots.OTHERS] = _next_others(asked)
        if slots.MINUTES not in found and (steps := steps_in(lower)):
            before = values_of(asked).get(slots.STEPS, "0")
            found[slots.STEPS] = str(min(max(int(before) + steps, -len(LENGTHS)), len(LENGTHS)))
        return changed(asked, **found) if found else None
    return {slots.FOCUS: focus_in, slots.GEAR: gear_in}.get(slot, lambda _text: None)(lower)


def proposal(asked: Asked, known: Known) -> Proposal | None:
    """What is going to be made, with a preview; None when nothing can be."""
    wish = wish_of(asked, known)
    made = draft(known.exercises, wish)
    if not made.items:
        return None
    count = len(made.items)
    effort = {-1: "easier ", 1: "harder "}.get(wish.effort, "")
    tools = f", with {gear_words(made.gear)}" if made.gear else ", with body weight only"
    article = "an" if str(count) in ("8", "11") else "a"
    what = f"{count}-exercise {effort}{wish.focus.words} workout"
    sentence = f"I'll create {article} {what}, about {made.minutes} minutes{tools}."
    lines = [
        f"{item.exercise.name}: {item.dose.sets} × {amount_words(item.exercise, item.dose)}"  # noqa: RUF001
        for item in made.items[:SHOWN]
    ]
    if count > SHOWN:
        lines.append(f"and {count - SHOWN} more")
    if wish.hurts:
        lines.append(f"Leaves your {joined([joint.words for joint in sorted(wish.hurts)])} alone")
    choices = modifications(asked, wish)
    return Proposal(sentence, tuple(lines), modify=Clarification(slots.CHANGE, "What should be different?", choices))


def modifications(asked: Asked, wish: Wish) -> tuple[Choice, ...]:
    """How a proposal may be changed; each value holds what was changed before as well."""
    shorter = max((length for length in LENGTHS if length < wish.minutes), default=None)
    longer = min((length for length in LENGTHS if length > wish.minutes), default=None)
    found = []
    if shorter is not None:
        found.append(_change(asked, f"Shorter ({shorter} min)", ("shorter", "make it shorter", "less time"),
                             minutes=str(shorter)))  # fmt: skip
    found.append(_change(asked, "Other exercises", ("different exercises", "something else", "other ones"),
                         others=_next_others(asked)))  # fmt: skip
    if longer is not None:
        found.append(_change(asked, f"Longer ({longer} min)", ("longer", "make it longer", "more time"),
                             minutes=str(longer)))  # fmt: skip
    if wish.effort > -1:
        found.append(_change(asked, "Easier", ("make it easier", "lighter"), effort=_EFFORTS[wish.effort - 1]))
    if wish.effort < 1:
        found.append(_change(asked, "Harder", ("make it harder", "heavier"), effort=_EFFORTS[wish.effort + 1]))
    found.append(_change(asked, "Another focus", ("other focus", "another part of the body"), ask=slots.FOCUS))
    found.append(_change(asked, "Other equipment", ("different equipment", "with other equipment"), ask=slots.GEAR))
    first, *others = found
    return (Choice(value=first.value, label=first.label, says=first.says, default=True), *others)


def likely_changes(asked: Asked, known: Known) -> Sequence[Asked]:
    """The two requests a proposal is most likely turned into."""
    choices = modifications(asked, wish_of(asked, known))
    return tuple(asked.having({slots.CHANGE: choice.value}) for choice in choices[:2])


def focus_choices(known: Known, asked: Asked) -> tuple[Choice, ...]:
    """Upper, lower, full, core; the default is what has rested longest."""
    default = _rested_longest(known, asked)
    return tuple(
        Choice(value=focus.value, label=focus.words.capitalize(), says=_FOCUS_SAYS[focus], default=focus is default)
        for focus in _FOCUS_SAYS
    )


_EFFORTS = {-1: "easier", 0: "usual", 1: "harder"}


def _rested_longest(known: Known, asked: Asked) -> Focus:
    if not known.history.sessions:
        return Focus.FULL
    rested: Mapping[Muscle, int] = days_since(known.exercises, known.history.sessions, asked.now.date())
    halves = (Focus.UPPER, Focus.LOWER)
    return max(
        halves, key=lambda focus: (min(rested.get(muscle, 99) for muscle in _MUSCLES[focus]), focus is Focus.UPPER)
    )


def _again(asked: Asked, wanted: str) -> Clarification | None:
    """The question "another focus" and "other equipment" lead to."""
    if wanted == slots.FOCUS:
        choices = tuple(
            Choice(
                value=changed(asked, focus=focus.value), label=focus.words.capitalize(), says=says, default=not number
            )
            for number, (focus, says) in enumerate(_FOCUS_SAYS.items())
        )
        return Clarification(slots.CHANGE, "What should it train then?", choices)
    choices = tuple(
        Choice(value=changed(asked, equipment=each.value), label=each.label, says=each.says, default=each.default)
        for each in _GEAR_CHOICES
    )
    return Clarification(slots.CHANGE, "With what then?", choices)


def _length_choices() -> tuple[Choice, ...]:
    words = {20: "twenty", 30: "thirty", 45: "forty five", 60: "sixty"}
    says = {60: ("an hour", "one hour"), 30: ("half an hour",), 45: ("three quarters of an hour",)}
    return tuple(
        Choice(
            value=str(length),
            label=f"{length} minutes",
            says=(str(length), words[length], f"{words[length]} minutes", *says.get(length, ())),
            default=length == slots.USUAL_MINUTES,
        )
        for length in LENGTHS
    )


def _change(asked: Asked, label: str, says: tuple[str, ...], **values: str) -> Choice:
    return Choice(value=changed(asked, **values), label=label, says=says)


def _next_others(asked: Asked) -> str:
    before = values_of(asked).get(slots.OTHERS, "")
    return str((int(before) if before.isdecimal() else 0) + 1)
