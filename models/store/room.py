"""Room on the disk, looked for before a model comes, and amounts of it in words."""

from __future__ import annotations

import shutil
from pathlib import Path

from app.contracts.errors import StorageError

SPARE_BYTES = 64 * 1024 * 1024
"""Left free on the disk, for everybody else."""


def standing(folder: Path) -> Path:
    """The folder itself, or the nearest one above it that is there.

    Raises:
        OSError: Nothing on the way there can be looked at.
    """
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return folder


def free_bytes(folder: Path) -> int:
    """Room on the disk that holds a folder, or will.

    Raises:
        OSError: Nothing on the way there can be looked at.
    """
    return shutil.disk_usage(standing(folder)).free


def require_room(name: str, missing: int, folder: Path, free: int, remedy: str) -> None:
    """See that the rest of a model fits.

    Args:
        name: The model.
        missing: Bytes that are still to come.
        folder: Where they go.
        free: Bytes there are.
        remedy: What to do when it does not.

    Raises:
        StorageError: It does not (``disk-full``).
    """
    if missing > 0 and missing + SPARE_BYTES > free:
        raise StorageError(
            f"{name} needs {spoken_bytes(missing + SPARE_BYTES)} on the disk of {folder}, where {spoken_bytes(free)} "
            "are free.",
            code="disk-full",
            remedy=remedy,
        )


def spoken_bytes(count: float) -> str:
    """A number of bytes for a person, in powers of ten as disks are sold."""
    for unit in ("bytes", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"
