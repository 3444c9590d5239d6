"""The pipelines there are: those that ship with Sotto, the person's own, and files named for this start.

Why it exists: a person edits files while Sotto runs. Files are looked at on every access (name, time and size) and read
again when they changed. A mistake never takes away what worked: the last good version of the same pipeline goes on
serving, or the built-in one of that id, and `PipelineLibrary.problems` says so.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from app.contracts.errors import InvalidInput, StorageError
from app.pipeline.definition import PipelineDefinition
from app.pipeline.reading import Reading, read_file
from app.settings.files import suggestion

_log = logging.getLogger(__name__)

_Stamp = tuple[int, int] | None
"""Time and size of a file, None for one that is not there."""


class Origin(StrEnum):
    """Where a pipeline comes from."""

    BUILT_IN = "built-in"
    YOURS = "yours"
    OVERRIDES = "overrides built-in"


@dataclass(frozen=True, slots=True)
class LibraryEntry:
    """A pipeline with where it comes from.

    Attributes:
        definition: What is run.
        origin: Whose it is.
        stale: It is the last good version of a file that is wrong now.
    """

    definition: PipelineDefinition
    origin: Origin
    stale: bool = False


@dataclass(frozen=True, slots=True)
class _File:
    """One file as it was when it was last looked at.

    Attributes:
        stamp: Says whether it changed since.
        good: Its pipelines by id; of broken ones the last good version.
        stale: Ids of the latter.
        reading: What was found in it.
    """

    stamp: _Stamp
    good: Mapping[str, PipelineDefinition]
    stale: frozenset[str]
    reading: Reading


class PipelineLibrary:
    """The pipelines of one person. May be used from several threads.

    Args:
        builtin_dir: Those that ship with Sotto, ``*.yaml``.
        user_dir: The person's own, which replace built-in ones of the same id; None or missing for none.
        extra_files: Files that replace both, the last one first.
    """

    def __init__(self, builtin_dir: Path, user_dir: Path | None, extra_files: tuple[Path, ...] = ()) -> None:
        self._builtin_dir = builtin_dir
        self._user_dir = user_dir
        self._extra_files = extra_files
        self._files: dict[Path, _File] = {}
        self._entries: dict[str, LibraryEntry] = {}
        self._problems: tuple[str, ...] = ()
        self._listeners: list[Callable[[], None]] = []
        self._lock = threading.RLock()

    def get(self, pipeline_id: str) -> PipelineDefinition:
        """One pipeline.

        Raises:
            InvalidInput: There is none of this id (code ``no-pipeline``), or all that has it is wrong.
        """
        entries = self.entries()
        if pipeline_id in entries:
            return entries[pipeline_id].definition
        with self._lock:
            wrong = [file.reading for file in self._files.values() if pipeline_id in file.reading.broken]
        if wrong:
            first = wrong[0].problems[0]
            message = f"The pipeline {pipeline_id!r} cannot be used: {first.message}"
            raise InvalidInput(message, code="no-pipeline", remedy=first.remedy)
        hint = suggestion(pipeline_id, entries) or "`sotto pipelines list` shows them all."
        raise InvalidInput(f"There is no pipeline {pipeline_id!r}.", code="no-pipeline", remedy=hint)

    def ids(self) -> tuple[str, ...]:
        """Every pipeline's id, in alphabetical order."""
        return tuple(sorted(self.entries()))

    def entries(self) -> Mapping[str, LibraryEntry]:
        """Every pipeline by its id."""
        self.refresh()
        return self._entries

    def problems(self) -> tuple[str, ...]:
        """What is wrong in the files, a sentence each, with what serves in place of what is wrong."""
        self.refresh()
        return self._problems

    def problems_of(self, pipeline_id: str) -> tuple[str, ...]:
        """What is wrong in the files whose version of a pipeline cannot be used, a sentence each."""
        self.refresh()
        with self._lock:
            files = [file for file in self._files.values() if pipeline_id in file.stale | set(file.reading.broken)]
        return tuple(str(problem) for file in files for problem in file.reading.problems)

    def changed(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call a listener, in the thread that looks, after files changed; returns what ends it."""
        self._listeners.append(listener)

        def end() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return end

    def refresh(self) -> bool:
        """Look at the files and read those that changed; whether any did.

        A look takes well under a millisecond. Reading takes some, so a program with an event loop calls this once in a
        thread when it starts.
        """
        with self._lock:
            files = {path: self._look(path, builtin) for path, builtin in self._paths()}
            if files == self._files and all(files[path] is self._files[path] for path in files):
                return False
            first = not self._files
            self._files = files
            self._entries, self._problems = self._merged()
        if not first:
            _log.info("pipeline files changed: %d pipelines, %d problems", len(self._entries), len(self._problems))
            for listener in tuple(self._listeners):
                listener()
        return True

    def _paths(self) -> Iterator[tuple[Path, bool]]:
        """Every file with whether it ships with Sotto, in the order in which later ones replace earlier ones."""
        yield from ((path, True) for path in _yaml_files(self._builtin_dir))
        if self._user_dir is not None:
            yield from ((path, False) for path in _yaml_files(self._user_dir))
        yield from ((path, False) for path in self._extra_files)

    def _look(self, path: Path, builtin: bool) -> _File:
        """The file as it is known when it has not changed, read again otherwise."""
        stamp = _stamp(path)
        known = self._files.get(path)
        if known is not None and known.stamp == stamp:
            return known
        try:
            reading = read_file(path, builtin=builtin)
        except StorageError as error:
            reading = Reading(problems=(InvalidInput(error.message, code=error.code, remedy=error.remedy),))
        good = {definition.pipeline_id: definition for definition in reading.definitions}
        stale: dict[str, PipelineDefinition] = {}
        if known is not None and reading.problems:
            unreadable = not reading.definitions and not reading.broken
            stale = {
                key: kept
                for key, kept in known.good.items()
                if key not in good and (unreadable or key in reading.broken)
            }
        return _File(stamp, {**good, **stale}, frozenset(stale), reading)

    def _merged(self) -> tuple[dict[str, LibraryEntry], tuple[str, ...]]:
        """All files laid over each other, and what is wrong with them."""
        entries: dict[str, LibraryEntry] = {}
        problems: list[str] = []
        for path, file in self._files.items():
            for pipeline_id, definition in file.good.items():
                before = entries.get(pipeline_id)
                if before and not definition.builtin and self._clash(before.definition, path):
                    problems.append(
                        f"{path}: {pipeline_id!r} is also in {before.definition.origin}; this file's is used."
                    )
                origin = Origin.BUILT_IN if definition.builtin else Origin.OVERRIDES if before else Origin.YOURS
                if before and before.origin is Origin.YOURS:
                    origin = Origin.YOURS
                entries[pipeline_id] = LibraryEntry(definition, origin, pipeline_id in file.stale)
        for file in self._files.values():
            problems.extend(str(problem) for problem in file.reading.problems)
            problems.extend(f"The last good version of {key!r} goes on serving." for key in sorted(file.stale))
            problems.extend(
                f"The built-in {key!r} serves instead."
                for key in file.reading.broken
                if key not in file.stale and key in entries and entries[key].definition.builtin
            )
        return entries, tuple(problems)

    def _clash(self, before: PipelineDefinition, path: Path) -> bool:
        """Two files of the same folder of the person's have the same id."""
        return not before.builtin and before.origin is not None and before.origin.parent == path.parent


def _yaml_files(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.suffix in (".yaml", ".yml") and path.name[0] != ".")
    except OSError:
        return []


def _stamp(path: Path) -> _Stamp:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size
