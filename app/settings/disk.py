"""What the operating system says about a file or folder, as one sentence with its remedy.

Why it exists: settings, profiles, locks and the history all meet the same full or read-only disk, and a person should
read the same words for it everywhere.
"""

from __future__ import annotations

import errno
from pathlib import Path

from app.contracts.errors import StorageError

HOME_VARIABLE = "SOTTO_HOME"
"""Puts everything under one folder: for a second identity, a stick, or a test."""

_FULL = frozenset({errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)})
_FORBIDDEN = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
_IN_THE_WAY = frozenset({errno.ENOTDIR, errno.EEXIST, errno.EISDIR})


NOTHING_CAN_BE_KEPT = frozenset(("disk-full", "read-only", "in-the-way"))
"""Codes of errors that every file of a folder meets alike."""


def disk_error(error: OSError, place: Path) -> StorageError:
    """The error for what went wrong at a place: ``disk-full``, ``read-only``, ``in-the-way`` or ``storage``.

    The caller raises it from ``error``.
    """
    if error.errno in _FULL:
        return StorageError(
            f"{place} cannot be written: the disk is full.", code="disk-full", remedy="Make room on that disk."
        )
    if error.errno in _FORBIDDEN:
        return StorageError(
            f"{place} cannot be written: it is read-only or belongs to somebody else.",
            code="read-only",
            remedy=f"Make it writable, or set {HOME_VARIABLE} to a folder that is.",
        )
    if error.errno in _IN_THE_WAY:
        return StorageError(
            f"{place} cannot be used: a file stands where a folder must be, or a folder where a file must be.",
            code="in-the-way",
            remedy=f"Move it away, or set {HOME_VARIABLE} to another folder.",
        )
    return StorageError(f"{place} cannot be used: {error.strerror or error}.")
