"""The card of a routine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from app.assistant.routines.routine import Problem, Routine
from app.assistant.routines.running import Gave
from app.assistant.wording import counted
from app.contracts.card import CardAction, Emphasis
from app.contracts.skill_cards import ListCard, ListItem, RoutineCard, RoutineStep

SKILL = "routines"
RUN, DRY_RUN, SAVE, DELETE = "run", "dry-run", "save", "delete"
LIST_ID = "routines"
_PRIORITY = 90


def card_id_of(routine_id: str) -> str:
    """Id of the card of a routine."""
    return f"routine-{routine_id}"


def routine_card(
    routine: Routine,
    yaml: str,
    *,
    saved: bool,
    gave: Sequence[Gave] = (),
    problems: Sequence[Problem] = (),
    values: Mapping[str, str] | None = None,
    revision: int = 1,
) -> RoutineCard:
    """A routine with its steps, its text and what can be done with it.

    Args:
        routine: It.
        yaml: Its text.
        saved: It is kept.
        gave: What the steps gave in a run.
        problems: What is wrong with the text.
        values: Of its parameters, instead of the defaults.
        revision: Of the card.
    """
    lines = {each.step_id: ("failed: " if each.failed else "") + each.text for each in gave}
    given = values or {}
    return RoutineCard(
        card_id=card_id_of(routine.routine_id),
        skill=SKILL,
        priority=_PRIORITY,
        revision=revision,
        actions=_actions(saved=saved, sound=not problems),
        routine_id=routine.routine_id,
        name=routine.name,
        phrases=routine.phrases,
        steps=tuple(
            RoutineStep(step_id=step.step_id, does=step.in_words(), gave=lines.get(step.step_id, ""))
            for step in routine.steps
        ),
        parameters=tuple(f"{each.name} = {given.get(each.name) or each.default or '?'}" for each in routine.parameters),
        yaml=yaml,
        saved=saved,
        problem=" ".join(str(problem) for problem in problems),
    )


def list_card(routines: Sequence[Routine]) -> ListCard:
    """All saved routines."""
    items = tuple(
        ListItem(
            item_id=routine.routine_id,
            text=f"{routine.name}: {counted(len(routine.steps), 'step')}, started by {_quoted(routine.phrases)}",
            checkable=False,
        )
        for routine in routines
    )
    return ListCard(
        card_id="routines-list",
        skill=SKILL,
        list_id=LIST_ID,
        title="Routines",
        items=items,
        empty_text='None yet. Say "when I say good morning, tell me the time and the battery".',
    )


def _actions(*, saved: bool, sound: bool) -> tuple[CardAction, ...]:
    run = CardAction(action=RUN, label="Run", says=("run it", "run the routine"), emphasis=Emphasis.PRIMARY)
    dry = CardAction(action=DRY_RUN, label="Dry run", says=("try it", "test it", "do a dry run"))
    save = CardAction(action=SAVE, label="Save", says=("save it",))
    delete = CardAction(
        action=DELETE, label="Delete", says=("delete it", "delete the routine"), emphasis=Emphasis.QUIET
    )
    if not sound:
        return (save, delete) if saved else (save,)
    return (run, dry, save, delete) if saved else (dry, save)


def _quoted(phrases: Sequence[str]) -> str:
    return " or ".join(f"“{phrase}”" for phrase in phrases)
