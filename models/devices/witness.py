"""Finds out where a model really runs, by evidence, and corrects what its runtime says.

Why it exists: runtimes have been seen to report the NPU while the processor did all of it (lemonade#1968). The kernel
counts what each device does; a device that did nothing while the model worked did not run it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace

from app.contracts.devices import Device, WarmUp
from app.contracts.ports import Runtime
from app.power.hardware.counters import Counters
from models.devices.children import computing_on_nvidia
from models.devices.exercise import exercise
from models.hosted.base import HostedRuntime

log = logging.getLogger(__name__)

PATIENCE_S = 60.0
"""For the known task, when loading alone left no trace."""


@dataclass(frozen=True, slots=True)
class Statement:
    """Where a backend was found to run.

    Attributes:
        backend_id: Which.
        asked: The device it was made for.
        ran: Where it runs.
        proven: There is evidence; otherwise it is the runtime's own word.
        how: What the evidence is, or why there is none, one sentence.
    """

    backend_id: str
    asked: Device
    ran: Device
    proven: bool
    how: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was seen: True is for the device, False against it, None says nothing."""

    on_device: bool | None
    how: str


class Witness:
    """A `models.hosted.base.Gate`; the last of them, so that what others try after loading counts as work too.

    Args:
        counters: Of the kernel.
        computing: The processes that compute on an NVIDIA GPU, None when its driver does not tell.
        work: Makes a port work for a moment.
    """

    def __init__(
        self,
        *,
        counters: Counters | None = None,
        computing: Callable[[], Awaitable[frozenset[int] | None]] = computing_on_nvidia,
        work: Callable[[Runtime], Awaitable[object]] = exercise,
    ) -> None:
        self._counters = counters or Counters()
        self._computing = computing
        self._work = work
        self._npu_before: dict[str, int | None] = {}
        self._heard: dict[str, Statement] = {}

    @property
    def heard(self) -> Mapping[str, Statement]:
        """What was found of every backend that was loaded for a device, by its id."""
        return self._heard

    async def before_load(self, runtime: HostedRuntime) -> None:
        """Remember how busy the NPU had been."""
        if runtime.backend.device is Device.NPU:
            self._npu_before[runtime.backend.backend_id] = self._counters.npu_busy_us()

    async def after_load(self, runtime: HostedRuntime, warm: WarmUp) -> WarmUp:
        """Correct where it runs.

        Raises:
            SottoError: It could not do the known task.
        """
        backend = runtime.backend
        if backend.device in (Device.CPU, Device.REMOTE):
            return warm
        if warm.ran is Device.CPU:
            evidence = Evidence(False, "Its runtime says so.")
        elif backend.device is Device.NPU:
            evidence = await self._npu(runtime)
        else:
            evidence = await self._graphics(runtime)
        ran = Device.CPU if evidence.on_device is False else warm.ran
        statement = Statement(backend.backend_id, backend.device, ran, evidence.on_device is not None, evidence.how)
        self._heard[backend.backend_id] = statement
        level = logging.WARNING if ran is not backend.device else logging.INFO
        log.log(level, "%s was made for the %s and runs on the %s: %s", *_words(statement))
        return replace(warm, ran=ran)

    async def _npu(self, runtime: HostedRuntime) -> Evidence:
        before = self._npu_before.pop(runtime.backend.backend_id, None)
        after = self._counters.npu_busy_us()
        if before is None or after is None:
            return Evidence(None, "This kernel does not count how long the NPU is busy, so it is the runtime's word.")
        if after <= before:
            await self._have_it_work(runtime)
            after = self._counters.npu_busy_us() or before
        if after > before:
            return Evidence(True, f"The NPU was busy for {(after - before) / 1000:.0f} ms.")
        return Evidence(False, "The NPU did nothing while the model worked.")

    async def _graphics(self, runtime: HostedRuntime) -> Evidence:
        pid = runtime.host.pid
        before = self._counters.graphics(pid)
        holds_nvidia = self._counters.holds_nvidia(pid)
        if before is None or holds_nvidia is None:
            return Evidence(
                None, "This system does not show what a process does on a GPU, so it is the runtime's word."
            )
        if holds_nvidia:
            return await self._nvidia(pid, drawing=before.opened)
        if not before.opened:
            return Evidence(False, "Its process has no graphics processor open.")
        if before.busy is None:
            return Evidence(None, "It has the graphics processor open; its driver does not count the work done there.")
        await self._have_it_work(runtime)
        after = self._counters.graphics(pid)
        if after is None or after.busy is None:
            return Evidence(None, "It has the graphics processor open; its work there could not be read.")
        if after.busy > before.busy:
            return Evidence(True, "The graphics processor worked for its process.")
        return Evidence(False, "The graphics processor did nothing while the model worked.")

    async def _nvidia(self, pid: int, *, drawing: bool) -> Evidence:
        if not self._counters.own_numbers():
            return Evidence(None, "It has the NVIDIA GPU open; in a container its driver cannot name processes.")
        processes = await self._computing()
        if processes is None:
            return Evidence(None, "It has the NVIDIA GPU open; its driver does not tell which processes compute.")
        if processes & {pid, *self._counters.children(pid)}:
            return Evidence(True, "NVIDIA's driver lists its process.")
        if drawing:
            return Evidence(None, "It has the NVIDIA GPU open through Vulkan, which its driver does not list.")
        return Evidence(False, "NVIDIA's driver does not list its process.")

    async def _have_it_work(self, runtime: HostedRuntime) -> None:
        try:
            async with asyncio.timeout(PATIENCE_S):
                await self._work(runtime)
        except TimeoutError:
            log.warning("%s did not end a short known task within %.0f s", runtime.backend.backend_id, PATIENCE_S)


def _words(statement: Statement) -> tuple[str, Device, Device, str]:
    return statement.backend_id, statement.asked, statement.ran, statement.how
