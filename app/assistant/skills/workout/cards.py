"""The cards of a session, filled in step by step: first what and how much, then how it is done, then the drawings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from app.assistant.skills.workout.catalogue import DRAWINGS
from app.assistant.skills.workout.dosing import amount_words, weight_words
from app.assistant.skills.workout.exercise import Exercise
from app.assistant.skills.workout.planning import Draft, Item, title_of
from app.assistant.skills.workout.words import gear_words
from app.assistant.wording import joined
from app.contracts.card import CardAction, Emphasis
from app.contracts.cards import NoticeCard
from app.contracts.skill_cards import (
    Alternative,
    AlternativesCard,
    Detail,
    ListCard,
    ListItem,
    SessionExercise,
    SessionPlanCard,
)

SESSION, EQUIPMENT, ALTERNATIVES, REASONS = "session_plan", "equipment_notice", "alternatives", "reasons"
DETAILS = (Detail.BASIC, Detail.DETAILED, Detail.ILLUSTRATED)
SET_DONE, SWAP, CHOOSE, FINISH = "set-done", "swap", "choose", "finish"
TO = ">"
"""Between the two exercises of a reference of the alternatives."""
CAUTION = (
    "Leave out whatever hurts, and stop when something does. Sotto cannot judge an injury: when pain stays, "
    "ask somebody who can."
)


def session_id(plan_id: str) -> str:
    """Id of a session's card."""
    return f"workout-session-{plan_id}"


def plan_id_of(card_id: str) -> str:
    """The plan a card of a session belongs to."""
    return card_id.rpartition("-")[2]


def alternatives_id(plan_id: str) -> str:
    """Id of the card of its alternatives."""
    return f"workout-alternatives-{plan_id}"


def session_card(draft: Draft, detail: Detail) -> SessionPlanCard:
    """The session, filled in up to a step."""
    card = SessionPlanCard(
        card_id=session_id(draft.plan_id),
        title=title_of(draft.wish.focus, draft.minutes),
        minutes=draft.minutes,
        exercises=tuple(shown(item, detail) for item in draft.items),
        warm_up=draft.warm_up,
        cool_down=draft.cool_down,
        detail=detail,
    )
    return with_actions(card)


def shown(item: Item, detail: Detail, *, swapped_from: str = "", sets_done: int = 0) -> SessionExercise:
    """An exercise on the card."""
    exercise, dose = item.exercise, item.dose
    basic = SessionExercise(
        exercise_id=exercise.id,
        name=exercise.name,
        sets=dose.sets,
        repetitions=amount_words(exercise, dose),
        rest_s=dose.rest_s,
        swapped_from=swapped_from,
        sets_done=sets_done,
    )
    if detail is Detail.BASIC:
        return basic
    cue = (f"Keep in mind: {exercise.cue[0].lower()}{exercise.cue[1:]}",) if exercise.cue else ()
    detailed = replace(
        basic, weight=weight_words(exercise, dose), muscles=exercise.muscles_in_words, how=(*exercise.how, *cue)
    )
    return detailed if detail is Detail.DETAILED else replace(detailed, drawing=drawing_of(exercise))


def drawing_of(exercise: Exercise) -> str:
    """Its drawing as an asset, empty for none."""
    return f"{DRAWINGS}/{exercise.drawing}.svg" if exercise.drawing else ""


def with_actions(card: SessionPlanCard) -> SessionPlanCard:
    """The card with what can be done with it now: the next set first, then the end, then each exercise."""
    if card.finished:
        return replace(card, actions=())
    left = [exercise for exercise in card.exercises if not exercise.done]
    actions = []
    if left:
        actions.append(
            CardAction(
                action=f"{SET_DONE}:{left[0].exercise_id}",
                label="Next set done",
                says=(
                    "set done",
                    "the set is done",
                    "done with the set",
                    "done with that set",
                    "next set",
                    "one more set done",
                ),
                emphasis=Emphasis.PRIMARY,
            )
        )
    finish = CardAction(
        action=FINISH,
        label="Finish workout",
        says=("finish the workout", "finish my workout", "i am finished", "i'm finished", "workout done",
              "end the workout", "end workout", "i am done", "i'm done"),
        emphasis=Emphasis.NORMAL if left else Emphasis.PRIMARY,
    )  # fmt: skip
    actions.append(finish)
    for exercise, names in zip(card.exercises, said_names(card.exercises), strict=True):
        if not exercise.done:
            actions.append(_swap(exercise, (*names, *_places(card.exercises, exercise))))
        if not exercise.done and exercise is not left[0]:
            actions.append(_set_done(exercise, names))
    return replace(card, actions=tuple(actions))


def equipment_notice(draft: Draft) -> NoticeCard:
    """What is needed, and a word of caution where something hurts."""
    wish = draft.wish
    needed = draft.gear
    sentences = []
    if needed:
        sentences.append(f"You need: {gear_words(needed)}.")
    elif wish.gear:
        sentences.append("Nothing of your equipment is needed this time.")
    else:
        sentences.append("No equipment is needed: a floor, a wall and a firm chair will do.")
    if not wish.gear_known:
        sentences.append('I do not know what you have; say "I have dumbbells and a bench", and I will plan with it.')
    if wish.hurts:
        hurting = joined([joint.words for joint in sorted(wish.hurts)])
        sentences.append(f"Exercises that put much load on the {hurting} are left out. {CAUTION}")
    if any(item.exercise.loadable and not item.dose.why for item in draft.items):
        sentences.append("The weights are a careful first guess: the last repetitions should be hard, not impossible.")
    return NoticeCard(card_id=f"workout-equipment-{draft.plan_id}", message=" ".join(sentences))


def alternatives_card(draft: Draft) -> AlternativesCard | None:
    """What each exercise could be swapped for, None when there is nothing."""
    found = pairs([(item.exercise, item.instead) for item in draft.items])
    return alternatives_of(draft.plan_id, found) if found else None


def pairs(found: Sequence[tuple[Exercise, Sequence[Exercise]]]) -> list[tuple[Exercise, Exercise]]:
    """Each exercise with the best that could take its place; nothing is offered twice."""
    offered: dict[str, tuple[Exercise, Exercise]] = {}
    for exercise, others in found:
        other = next((each for each in others if each.id not in offered), None)
        if other is not None:
            offered[other.id] = (exercise, other)
    return list(offered.values())


def alternatives_of(plan_id: str, found: Sequence[tuple[Exercise, Exercise]]) -> AlternativesCard:
    """A card of pairs: an exercise and what could take its place."""
    offered = tuple(
        Alternative(reference=f"{old.id}{TO}{new.id}", label=f"{new.name} instead of {old.name.lower()}",
                    reason=difference(old, new))
        for old, new in found
    )  # fmt: skip
    actions = tuple(
        CardAction(
            action=f"{CHOOSE}:{each.reference}",
            label=each.label,
            says=(new.name.lower(), f"the {new.name.lower()}"),
            emphasis=Emphasis.QUIET,
        )
        for each, (_, new) in zip(offered, found, strict=True)
    )
    return AlternativesCard(
        card_id=alternatives_id(plan_id), title="You could also do", alternatives=offered, actions=actions
    )


def reasons_card(draft: Draft) -> ListCard:
    """Why each exercise is there."""
    items = tuple(
        ListItem(
            item_id=item.exercise.id,
            text=f"{item.exercise.name}: {'; '.join(item.reasons)}",
            checkable=False,
        )
        for item in draft.items
    )
    return ListCard(
        card_id=f"workout-reasons-{draft.plan_id}", list_id="workout-reasons", title="Why these exercises", items=items
    )


def difference(old: Exercise, new: Exercise) -> str:
    """In what another exercise differs, a few words."""
    spared = [joint.words for joint in old.strains if joint not in new.strains]
    if spared:
        return f"spares the {joined(spared)}"
    if old.needs and not new.needs:
        return "needs no equipment"
    if new.level.rank != old.level.rank:
        return "easier" if new.level.rank < old.level.rank else "harder"
    shared = [muscle.words for muscle in new.primary if muscle in (*old.primary, *old.secondary)]
    return f"also works the {joined(shared)}" if shared else f"works the {joined([m.words for m in new.primary])}"


_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth")


def _swap(exercise: SessionExercise, names: Sequence[str]) -> CardAction:
    says = [f"{verb} {name}" for name in names for verb in ("swap the", "swap", "replace the", "replace", "change the")]
    says += [f"something else instead of the {name}" for name in names]
    return CardAction(
        action=f"{SWAP}:{exercise.exercise_id}",
        label=f"Swap {exercise.name.lower()}",
        says=tuple(says),
        emphasis=Emphasis.QUIET,
    )


def _set_done(exercise: SessionExercise, names: Sequence[str]) -> CardAction:
    said = [words for name in names for words in (f"{name} set done", f"{name} done", f"one set of {name} done")]
    return CardAction(
        action=f"{SET_DONE}:{exercise.exercise_id}",
        label=f"Set of {exercise.name.lower()} done",
        says=tuple(said),
        emphasis=Emphasis.QUIET,
    )


def _places(exercises: Sequence[SessionExercise], exercise: SessionExercise) -> tuple[str, ...]:
    """How an exercise may be called by its place: "first exercise", "first one", "last exercise"."""
    place = exercises.index(exercise)
    names = [_ORDINALS[place]] if place < len(_ORDINALS) else []
    names += ["last"] if place == len(exercises) - 1 else []
    return tuple(f"{name} {what}" for name in names for what in ("exercise", "one"))


def said_names(exercises: Sequence[SessionExercise]) -> list[tuple[str, ...]]:
    """How each exercise of a session may be called: by its name, or by its last words where no other ends with them.

    "Barbell bench press" is "bench press" too, and "push-up" may be heard as "push up" or "pushup".
    """
    ends = [_ends(exercise.name) for exercise in exercises]
    counted = Counter(end for each in ends for end in each)
    found = []
    for each in ends:
        own = [end for place, end in enumerate(each) if not place or counted[end] == 1]
        heard = [way for end in own for way in (end, end.replace("-", " "), end.replace("-", ""))]
        found.append(tuple(dict.fromkeys(heard)))
    return found


def _ends(name: str) -> list[str]:
    """The whole name in lower case, then without its first word, and so on."""
    words = name.lower().split()
    return [" ".join(words[place:]) for place in range(len(words))]
