"""PortAudio without a device: the test is the device. It delivers blocks to a microphone and takes them from a speaker.

Only the library is replaced. Everything above it is the real thing, and the test decides when a callback comes.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from app.audio.endpoints import Direction, Endpoint
from app.audio.levels import Samples
from app.audio.portaudio import PortAudio
from app.audio.streams import InputCallback, OutputCallback, Stream
from app.contracts.errors import Unavailable

RATE_HZ = 16_000
MICROPHONE = Endpoint(0, "Fake", "Built-in microphone", 1, 0, RATE_HZ, default_input=True)
HEADSET = Endpoint(1, "Fake", "Headset", 1, 2, RATE_HZ)
SPEAKER = Endpoint(2, "Fake", "Built-in speaker", 0, 2, RATE_HZ, default_output=True)


class FakeStream(Stream):
    def __init__(
        self,
        endpoint: Endpoint,
        direction: Direction,
        callback: InputCallback | OutputCallback,
        ended: Callable[[], None],
    ) -> None:
        super().__init__(endpoint.rate_hz, ended)
        self.endpoint = endpoint
        self.direction = direction
        self.callback = callback
        self.closed = False
        self.cuts = 0

    @property
    def latency_s(self) -> float:
        return 0.0

    def deliver(self, samples: Samples, channels: int = 1, *, age_s: float | None = None, gap: bool = False) -> None:
        """A microphone hands over a block, by default one whose last sample has just been captured."""
        age_s = samples.size / self.rate_hz if age_s is None else age_s
        self.callback(np.repeat(samples[:, np.newaxis], channels, axis=1), age_s, gap)

    def take(self, frames: int, *, lead_s: float = 0.0, gap: bool = False) -> Samples:
        """A speaker asks for a block, heard after ``lead_s``; returns its left channel."""
        block = np.full((frames, 2), np.nan, dtype=np.float32)
        self.callback(block, lead_s, gap)
        assert np.array_equal(block[:, 0], block[:, 1])
        return block[:, 0]

    def unplug(self) -> None:
        self.finished()


class FakePortAudio(PortAudio):
    """Devices that can be plugged in, unplugged and made to refuse."""

    def __init__(self, *endpoints: Endpoint) -> None:
        super().__init__()
        self.endpoints = list(endpoints or (MICROPHONE, HEADSET, SPEAKER))
        self.refusing: set[str] = set()
        self.opened: list[FakeStream] = []
        self.scans = 0
        self.slow_to_drop = False
        self.dropping: list[Callable[[], None]] = []
        self.on_open: Callable[[FakeStream], None] = _first_block

    @property
    def streams(self) -> int:
        return sum(not stream.closed for stream in self.opened)

    @property
    def newest(self) -> FakeStream:
        return self.opened[-1]

    async def scan(self, *, afresh: bool = False) -> tuple[Endpoint, ...]:
        self.scans += 1
        return tuple(self.endpoints)

    async def open_input(
        self, endpoint: Endpoint, callback: InputCallback, ended: Callable[[], None], timeout_s: float
    ) -> Stream:
        return self._open(endpoint, Direction.INPUT, callback, ended)

    async def open_output(
        self, endpoint: Endpoint, callback: OutputCallback, ended: Callable[[], None], timeout_s: float
    ) -> Stream:
        return self._open(endpoint, Direction.OUTPUT, callback, ended)

    def _open(
        self,
        endpoint: Endpoint,
        direction: Direction,
        callback: InputCallback | OutputCallback,
        ended: Callable[[], None],
    ) -> Stream:
        if endpoint.name in self.refusing or endpoint not in self.endpoints:
            raise Unavailable(f"{endpoint.name} refuses", code="sound-refused")
        stream = FakeStream(endpoint, direction, callback, ended)
        self.opened.append(stream)
        self.on_open(stream)
        return stream

    def close(self, stream: Stream) -> None:
        assert isinstance(stream, FakeStream)
        stream.closed = True

    def cut(self, stream: Stream, done: Callable[[], None]) -> None:
        assert isinstance(stream, FakeStream)
        stream.cuts += 1
        self.dropping.append(done)
        if not self.slow_to_drop:
            self.dropped()

    def dropped(self) -> None:
        """The device has dropped what it held."""
        while self.dropping:
            self.dropping.pop()()


def _first_block(stream: FakeStream) -> None:
    """What a device does at once when it is started."""
    if stream.direction is Direction.INPUT:
        stream.deliver(np.zeros(160, np.float32))
    else:
        stream.take(160)
