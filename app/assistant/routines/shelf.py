"""The saved routines: read from the notebook once, parsed once, and known until one of them changes.

Why it exists: every request is looked up among them, also those that are none, so that must cost next to nothing.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from app.assistant.routines.cards import card_id_of
from app.assistant.routines.reading import read_routine
from app.assistant.routines.routine import COLLECTION, KeptRoutine, Routine
from app.contracts.errors import InvalidInput
from app.memory.notebook import CARDS, Notebook, Put, Remove, Write

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Saved:
    """A saved routine: its entry, and what its text says."""

    kept: KeptRoutine
    routine: Routine


class Shelf:
    """The saved routines.

    Args:
        notebook: Where they are.
    """

    def __init__(self, notebook: Notebook) -> None:
        self._notebook = notebook
        self._known: Mapping[str, Saved] | None = None
        self._parsed: Mapping[str, Routine | None] = {}
        self._changes = 0
        self._unsubscribe = notebook.subscribe(self._changed)

    @property
    def changes(self) -> int:
        """How often they have changed; what was found among them holds as long as this does."""
        return self._changes

    async def all(self) -> Mapping[str, Saved]:
        """Every one by its id; one that cannot be read any more is left out and logged.

        Raises:
            StorageError: The notebook cannot be read.
        """
        if self._known is None:
            at = self._changes
            kept = await self._notebook.entries(COLLECTION, KeptRoutine)
            parsed = await self._read([each.yaml for each in kept])
            known = {
                each.routine_id: Saved(each, routine) for each in kept if (routine := parsed[each.yaml]) is not None
            }
            if at != self._changes:
                return known
            self._known = known
        return self._known

    async def get(self, routine_id: str) -> Saved:
        """One of them, by id or by name.

        Raises:
            InvalidInput: There is none.
            StorageError: The notebook cannot be read.
        """
        known = await self.all()
        found = known.get(routine_id) or next(
            (saved for saved in known.values() if saved.routine.name.lower() == routine_id.strip().lower()), None
        )
        if found is None:
            names = ", ".join(sorted(known)) or "none yet"
            raise InvalidInput(f"There is no routine {routine_id!r}; saved: {names}.", code="no-routine")
        return found

    def saving(self, kept: KeptRoutine) -> Write:
        """The write that saves one, in place of that of its id."""
        return Put(COLLECTION, kept.routine_id, kept, kept.made_at)

    def removing(self, routine_id: str) -> tuple[Write, ...]:
        """The writes that delete one, with the card that shows its text."""
        return (Remove(COLLECTION, routine_id), Remove(CARDS, card_id_of(routine_id)))

    async def counting(self, routine_id: str) -> tuple[Write, ...]:
        """The writes that note one more run; none when it is gone meanwhile.

        The entry is read anew: a long run must not bring back what was deleted, or undo what was edited, elsewhere.

        Raises:
            StorageError: The notebook cannot be read.
        """
        kept = await self._notebook.entry(COLLECTION, routine_id, KeptRoutine)
        return () if kept is None else (self.saving(replace(kept, runs=kept.runs + 1)),)

    def aclose(self) -> None:
        """Hear no more of the notebook. May be called twice."""
        self._unsubscribe()

    async def _read(self, texts: Sequence[str]) -> Mapping[str, Routine | None]:
        """What texts say. Each is parsed once, in a thread: it takes milliseconds, and a run changes an entry too."""
        before = self._parsed
        missing = [text for text in texts if text not in before]
        made = await asyncio.to_thread(_parse, missing) if missing else {}
        self._parsed = {text: made[text] if text in made else before[text] for text in texts}
        return self._parsed

    def _changed(self, collections: frozenset[str]) -> None:
        if COLLECTION in collections:
            self._changes += 1
            self._known = None


def _parse(texts: Sequence[str]) -> dict[str, Routine | None]:
    parsed: dict[str, Routine | None] = {}
    for text in texts:
        try:
            parsed[text] = read_routine(text)
        except InvalidInput as error:
            log.warning("a routine is left out: %s", error.code)
            parsed[text] = None
    return parsed
