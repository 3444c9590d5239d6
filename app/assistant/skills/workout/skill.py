"""The workout planner: makes sessions, keeps a log of workouts, knows the person's equipment and what hurts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime

from app.assistant.skills.parts import SkillParts
from app.assistant.skills.skill import (
    Acted,
    Asked,
    Clarification,
    Data,
    Fetch,
    Plan,
    Proposal,
    Section,
    Skill,
    SkillSpec,
)
from app.assistant.skills.workout import asking, cards, logbook, profile
from app.assistant.skills.workout.catalogue import Catalogue, basics
from app.assistant.skills.workout.exercise import plural
from app.assistant.skills.workout.history import told
from app.assistant.skills.workout.intents import HISTORY, INTENTS, LOG, PLAN, PROFILE
from app.assistant.skills.workout.person import (
    EQUIPMENT,
    ONLY,
    SESSIONS,
    Equipment,
    History,
    Preferences,
    Profile,
)
from app.assistant.skills.workout.person import Log as TrainingLog
from app.assistant.skills.workout.planning import Draft, draft, muscles_of
from app.assistant.skills.workout.using import Using
from app.assistant.skills.workout.wish import GEAR, Known, known, wish_of
from app.assistant.skills.workout.words import gear_in, gear_of, gear_words
from app.assistant.understanding.meaning import NO_VALUES, Values
from app.contracts.cards import AnyCard
from app.contracts.errors import InvalidInput, SottoError
from app.contracts.events import CardChanged
from app.contracts.skill_cards import Choice, ListCard
from app.memory.notebook import Put, Remove, Write

TOO_SHORT_BY = 7
"""Minutes by which a session may miss its length before that is said."""


class WorkoutSkill(Skill):
    """See the module.

    Args:
        parts: What skills are made with.
    """

    spec = SkillSpec(
        "workout",
        "Workouts",
        "Plans training sessions from what you have, can do and did, and keeps a log of them.",
        INTENTS,
    )
    keeps_plans = True

    def __init__(self, parts: SkillParts) -> None:
        self._clock = parts.clock
        self._publish = parts.publish
        self._catalogue = Catalogue()
        self._log = TrainingLog(parts.notebook)
        self._using = Using(parts.notebook, self._log, self._catalogue)

    def values(self, intent: str, text: str, now: datetime) -> Values:
        """What the words say; requests that are no plans carry their moment, so that each has cards of its own."""
        if intent == PLAN:
            return asking.values_in(text)
        at = now.timestamp()
        if intent == LOG:
            said = logbook.said_in(text)
            return {"said": said, "at": at} if said else {"at": at}
        if intent == PROFILE:
            return {**profile.values_in(text), "at": at}
        return {"said": text.lower(), "at": at} if intent == HISTORY else NO_VALUES

    def fetches(self, asked: Asked) -> Sequence[Fetch]:
        """Everything a session is made from, each by itself."""
        log = self._log
        exercises = _fetch(
            "exercises",
            self._catalogue.exercises,
            basics(),
            "The exercises could not be read: here are six basic ones.",
        )
        history = _fetch(
            "history", log.recent, History(), "Your last workouts could not be read, so they are left out of account."
        )
        person = (
            _person("profile", log.profile, Profile(), "Your profile could not be read: this is for a beginner."),
            _person("equipment", log.equipment, Equipment(), "Your equipment could not be read: this needs none."),
            _person("injuries", log.injuries, (), "What hurts you could not be read: leave out whatever does."),
            _person("preferences", log.preferences, Preferences(), "Your likes and dislikes could not be read."),
        )
        if asked.intent == PLAN:
            return (*person, exercises, history)
        if asked.intent == LOG:
            return (exercises, history)
        if asked.intent == PROFILE:
            return person
        return (exercises, _fetch("sessions", log.sessions, (), "Your training history could not be read."))

    def clarify(self, asked: Asked, data: Data) -> Clarification | None:
        """What to train, how long, with what; for a log, what was done."""
        if asked.intent == PLAN:
            return asking.question(asked, known(data))
        if asked.intent == LOG and not asked.values.get("said"):
            answers = logbook.likely_answers(known(data).history)
            choices = tuple(Choice(value=value, label=label, default=default) for value, label, default in answers)
            return Clarification("said", "What did you do?", choices)
        return None

    def read_answer(self, asked: Asked, slot: str, text: str) -> str | None:
        """An answer in the person's own words."""
        if asked.intent == LOG:
            return logbook.said_in(text) or None
        return asking.answer(asked, slot, text)

    def propose(self, asked: Asked, data: Data) -> Proposal | None:
        """A session is proposed before it is made; everything else just happens."""
        return asking.proposal(asked, known(data)) if asked.intent == PLAN else None

    def variations(self, asked: Asked, data: Data) -> Sequence[Asked]:
        """The changes of a proposal that are asked for most."""
        return asking.likely_changes(asked, known(data)) if asked.intent == PLAN else ()

    async def plan(self, asked: Asked, data: Data) -> Plan:
        """Work it out.

        Raises:
            InvalidInput: No exercise fits, or a log says nothing that could be kept.
        """
        facts = known(data)
        if asked.intent == PLAN:
            return _session(asked, facts)
        if asked.intent == LOG:
            return logbook.logged(asked, facts.exercises, facts.history)
        if asked.intent == PROFILE:
            return profile.noted(asked, facts)
        sessions = data["sessions"]
        return told(asked, sessions if isinstance(sessions, tuple) else (), facts.exercises)

    def sections(self, plan: Plan) -> Sequence[Section]:
        """The session, what it needs, what could be done instead, and why."""
        if not isinstance(plan.body, Draft):
            return ()
        found = [Section(cards.SESSION, 100, steps=len(cards.DETAILS)), Section(cards.EQUIPMENT, 90)]
        if any(item.instead for item in plan.body.items):
            found.append(Section(cards.ALTERNATIVES, 80))
        return (*found, Section(cards.REASONS, 70))

    async def fill(self, plan: Plan, section: Section, step: int) -> AnyCard | None:
        """A card of the session."""
        if not isinstance(plan.body, Draft):
            return None
        match section.name:
            case cards.SESSION:
                return cards.session_card(plan.body, cards.DETAILS[step])
            case cards.EQUIPMENT:
                return cards.equipment_notice(plan.body)
            case cards.ALTERNATIVES:
                return cards.alternatives_card(plan.body)
            case _:
                return cards.reasons_card(plan.body)

    async def act(self, card: AnyCard, action: str, text: str) -> Acted | None:  # noqa: ARG002
        """Buttons of the session, of its alternatives, of the profile and of what was logged."""
        verb, _, reference = action.partition(":")
        if isinstance(card, ListCard):
            if card.list_id == "workout-profile" and verb == profile.REMOVE:
                return await profile.removed(card, reference, self._log)
            if card.list_id == "workout-log" and verb == logbook.UNDO:
                gone = Remove(SESSIONS, reference)
                return Acted(removed=(card.card_id,), writes=(gone,), say="That workout is no longer in your history.")
            return None
        return await self._using.act(card, action, self._now())

    async def start(self) -> None:
        """Read the exercises before they are asked for, and put today's session back on the canvas.

        What is wrong with the exercises is said when they are needed.
        """
        with suppress(SottoError):
            await self._catalogue.exercises()
        session = await self._using.left_open(self._now())
        if session is not None:
            self._publish(CardChanged(card=session))

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock.time(), UTC).astimezone()


def _session(asked: Asked, facts: Known) -> Plan:
    wish = wish_of(asked, facts)
    last = facts.history.plan
    made = draft(facts.exercises, wish, seed=last.plan_id if last is not None else "")
    if not made.items:
        raise InvalidInput(
            "There is no exercise left that fits what you have and what hurts.",
            code="no-exercises",
            remedy='Ask for another part of the body, or say what is well again, as in "my knee is fine again".',
        )
    writes: list[Write] = [
        Put("workout.plans", made.plan_id, made.planned(asked.now.timestamp()), asked.now.timestamp())
    ]
    notes = []
    if GEAR in asked.values and gear_in(asked.text.lower()) is None and not facts.equipment.known:
        gear = gear_of(str(asked.values[GEAR]))
        writes.append(Put(EQUIPMENT, ONLY, Equipment(tuple(sorted(gear)), known=True)))
        has = gear_words(gear) if gear else "no equipment"
        notes.append(f"I will remember what you train with: {has}.")
    if made.minutes < wish.minutes - TOO_SHORT_BY:
        notes.append(f"What you have and what fits makes no more than {made.minutes} sensible minutes.")
    first = made.items[0]
    speech = (
        f"Your {wish.focus.words} workout is ready: {len(made.items)} exercises in about {made.minutes} minutes, "
        f"mostly for {muscles_of(made)}. It begins with {first.dose.sets} sets of {plural(first.exercise.name)}."
    )
    return Plan(speech=speech, body=made, writes=tuple(writes), notes=tuple(notes))


def _fetch(name: str, get: Callable[[], Awaitable[object]], default: object, missing: str) -> Fetch:
    return Fetch(name, get, default, missing)


def _person(name: str, get: Callable[[], Awaitable[object]], default: object, missing: str) -> Fetch:
    return Fetch(name, get, default, missing, kind="person")
