"""Microphones and speakers as a person chooses them: stable names, the system's default, and what came or went.

The list is looked at afresh only while no stream is open, because PortAudio must be started anew for it. So before
looking, whoever holds a stream open for comfort alone (`keep_warm`) is asked to let it go.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

from app.audio.endpoints import Direction, Endpoint, fingerprint, identified, shown_name
from app.audio.portaudio import PortAudio
from app.contracts.audio import AudioDevice
from app.contracts.errors import Unavailable
from app.contracts.events import AudioDevicesChanged

log = logging.getLogger(__name__)

POLL_EVERY_S = 2.0
"""How often somebody who subscribed learns about plugs and sockets."""

Listener = Callable[[AudioDevicesChanged], None]


@dataclass(frozen=True, slots=True)
class ChosenDevices:
    """What the person chose, as identities; empty stands for the system's default."""

    input: str = ""
    output: str = ""

    def of(self, direction: Direction) -> str:
        """The choice for one direction."""
        return self.input if direction is Direction.INPUT else self.output


class SoundDevices:
    """The `AudioDevices` port over PortAudio.

    Args:
        portaudio: The library.
        chosen: Gives what the person chose, asked afresh each time.
    """

    def __init__(self, portaudio: PortAudio, chosen: Callable[[], ChosenDevices] = ChosenDevices) -> None:
        self._portaudio = portaudio
        self._chosen = chosen
        self._endpoints: tuple[Endpoint, ...] | None = None
        self._seen: object = None
        self._holders: list[Callable[[], None]] = []
        self._listeners: list[Listener] = []
        self._told: AudioDevicesChanged | None = None
        self._poll: asyncio.Task[None] | None = None
        self._looking = asyncio.Lock()

    @property
    def portaudio(self) -> PortAudio:
        """The library, for those who open what `find` gives."""
        return self._portaudio

    @property
    def chosen(self) -> ChosenDevices:
        """What the person chose."""
        return self._chosen()

    def keep_warm(self, release: Callable[[], None]) -> None:
        """Take part in looking afresh: ``release`` lets a stream go that nobody uses at the moment."""
        self._holders.append(release)

    async def inputs(self) -> tuple[AudioDevice, ...]:
        """Microphones, the system's default marked, a chosen one that is not there at the end. Empty without sound.

        Raises:
            Unavailable: The sound library is missing or the sound system does not answer.
        """
        return self._listed(await self._current(), Direction.INPUT)

    async def outputs(self) -> tuple[AudioDevice, ...]:
        """Speakers, likewise."""
        return self._listed(await self._current(), Direction.OUTPUT)

    async def find(self, direction: Direction, identity: str = "") -> Endpoint | None:
        """The device of that identity, the system's default for an empty one; None when it is not there.

        Raises:
            Unavailable: The sound library is missing or the sound system does not answer.
        """
        found = identified(await self._current(), direction)
        if identity:
            return found.get(identity)
        defaults = [endpoint for endpoint in found.values() if endpoint.is_default(direction)]
        return next(iter([*defaults, *found.values()]), None)

    async def resolve(self, direction: Direction, identity: str = "") -> int | None:
        """PortAudio's present number of a device, None when it is not there; errors as `find`."""
        endpoint = await self.find(direction, identity)
        return None if endpoint is None else endpoint.index

    async def any_device(self) -> bool:
        """Whether the sound system has anything at all; errors as `find`."""
        return bool(await self._current())

    async def refresh(self) -> None:
        """Look at the devices afresh, and tell subscribers when something came or went.

        While a stream is in use the old list stays; the next look comes when it is free.

        Raises:
            Unavailable: The sound library is missing or the sound system does not answer.
        """
        async with self._looking:
            await self._look()
        self._tell()

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Be told, on the event loop, when a device comes or goes; returns how to end that.

        Somebody has to be subscribed for the devices to be watched at all.
        """
        self._listeners.append(listener)
        if self._poll is None:
            self._poll = asyncio.get_running_loop().create_task(self._watch(), name="watch sound devices")

        def unsubscribe() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)
            if not self._listeners and self._poll is not None:
                self._poll.cancel()
                self._poll = None

        return unsubscribe

    async def aclose(self) -> None:
        """Stop watching."""
        self._listeners.clear()
        poll, self._poll = self._poll, None
        if poll is not None:
            poll.cancel()
            await asyncio.gather(poll, return_exceptions=True)

    async def _current(self) -> tuple[Endpoint, ...]:
        """The list, looked at once at first and again whenever the machine gives a sign."""
        async with self._looking:
            if self._endpoints is None or (self._seen != fingerprint() and not self._portaudio.streams):
                await self._look()
            return self._endpoints or ()

    async def _look(self) -> None:
        for release in self._holders:
            release()
        seen = fingerprint()
        endpoints = await self._portaudio.scan(afresh=True)
        if self._endpoints is None or not self._portaudio.streams:
            self._endpoints = endpoints
            self._seen = seen

    async def _watch(self) -> None:
        """Look again whenever there is a sign of change, for as long as somebody is subscribed."""
        while True:
            try:
                sign = fingerprint()
                if self._endpoints is None or sign is None or self._seen != sign:
                    await self.refresh()
                else:
                    self._tell()
            except Unavailable as error:
                log.info("devices cannot be watched for now: %s", error)
            await asyncio.sleep(POLL_EVERY_S)

    def _listed(self, endpoints: tuple[Endpoint, ...], direction: Direction) -> tuple[AudioDevice, ...]:
        found = identified(endpoints, direction)
        listed = [
            AudioDevice(identity, shown_name(identity), default=endpoint.is_default(direction))
            for identity, endpoint in found.items()
        ]
        chosen = self._chosen().of(direction)
        if chosen and chosen not in found:
            listed.append(AudioDevice(chosen, shown_name(chosen), present=False))
        return tuple(listed)

    def _tell(self) -> None:
        """Tell subscribers what there is, unless they know."""
        endpoints = self._endpoints or ()
        inputs = self._listed(endpoints, Direction.INPUT)
        outputs = self._listed(endpoints, Direction.OUTPUT)
        waiting = next((device.name for device in (*inputs, *outputs) if not device.present), "")
        event = AudioDevicesChanged(inputs=inputs, outputs=outputs, waiting=waiting)
        if event != self._told:
            self._told = event
            for listener in tuple(self._listeners):
                listener(event)
