"""Brings what is known of a folder in line with what is in it.

A document whose size and time are as they were is not opened; one whose content is as it was is not parsed. What is
done is kept in small steps, so a pass that is interrupted is taken up where it stopped by the next one. Memory is
bounded by one document and one step, whatever the size of the folder.
"""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
import stat
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

from app.contracts.errors import InvalidInput, RuntimeFault, TemporaryError, TimedOut
from app.contracts.ports import Clock
from app.memory.documents import DocumentStore
from app.memory.documents_schema import CollectionRow, DocumentRow, PassageRow
from app.pipeline.documents.chunking import spans
from app.pipeline.documents.parsing import OPERATION
from app.pipeline.documents.readers.section import LINE, PAGE
from app.pipeline.documents.report import IndexProgress, IndexReport, Watch
from app.pipeline.documents.scanning import NO_FILE, Found, Scan, Skipped, scan
from app.pipeline.tools import Sandbox

PARSE_TIMEOUT_S = 60.0
"""For one part of a document."""
MOST_CHARACTERS = 4_000_000
"""Of one document; the rest is left out and said so."""
_STEP_DOCUMENTS = 32
_STEP_PASSAGES = 2_000
_HASH_BLOCK = 1 << 20
_NO_SANDBOX = frozenset({"sandbox-start", "sandbox-closed", "sandbox-operation"})
"""Codes of faults that have nothing to do with the document."""
_OPENING = os.O_RDONLY | sum(getattr(os, name, 0) for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY"))
_VANISHED = "vanished while it was being read"


@dataclass(slots=True)
class _Parsed:
    """What came out of one document."""

    passages: list[PassageRow] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    problem: str = ""
    again: bool = False
    """The problem may be gone the next time."""


@dataclass(slots=True)
class _Pass:
    """One pass while it goes on."""

    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    parsed: list[str] = field(default_factory=list)
    refused: list[Skipped] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    unchanged: int = 0
    passages: int = 0
    seen: set[str] = field(default_factory=set)
    waiting: list[tuple[DocumentRow, list[PassageRow]]] = field(default_factory=list)
    touched: list[DocumentRow] = field(default_factory=list)


class Indexer:
    """Indexes folders into a store, reading documents in the sandbox."""

    def __init__(self, store: DocumentStore, sandbox: Sandbox, clock: Clock) -> None:
        self._store = store
        self._sandbox = sandbox
        self._clock = clock

    async def run(self, collection: CollectionRow, watch: Watch | None = None) -> IndexReport:
        """One pass over the collection's folder.

        Raises:
            InvalidInput: The folder is not there; what is known of it stays.
            StorageError: The index cannot be written, for instance because the disk is full; what was done stays.
            SottoError: The sandbox cannot be used.
        """
        began = self._clock.monotonic()
        on_disk = await asyncio.to_thread(scan, Path(collection.folder))
        known = await self._store.known(collection.collection_id)
        state = _Pass()
        total = len(on_disk.found)
        for done, found in enumerate(on_disk.found):
            if watch is not None:
                watch(IndexProgress("reading", done, total, found.name))
            await self._document(found, known.get(found.name), on_disk, state)
            if len(state.waiting) >= _STEP_DOCUMENTS or sum(len(rows) for _, rows in state.waiting) >= _STEP_PASSAGES:
                await self._keep(collection, state)
        await self._keep(collection, state)
        await self._store.touch(collection.collection_id, state.touched)
        gone = sorted(name for name in known if name not in state.seen and not name.startswith(tuple(on_disk.closed)))
        await self._store.forget(collection.collection_id, gone)
        await self._store.finished(collection.collection_id, self._clock.time())
        if watch is not None:
            watch(IndexProgress("reading", total, total))
        return _report(collection, state, on_disk, gone, self._clock.monotonic() - began)

    async def _keep(self, collection: CollectionRow, state: _Pass) -> None:
        if state.waiting:
            await self._store.put(collection.collection_id, state.waiting)
            state.waiting.clear()

    async def _document(self, found: Found, known: DocumentRow | None, on_disk: Scan, state: _Pass) -> None:
        """Look at one document, and read it if it has to be."""
        if known is not None and known.sha256 and (known.size, known.mtime_ns) == (found.size, found.mtime_ns):
            self._same(known, state)
            return
        try:
            digest = await asyncio.to_thread(_sha256, found.path)
        except FileNotFoundError:
            on_disk.skip(found.name, _VANISHED)
            return
        except OSError as error:
            on_disk.skip(found.name, f"cannot be read: {error.strerror or error}")
            if known is not None:
                state.seen.add(found.name)
            return
        row = DocumentRow(path=found.name, size=found.size, mtime_ns=found.mtime_ns, sha256=digest)
        if known is not None and known.sha256 == digest:
            state.touched.append(row)
            self._same(known, state)
            return
        parsed = await self._parse(found)
        if parsed is None:
            on_disk.skip(found.name, _VANISHED)
            return
        state.seen.add(found.name)
        state.parsed.append(found.name)
        (state.added if known is None else state.changed).append(found.name)
        state.notes.extend(f"{found.name}: {note}" for note in parsed.notes)
        state.passages += len(parsed.passages)
        if parsed.problem:
            state.refused.append(Skipped(found.name, parsed.problem))
        row = replace(row, sha256="" if parsed.again else digest, problem=parsed.problem)
        state.waiting.append((row, parsed.passages))

    def _same(self, known: DocumentRow, state: _Pass) -> None:
        state.seen.add(known.path)
        state.unchanged += 1
        if known.problem:
            state.refused.append(Skipped(known.path, known.problem))

    async def _parse(self, found: Found) -> _Parsed | None:
        """Read a document part by part; None when it has vanished."""
        parsed = _Parsed()
        begin: int | None = 0
        at = 0
        if_empty = ""
        while begin is not None:
            try:
                answer = await self._sandbox.call(
                    OPERATION, {"path": str(found.path), "begin": begin}, timeout_s=PARSE_TIMEOUT_S
                )
            except InvalidInput as error:
                if not await asyncio.to_thread(found.path.exists):
                    return None
                return _Parsed(problem=str(error))
            except (TimedOut, RuntimeFault) as error:
                if error.code in _NO_SANDBOX:
                    raise
                return _Parsed(problem=f"It could not be read: {error}", again=isinstance(error, TemporaryError))
            part = cast("dict[str, Any]", answer)
            made, at = await asyncio.to_thread(_cut, part["sections"], at)
            parsed.passages.extend(made)
            parsed.notes.extend(part["notes"])
            begin, if_empty = part["next"], part["if_empty"]
            if begin is not None and at >= MOST_CHARACTERS:
                parsed.notes.append(f"only its first {at} characters can be found.")
                break
        if not parsed.passages:
            parsed.problem = if_empty
        return parsed


def _cut(sections: list[dict[str, Any]], offset: int) -> tuple[list[PassageRow], int]:
    """The passages of a part of a document, and where the next part begins; takes a while for a long one."""
    made: list[PassageRow] = []
    for section in sections:
        made.extend(passages(section, offset))
        offset += len(section["text"])
    return made, offset


def passages(section: dict[str, Any], offset: int) -> list[PassageRow]:
    """The passages of a section as the parser returns it; ``offset`` is where it begins in the document's text."""
    text, made = section["text"], []
    for span in spans(text):
        words = text[span.start : span.end]
        start = span.start + len(words) - len(words.lstrip())
        if words := words.strip():
            made.append(PassageRow(words, _place(section, start), offset + start))
    return made


def _place(section: dict[str, Any], start: int) -> str:
    match section["unit"]:
        case "page":
            at = f"{PAGE} {section['number']}"
        case "line":
            at = f"{LINE} {section['number'] + section['text'].count(chr(10), 0, start)}"
        case _:
            at = ""
    return ", ".join(filter(None, (section["heading"], at)))


def _sha256(path: Path) -> str:
    """Of a file's content; what has become a link or a pipe since the folder was looked through is not opened."""
    digest = hashlib.sha256()
    with os.fdopen(os.open(path, _OPENING), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(errno.EINVAL, NO_FILE)
        while block := file.read(_HASH_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def _report(collection: CollectionRow, state: _Pass, on_disk: Scan, gone: list[str], seconds: float) -> IndexReport:
    counts = Counter(on_disk.reasons).most_common()
    return IndexReport(
        collection=collection.name,
        folder=collection.folder,
        added=tuple(state.added),
        changed=tuple(state.changed),
        removed=tuple(gone),
        unchanged=state.unchanged,
        parsed=tuple(state.parsed),
        refused=tuple(state.refused),
        skipped=tuple(on_disk.skipped),
        skipped_counts=tuple(counts),
        notes=tuple(state.notes),
        passages=state.passages,
        seconds=seconds,
    )
