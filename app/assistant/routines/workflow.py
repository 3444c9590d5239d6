"""From words to a routine: a saved one that fits is taken (path A), otherwise one is made (path B).

Three things begin at the same time: looking among the saved routines, finding values in the words and standard input,
and working out what a new routine would have to do. When a saved one fits, the last was in vain; what that cost is
written down beside what beginning early won.

    A  discovery ─┬→ mapping → preparation → run
    B  parameters ┘  requirements → components → composition or generation → validation → metadata → saved
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from app.assistant.routines.components import Browser, Components
from app.assistant.routines.composing import Composed, compose
from app.assistant.routines.discovering import Discovery, Found
from app.assistant.routines.doing import Abilities
from app.assistant.routines.generating import generated
from app.assistant.routines.parameters import Discovered, Mapped, discover, mapped
from app.assistant.routines.requirements import Requirements, requirements_of
from app.assistant.routines.routine import MOST_STEPS, KeptRoutine, Problem, Routine
from app.assistant.routines.shelf import Saved, Shelf
from app.assistant.routines.timing import Compared, PathTaken, compared
from app.assistant.routines.validating import check, clashes, intents_of, rehearse
from app.assistant.routines.writing import yaml_of
from app.contracts.errors import InvalidInput
from app.contracts.ports import TextGenerator

T = TypeVar("T")
CERTAIN = 0.8
"""So surely composed, a routine needs no language model."""
REUSED = 0.8
"""A found routine that fits its words so well is taken instead of a new one."""
TEMPLATES = 64
"""Requests whose composition is kept."""
Writer = Callable[[], Awaitable[TextGenerator | None]]
"""A model that can be held to a schema; None where there is only one that cannot."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A routine that has been made and is not saved yet.

    Attributes:
        kept: As it would be saved.
        routine: What its text says.
        problems: What is wrong with it; empty when it can be saved.
        replaces: The saved one of its id, None when it is new.
        unsure: Steps only a language model can do something with.
        mapped: Values for its parameters that the request had.
        wants_model: The rules are not sure of it, and a model that was not asked may do better.
    """

    kept: KeptRoutine
    routine: Routine
    problems: tuple[Problem, ...] = ()
    replaces: Saved | None = None
    unsure: tuple[str, ...] = ()
    mapped: Mapped | None = None
    wants_model: bool = False


@dataclass(frozen=True, slots=True)
class Reused:
    """A saved routine that does what is wanted, with the values for its parameters."""

    saved: Saved
    mapped: Mapped


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a request says at least: for the question about what it leaves out."""

    requirements: Requirements
    discovered: Discovered


@dataclass(frozen=True, slots=True)
class Came:
    """What became of a request: a saved routine, a new one, or a question; and how long it took."""

    result: Reused | Draft | Wanted
    took: PathTaken


@dataclass(frozen=True, slots=True)
class _Begun:
    """A request as it came in; see `Workflow.take`."""

    text: str
    now: datetime
    standard_input: str
    phrases: tuple[str, ...]
    reuse: bool
    together: bool
    unsaved: bool = False


class Workflow:
    """Takes requests for routines.

    Args:
        shelf: The saved ones.
        discovery: Looks among them.
        abilities: What steps can use, asked for at use.
        writer: A model that can make one.
        seconds: Monotonic seconds.
    """

    def __init__(
        self,
        shelf: Shelf,
        discovery: Discovery,
        abilities: Callable[[], Abilities],
        writer: Writer | None = None,
        seconds: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._shelf = shelf
        self._discovery = discovery
        self._abilities = abilities
        self._writer = writer
        self._seconds = seconds
        self._browser = Browser()
        self._templates: OrderedDict[tuple[object, ...], Composed | None] = OrderedDict()

    async def take(
        self,
        text: str,
        now: datetime,
        *,
        standard_input: str = "",
        reuse: bool = True,
        together: bool = True,
        generate: bool = True,
        phrases: tuple[str, ...] = (),
        unsaved: bool = False,
    ) -> Came:
        """Find or make the routine a request asks for; nothing is saved or run.

        Args:
            text: The request.
            now: Local time, aware.
            standard_input: A source of parameters.
            reuse: A saved one may be taken.
            together: Begin the three parts at the same time; False does one after the other, to compare.
            generate: A language model may be asked, which takes long.
            phrases: What starts it, when the request does not say.
            unsaved: Look among the saved ones as if none fitted, to compare.

        Raises:
            InvalidInput: Standard input cannot be used.
            StorageError: The notebook cannot be read.
        """
        began = self._seconds()
        clock = _Parts(self._seconds)

        begun = _Begun(text, now, standard_input, phrases, reuse=reuse, together=together, unsaved=unsaved)
        found, values, (wanted, composed) = await self._known(begun, clock)
        started = self._seconds() - began
        took = PathTaken(
            "reuse" if found is not None else "make",
            together=together,
            discovery_ms=clock.ms("discovery"),
            parameters_ms=clock.ms("parameters"),
            requirements_ms=clock.ms("requirements"),
            start_ms=started * 1e3,
            discarded_ms=clock.ms("requirements") if found is not None else 0.0,
            at=now.timestamp(),
        )
        result: Reused | Draft | Wanted
        if found is not None:
            result = Reused(found.saved, mapped(found.saved.routine, values, text))
        else:
            result = await self._draft(wanted, composed, values, now, generate=generate)
        return Came(result, replace(took, total_ms=(self._seconds() - began) * 1e3))

    async def _known(
        self, begun: _Begun, clock: _Parts
    ) -> tuple[Found | None, Discovered, tuple[Requirements, Composed | None]]:
        """The three things that have to be known, begun together or one after the other."""
        hits: list[Found] = []

        async def looking() -> Found | None:
            found = await clock.timed("discovery", lambda: self._fitting(begun.text)) if begun.reuse else None
            found = None if begun.unsaved else found
            hits.extend([] if found is None else [found])
            return found

        async def finding() -> Discovered:
            return await clock.timed("parameters", lambda: _made(lambda: discover(begun.text, begun.standard_input)))

        async def thinking() -> tuple[Requirements, Composed | None]:
            if hits:  # found without having to wait for anything
                return Requirements(begun.text), None
            return await clock.timed("requirements", lambda: self._composed(begun))

        if begun.together:
            return await asyncio.gather(looking(), finding(), thinking())
        return await looking(), await finding(), await thinking()

    async def compare(
        self, requests: Sequence[str], now: datetime, repeats: int = 5, *, unsaved: bool = False
    ) -> Compared:
        """Take requests both ways by turns, with nothing kept from before; nothing is saved or run.

        Args:
            requests: Those to be taken.
            now: Local time, aware.
            repeats: So many times each.
            unsaved: As if no saved one fitted: a new one is made each time.

        Raises:
            InvalidInput: There is no request.
        """
        if not requests:
            raise InvalidInput("There is no request to compare with.", code="no-requests")
        ways: dict[bool, list[PathTaken]] = {True: [], False: []}
        for turn in range(repeats):
            for request in requests:
                for together in (turn % 2 == 0, turn % 2 == 1):
                    self._templates.clear()
                    self._discovery.forget()
                    came = await self.take(request, now, together=together, generate=False, unsaved=unsaved)
                    ways[together].append(came.took)
        return compared(ways[True], ways[False])

    def components(self) -> Components:
        """What routines can be made of."""
        return self._browser.components(self._abilities())

    async def checked(self, routine: Routine, now: datetime) -> tuple[Problem, ...]:
        """Everything that is wrong with a routine a person wrote.

        Raises:
            StorageError: The notebook cannot be read.
        """
        problems = (*check(routine, self.components()), *clashes(routine, await self._shelf.all()))
        return problems or await rehearse(routine, self._abilities(), now)

    async def _fitting(self, text: str) -> Found | None:
        """The saved routine a request means: by its words, or because one of its phrase does the same already."""
        wanted = requirements_of(text)
        if not wanted.phrases:
            found = await self._discovery.find(text)
            return found[0] if found and found[0].score >= REUSED else None
        for phrase in wanted.phrases:
            for each in await self._discovery.find(phrase):
                if each.how == "exact" and each.saved.kept.request and _same(each.saved.kept.request, text):
                    return each
        return None

    async def _composed(self, begun: _Begun) -> tuple[Requirements, Composed | None]:
        """What is wanted, and what the rules make of it; the same request is composed once."""
        wanted = requirements_of(begun.text)
        if begun.phrases and not wanted.phrases:
            wanted = replace(wanted, phrases=begun.phrases)
        abilities, components = self._abilities(), self.components()
        key = (wanted, begun.standard_input, tuple(components.intents), tuple(components.pipelines), components.model)
        if key in self._templates:
            self._templates.move_to_end(key)
            return wanted, self._templates[key]
        given = dict(discover("", begun.standard_input).given or {})

        def claims(words: str) -> tuple[str, float]:
            meaning = abilities.understand(words, begun.now)
            return meaning.intent, meaning.confidence

        composed = compose(wanted, components, claims, given) if wanted.body else None
        self._templates[key] = composed
        while len(self._templates) > TEMPLATES:
            self._templates.popitem(last=False)
        return wanted, composed

    async def _draft(
        self, wanted: Requirements, composed: Composed | None, values: Discovered, now: datetime, *, generate: bool
    ) -> Draft | Wanted:
        """Path B behind its requirements: generation where rules do not suffice, validation, metadata."""
        if composed is None:
            return Wanted(wanted, values)
        components, saved = self.components(), await self._shelf.all()
        routine, made_by, attempts = composed.routine, "composition", 1
        model = await self._writer() if self._writer is not None and composed.sure < CERTAIN else None
        able = model is not None and model.capabilities.json_schema
        if able and generate:
            better = await generated(model, wanted, components, lambda each: check(each, components))
            if better is not None:
                routine, made_by, attempts = better.routine, "model", better.attempts
        abilities = self._abilities()
        problems = (*_too_many(composed), *check(routine, components), *clashes(routine, saved))
        if not problems:
            problems = await rehearse(routine, abilities, now)
        kept = KeptRoutine(
            routine_id=routine.routine_id,
            yaml=yaml_of(routine),
            made_at=now.timestamp(),
            request=wanted.text,
            made_by=made_by,
            attempts=attempts,
            intents=intents_of(routine, abilities, now),
        )
        return Draft(
            kept=kept,
            routine=routine,
            problems=tuple(problems),
            replaces=saved.get(routine.routine_id),
            unsure=() if made_by == "model" or components.model else composed.unsure,
            mapped=mapped(routine, values, ""),
            wants_model=able and not generate,
        )


class _Parts:
    """Takes the time of what runs side by side."""

    def __init__(self, seconds: Callable[[], float]) -> None:
        self._seconds = seconds
        self._took: dict[str, float] = {}

    async def timed(self, name: str, work: Callable[[], Awaitable[T]]) -> T:
        began = self._seconds()
        try:
            return await work()
        finally:
            self._took[name] = self._seconds() - began

    def ms(self, name: str) -> float:
        return self._took.get(name, 0.0) * 1e3


async def _made(make: Callable[[], T]) -> T:
    return make()


def _too_many(composed: Composed) -> tuple[Problem, ...]:
    """Nothing that was asked for is left out without a word."""
    if composed.asked_for <= MOST_STEPS:
        return ()
    return (Problem(f"A routine has at most {MOST_STEPS} steps, and these are {composed.asked_for}."),)


def _same(one: str, other: str) -> bool:
    return requirements_of(one).body.lower() == requirements_of(other).body.lower()


def refused(draft: Draft) -> InvalidInput:
    """Why a draft cannot be saved."""
    said = " ".join(str(problem) for problem in draft.problems)
    return InvalidInput(f"No sound routine came of that. {said}", code="routine-unsound", remedy="Say it differently.")
