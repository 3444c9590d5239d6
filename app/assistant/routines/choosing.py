"""Which saved routine a request is about, what its parameters are, and what its steps would ask first."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime

from app.assistant.routines.discovering import Discovery
from app.assistant.routines.doing import Abilities
from app.assistant.routines.parameters import Mapped, discover, mapped, read_value
from app.assistant.routines.routine import Kind, Routine, Step
from app.assistant.routines.shelf import Saved, Shelf
from app.assistant.routines.templating import without_earlier
from app.assistant.routines.validating import sample
from app.assistant.skills.skill import Asked
from app.assistant.understanding.meaning import OPEN_QUESTION
from app.contracts.errors import SottoError


@dataclass(frozen=True, slots=True)
class Chosen:
    """The routine a request is about.

    Attributes:
        saved: It, None when it is not known which.
        mapped: Values for its parameters.
        others: Saved ones there are instead.
        weighty: What its steps would ask first, a sentence each.
        long: It asks the language model or runs a pipeline.
    """

    saved: Saved | None
    mapped: Mapped
    others: tuple[Saved, ...] = ()
    weighty: tuple[str, ...] = ()
    long: bool = False


NOTHING_CHOSEN = Chosen(None, Mapped({}))


LOOK_S = 0.6
"""A skill that takes longer to look at its data is not waited for before a run."""
_LOOKING: ContextVar[frozenset[str]] = ContextVar("routines that are looked at", default=frozenset())


class Chooser:
    """Chooses.

    Args:
        shelf: The saved routines.
        discovery: Looks among them.
        abilities: What steps can use, asked for at use.
    """

    def __init__(self, shelf: Shelf, discovery: Discovery, abilities: Callable[[], Abilities]) -> None:
        self._shelf = shelf
        self._discovery = discovery
        self._abilities = abilities

    async def choose(self, asked: Asked) -> Chosen:
        """The routine that is meant, its values and what its steps would ask first.

        Raises:
            StorageError: The notebook cannot be read.
        """
        saved = await self._shelf.all()
        others = tuple(saved.values())
        name = str(asked.values.get("name", ""))
        found = saved.get(name)
        if found is None:
            looked = await self._discovery.find(name or asked.text)
            looked = looked or (await self._discovery.find(asked.text) if name else ())
            found = looked[0].saved if looked else None
        if found is None:
            found = others[0] if len(others) == 1 and asked.intent == "delete_routine" and not name else None
        if found is None or asked.intent != "run_routine":
            return Chosen(found, Mapped({}), others)
        values = mapped(found.routine, discover(asked.text), asked.text)
        said: dict[str, str] = {}
        for parameter in found.routine.parameters:
            given = asked.values.get(f"with.{parameter.name}")
            if given is not None:
                said[parameter.name] = read_value(parameter, str(given)) or str(given)
        missing = tuple(each for each in values.missing if each.name not in said)
        values = Mapped({**values.values, **said}, missing)
        looking = _LOOKING.get()
        if found.kept.routine_id in looking:  # it runs itself, which ends at the run
            return Chosen(found, values, others)
        token = _LOOKING.set(looking | {found.kept.routine_id})
        try:
            weighty, long = await self._looked_at(found.routine, asked.now)
        finally:
            _LOOKING.reset(token)
        return Chosen(found, values, others, weighty, long)

    async def _looked_at(self, routine: Routine, now: datetime) -> tuple[tuple[str, ...], bool]:
        """What the steps would ask first, and whether any takes long; all steps are looked at together."""
        found = await asyncio.gather(*(self._look_at(step, routine, now) for step in routine.steps))
        return tuple(sentence for sentence, _ in found if sentence), any(long for _, long in found)

    async def _look_at(self, step: Step, routine: Routine, now: datetime) -> tuple[str, bool]:
        """What one step would ask first, empty for nothing, and whether it takes long."""
        abilities = self._abilities()
        match step.kind:
            case Kind.SAY:
                return "", False
            case Kind.PIPELINE:
                return "", True
            case Kind.INTENT:
                request = Asked(step.target, step.in_words(), dict(step.values), now)
            case Kind.ASK:
                meaning = abilities.understand(sample(without_earlier(step.text), routine), now)
                if meaning.intent == OPEN_QUESTION:
                    return "", True
                request = abilities.asked(meaning, now)
        try:
            async with asyncio.timeout(LOOK_S):
                look = await abilities.look(request)
        except (SottoError, TimeoutError):
            return "", False  # the run itself will tell, and does nothing of weight unasked
        return (look.proposal.sentence, False) if look.weighty and look.proposal is not None else ("", False)
