"""The one file format Sotto writes: WAV with 16-bit mono, and what goes wrong when a disk will not take it."""

from __future__ import annotations

import errno
import struct
from pathlib import Path

import numpy as np
import numpy.typing as npt

from app.audio.levels import Samples, as_samples
from app.contracts.errors import StorageError

HEADER_BYTES = 44
BYTES_PER_SAMPLE = 2
_LONGEST = 0xFFFFFFFF
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_FORBIDDEN = (errno.EROFS, errno.EACCES, errno.EPERM)


def header(rate_hz: int, data_bytes: int | None = None) -> bytes:
    """The 44 bytes before the samples.

    Args:
        rate_hz: Samples per second.
        data_bytes: Length of the samples; None while it is not known, which readers take for "up to the end".
    """
    data = _LONGEST if data_bytes is None else min(data_bytes, _LONGEST)
    riff = min(data + HEADER_BYTES - 8, _LONGEST)
    form = struct.pack("<HHIIHH", 1, 1, rate_hz, rate_hz * BYTES_PER_SAMPLE, BYTES_PER_SAMPLE, 8 * BYTES_PER_SAMPLE)
    return (
        b"RIFF"
        + struct.pack("<I", riff)
        + b"WAVEfmt "
        + struct.pack("<I", 16)
        + form
        + b"data"
        + struct.pack("<I", data)
    )


def to_int16(pcm: bytes) -> bytes:
    """16-bit samples of a chunk's float32 samples; what is too loud is clipped."""
    samples: Samples = np.nan_to_num(as_samples(pcm))
    scaled: npt.NDArray[np.int16] = np.rint(np.clip(samples, -1.0, 1.0) * 32767.0).astype("<i2")
    return scaled.tobytes()


def storage_error(error: OSError, path: Path, what: str) -> StorageError:
    """What a failed write means to a person.

    Args:
        error: What the system said.
        path: Where it was to be written.
        what: What was to be written, as the sentence begins: "The recording".
    """
    if error.errno in _FULL:
        return StorageError(
            f"{what} could not be written to {path}: the disk is full.",
            code="disk-full",
            remedy="Delete something you no longer need, then try again.",
        )
    if error.errno in _FORBIDDEN:
        return StorageError(
            f"{what} could not be written to {path}: writing there is not allowed.",
            code="read-only",
            remedy="Choose another folder, or make this one writable.",
        )
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return StorageError(
            f"{what} could not be written to {path}: there is no such folder.",
            code="no-folder",
            remedy="Create the folder, or choose another one.",
        )
    if error.errno == errno.EISDIR:
        return StorageError(
            f"{what} could not be written to {path}: that is a folder.",
            code="is-a-folder",
            remedy="Add a file name.",
        )
    return StorageError(f"{what} could not be written to {path}: {error.strerror or error}.")
