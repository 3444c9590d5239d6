"""Sound files, both ways: any format PyAV reads comes in as 16 kHz mono; a WAV file goes out whole or not at all.

PyAV is imported where a file is read: a typed question needs none, and would wait for it.
"""

from __future__ import annotations

import contextlib
import errno
import os
import struct
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO
from uuid import uuid4

import numpy as np

from app.audio.levels import Samples, as_pcm
from app.audio.wav import BYTES_PER_SAMPLE, header, storage_error, to_int16
from app.contracts.audio import SPEECH_RATE_HZ, AudioChunk
from app.contracts.errors import InvalidInput

CHUNK_SAMPLES = SPEECH_RATE_HZ // 2
"""A file is read in pieces of half a second."""
_EXACT_LENGTH = frozenset({"aiff", "au", "caf", "flac", "mov", "mp4", "w64", "wav"})
"""Containers that say how much sound there ought to be; the others only guess."""
_UNKNOWN_LENGTH = 0x7FFF0000
"""Programs that write WAV into a pipe promise this much or more."""
_MISSING_SHARE = 0.05
_MISSING_S = 0.5
_ONLY_FILES = {"protocol_whitelist": "file"}
"""A playlist is a file too; whatever it names, nothing is fetched."""
_AT_ONCE_BYTES = 1 << 20
"""Sound that is written at a time, a multiple of a sample: a long recording is not copied as a whole."""


def read_clip(path: Path | str) -> Iterator[AudioChunk]:
    """Read a sound file in pieces of 16 kHz mono, so that a long one takes no more memory than a short one.

    Raises:
        InvalidInput: While iterating: it is not there, is no sound file, holds no sound, or ends too soon.
    """
    import av.error

    path = Path(path)
    _look(path)
    try:
        container = av.open(f"file:{path}", mode="r", options=_ONLY_FILES)
    except (av.error.FFmpegError, ValueError) as error:
        raise _unreadable(path, error) from error
    with container:
        if not container.streams.audio:
            raise InvalidInput(
                f"There is no sound in {path}.", code="no-sound", remedy="Choose a recording, or a film with sound."
            )
        read = 0
        for chunk in _pieces(_decoded(container, path)):
            read += chunk.samples
            yield chunk
        _complete(path, container, read)


def write_wav(path: Path | str, chunks: Iterable[AudioChunk]) -> None:
    """Write 16-bit mono; the file is complete, or what was there before.

    Args:
        path: Replaced when it exists.
        chunks: The sound, all of one rate; none at all gives an empty file of 16 kHz.

    Raises:
        StorageError: The folder is missing, read-only or full.
        ValueError: The rate changes in the middle.
    """
    path = Path(path)
    if path.is_dir():
        raise storage_error(IsADirectoryError(errno.EISDIR, "Is a directory"), path, "The sound")
    part = path.parent / f".{uuid4().hex}.part"
    try:
        with part.open("xb") as file:
            _write(file, chunks)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        raise storage_error(error, path, "The sound") from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink()


def _write(file: BinaryIO, chunks: Iterable[AudioChunk]) -> None:
    rate_hz = 0
    written = 0
    file.write(header(SPEECH_RATE_HZ))
    for chunk in chunks:
        if rate_hz and chunk.sample_rate_hz != rate_hz:
            raise ValueError(f"the rate changes from {rate_hz} to {chunk.sample_rate_hz} Hz in the middle")
        rate_hz = chunk.sample_rate_hz
        pcm = memoryview(chunk.pcm)
        for start in range(0, len(pcm), _AT_ONCE_BYTES):
            file.write(to_int16(bytes(pcm[start : start + _AT_ONCE_BYTES])))
        written += chunk.samples * BYTES_PER_SAMPLE
    file.seek(0)
    file.write(header(rate_hz or SPEECH_RATE_HZ, written))


def _look(path: Path) -> None:
    """The mistakes that need no decoder to be seen."""
    if path.is_dir():
        raise InvalidInput(f"{path} is a folder.", code="is-a-folder", remedy="Choose a sound file in it.")
    if path.exists() and not path.is_file():  # a pipe may never say anything, and then nothing could end the wait
        raise InvalidInput(f"{path} is a pipe or a device.", code="no-file", remedy="Save the sound in a file first.")
    try:
        with path.open("rb") as file:
            start = file.read(8)
    except FileNotFoundError as error:
        raise InvalidInput(f"There is no file {path}.", code="no-such-file", remedy="Check the name.") from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise InvalidInput(f"{path} cannot be read: {reason}.", code="unreadable", remedy="Check who may.") from error
    if not start:
        raise InvalidInput(f"{path} is empty.", code="empty-file", remedy="Record or copy it again.")
    if start[:4] == b"RIFF" and len(start) == 8:
        (promised,) = struct.unpack("<I", start[4:])
        there = path.stat().st_size - 8
        if 0 < promised < _UNKNOWN_LENGTH and promised - there > max(_MISSING_SHARE * promised, 1.0):
            raise _too_short(path, f"{max(0, there)} of {promised} bytes are there")


def _decoded(container: Any, path: Path) -> Iterator[Samples]:
    """The samples as they come out of the decoder, at 16 kHz."""
    import av.error

    resampler = av.AudioResampler(format="fltp", rate=SPEECH_RATE_HZ)
    found = False
    try:
        for frame in container.decode(audio=0):
            for piece in resampler.resample(frame):
                found = True
                yield _mono(piece)
        if found:
            for piece in resampler.resample(None):
                yield _mono(piece)
    except (av.error.FFmpegError, ValueError) as error:
        raise (_too_short(path, "the rest is damaged") if found else _unreadable(path, error)) from error


def _mono(frame: Any) -> Samples:
    """The mean of a frame's channels, as a microphone's are mixed; FFmpeg's own sum of them may be too loud."""
    mixed: Samples = np.mean(frame.to_ndarray(), axis=0, dtype=np.float32)
    return mixed


def _pieces(decoded: Iterable[Samples]) -> Iterator[AudioChunk]:
    """The same samples in chunks of one length, free of what is not a number and of what is too loud."""
    waiting: list[Samples] = []
    size = 0
    for samples in decoded:
        waiting.append(samples)
        size += samples.size
        if size >= CHUNK_SAMPLES:
            whole = np.concatenate(waiting)
            for start in range(0, size - CHUNK_SAMPLES + 1, CHUNK_SAMPLES):
                yield _chunk(whole[start : start + CHUNK_SAMPLES])
            waiting = [whole[size - size % CHUNK_SAMPLES :]]
            size %= CHUNK_SAMPLES
    if size:
        yield _chunk(np.concatenate(waiting))


def _chunk(samples: Samples) -> AudioChunk:
    return AudioChunk(as_pcm(np.clip(np.nan_to_num(samples), -1.0, 1.0)))


def _complete(path: Path, container: Any, samples: int) -> None:
    """Notice a file that was cut off."""
    import av

    read_s = samples / SPEECH_RATE_HZ
    names = set(container.format.name.split(","))
    promised_s = (container.duration or 0) / av.time_base if names & _EXACT_LENGTH else 0.0
    if promised_s - read_s > max(_MISSING_S, _MISSING_SHARE * promised_s):
        raise _too_short(path, f"{read_s:.1f} of {promised_s:.1f} s are there")
    if not samples:
        raise InvalidInput(f"There is no sound in {path}.", code="no-sound", remedy="Record or copy it again.")


def _too_short(path: Path, what: str) -> InvalidInput:
    return InvalidInput(f"{path} ends in the middle: {what}.", code="truncated", remedy="Copy it again.")


def _unreadable(path: Path, error: Exception) -> InvalidInput:
    reason = getattr(error, "strerror", None) or str(error)
    return InvalidInput(
        f"{path} is no sound file, or a damaged one: {reason}.",
        code="not-a-sound-file",
        remedy="Use WAV, FLAC, MP3, Ogg, M4A or anything else that FFmpeg reads.",
    )
