"""A microphone that is a clip and a speaker that only notes when the first sound came: measuring without devices."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence

from app.contracts.audio import SPEECH_RATE_HZ, AudioChunk, HeardSpan

PIECE_SAMPLES = SPEECH_RATE_HZ // 50


class ClipSource:
    """Implements `app.contracts.ports.AudioSource` over a clip.

    Args:
        chunks: The clip, 16 kHz mono.
        real_time: Deliver it as it would be spoken; otherwise all at once.
    """

    def __init__(self, chunks: Sequence[AudioChunk] = (), *, real_time: bool = False) -> None:
        self._pcm = b"".join(chunk.pcm for chunk in chunks)
        self._real_time = real_time
        self.on_end: Callable[[], None] = lambda: None
        """Called when the last sample has been delivered: the key goes up."""

    async def open(self) -> ClipCapture:
        """Begin to play the clip."""
        return ClipCapture(self._pcm, self.on_end, real_time=self._real_time)

    async def aclose(self) -> None:
        """Nothing is held."""


class ClipCapture:
    """Implements `app.contracts.ports.Capture`."""

    lost = ""

    def __init__(self, pcm: bytes, on_end: Callable[[], None], *, real_time: bool) -> None:
        self._pcm = pcm
        self._on_end = on_end
        self._real_time = real_time

    async def chunks(self) -> AsyncIterator[AudioChunk]:
        """The clip in pieces of 20 ms."""
        began = time.monotonic()
        step = PIECE_SAMPLES * 4
        for start in range(0, len(self._pcm), step):
            if self._real_time:
                due = began + (start + step) / 4 / SPEECH_RATE_HZ
                await asyncio.sleep(max(0.0, due - time.monotonic()))
            yield AudioChunk(self._pcm[start : start + step])
        self._on_end()

    def stop(self) -> None:
        """The clip ends by itself."""


class FirstSoundSink:
    """Implements `app.contracts.ports.AudioSink`: everything counts as heard at once."""

    def __init__(self) -> None:
        self.first_sample_at: float | None = None
        self.sounded = asyncio.Event()
        self._heard: dict[int, HeardSpan] = {}

    async def wake(self) -> None:
        """It never sleeps."""

    async def write(self, chunk: AudioChunk, utterance: int) -> None:
        """Note the first sound."""
        if self.first_sample_at is None:
            self.first_sample_at = time.monotonic()
            self.sounded.set()
        before = self._heard.get(utterance)
        total = chunk.samples + (before.heard_samples if before else 0)
        self._heard[utterance] = HeardSpan(utterance, total, total, chunk.sample_rate_hz)

    async def drain(self) -> None:
        """Nothing is queued."""

    def stop(self) -> None:
        """Nothing is queued."""

    def heard(self) -> tuple[HeardSpan, ...]:
        """Everything written."""
        return tuple(self._heard.values())

    def begin(self) -> None:
        """Start afresh."""
        self._heard.clear()

    async def aclose(self) -> None:
        """Nothing is held."""
