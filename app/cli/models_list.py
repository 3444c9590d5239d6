"""`sotto models list`: one line for each model, what is here first."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

import psutil

from app.cli.console import Console, printable
from app.contracts.errors import SottoError
from models.catalogue import Catalogue, CatalogueModel
from models.store.manifest import Manifest
from models.store.model import Task
from models.store.room import spoken_bytes
from models.store.store import Store

_MOST_LANGUAGES = 3
_HEADER = (" ", "NAME", "TASK", "SIZE", "LICENCE", "LANGUAGES", "DIGESTS", "STATE")


def list_models(
    console: Console, store: Store, read: Callable[[], Catalogue], *, installed_only: bool, as_json: bool
) -> int:
    """List the installed models and, unless told otherwise, those that can be had.

    Args:
        console: Where to.
        store: What is installed.
        read: Gives the catalogue; a damaged one is said, and what is installed is listed all the same.
        installed_only: Leave the catalogue away.
        as_json: As one JSON object.
    """
    problems = list(store.problems())
    catalogue = Catalogue()
    if not installed_only:
        try:
            catalogue = read()
        except SottoError as error:
            problems.append(str(error))
    memory = psutil.virtual_memory().total
    recommended = {found.name for task in Task if (found := catalogue.recommended(task, memory)) is not None}
    installed = store.manifests()
    here = {manifest.name for manifest in installed}
    begun = store.begun()
    rows = [_installed_row(manifest, recommended) for manifest in installed]
    rows += [
        _available_row(model, recommended, begun)
        for model in sorted(catalogue.models, key=lambda each: list(Task).index(each.task))
        if model.name not in here
    ]
    if as_json:
        console.write(json.dumps({"folder": str(store.folder), "models": rows, "problems": problems}) + "\n")
        return console.settle()
    lines = [_HEADER, *(_line(row) for row in rows)] if rows else []
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))] if lines else []
    for line in lines:
        text = "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        console.write(printable(text.rstrip()) + "\n")
    if any(row["recommended"] for row in rows):
        console.say(f"* recommended for a machine with {spoken_bytes(memory)} of memory")
    if not rows:
        console.say("No model is installed." if installed_only else "No model is installed or known.")
    for problem in problems:
        console.say(printable(f"sotto: {problem}"))
    return console.settle()


def _installed_row(manifest: Manifest, recommended: set[str]) -> dict[str, object]:
    return {
        "name": manifest.name,
        "state": "installed",
        "task": str(manifest.format.task),
        "format": str(manifest.format),
        "size_bytes": manifest.size_bytes,
        "licence": manifest.licence,
        "languages": list(manifest.languages),
        "parameters": manifest.parameters,
        "memory_bytes": manifest.memory_bytes,
        "verified": manifest.verified,
        "origin": str(manifest.origin),
        "recommended": manifest.name in recommended,
        "received_bytes": manifest.size_bytes,
    }


def _available_row(model: CatalogueModel, recommended: set[str], begun: Mapping[str, int]) -> dict[str, object]:
    return {
        "name": model.name,
        "state": "begun" if model.name in begun else "available",
        "task": str(model.task),
        "format": str(model.format),
        "size_bytes": model.size_bytes,
        "licence": model.licence.value or "",
        "languages": list(model.languages.value or ()),
        "parameters": model.parameters.value or 0,
        "memory_bytes": model.memory_bytes.value or 0,
        "verified": model.verified,
        "origin": "catalogue",
        "recommended": model.name in recommended,
        "received_bytes": begun.get(model.name, 0),
    }


def _line(row: Mapping[str, object]) -> tuple[str, ...]:
    """What a person reads of a model. ``unverified``: its digests are not known beforehand."""
    size = row["size_bytes"]
    state = str(row["state"])
    if state == "begun":
        state = f"begun, {spoken_bytes(_number(row['received_bytes']))} here"
    languages = [str(each) for each in row["languages"]] if isinstance(row["languages"], list) else []
    more = len(languages) - _MOST_LANGUAGES
    spoken = ", ".join(languages[:_MOST_LANGUAGES]) + (f" +{more}" if more > 0 else "")
    return (
        "*" if row["recommended"] else " ",
        str(row["name"]),
        str(row["task"]),
        "size unknown" if size is None else spoken_bytes(_number(size)),
        str(row["licence"]) or "licence unknown",
        spoken or "languages unknown",
        "verified" if row["verified"] else "unverified",
        state,
    )


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0
