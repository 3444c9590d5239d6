"""Finds the documents of a folder, and says of everything it passes over why. It opens nothing but folders."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from app.contracts.errors import InvalidInput
from app.pipeline.documents.parsing import KINDS, LARGEST_BYTES, too_large

HIDDEN = "hidden"
LINK = "a link: add the folder it leads to"
OTHER_KIND = "of a kind that is not read"
NO_FILE = "no ordinary file"
MOST_NAMED = 1000
"""So many skipped files are named; the others are counted."""


@dataclass(frozen=True, slots=True)
class Found:
    """A document on the disk.

    Attributes:
        name: Path relative to the folder, with forward slashes, as `shown` writes it.
        path: Where it is.
        size: Bytes.
        mtime_ns: Time of its last change.
    """

    name: str
    path: Path
    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file or folder that is passed over."""

    name: str
    reason: str


@dataclass(slots=True)
class Scan:
    """What a folder holds.

    Attributes:
        found: Documents, sorted by name.
        skipped: What was passed over, the first `MOST_NAMED` of it.
        reasons: How many were passed over for each reason.
        closed: Folders that could not be looked into, as prefixes of names: what is known of them stays.
    """

    found: list[Found] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)
    closed: list[str] = field(default_factory=list)

    def skip(self, name: str, reason: str) -> None:
        """Pass over something."""
        self.reasons[reason] += 1
        if len(self.skipped) < MOST_NAMED:
            self.skipped.append(Skipped(name, reason))


def scan(folder: Path) -> Scan:
    """Look through a folder and those in it. Links are not followed, so there are no circles.

    Raises:
        InvalidInput: There is no such folder, or it cannot be looked into.
    """
    result = Scan()
    waiting = [(folder, "")]
    while waiting:
        place, prefix = waiting.pop()
        try:
            with os.scandir(place) as entries:
                listed = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            if not prefix:
                raise not_there(folder, error) from error
            result.closed.append(prefix)
            result.skip(prefix.rstrip("/"), f"cannot be read: {error.strerror or error}")
            continue
        for entry in listed:
            _look(entry, prefix, result, waiting)
    result.found.sort(key=lambda found: found.name)
    return result


def not_there(folder: Path, error: OSError | None = None) -> InvalidInput:
    """The error for a folder that cannot be looked into."""
    reason = (error.strerror or str(error)) if error is not None else "it is no folder"
    return InvalidInput(
        f"The folder {shown(str(folder))} cannot be indexed: {reason}.",
        code="no-folder",
        remedy="Give a folder you can open.",
    )


def shown(name: str) -> str:
    """A file name as text everybody can keep and print: bytes that are no characters are written in hexadecimal."""
    return (
        "".join(f"\\x{ord(char) - 0xDC00:02x}" if 0xDC80 <= ord(char) <= 0xDCFF else char for char in name)
        .encode(errors="backslashreplace")
        .decode()
    )


def _look(entry: os.DirEntry[str], prefix: str, result: Scan, waiting: list[tuple[Path, str]]) -> None:
    name = prefix + shown(entry.name)
    try:
        if entry.name.startswith("."):
            result.skip(name, HIDDEN)
        elif entry.is_symlink() or (hasattr(entry, "is_junction") and entry.is_junction()):
            result.skip(name, LINK)
        elif entry.is_dir(follow_symlinks=False):
            waiting.append((Path(entry.path), f"{name}/"))
        elif not entry.is_file(follow_symlinks=False):
            result.skip(name, NO_FILE)
        elif os.path.splitext(entry.name)[1].lower() not in KINDS:
            result.skip(name, OTHER_KIND)
        else:
            facts = entry.stat(follow_symlinks=False)
            if facts.st_size > LARGEST_BYTES:
                result.skip(name, too_large(facts.st_size).message)
            else:
                result.found.append(Found(name, Path(entry.path), facts.st_size, facts.st_mtime_ns))
    except OSError as error:
        result.skip(name, f"cannot be read: {error.strerror or error}")
