"""What the buttons of a session do: tick off sets, swap an exercise, finish the workout."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime

from app.assistant.skills.skill import Acted
from app.assistant.skills.workout.cards import (
    CHOOSE,
    FINISH,
    SET_DONE,
    SWAP,
    TO,
    alternatives_id,
    alternatives_of,
    difference,
    pairs,
    plan_id_of,
    session_id,
    shown,
    with_actions,
)
from app.assistant.skills.workout.catalogue import Catalogue
from app.assistant.skills.workout.choosing import alternatives
from app.assistant.skills.workout.dosing import dose
from app.assistant.skills.workout.exercise import Exercise
from app.assistant.skills.workout.person import (
    Log,
    Performed,
    Planned,
    PlannedExercise,
    Session,
    keep_plan,
    keep_session,
)
from app.assistant.skills.workout.planning import Item
from app.assistant.skills.workout.wish import Wish
from app.assistant.skills.workout.words import Focus
from app.assistant.wording import counted
from app.contracts.cards import AnyCard
from app.contracts.errors import InvalidInput
from app.contracts.skill_cards import AlternativesCard, SessionExercise, SessionPlanCard
from app.memory.notebook import Notebook

LONGEST_SESSION_S = 3 * 3600
"""A card that is finished later than this after it was made tells nothing about how long the workout took."""
_GONE = "That session is no longer kept."


class Using:
    """Works the cards of sessions.

    Args:
        notebook: Where the cards lie.
        log: Where plans and workouts lie.
        catalogue: The exercises.
    """

    def __init__(self, notebook: Notebook, log: Log, catalogue: Catalogue) -> None:
        self._notebook = notebook
        self._log = log
        self._catalogue = catalogue

    async def act(self, card: AnyCard, action: str, now: datetime) -> Acted | None:
        """Do it; None for an action that is not known.

        Raises:
            InvalidInput: The exercise is not in the session, nothing can take its place, or the session is gone.
            StorageError: The notebook cannot be read.
        """
        verb, _, reference = action.partition(":")
        if isinstance(card, AlternativesCard):
            old, _, new = reference.partition(TO)
            session = await self._notebook.card(session_id(plan_id_of(card.card_id)))
            if verb != CHOOSE or not isinstance(session, SessionPlanCard):
                return None
            return await self._swap(session, old, new, now)
        if not isinstance(card, SessionPlanCard):
            return None
        if card.finished and verb in (SET_DONE, SWAP, FINISH):
            return Acted(say="That workout is finished already.")
        if verb == SET_DONE:
            return _set_done(card, reference)
        if verb == SWAP:
            return await self._swap(card, reference, "", now)
        return await self._finish(card, now) if verb == FINISH else None

    async def left_open(self, now: datetime) -> SessionPlanCard | None:
        """The session planned last today when it is not finished yet, as it was left; else None.

        Raises:
            StorageError: The notebook cannot be read.
        """
        plan = (await self._log.plans(since=now.replace(hour=0, minute=0, second=0, microsecond=0).timestamp()))[-1:]
        card = await self._notebook.card(session_id(plan[0].plan_id)) if plan and not plan[0].finished else None
        if not isinstance(card, SessionPlanCard) or card.finished:
            return None
        return replace(card, turn_id="", revision=card.revision + 1)

    async def _swap(self, card: SessionPlanCard, old_id: str, new_id: str, now: datetime) -> Acted:
        """Put another exercise in the place of one: the wanted one, or the best there is."""
        plan = await self._log.plan(plan_id_of(card.card_id))
        exercises = await self._catalogue.exercises()
        place = _place(card, old_id)
        old = exercises.get(old_id)
        if plan is None or old is None:
            raise InvalidInput(_GONE, code="no-session", remedy="Ask for a new one.")
        wish = await self._wish(plan, now.date())
        taken = [each.exercise_id for each in card.exercises]
        found = alternatives(exercises, wish, old, taken, limit=3)
        new = exercises[new_id] if new_id in exercises and new_id not in taken else next(iter(found), None)
        if new is None:
            return Acted(say=f"Nothing else fits in place of the {old.name.lower()}.")
        item = Item(new, dose(new, wish))
        origin = card.exercises[place].swapped_from or old.name
        exercise = shown(item, card.detail, swapped_from="" if origin == new.name else origin)
        listed_ = (*card.exercises[:place], exercise, *card.exercises[place + 1 :])
        revised = with_actions(replace(card, exercises=listed_, revision=card.revision + 1))
        other = await self._other_alternatives(revised, wish, exercises, new.name)
        return Acted(
            cards=(revised, *other),
            writes=(keep_plan(_with_item(plan, place, item)),),
            say=f"Swapped the {old.name.lower()} for the {new.name.lower()}: it {_says(old, new)}.",
        )

    async def _other_alternatives(
        self, session: SessionPlanCard, wish: Wish, exercises: Mapping[str, Exercise], chosen: str
    ) -> tuple[AlternativesCard, ...]:
        """The card of the alternatives as it is after a swap; empty when there is none on the canvas."""
        card_id = alternatives_id(plan_id_of(session.card_id))
        card = await self._notebook.card(card_id)
        if not isinstance(card, AlternativesCard):
            return ()
        taken = [each.exercise_id for each in session.exercises]
        found = [
            (exercises[each], alternatives(exercises, wish, exercises[each], taken))
            for each in taken
            if each in exercises
        ]
        fresh = alternatives_of(plan_id_of(card_id), pairs(found))
        kept = replace(card, alternatives=fresh.alternatives, actions=fresh.actions)
        return (replace(kept, chosen=chosen, revision=card.revision + 1),)

    async def _finish(self, card: SessionPlanCard, now: datetime) -> Acted:
        """Keep what was done; nothing ticked off counts as all of it done."""
        plan_id = plan_id_of(card.card_id)
        plan = await self._log.plan(plan_id)
        if plan is None:
            raise InvalidInput(_GONE, code="no-session", remedy='Say "log my workout" and what you did.')
        ticked = any(exercise.sets_done for exercise in card.exercises)
        numbers = {each.exercise_id: each for each in plan.items}
        exercises = await self._catalogue.exercises()
        performed = tuple(
            _performed(each, numbers[each.exercise_id], exercises.get(each.exercise_id), ticked=ticked)
            for each in card.exercises
            if each.exercise_id in numbers and (each.sets_done or not ticked)
        )
        elapsed_s = now.timestamp() - plan.at
        measured = ticked and plan.minutes * 60 * 0.4 <= elapsed_s <= min(LONGEST_SESSION_S, plan.minutes * 60 * 2.5)
        minutes = round(elapsed_s / 60) if measured else plan.minutes
        session = Session(f"session-{plan_id}", now.timestamp(), now.date().isoformat(), plan.focus, minutes, performed)
        done = tuple(each if ticked else replace(each, sets_done=each.sets) for each in card.exercises)
        finished = with_actions(replace(card, exercises=done, finished=True, revision=card.revision + 1))
        writes = (keep_session(session), keep_plan(replace(plan, finished=True)))
        alternatives_card = await self._notebook.card(alternatives_id(plan_id))
        removed = (alternatives_card.card_id,) if alternatives_card is not None else ()
        sets = sum(each.sets for each in performed)
        what = f"{counted(len(performed), 'exercise')}, {counted(sets, 'set')}, {counted(minutes, 'minute')}"
        say = f"Well done: {what}. It is in your history."
        return Acted(cards=(finished,), removed=removed, writes=writes, say=say)

    async def _wish(self, plan: Planned, today: date) -> Wish:
        """What a kept plan was made for, with the history as it is now."""
        profile, history = await self._log.profile(), await self._log.recent()
        wish = Wish(
            focus=Focus(plan.focus) if plan.focus in frozenset(Focus) else Focus.FULL,
            minutes=plan.minutes,
            gear=frozenset(plan.gear),
            level=plan.level,
            hurts=frozenset(plan.hurts),
            without=plan.without,
            today=today,
            sessions=history.sessions,
        )
        return wish if profile.goal is None else replace(wish, goal=profile.goal)


def _set_done(card: SessionPlanCard, exercise_id: str) -> Acted:
    place = _place(card, exercise_id)
    exercise = card.exercises[place]
    if exercise.done:
        return Acted(say=f"All sets of the {exercise.name.lower()} are done already.")
    done = replace(exercise, sets_done=exercise.sets_done + 1)
    exercises = (*card.exercises[:place], done, *card.exercises[place + 1 :])
    revised = with_actions(replace(card, exercises=exercises, revision=card.revision + 1))
    following = next((each for each in exercises if not each.done), None)
    if not done.done:
        say = f"Set {done.sets_done} of {done.sets}. Rest {done.rest_s} seconds."
    elif following is None:
        say = 'That was the last set. Say "finish workout" to keep it.'
    else:
        say = f"Done. Next: {following.name.lower()}, {counted(following.sets, 'set')} of {following.repetitions}."
    return Acted(cards=(revised,), say=say)


def _performed(
    shown_: SessionExercise, planned: PlannedExercise, exercise: Exercise | None, *, ticked: bool
) -> Performed:
    """What a card says was done; repetitions are taken to be the top of the range."""
    kept = Performed(
        exercise_id=shown_.exercise_id,
        name=shown_.name,
        sets=shown_.sets_done if ticked else shown_.sets,
        amount=planned.high,
        kg=planned.kg,
        planned_sets=shown_.sets,
        top=planned.high,
    )
    return kept if exercise is None else replace(kept, unit=exercise.unit)


def _with_item(plan: Planned, place: int, item: Item) -> Planned:
    fresh = PlannedExercise(item.exercise.id, item.dose.sets, item.dose.low, item.dose.high, item.dose.kg)
    return replace(plan, items=(*plan.items[:place], fresh, *plan.items[place + 1 :]))


def _place(card: SessionPlanCard, exercise_id: str) -> int:
    for place, exercise in enumerate(card.exercises):
        if exercise.exercise_id == exercise_id:
            return place
    raise InvalidInput("That exercise is not in the session.", code="no-exercise")


def _says(old: Exercise, new: Exercise) -> str:
    words = difference(old, new)
    return f"is {words}" if words in ("easier", "harder") else words
