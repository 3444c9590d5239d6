"""A running microphone: the callback fills a ring, the event loop is woken, and any number of recordings read from it.

The callback copies and wakes, nothing more: it runs on a real-time thread and must not wait for the event loop.
"""

from __future__ import annotations

import asyncio
import contextlib
from time import monotonic

import numpy as np

from app.aio.pulse import Pulse
from app.audio.endpoints import SILENT, Endpoint
from app.audio.levels import Samples
from app.audio.portaudio import PortAudio
from app.audio.ring import Ring
from app.audio.streams import Block, Stream
from app.contracts.errors import MicrophoneUnavailable

RING_S = 15.0
"""Sound that survives a stalled event loop, and the longest pre-roll."""
OPEN_TIMEOUT_S = 5.0
FIRST_BUFFER_TIMEOUT_S = 3.0
DATA_TIMEOUT_S = 1.0
"""No callback for so long means that the device is gone, whatever the system says."""
_BELIEVABLE_AGE_S = 1.0


class MicrophoneStream:
    """One microphone stream. `start` it once; belongs to the event loop it was made on.

    Args:
        endpoint: The device.
        wanted: Identity of the device that was asked for, even if another had to do; empty for the default.
    """

    def __init__(self, endpoint: Endpoint, wanted: str) -> None:
        self.endpoint = endpoint
        self.wanted = wanted
        self.rate_hz = endpoint.rate_hz
        self.ring = Ring(round(RING_S * endpoint.rate_hz))
        self.moved = Pulse()
        self.gaps = 0
        self._loop = asyncio.get_running_loop()
        self._stream: Stream | None = None
        self._ended = False
        self._last_at = 0.0
        self._anchor = (0, 0.0)  # a position in the ring, and when its sample reached the microphone

    async def start(self, portaudio: PortAudio) -> None:
        """Open the device and wait for its first buffer.

        Raises:
            Unavailable: It cannot be opened.
            MicrophoneUnavailable: It delivers nothing.
        """
        self._stream = await portaudio.open_input(self.endpoint, self._callback, self._on_ended, OPEN_TIMEOUT_S)
        deadline = monotonic() + FIRST_BUFFER_TIMEOUT_S
        while not self.ring.written:
            left = deadline - monotonic()
            if self._ended or left <= 0:
                raise MicrophoneUnavailable(
                    f"{self.title} delivers no sound.",
                    code=SILENT,
                    remedy="Unplug it and plug it in again, or choose another one in the settings.",
                )
            await self.moved.wait(left)

    def close(self, portaudio: PortAudio) -> None:
        """Let the device go; returns at once."""
        stream, self._stream = self._stream, None
        self._ended = True
        if stream is not None:
            portaudio.close(stream)
        self.moved.beat()

    @property
    def title(self) -> str:
        """What a sentence about it begins with."""
        return f"The microphone {self.endpoint.name}" if self.wanted else "The microphone"

    @property
    def alive(self) -> bool:
        """True while sound comes in."""
        return not self._ended and (not self._last_at or self.silent_for_s < DATA_TIMEOUT_S)

    @property
    def silent_for_s(self) -> float:
        """Seconds since the last buffer."""
        return monotonic() - self._last_at

    def position(self, at: float) -> int:
        """Position of the sample that reached the microphone at ``at`` (monotonic seconds); may be negative."""
        position, reached_at = self._anchor
        return position + round((at - reached_at) * self.rate_hz)

    def _callback(self, block: Block, age_s: float, gap: bool) -> None:
        """On PortAudio's thread: mix down, keep, wake."""
        now = monotonic()
        mono: Samples = block[:, 0] if block.shape[1] == 1 else np.mean(block, axis=1, dtype=np.float32)
        duration_s = mono.size / self.rate_hz
        late_s = age_s - duration_s if age_s < _BELIEVABLE_AGE_S else 0.0
        self.ring.write(mono)
        self._anchor = (self.ring.written, now - max(0.0, late_s))
        self._last_at = now
        self.gaps += gap
        self._wake()

    def _on_ended(self) -> None:
        self._ended = True
        self._wake()

    def _wake(self) -> None:
        with contextlib.suppress(RuntimeError):  # the event loop has ended before the device did
            self._loop.call_soon_threadsafe(self.moved.beat)
