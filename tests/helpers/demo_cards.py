"""Cards of every kind as the stages make them, and an assistant that does what their buttons say.

Why it exists: people who draw the window, and the tests that drive it, need every kind of card without a skill behind.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import replace

from app.contracts.card import CardAction, Emphasis
from app.contracts.cards import AnyCard
from app.contracts.skill_cards import (
    Alternative,
    AlternativesCard,
    Choice,
    ClarificationCard,
    Detail,
    JobCard,
    JobState,
    ListCard,
    ListItem,
    PrePlanCard,
    PrePlanState,
    RoutineCard,
    RoutineStep,
    SessionExercise,
    SessionPlanCard,
    Source,
    SourcesCard,
    StatusCard,
    TimerCard,
    TimerState,
)


def offers(*pairs: tuple[str, str], quiet: Iterable[str] = (), main: bool = True) -> tuple[CardAction, ...]:
    """Actions with their labels, the first one the main one where there is one."""
    found = []
    for number, (action, label) in enumerate(pairs):
        loudness = Emphasis.QUIET if action in quiet else Emphasis.PRIMARY if main and not number else Emphasis.NORMAL
        found.append(CardAction(action=action, label=label, emphasis=loudness))
    return tuple(found)


STATUS = StatusCard(card_id="status", stage="plan", message="Preparing…", progress=0.4)
FOCUSES = (("upper", "Upper body"), ("lower", "Lower body"), ("full", "Full body"), ("core", "Core"))
CLARIFICATION = ClarificationCard(
    card_id="focus",
    skill="workout",
    question="What would you like to train?",
    slot="focus",
    choices=tuple(Choice(value=value, label=label, default=value == "full") for value, label in FOCUSES),
    actions=offers(*((f"answer:{value}", label) for value, label in FOCUSES)),
)
PRE_PLAN = PrePlanCard(
    card_id="pre-plan",
    skill="workout",
    sentence="I'll create a 4-exercise upper body workout, about 30 minutes, with dumbbells.",
    preview=("Push, pull, push, pull", "Nothing for the left knee"),
    estimated_s=0.4,
    measured=6,
    actions=offers(("proceed", "Proceed"), ("modify", "Modify"), ("cancel", "Cancel"), quiet=("cancel",)),
)
WEIGHTY = replace(
    PRE_PLAN,
    card_id="weighty",
    sentence="I'll delete all 7 things on your shopping list.",
    preview=(),
    estimated_s=None,
    weighty=True,
)


def exercise(exercise_id: str, name: str, muscles: str, **fields: object) -> SessionExercise:
    """One exercise of the demo's session."""
    values: dict[str, object] = {"sets": 3, "repetitions": "8 to 12", "rest_s": 90, "muscles": muscles, **fields}
    return SessionExercise(exercise_id=exercise_id, name=name, **values)  # type: ignore[arg-type]


SESSION = SessionPlanCard(
    card_id="session",
    skill="workout",
    priority=100,
    title="Upper body with dumbbells",
    minutes=30,
    warm_up=("Arm circles, 1 minute", "Slow push-ups against a wall, 10"),
    cool_down=("Chest stretch in a doorway", "Let the arms hang and breathe"),
    detail=Detail.DETAILED,
    exercises=(
        exercise(
            "floor-press",
            "Dumbbell floor press",
            "Chest, triceps, front of the shoulders",
            weight="14 kg",
            how=(
                "Lie down, knees bent, a dumbbell over each shoulder.",
                "Lower until the elbows touch the floor, wait a moment.",
                "Press up without letting the dumbbells touch.",
            ),
            drawing="skills/workout/drawings/horizontal-push.svg",
        ),
        exercise(
            "row",
            "One-arm dumbbell row",
            "Upper back, biceps",
            weight="16 kg",
            repetitions="10 each side",
            rest_s=60,
            how=(
                "One hand and one knee on a bench, back flat.",
                "Pull the elbow up along the body, let it down slowly.",
            ),
            drawing="skills/workout/drawings/horizontal-pull.svg",
            link="https://example.org/one-arm-row",
        ),
        exercise("shoulder-press", "Seated shoulder press", "Shoulders, triceps", weight="10 kg"),
        exercise("plank", "Plank", "Belly, lower back", repetitions="40 s", rest_s=45, sets=2),
    ),
    actions=offers(
        ("finish", "Finish"),
        *((f"{verb}:{each}", f"{verb} {each}") for each in ("floor-press", "row") for verb in ("set-done", "swap")),
        main=False,
    ),
)
ALTERNATIVES = AlternativesCard(
    card_id="alternatives",
    skill="workout",
    title="Instead of it",
    alternatives=(
        Alternative(reference="short", label="20 minutes, 3 exercises", reason="The same without the plank"),
        Alternative(
            reference="bodyweight", label="Without equipment", reason="Push-ups, pike push-ups, rows at a table"
        ),
    ),
    actions=offers(("choose:short", "Shorter"), ("choose:bodyweight", "Without equipment")),
)
RUNNING = offers(("pause", "Pause"), ("plus-minute", "+1 minute"), ("cancel", "Cancel"), quiet=("cancel",), main=False)
RINGING = offers(("stop", "Stop"), ("snooze", "5 more minutes"))
LIST = ListCard(
    card_id="shopping",
    skill="lists",
    list_id="shopping",
    title="Shopping list",
    items=(
        ListItem(item_id="1", text="Milk"),
        ListItem(item_id="2", text="Eggs", done=True),
        ListItem(item_id="3", text="Bread, the dark one with seeds"),
    ),
    actions=(CardAction(action="clear-done", label="Remove what is done"),),
)
AGENDA = ListCard(
    card_id="agenda",
    skill="day",
    list_id="agenda",
    title="Your day",
    items=(
        ListItem(item_id="a", text="Alarm", when="07:00", checkable=False),
        ListItem(item_id="b", text="Dentist", when="14:30", checkable=False),
        ListItem(item_id="c", text="Call Anna", when="18:00", checkable=False),
    ),
)
SOURCES = SourcesCard(
    card_id="sources",
    skill="documents",
    sources=(
        Source(
            title="heating-manual.pdf",
            place="page 12",
            excerpt="The pressure should stand between 1.2 and 1.8 bar. Below 1 bar, fill water through the valve.",
        ),
        Source(title="notes/house.md", place="Heating", excerpt="Last filled in March."),
    ),
)
YAML = """name: Good morning
phrases:
  - good morning
steps:
  - ask: what time is it
  - ask: how much battery is left
  - ask: what is on my shopping list
"""
ROUTINE = RoutineCard(
    card_id="routine",
    skill="routines",
    routine_id="good-morning",
    name="Good morning",
    phrases=("good morning",),
    steps=(
        RoutineStep(step_id="time", does="Tell the time"),
        RoutineStep(step_id="battery", does="Tell how much battery is left"),
        RoutineStep(step_id="list", does="Read the shopping list"),
    ),
    yaml=YAML,
    saved=True,
    actions=offers(("run", "Run"), ("dry-run", "Try it"), ("delete", "Delete"), quiet=("delete",)),
)
JOB = JobCard(
    card_id="job",
    skill="jobs",
    job_id="j-17",
    name="Read the folder Papers",
    message="214 of 380 documents",
    progress=0.56,
    state=JobState.RUNNING,
    actions=offers(("cancel", "Cancel"), main=False),
)


def timer(now: float | None = None, **fields: object) -> TimerCard:
    """A tea timer with about three minutes left of four."""
    at = time.time() if now is None else now
    card = TimerCard(
        card_id="tea",
        skill="timers",
        timer_id="t1",
        what="timer",
        label="tea",
        due_at=at + 184.0,
        duration_s=240.0,
        actions=RUNNING,
    )
    return replace(card, **fields)  # type: ignore[arg-type]


def every_card(now: float | None = None) -> tuple[AnyCard, ...]:
    """One of each kind that skills make."""
    return (
        STATUS, CLARIFICATION, PRE_PLAN, SESSION, ALTERNATIVES, timer(now), LIST, AGENDA, SOURCES, ROUTINE, JOB
    )  # fmt: skip


def acted(card: AnyCard, action: str, text: str = "") -> AnyCard | None:
    """The next revision of a card after one of its buttons, as a skill would make it; None for an unknown action."""
    verb, _, reference = action.partition(":")
    does = _DOES.get((type(card), verb))
    after = does(card, reference, text) if does is not None else None
    return None if after is None else replace(after, revision=card.revision + 1)


def _answered(card: ClarificationCard, reference: str, _text: str) -> AnyCard:
    label = next((choice.label for choice in card.choices if choice.value == reference), reference)
    return replace(card, chosen=label, actions=())


def _checked(card: ListCard, reference: str, _text: str) -> AnyCard:
    items = (replace(item, done=not item.done) if item.item_id == reference else item for item in card.items)
    return replace(card, items=tuple(items))


def _removed(card: ListCard, reference: str, _text: str) -> AnyCard:
    return replace(card, items=tuple(item for item in card.items if item.item_id != reference))


def _set_done(card: SessionPlanCard, reference: str, _text: str) -> AnyCard:
    exercises = (
        replace(each, sets_done=each.sets_done + 1) if each.exercise_id == reference else each
        for each in card.exercises
    )
    return replace(card, exercises=tuple(exercises))


def _swapped(card: SessionPlanCard, reference: str, _text: str) -> AnyCard:
    exercises = (
        exercise("push-up", "Push-up", "Chest, triceps", swapped_from=each.name)
        if each.exercise_id == reference
        else each
        for each in card.exercises
    )
    return replace(card, exercises=tuple(exercises))


def _saved(card: RoutineCard, _reference: str, text: str) -> AnyCard:
    if "steps:" not in text:
        return replace(card, yaml=text, problem="Line 2, column 1: the steps are missing.")
    return replace(card, yaml=text, problem="", saved=True)


def _tried(card: RoutineCard, _reference: str, _text: str) -> AnyCard:
    gave = ("It is 08:00.", "71 %, about 5 hours.", "Milk, eggs and bread.")
    return replace(card, steps=tuple(replace(step, gave=said) for step, said in zip(card.steps, gave, strict=True)))


_DOES: dict[tuple[type[AnyCard], str], Callable[..., AnyCard]] = {
    (ClarificationCard, "answer"): _answered,
    (PrePlanCard, "proceed"): lambda card, *_: replace(card, state=PrePlanState.PROCEEDING, actions=()),
    (PrePlanCard, "cancel"): lambda card, *_: replace(card, state=PrePlanState.CANCELLED, actions=()),
    (ListCard, "check"): _checked,
    (ListCard, "remove"): _removed,
    (SessionPlanCard, "set-done"): _set_done,
    (SessionPlanCard, "swap"): _swapped,
    (SessionPlanCard, "finish"): lambda card, *_: replace(card, finished=True, actions=()),
    (TimerCard, "pause"): lambda card, *_: replace(
        card, state=TimerState.PAUSED, remaining_s=card.due_at - time.time(), actions=offers(("resume", "Go on"))
    ),
    (TimerCard, "plus-minute"): lambda card, *_: replace(card, due_at=card.due_at + 60.0),
    (RoutineCard, "save"): _saved,
    (RoutineCard, "dry-run"): _tried,
    (JobCard, "cancel"): lambda card, *_: replace(card, state=JobState.CANCELLED, actions=()),
}
