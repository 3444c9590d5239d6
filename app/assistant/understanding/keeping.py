"""Keeps an index that was made, so that the next start of the program reads it instead of making it again.

A short-lived command as `sotto ask` spends most of its time before the answer on making the index. What is kept is the
outcome alone; it is found by a digest of everything it was made from: the examples, the table of concepts and the code
that reads them. Anything else in the folder is made from something else and is cleared away.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from app.assistant.understanding.concepts import TABLE
from app.assistant.understanding.index import Index
from app.settings.paths import asset

_PREFIX = "examples-"
_CODE = Path(__file__).parent


def index_of(examples: Sequence[tuple[str, str]], folder: Path | None) -> Index:
    """The index of these examples: the one that is kept, or a new one, which then is.

    Args:
        examples: Text and intent of each, at least one.
        folder: Of caches; need not exist. None keeps nothing.

    Raises:
        Unavailable: A file of the program is missing.
    """
    if folder is None:
        return Index(examples)
    file = folder / f"{_PREFIX}{_digest(examples)}.npz"
    if (kept := _read(file)) is not None:
        return kept
    made = Index(examples)
    with contextlib.suppress(OSError):  # a folder that cannot be written to costs the next start its time, no more
        _write(made, file)
    return made


def _digest(examples: Sequence[tuple[str, str]]) -> str:
    """Of everything an index depends on."""
    digest = hashlib.sha256(f"numpy {np.__version__}\n".encode())
    for text, intent in examples:
        digest.update(f"{intent}\t{text}\n".encode())
    for file in (asset(TABLE), *sorted(_CODE.glob("*.py*"))):  # in a frozen program there is no code to be changed
        if file.is_file():
            digest.update(file.read_bytes())
    return digest.hexdigest()[:24]


def _read(file: Path) -> Index | None:
    """What is kept there, None when there is nothing that can be used."""
    try:
        with file.open("rb") as stream, np.load(stream, allow_pickle=False) as kept:
            return Index.of(tuple(str(name) for name in kept["intents"]), kept["rarity"], kept["weights"])
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None


def _write(index: Index, file: Path) -> None:
    """Whole or not at all; what was kept before is of other examples.

    Raises:
        OSError: It cannot be written.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=file.parent, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as out:
            np.savez(out, intents=np.array(index.intents), rarity=index.rarity, weights=index.weights)
        os.replace(temporary, file)
    finally:
        Path(temporary).unlink(missing_ok=True)
    for other in file.parent.glob(f"{_PREFIX}*.npz"):
        if other != file:
            other.unlink(missing_ok=True)
