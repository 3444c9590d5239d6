"""A speaker that is a file: what would be heard is written instead. Used by `sotto ask --speak FILE`."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from app.audio.files import write_wav
from app.contracts.audio import AudioChunk, HeardSpan


class FileSink:
    """Implements `app.contracts.ports.AudioSink` over a WAV file that is complete or not there.

    Args:
        path: Where the sound goes, replaced when it exists. Written by `drain`.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._chunks: list[AudioChunk] = []
        self._utterances: dict[int, int] = {}
        self._first_at: float | None = None

    async def wake(self) -> None:
        """A file never sleeps."""

    def begin(self) -> None:
        """Start afresh."""
        self._chunks.clear()
        self._utterances.clear()
        self._first_at = None

    async def write(self, chunk: AudioChunk, utterance: int) -> None:
        """Queue sound of an utterance."""
        self._chunks.append(chunk)
        self._utterances[utterance] = self._utterances.get(utterance, 0) + chunk.samples
        if self._first_at is None and any(chunk.pcm):
            self._first_at = time.monotonic()

    async def drain(self) -> None:
        """Write the file.

        Raises:
            StorageError: The folder is missing, read-only or full; no half file is left.
        """
        await asyncio.to_thread(write_wav, self._path, self._chunks)

    def stop(self) -> None:
        """What was queued stays; nothing is written."""

    def heard(self) -> tuple[HeardSpan, ...]:
        """Everything queued counts as heard."""
        rate = self._chunks[0].sample_rate_hz if self._chunks else 1
        return tuple(HeardSpan(number, samples, samples, rate) for number, samples in self._utterances.items())

    @property
    def first_sample_at(self) -> float | None:
        """Monotonic seconds at which the first non-silent sample came."""
        return self._first_at

    async def aclose(self) -> None:
        """Nothing is held."""
