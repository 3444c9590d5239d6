"""A speaker that makes no sound but knows to the sample what it would have played."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.aio.clock import SystemClock
from app.contracts.audio import AudioChunk, AudioDevice, HeardSpan
from app.contracts.errors import Unavailable
from app.contracts.ports import AudioDevices, AudioSink, Clock

FULL_S = 3.0
"""Seconds of queued sound from which on a writer waits."""


@dataclass(slots=True)
class _Piece:
    """Sound with the moment at which its first sample is heard."""

    chunk: AudioChunk
    utterance: int
    begins_at: float


class FakeSpeaker(AudioSink):
    """Plays on the clock, gap-free, without a device.

    Args:
        clock: The time it plays in.

    Attributes:
        missing: Set it, and there is no output.
        written: Everything queued since it was made, with its utterance.
        stops: How often it was silenced.
    """

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._pieces: list[_Piece] = []
        self._stopped_at: float | None = None
        self.missing = False
        self.written: list[tuple[int, AudioChunk]] = []
        self.stops = 0
        self.closed = False

    async def wake(self) -> None:
        """There, unless told otherwise."""
        if self.missing:
            raise Unavailable("There is no speaker.", code="no-speaker", remedy="Plug one in.")

    async def write(self, chunk: AudioChunk, utterance: int) -> None:
        """Queue, waiting while a lot is queued."""
        while (ahead_s := self._ends_at() - self._clock.monotonic()) > FULL_S:
            await self._clock.sleep(ahead_s - FULL_S)
        self._stopped_at = None
        begins_at = max(self._ends_at(), self._clock.monotonic())
        self._pieces.append(_Piece(chunk, utterance, begins_at))
        self.written.append((utterance, chunk))

    async def drain(self) -> None:
        """Sleep until all is played."""
        while self._stopped_at is None and (left_s := self._ends_at() - self._clock.monotonic()) > 0:
            await self._clock.sleep(left_s)

    def stop(self) -> None:
        """Nothing more is heard from now on."""
        self.stops += 1
        self._stopped_at = self._clock.monotonic()

    def heard(self) -> tuple[HeardSpan, ...]:
        """What has been played of each utterance by now."""
        now = self._clock.monotonic() if self._stopped_at is None else self._stopped_at
        spans: dict[int, HeardSpan] = {}
        for piece in self._pieces:
            rate = piece.chunk.sample_rate_hz
            heard = min(piece.chunk.samples, max(0, round((now - piece.begins_at) * rate)))
            before = spans.get(piece.utterance, HeardSpan(piece.utterance, 0, 0, rate))
            spans[piece.utterance] = HeardSpan(
                piece.utterance, before.heard_samples + heard, before.queued_samples + piece.chunk.samples, rate
            )
        return tuple(spans.values())

    def begin(self) -> None:
        """Count afresh."""
        self._pieces.clear()
        self._stopped_at = None

    @property
    def first_sample_at(self) -> float | None:
        """When the first sound was heard."""
        now = self._clock.monotonic() if self._stopped_at is None else self._stopped_at
        for piece in self._pieces:
            loud = np.flatnonzero(np.frombuffer(piece.chunk.pcm, dtype="<f4"))
            if loud.size:
                at = piece.begins_at + float(loud[0]) / piece.chunk.sample_rate_hz
                return at if at <= now else None
        return None

    async def aclose(self) -> None:
        """Note that it happened."""
        self.closed = True

    def _ends_at(self) -> float:
        if not self._pieces or self._stopped_at is not None:
            return float("-inf")
        last = self._pieces[-1]
        return last.begins_at + last.chunk.seconds


class FakeAudioDevices(AudioDevices):
    """The sound devices of a demonstration."""

    async def inputs(self) -> tuple[AudioDevice, ...]:
        """One microphone."""
        return (AudioDevice("fake/microphone", "Scripted microphone", default=True),)

    async def outputs(self) -> tuple[AudioDevice, ...]:
        """One speaker."""
        return (AudioDevice("fake/speaker", "Silent speaker", default=True),)
