"""Keeps what is being said on disk while it is said, so that no crash takes it.

The event loop only hands samples over; a thread writes them, a tenth of a second at a time, straight to the kernel. The
file is a WAV file from its first byte on, and its length tells how much is in it, so a process that is killed in the
middle leaves a recording behind that `pending` finds and any player plays. A lock on the file, which ends with the
process, tells a recording that is being made from one that was left behind.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import queue
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import numpy as np

from app.audio.levels import as_pcm
from app.audio.wav import BYTES_PER_SAMPLE, HEADER_BYTES, header, storage_error, to_int16
from app.contracts.audio import SPEECH_RATE_HZ, AudioChunk
from app.contracts.errors import StorageError

SUFFIX = ".wav"
FLUSH_S = 0.1
"""Samples wait for their writing no longer than this."""
_LOCK_AT = 1 << 40
"""Windows locks bytes, not files; this one lies far behind any sample."""


@dataclass(frozen=True, slots=True)
class PendingRecording:
    """A recording that nobody is making any more and nobody has discarded.

    Attributes:
        recording_id: Its name in the folder.
        path: The file.
        started_at: Seconds since the epoch.
        seconds: Its length.
    """

    recording_id: str
    path: Path
    started_at: float
    seconds: float


class RecordingSpool:
    """One recording. Nothing is written before its first sample.

    When the disk is full or read-only the samples stay in memory and recording goes on.

    Args:
        folder: Made, for its owner only, when it is not there.
        on_problem: Told once, on the event loop, when the disk does not take the recording.
    """

    def __init__(self, folder: Path, *, on_problem: Callable[[StorageError], None] = lambda _error: None) -> None:
        self.recording_id = f"{time.time_ns() // 1_000_000}-{uuid4().hex[:8]}{SUFFIX}"
        self.path = folder / self.recording_id
        self._on_problem = on_problem
        self._pieces: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._file = -1
        self._kept = bytearray()
        self._finished = False
        self.problem: StorageError | None = None
        """Why the disk did not take it, None while it does."""

    @property
    def unwritten_s(self) -> float:
        """Seconds that are in memory only because the disk did not take them."""
        return len(self._kept) / BYTES_PER_SAMPLE / SPEECH_RATE_HZ

    def append(self, chunk: AudioChunk) -> None:
        """Keep the next samples, 16 kHz mono; returns at once."""
        if self._finished:
            raise RuntimeError("the recording is finished")
        if self._thread is None:
            self._loop = asyncio.get_running_loop()
            self._thread = threading.Thread(target=self._write_all, name="recording", daemon=True)
            self._thread.start()
        self._pieces.put(chunk.pcm)

    async def finish(self) -> None:
        """Nothing more will come; everything is written when this returns. May be called twice."""
        self._finished = True
        thread, self._thread = self._thread, None
        if thread is not None:
            self._pieces.put(None)
            await asyncio.to_thread(thread.join)

    async def discard(self) -> None:
        """Finish, and delete what was kept. May be called twice."""
        await self.finish()
        self._kept.clear()
        with contextlib.suppress(OSError):
            await asyncio.to_thread(self.path.unlink, missing_ok=True)

    def chunks(self) -> Iterator[AudioChunk]:
        """What was recorded, from disk and from memory; call it after `finish`.

        Raises:
            StorageError: What is on disk cannot be read.
        """
        written = b""
        try:
            if self.path.exists():
                written = self.path.read_bytes()[HEADER_BYTES:]
        except OSError as error:
            raise StorageError(f"The recording {self.path} cannot be read: {error.strerror}.") from error
        recorded = np.frombuffer(written + bytes(self._kept), dtype="<i2").astype(np.float32) / np.float32(32767.0)
        for start in range(0, recorded.size, SPEECH_RATE_HZ):
            yield AudioChunk(as_pcm(recorded[start : start + SPEECH_RATE_HZ]))

    # Below: on the writing thread.

    def _write_all(self) -> None:
        try:
            more = True
            while more:
                more = self._collect()
                if self.problem is None or not more:  # a disk that was full may have room again at the end
                    self._write_kept()
            self._fix_header()
        finally:
            if self._file >= 0:
                os.close(self._file)
                self._file = -1

    def _collect(self) -> bool:
        """Gather what came; returns False when nothing will come any more."""
        piece = self._pieces.get()
        deadline = time.monotonic() + FLUSH_S
        while piece is not None:
            self._kept += to_int16(piece)
            try:
                piece = self._pieces.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                return True
        return False

    def _write_kept(self) -> None:
        try:
            if self._file < 0:
                self._file = _create(self.path)
            while self._kept:
                del self._kept[: os.write(self._file, self._kept)]
        except OSError as error:
            self._report(error)

    def _fix_header(self) -> None:
        """Say in the header how long it became; a file without this is as good, its length says the same."""
        if self._file < 0:
            return
        try:
            data = os.fstat(self._file).st_size - HEADER_BYTES
            os.lseek(self._file, 0, os.SEEK_SET)
            os.write(self._file, header(SPEECH_RATE_HZ, max(0, data)))
        except OSError as error:
            self._report(error)

    def _report(self, error: OSError) -> None:
        if self.problem is None:
            self.problem = storage_error(error, self.path.parent, "The recording")
            self.problem.__cause__ = error
            assert self._loop is not None
            with contextlib.suppress(RuntimeError):  # the event loop has ended
                self._loop.call_soon_threadsafe(self._on_problem, self.problem)


def pending(folder: Path) -> list[PendingRecording]:
    """Recordings that nobody is making any more and nobody has discarded, oldest first.

    Files without a single sample are deleted on the way. A folder that is missing or unreadable holds none.
    """
    found: list[PendingRecording] = []
    try:
        paths = sorted(folder.glob(f"*{SUFFIX}"))
    except OSError:
        return found
    for path in paths:
        with contextlib.suppress(OSError, ValueError):
            started_at = int(path.name.partition("-")[0]) / 1000.0
            samples = (path.stat().st_size - HEADER_BYTES) // BYTES_PER_SAMPLE
            if _being_written(path):
                continue
            if samples <= 0:
                path.unlink()
                continue
            found.append(PendingRecording(path.name, path, started_at, samples / SPEECH_RATE_HZ))
    return found


def _create(path: Path) -> int:
    """Make a file that only its owner reads, lock it, and begin it."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    try:
        _lock(file)
        os.write(file, header(SPEECH_RATE_HZ))
    except OSError:
        os.close(file)
        path.unlink()
        raise
    return file


def _being_written(path: Path) -> bool:
    file = os.open(path, os.O_RDWR | getattr(os, "O_BINARY", 0))
    try:
        return not _lock(file)
    finally:
        os.close(file)


if sys.platform == "win32":
    import msvcrt

    def _lock(file: int) -> bool:
        """Lock an open file; returns False when another process has it."""
        os.lseek(file, _LOCK_AT, os.SEEK_SET)
        try:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        finally:
            os.lseek(file, 0, os.SEEK_SET)
        return True

else:
    import fcntl

    def _lock(file: int) -> bool:
        """Lock an open file; returns False when somebody else has it."""
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
