"""The devices of this machine: what the last look found, and another look in child processes when it is wanted."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path

from app.contracts.devices import DeviceInfo, Presence
from app.contracts.errors import StorageError
from app.contracts.ports import Machine
from app.power.hardware.tree import Tree
from models.devices import children, kept
from models.devices.answers import Answer
from models.devices.children import Wanted
from models.devices.kept import Look
from models.devices.processor import processor
from models.devices.stamp import Stamp, changed, stamp_of
from models.devices.verdict import judge

log = logging.getLogger(__name__)

Ask = Callable[[Wanted], Awaitable[Sequence[Answer]]]


class SystemMachine(Machine):
    """Implements `app.contracts.ports.Machine`. Constructing it reads nothing.

    Args:
        folder: Where verdicts are kept; `app.settings.paths.Paths.machine_dir`.
        tree: What the system lists; another one for a recorded machine.
        ask: Asks the libraries; by default each in a child process.
        stamp: What a verdict holds for.
        now: Seconds since the epoch.
    """

    def __init__(
        self,
        folder: Path,
        *,
        tree: Tree | None = None,
        ask: Ask = children.ask,
        stamp: Callable[[Tree], Stamp] = stamp_of,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._folder = folder
        self._tree = tree or Tree()
        self._ask = ask
        self._stamp = stamp
        self._now = now
        self._looked: Look | None = None
        self._opened = False
        self._why_stale: tuple[str, ...] = ()
        self._processor: DeviceInfo | None = None
        self._looking = asyncio.Lock()

    @property
    def looked_at_s(self) -> float:
        """When the look that still holds was taken, seconds since the epoch; 0 when there is none."""
        look = self._known()
        return look.at_s if look else 0.0

    @property
    def stale(self) -> bool:
        """True when somebody should look: nobody has yet, or a driver, a library or a right changed since."""
        return self._known() is None

    @property
    def why_stale(self) -> tuple[str, ...]:
        """What changed since the look that was kept, such as ``library openvino``; empty when there was none."""
        self._known()
        return self._why_stale

    def look(self) -> tuple[DeviceInfo, ...]:
        """What is known: the processor, and the other devices once they were looked for with these drivers."""
        look = self._known()
        return look.devices if look else (self._own_processor(),)

    async def refresh(self) -> tuple[DeviceInfo, ...]:
        """Look again. Those who ask meanwhile wait and get their own look; a full disk costs only the keeping."""
        async with self._looking:
            before = self._known()
            stamp = await asyncio.to_thread(self._stamp, self._tree)
            hardware = await asyncio.to_thread(self._tree.read)
            answers = await self._ask(Wanted.by(hardware, listed=self._tree.readable))
            found = judge(self._tree, hardware, answers, self._own_processor())
            if before is not None and before.stamp == stamp:
                found = tuple(_remembered(info, before.devices) for info in found)
            look = Look(self._now(), stamp, found)
            self._looked, self._opened, self._why_stale = look, True, ()
            try:
                await asyncio.to_thread(kept.write, self._folder, look)
            except StorageError as error:
                log.warning("what was found out about the devices is not kept: %s", error)
            return found

    def _known(self) -> Look | None:
        """The look that holds; read from disk once."""
        if not self._opened:
            self._opened = True
            look = kept.read(self._folder)
            if look is not None:
                self._why_stale = changed(look.stamp, self._stamp(self._tree))
            self._looked = None if self._why_stale else look
        return self._looked

    def _own_processor(self) -> DeviceInfo:
        if self._processor is None:
            self._processor = processor(self._tree)
        return self._processor


def _remembered(info: DeviceInfo, before: Sequence[DeviceInfo]) -> DeviceInfo:
    """A device that sleeps now, as it was found when it was awake with the same driver: a model may wake it."""
    if info.presence is not Presence.ASLEEP:
        return info
    address = dict(info.facts).get("address")
    for known in before:
        if known.presence is Presence.READY and dict(known.facts).get("address") == address:
            facts = {**dict(known.facts), "power": "asleep"}
            return replace(known, facts=tuple(facts.items()))
    return info
