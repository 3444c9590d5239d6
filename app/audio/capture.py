"""The microphone as the assistant sees it: quick to open, slow to let go, and happy with the next best device.

The stream stays open for a while after a recording, so that the next one begins with its first sample; it is closed as
soon as the devices are to be looked at afresh, and the next recording opens it again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

from app.audio.choice import DeviceChoice
from app.audio.devices import SoundDevices
from app.audio.endpoints import Direction, Endpoint
from app.audio.microphone_stream import MicrophoneStream
from app.audio.recording import Recording
from app.contracts.errors import MicrophoneUnavailable, Unavailable
from app.contracts.events import Notice

SHORTEST_WARM_S = 0.5
"""Sound that is still on its way when a recording ends needs the stream a moment longer."""


@dataclass(frozen=True, slots=True)
class CaptureOptions:
    """What the person chose about recording.

    Attributes:
        preroll_ms: How much from before the key a recording begins with. Anything above 0 keeps the microphone open.
        warm_s: Seconds the stream stays open after a recording.
    """

    preroll_ms: float = 0.0
    warm_s: float = 30.0


class MicrophoneSource:
    """The `AudioSource` port over PortAudio.

    Args:
        devices: The devices and the person's choice among them.
        options: Gives what the person chose, asked afresh for each recording.
        on_notice: Told when another device than the chosen one has to do, and when it is back.
    """

    def __init__(
        self,
        devices: SoundDevices,
        *,
        options: Callable[[], CaptureOptions] = CaptureOptions,
        on_notice: Callable[[Notice], None] = lambda _notice: None,
    ) -> None:
        self._devices = devices
        self._options = options
        self._choice = DeviceChoice(devices, Direction.INPUT, on_notice)
        self._stream: MicrophoneStream | None = None
        self._recordings = 0
        self._last_end = 0
        self._cooling: asyncio.TimerHandle | None = None
        self._opening = asyncio.Lock()
        devices.keep_warm(self._release)

    async def open(self) -> Recording:
        """Begin to record; quick when the stream is warm.

        Raises:
            MicrophoneUnavailable: No device, no sound server, no permission.
        """
        asked_at = monotonic()
        async with self._opening:
            try:
                warm = await self._warm()
                stream = warm or await self._bring_up()
                self._recordings += 1
            finally:
                self._cool()
            start = 0
            if warm:
                preroll = round(self._options().preroll_ms / 1000.0 * stream.rate_hz)
                start = max(stream.ring.oldest, self._last_end, stream.ring.written - preroll)
            return Recording(stream, start, asked_at, lambda: self._ended(stream))

    async def warm_up(self) -> None:
        """Open the device ahead of time, so that the next recording loses nothing; it is let go like after a recording.

        Raises:
            MicrophoneUnavailable: As `open`.
        """
        async with self._opening:
            try:
                if await self._warm() is None:
                    await self._bring_up()
            finally:
                self._cool()

    async def aclose(self) -> None:
        """Let the device go. Recordings that still run end."""
        async with self._opening:
            self._let_go()

    async def _warm(self) -> MicrophoneStream | None:
        """The stream that is open, if it can be used; one that is dead or not wanted any more is let go."""
        stream = self._stream
        if stream is None:
            return None
        usable = stream.alive and (self._recordings or stream.wanted == await self._choice.wanted())
        if usable and stream is self._stream:
            return stream
        self._let_go()
        return None

    async def _bring_up(self) -> MicrophoneStream:
        """Open a device, cold."""
        try:
            self._stream = await self._choice.open(self._start)
        except MicrophoneUnavailable:
            raise
        except Unavailable as error:
            raise MicrophoneUnavailable(error.message, code=error.code, remedy=error.remedy) from error
        self._last_end = 0
        return self._stream

    async def _start(self, endpoint: Endpoint, wanted: str) -> MicrophoneStream:
        stream = MicrophoneStream(endpoint, wanted)
        try:
            await stream.start(self._devices.portaudio)
        except BaseException:
            stream.close(self._devices.portaudio)
            raise
        return stream

    def _ended(self, stream: MicrophoneStream) -> None:
        """A recording needs its microphone no longer."""
        if stream is not self._stream:
            return
        self._recordings -= 1
        self._last_end = stream.ring.written
        if not stream.alive:
            self._let_go()
        else:
            self._cool()

    def _cool(self) -> None:
        """Let the device go some time after its last use, which may be now."""
        self._stay()
        options = self._options()
        if self._stream is None or self._recordings or options.preroll_ms > 0:
            return
        delay_s = max(SHORTEST_WARM_S, options.warm_s)
        self._cooling = asyncio.get_running_loop().call_later(delay_s, self._release)

    def _stay(self) -> None:
        if self._cooling is not None:
            self._cooling.cancel()
            self._cooling = None

    def _release(self) -> None:
        """Let the device go unless somebody records."""
        if not self._recordings:
            self._let_go()

    def _let_go(self) -> None:
        self._stay()
        stream, self._stream = self._stream, None
        self._recordings = 0
        if stream is not None:
            stream.close(self._devices.portaudio)
