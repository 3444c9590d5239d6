"""Opens the device the person chose, or the next best one, and says so once.

The same for microphones and speakers: the chosen device if it is there and can be opened, else the system's default;
before giving up the devices are looked at afresh, because what was plugged in again has another number now.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from app.audio.devices import SoundDevices
from app.audio.endpoints import SILENT, SOUND_HANGS, Direction, Endpoint, nothing_there, shown_name
from app.contracts.errors import Unavailable
from app.contracts.events import Notice

T = TypeVar("T")

_NOT_MENDED_BY_LOOKING = frozenset({SOUND_HANGS, SILENT})


class DeviceChoice:
    """The person's choice in one direction.

    Args:
        devices: The devices and the choice.
        direction: Microphones or speakers.
        on_notice: Told when another device than the chosen one has to do, and when it is back.
    """

    def __init__(self, devices: SoundDevices, direction: Direction, on_notice: Callable[[Notice], None]) -> None:
        self._devices = devices
        self._direction = direction
        self._on_notice = on_notice
        self._what = "microphone" if direction is Direction.INPUT else "speaker"
        self._waiting_for = ""

    async def wanted(self) -> str:
        """Identity of the chosen device if it is there, else none, which stands for the default.

        Raises:
            Unavailable: The sound library is missing or the sound system does not answer.
        """
        chosen = self._devices.chosen.of(self._direction)
        return chosen if chosen and await self._devices.find(self._direction, chosen) is not None else ""

    async def open(self, start: Callable[[Endpoint, str], Awaitable[T]]) -> T:
        """Open a device.

        Args:
            start: Opens an endpoint; its second argument is what `wanted` gave.

        Raises:
            Unavailable: There is none, or none can be opened.
        """
        try:
            return await self._attempt(start)
        except Unavailable as error:
            if error.code in _NOT_MENDED_BY_LOOKING:
                raise
        await self._devices.refresh()
        return await self._attempt(start)

    async def _attempt(self, start: Callable[[Endpoint, str], Awaitable[T]]) -> T:
        wanted = await self.wanted()
        failure: Unavailable | None = None
        for identity in dict.fromkeys((wanted, "")):
            endpoint = await self._devices.find(self._direction, identity)
            if endpoint is None:
                continue
            try:
                opened = await start(endpoint, wanted)
            except Unavailable as error:
                if error.code == SOUND_HANGS:
                    raise
                failure = failure or error
            else:
                self._notice(identity)
                return opened
        if failure is not None:
            raise failure
        sentence, remedy = nothing_there(self._direction, any_device=await self._devices.any_device())
        raise Unavailable(sentence, code=f"no-{self._what}", remedy=remedy)

    def _notice(self, used: str) -> None:
        chosen = self._devices.chosen.of(self._direction)
        waiting_for = chosen if chosen != used else ""
        if waiting_for == self._waiting_for:
            return
        back, self._waiting_for = self._waiting_for, waiting_for
        name = shown_name(chosen)
        if waiting_for:
            message = f"The {self._what} {name} cannot be used; the system's choice is, until it can."
            self._on_notice(Notice(level="warning", code=f"{self._what}-waiting", message=message))
        elif back == chosen:
            self._on_notice(
                Notice(level="info", code=f"{self._what}-back", message=f"The {self._what} {name} is back.")
            )
