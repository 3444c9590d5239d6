"""`sotto documents add|list|refresh|remove|search`: the folders that can be asked."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

from app.cli.console import Console, printable
from app.memory.documents_schema import CollectionRow
from app.pipeline.documents.index import NOTHING_INDEXED, DocumentIndex
from app.pipeline.documents.report import IndexProgress, IndexReport
from app.pipeline.values import Passage, Passages, cited

_NAMED = 20
"""So many refused documents are named for a person; JSON has them all."""


async def add_documents(
    console: Console, index: DocumentIndex, folder: Path, name: str = "", *, vectors: bool = False, as_json: bool
) -> int:
    """Index a folder, and make its vectors too where that is wanted; by words it can be asked before those are done.

    Raises:
        InvalidInput: There is no such folder, or the name belongs to another one.
        StorageError: The index cannot be written; what was done stays.
    """
    report = await index.index(folder, name, _watch(console))
    return await _finish(console, index, [report], vectors=vectors, as_json=as_json)


async def refresh_documents(
    console: Console, index: DocumentIndex, name: str = "", *, vectors: bool = False, as_json: bool
) -> int:
    """Bring one collection, or all of them, up to date.

    Raises:
        InvalidInput: There is no such collection, or its folder is not there.
        StorageError: The index cannot be written; what was done stays.
    """
    names = [name] if name else [row.name for row in await index.collections()]
    reports = [await index.refresh(each, _watch(console)) for each in names]
    if not reports and not as_json:
        console.say(NOTHING_INDEXED)
    return await _finish(console, index, reports, vectors=vectors, as_json=as_json)


async def list_documents(console: Console, index: DocumentIndex, *, as_json: bool) -> int:
    """List the collections."""
    rows = await index.collections()
    if as_json:
        console.write(json.dumps({"collections": [_row_object(row) for row in rows]}) + "\n")
    elif not rows:
        console.say(NOTHING_INDEXED)
    width = max((len(row.name) for row in rows), default=0)
    for row in rows if not as_json else ():
        console.write(printable(f"{row.name.ljust(width)}  {_row_text(row)}\n"))
    await _say_if_moved(console, index)
    return console.settle()


async def remove_documents(console: Console, index: DocumentIndex, name: str, *, as_json: bool) -> int:
    """Erase a collection from the index; the folder itself stays as it is.

    Raises:
        InvalidInput: There is no such collection.
        StorageError: The index cannot be written.
    """
    await index.remove(name)
    if as_json:
        console.write(json.dumps({"removed": name}) + "\n")
    else:
        console.say(printable(f"{name} can no longer be asked; the folder itself was not touched."))
    return console.settle()


async def search_documents(
    console: Console, index: DocumentIndex, words: str, *, limit: int = 5, name: str = "", as_json: bool
) -> int:
    """Show the passages that answer best, with their places.

    Raises:
        InvalidInput: There is no such collection.
        StorageError: The index cannot be read.
    """
    found = await index.lookup(words, limit, name)
    if as_json:
        console.write(json.dumps(_found_object(found)) + "\n")
    elif found.items:
        for number, passage in enumerate(found.items, 1):
            console.write(printable(f"[{number}] {cited(passage)}\n{_indented(passage.text)}\n\n"))
    else:
        console.say("Nothing was found." if await index.indexed() else NOTHING_INDEXED)
    await _say_if_moved(console, index)
    return console.settle()


async def _finish(
    console: Console, index: DocumentIndex, reports: list[IndexReport], *, vectors: bool, as_json: bool
) -> int:
    """Say what was done, then make the vectors: whoever stops that has a folder that can be asked."""
    if not as_json:
        for report in reports:
            console.write(printable(report_text(report)))
    began = time.monotonic()
    wanted = reports and (vectors or index.by_meaning)
    made = await index.fill_vectors(_watch(console)) if wanted else 0
    if as_json:
        objects = [report_object(report) for report in reports]
        console.write(json.dumps({"reports": objects, "vectors": made, "vectors_s": time.monotonic() - began}) + "\n")
    elif made:
        console.write(f"{made} passages can be found by meaning too, after {time.monotonic() - began:.1f} s.\n")
    await _say_if_moved(console, index)
    return console.settle()


def report_text(report: IndexReport) -> str:
    """A report for a person, in lines."""
    readable = len(report.added) + len(report.changed) + report.unchanged - len(report.refused)
    changes = f"new {len(report.added)}, changed {len(report.changed)}, gone {len(report.removed)}"
    lines = [
        f"{report.collection}: {readable} documents can be asked ({report.folder})",
        f"  {changes}, as before {report.unchanged}; {report.passages} passages read in {report.seconds:.1f} s",
    ]
    lines += [f"  not readable: {item.name}: {item.reason}" for item in report.refused[:_NAMED]]
    if len(report.refused) > _NAMED:
        lines.append(f"  not readable: {len(report.refused) - _NAMED} more; --json names them all")
    lines += [f"  passed over: {count}, {reason}" for reason, count in report.skipped_counts]
    lines += [f"  note: {note}" for note in report.notes]
    return "".join(f"{line}\n" for line in lines)


def report_object(report: IndexReport) -> dict[str, object]:
    """A report as JSON."""
    return {
        "collection": report.collection,
        "folder": report.folder,
        "added": list(report.added),
        "changed": list(report.changed),
        "removed": list(report.removed),
        "unchanged": report.unchanged,
        "parsed": list(report.parsed),
        "refused": [{"document": item.name, "reason": item.reason} for item in report.refused],
        "skipped": [{"file": item.name, "reason": item.reason} for item in report.skipped],
        "skipped_counts": dict(report.skipped_counts),
        "notes": list(report.notes),
        "passages": report.passages,
        "seconds": report.seconds,
    }


def _watch(console: Console) -> Callable[[IndexProgress], None]:
    """One live line about how far it is."""

    def show(progress: IndexProgress) -> None:
        what = "documents read" if progress.step == "reading" else "passages embedded"
        console.live(printable(f"{progress.done} of {progress.total} {what}  {progress.name}"))

    return show


async def _say_if_moved(console: Console, index: DocumentIndex) -> None:
    moved = (await index.status()).moved_aside
    if moved is not None:
        console.say(printable(f"sotto: the document index was damaged and is now {moved.name}; add the folders again."))


def _row_object(row: CollectionRow) -> dict[str, object]:
    return {
        "name": row.name,
        "folder": row.folder,
        "documents": row.documents,
        "refused": row.refused,
        "passages": row.passages,
        "vectors": row.vectors,
        "indexed_at": row.indexed_at or None,
    }


def _row_text(row: CollectionRow) -> str:
    at = time.strftime("%Y-%m-%d %H:%M", time.localtime(row.indexed_at)) if row.indexed_at else "not finished"
    share = f", {100 * row.vectors // row.passages} % by meaning too" if row.passages else ""
    refused = f", {row.refused} not readable" if row.refused else ""
    return f"{row.documents} documents{refused}, {row.passages} passages{share}, {at}  {row.folder}"


def _found_object(found: Passages) -> dict[str, object]:
    return {"question": found.question, "passages": [_passage_object(item) for item in found.items]}


def _passage_object(item: Passage) -> dict[str, object]:
    return {"source": item.source, "place": item.place, "score": item.score, "text": item.text}


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines())
