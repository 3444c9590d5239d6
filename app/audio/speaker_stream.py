"""A running speaker: the event loop fills a ring, the callback empties it and notes when each sample will be heard.

The callback takes no lock and waits for nobody. What is to stop, to pause or to be skipped is said by setting one
attribute, which the callback looks at once per block. Its notes are the only truth about what was heard.
"""

from __future__ import annotations

import asyncio
from collections import deque
from time import monotonic

import numpy as np

from app.audio.endpoints import SILENT, Endpoint
from app.audio.levels import Samples
from app.audio.portaudio import PortAudio
from app.audio.ring import Ring
from app.audio.streams import Block, Stream
from app.contracts.errors import Unavailable

RING_S = 8.0
OPEN_TIMEOUT_S = 5.0
WAKE_TIMEOUT_S = 3.0
WAKE_LOOK_S = 0.005
FADE_S = 0.003
"""Sound that is cut off fades for so long, so that it does not click."""
AUDIBLE = 1e-4
"""Anything above this amplitude (-80 dBFS) is sound."""
DATA_TIMEOUT_S = 2.5
"""A device that asks for nothing for so long is gone, whatever the system says. An idle virtual sink pauses for 2 s."""
_BELIEVABLE_LEAD_S = 3.0


class SpeakerStream:
    """One speaker stream. `start` it once.

    Positions are samples of sound at the device's rate since the stream was made; silence in between does not count.

    Args:
        endpoint: The device.
        wanted: Identity of the device that was asked for, even if another had to do; empty for the default.
    """

    def __init__(self, endpoint: Endpoint, wanted: str) -> None:
        self.endpoint = endpoint
        self.wanted = wanted
        self.rate_hz = endpoint.rate_hz
        self.ring = Ring(round(RING_S * endpoint.rate_hz))
        self.paused = False
        self.gaps = 0
        self._stream: Stream | None = None
        self._ended = False
        self._fade = np.linspace(1.0, 0.0, max(2, round(FADE_S * endpoint.rate_hz)), dtype=np.float32)
        self._skip_to = 0
        self._cuts_asked = 0  # on the event loop
        self._cuts_done = 0  # on the sound thread
        self._taken = 0
        self._held = False
        self._heard = 0
        self._frames = 0
        self._last_at = 0.0
        self._marks: deque[tuple[float, int, int]] = deque()
        self._watch_from = 0
        self._first: tuple[int, float] | None = None
        self._overlays: deque[Samples] = deque()

    async def start(self, portaudio: PortAudio) -> None:
        """Open the device, and play silence until it takes more than its buffer holds, so that it must be playing.

        Raises:
            Unavailable: It cannot be opened, or does not play.
        """
        self._stream = await portaudio.open_output(self.endpoint, self._callback, self._on_ended, OPEN_TIMEOUT_S)
        buffered = (self._stream.latency_s + FADE_S) * self.rate_hz
        deadline = monotonic() + WAKE_TIMEOUT_S
        while self._frames <= buffered:
            if not self.alive or monotonic() > deadline:
                raise Unavailable(
                    f"The speaker {self.endpoint.name} does not play.",
                    code=SILENT,
                    remedy="Choose another one in the settings, or restart the sound server.",
                )
            await asyncio.sleep(WAKE_LOOK_S)

    def close(self, portaudio: PortAudio) -> None:
        """Let the device go; returns at once."""
        stream, self._stream = self._stream, None
        self._ended = True
        if stream is not None:
            portaudio.close(stream)

    @property
    def alive(self) -> bool:
        """True while the device asks for sound."""
        return not self._ended and (not self._last_at or monotonic() - self._last_at < DATA_TIMEOUT_S)

    @property
    def waiting_s(self) -> float:
        """Seconds of sound that the device has not taken yet."""
        return (self.ring.written - max(self._taken, self._skip_to)) / self.rate_hz

    @property
    def first_sound_at(self) -> float | None:
        """Monotonic seconds at which the first audible sample since `watch` is heard; None before it was taken."""
        first = self._first
        return first[1] if first is not None and first[0] >= self._watch_from else None

    def watch(self) -> None:
        """Look out for the first audible sample of what is written from now on."""
        self._watch_from = self.ring.written
        self._first = None

    def heard(self) -> int:
        """Position up to which the sound has been heard by now."""
        now = monotonic()
        while self._marks:
            audible_at, start, count = self._marks[0]
            done = int((now - audible_at) * self.rate_hz)
            if done < count:
                self._heard = max(self._heard, start + max(0, done))
                break
            self._heard = max(self._heard, start + count)
            self._marks.popleft()
        return self._heard

    def drop(self, portaudio: PortAudio) -> None:
        """Silence: drop what waits here and what the device holds; returns at once."""
        self._skip_to = self.ring.written
        self._marks.clear()
        self._heard = self._skip_to
        self._overlays.clear()
        if self._stream is not None:
            self._cuts_asked += 1
            portaudio.cut(self._stream, self._was_cut)

    def overlay(self, samples: Samples) -> None:
        """Mix a short sound into whatever is played next; it counts as nothing heard."""
        self._overlays.append(samples)

    def _callback(self, block: Block, lead_s: float, gap: bool) -> None:
        """On PortAudio's thread: fill a block."""
        now = monotonic()
        believable = 0.0 <= lead_s < _BELIEVABLE_LEAD_S
        mono = self._speech(block.shape[0], now + (lead_s if believable else 0.0))
        if self._overlays:
            self._mix_overlay(mono)
        block[:] = mono[:, np.newaxis]
        self._frames += mono.size
        self._last_at = now
        self.gaps += gap

    def _speech(self, frames: int, audible_at: float) -> Samples:
        mono: Samples = np.zeros(frames, dtype=np.float32)
        start = self._taken
        skip_to = self._skip_to
        if skip_to > start:
            if not self._held:
                self._fade_out(mono, start)
            self._taken = skip_to
        elif self._cuts_asked != self._cuts_done:
            pass  # whatever the device took now would be dropped with the rest
        elif self.paused:
            if not self._held:
                self._fade_out(mono, start)
            self._held = True
        else:
            piece = self.ring.read(start, start + frames)
            mono[: piece.size] = piece
            if self._held:
                ramp = self._fade[::-1][:frames]
                mono[: ramp.size] *= ramp
                self._held = False
            if piece.size:
                self._note(piece, start, audible_at)
        return mono

    def _note(self, piece: Samples, start: int, audible_at: float) -> None:
        """Account for what has just been taken."""
        self._taken = start + piece.size
        self._marks.append((audible_at, start, piece.size))
        if self._first is None and self._taken > self._watch_from:
            audible = np.flatnonzero(np.abs(piece) > AUDIBLE)
            if audible.size:
                first = int(audible[0])
                self._first = (start + first, audible_at + first / self.rate_hz)

    def _fade_out(self, mono: Samples, start: int) -> None:
        piece = self.ring.read(start, start + min(mono.size, self._fade.size))
        mono[: piece.size] = piece * self._fade[: piece.size]

    def _mix_overlay(self, mono: Samples) -> None:
        try:
            overlay = self._overlays.popleft()
        except IndexError:  # dropped in this very moment
            return
        piece = overlay[: mono.size]
        mono[: piece.size] += piece
        if overlay.size > mono.size:
            self._overlays.appendleft(overlay[mono.size :])

    def _was_cut(self) -> None:
        self._cuts_done += 1

    def _on_ended(self) -> None:
        self._ended = True
