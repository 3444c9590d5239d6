"""Runs a routine step by step: each step sees what those before it gave.

A step takes effect before the next step of a skill begins, because that may read what it wrote ("add milk to my list,
then read me my list"). What the last steps change is left to the caller, who writes it down together with the cards. A
step of weight is done only when the person has said so; a dry run changes nothing at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from datetime import datetime

from app.assistant.routines.doing import Abilities, Look, Outcome
from app.assistant.routines.routine import Kind, Routine, Step
from app.assistant.routines.templating import bare, fill, without_earlier
from app.assistant.skills.skill import Asked, ModelAsk
from app.assistant.understanding.meaning import OPEN_QUESTION, Value
from app.contracts.cards import AnyCard
from app.contracts.errors import InvalidInput, SottoError
from app.pipeline.definition import OptionValue

Told = Callable[[str, float], None]
"""Hears how far it is: a sentence and a share in [0, 1]."""
DEEPEST = 3
"""Routines within routines."""
_WITHIN: ContextVar[tuple[str, ...]] = ContextVar("routines that run", default=())


@dataclass(frozen=True, slots=True)
class Gave:
    """What one step gave.

    Attributes:
        step_id: Which.
        text: Its words; of one that failed, why.
        failed: It failed.
        held_back: It would change something of weight, and nobody said it may.
    """

    step_id: str
    text: str
    failed: bool = False
    held_back: bool = False


@dataclass(slots=True)
class Ran:
    """A routine that has run, to its end or to the step that failed.

    Attributes:
        gave: A line for each step that was reached.
        cards: What the steps show, the newest form of each.
        open: What still has to be written down, see `Abilities.keep`.
        notes: What the person should know besides.
        complete: Every step was reached, and none failed that is needed.
    """

    gave: list[Gave] = field(default_factory=list)
    cards: dict[str, AnyCard] = field(default_factory=dict)
    open: list[Outcome] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    complete: bool = True

    @property
    def speech(self) -> str:
        """What is said at the end."""
        return " ".join(_sentence(each.text) for each in self.gave if each.text and not each.failed)


@dataclass(frozen=True, slots=True)
class How:
    """How a routine is run.

    Attributes:
        now: Local time, aware.
        confirmed: The person has said that steps of weight may be done.
        dry: Nothing is changed, and neither the language model nor a pipeline is asked.
        told: Hears how far it is.
        given: The text that came from standard input, ``{{ input }}``.
    """

    now: datetime
    confirmed: bool = False
    dry: bool = False
    told: Told = lambda _message, _progress: None
    given: str = ""


async def run(routine: Routine, values: Mapping[str, str], abilities: Abilities, how: How) -> Ran:
    """Run it.

    Args:
        routine: Which.
        values: Its parameters, every one.
        abilities: What its steps can use.
        how: How.

    Raises:
        InvalidInput: It calls itself.
        SottoError: Its first step failed, and nothing has changed.
    """
    ran = Ran()
    names: dict[str, OptionValue] = {**values, "input": how.given, "previous": "", "steps": {}}
    with _within(routine.routine_id):
        for number, step in enumerate(routine.steps):
            try:
                how.told(await _in_words(step, names), number / len(routine.steps))
                given = await _Step(step, names, abilities, how, ran).run()
            except SottoError as error:
                if step.optional:
                    given = Gave(step.step_id, str(error), failed=True)
                    ran.notes.append(f"{step.in_words()}: {error.message}")
                elif not ran.gave:
                    raise
                else:
                    ran.gave.append(Gave(step.step_id, str(error), failed=True))
                    left = len(routine.steps) - number - 1
                    rest = f" {_count(left)} after it {'was' if left == 1 else 'were'} not done." if left else ""
                    ran.notes.append(f"{step.in_words()}: {error.message}{rest}")
                    ran.complete = False
                    break
            ran.gave.append(given)
            said = "" if given.failed else given.text
            names["previous"] = said
            steps = names["steps"]
            assert isinstance(steps, dict)
            names["steps"] = {**steps, step.step_id: said}
    return ran


@dataclass(frozen=True, slots=True)
class _Step:
    """One step on its way."""

    step: Step
    names: Mapping[str, OptionValue]
    abilities: Abilities
    how: How
    ran: Ran

    async def run(self) -> Gave:
        step = self.step
        text = await fill(step.text, self.names, self.abilities.sandbox)
        match step.kind:
            case Kind.SAY:
                return Gave(step.step_id, text)
            case Kind.PIPELINE:
                if self.how.dry:
                    return Gave(step.step_id, f"(would run the pipeline {step.target} on: {text})")
                context = {name: value for name, value in self.names.items() if isinstance(value, str)}
                await self._settle()
                return Gave(step.step_id, await self.abilities.run_pipeline(step.target, text, context))
            case Kind.INTENT:
                values = {name: await self._filled(value) for name, value in step.values}
                return await self._skill(Asked(step.target, step.in_words(), values, self.how.now))
            case Kind.ASK:
                asked = await self._asked(text)
                if asked is not None:
                    return await self._skill(asked)
                if self.how.dry:
                    return Gave(step.step_id, f"(would ask the language model: {text})")
                await self._settle()
                return Gave(step.step_id, await self.abilities.answer(ModelAsk(text)))

    async def _asked(self, text: str) -> Asked | None:
        """What the words ask of a skill, None for an open question.

        What an earlier step gave says nothing about what is asked for: the person's own words decide that.
        """
        own = without_earlier(self.step.text)
        if own == self.step.text:
            meaning = self.abilities.understand(text, self.how.now)
            return None if meaning.intent == OPEN_QUESTION else self.abilities.asked(meaning, self.how.now)
        words = await fill(own, self.names, self.abilities.sandbox)
        intent = self.abilities.understand(words, self.how.now).intent
        skill = self.abilities.skills.of_intent(intent)
        if skill is None:
            return None
        return Asked(intent, text, skill.values(intent, text, self.how.now), self.how.now)

    async def _skill(self, asked: Asked) -> Gave:
        await self._settle()
        look = await self.abilities.look(replace(asked, confirmed=self.how.confirmed))
        if look.weighty and not self.how.confirmed:
            return self._held_back(look)
        outcome = await self._planned(look)
        if not self.how.dry:
            self.ran.open.append(outcome)
            for card in outcome.cards:
                self.ran.cards[card.card_id] = card
        self.ran.notes.extend((*look.data.missing, *outcome.plan.notes))
        return Gave(self.step.step_id, outcome.text)

    async def _planned(self, look: Look) -> Outcome:
        if not self.how.dry:
            return await self.abilities.plan(look)
        return await replace(self.abilities, model=_would_ask).plan(look)

    def _held_back(self, look: Look) -> Gave:
        sentence = "" if look.proposal is None else look.proposal.sentence
        if self.how.dry:
            return Gave(self.step.step_id, f"(would ask first: {sentence})", held_back=True)
        self.ran.notes.append(f"Not done, because nobody said it may be: {sentence}")
        return Gave(self.step.step_id, "", held_back=True)

    async def _settle(self) -> None:
        """What earlier steps changed takes effect, so that this one finds it."""
        if self.ran.open and any(outcome.writes for outcome in self.ran.open):
            await self.abilities.keep(self.ran.open)
            self.ran.open.clear()

    async def _filled(self, value: Value) -> Value:
        if isinstance(value, str):
            return await fill(value, self.names, self.abilities.sandbox)
        if isinstance(value, tuple):
            return tuple([await fill(each, self.names, self.abilities.sandbox) for each in value])
        return value


async def _in_words(step: Step, names: Mapping[str, OptionValue]) -> str:
    """What a step does, with the values in their places."""
    words = step.in_words()
    return await fill(without_earlier(words), names, None) if bare(words) else words


async def _would_ask(ask: ModelAsk) -> str:
    """The language model of a dry run."""
    where = f" through the pipeline {ask.pipeline}" if ask.pipeline else ""
    return f"(would ask the language model{where}: {ask.question})"


@contextmanager
def _within(routine_id: str) -> Iterator[None]:
    running = _WITHIN.get()
    if routine_id in running or len(running) >= DEEPEST:
        path = " → ".join((*running, routine_id))
        raise InvalidInput(f"Routines would run within each other without end: {path}.", code="routine-loop")
    token = _WITHIN.set((*running, routine_id))
    try:
        yield
    finally:
        _WITHIN.reset(token)


def _sentence(text: str) -> str:
    text = text.strip()
    return text if text.endswith((".", "!", "?", "…", ":", ";")) else f"{text}."


def _count(steps: int) -> str:
    return "The step" if steps == 1 else f"The {steps} steps"
