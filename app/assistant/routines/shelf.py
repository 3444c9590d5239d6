"""The saved routines: read from the notebook once, parsed once, and known until one of them changes.

Why it exists: every request is looked up among them, also those that are none, so that must cost next to nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace

from app.assistant.routines.reading import read_routine
from app.assistant.routines.routine import COLLECTION, KeptRoutine, Routine
from app.contracts.errors import InvalidInput
from app.memory.notebook import Notebook, Put, Remove, Write

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
            known = {each.routine_id: saved for each in kept if (saved := _read(each)) is not None}
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

    def removing(self, routine_id: str) -> Write:
        """The write that deletes one."""
        return Remove(COLLECTION, routine_id)

    async def counting(self, routine_id: str) -> tuple[Write, ...]:
        """The writes that note one more run; none when it is gone meanwhile."""
        saved = (await self.all()).get(routine_id)
        return () if saved is None else (self.saving(replace(saved.kept, runs=saved.kept.runs + 1)),)

    def aclose(self) -> None:
        """Hear no more of the notebook. May be called twice."""
        self._unsubscribe()

    def _changed(self, collections: frozenset[str]) -> None:
        if COLLECTION in collections:
            self._changes += 1
            self._known = None


def _read(kept: KeptRoutine) -> Saved | None:
    try:
        return Saved(kept, read_routine(kept.yaml))
    except InvalidInput as error:
        log.warning("the routine %s is left out: %s", kept.routine_id, error)
        return None
