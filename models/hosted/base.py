"""What the five hosted ports share: the host, the lease, and reading replies with care."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Protocol, runtime_checkable

from app.aio.lease import CpuLease, Priority
from app.contracts.audio import SPEECH_RATE_HZ, AudioChunk
from app.contracts.capabilities import Capabilities
from app.contracts.devices import Backend, Device, WarmUp
from app.contracts.errors import InvalidInput, RuntimeFault, SottoError
from models.host.engine import JsonValue, Reply
from models.host.supervisor import Host


class Gate(Protocol):
    """Has a word in every load of a backend: makes room for it, compiles for it first, tries what was loaded."""

    async def before_load(self, runtime: HostedRuntime) -> None:
        """Called before the host is started.

        Raises:
            Unavailable: It must not be loaded now; the caller goes on with the next tier.
        """
        ...

    async def after_load(self, runtime: HostedRuntime, warm: WarmUp) -> WarmUp:
        """Called when it is loaded; returns what that came to, corrected where there is better evidence.

        Raises:
            Unavailable, RuntimeFault: It must not be used; it is unloaded again.
        """
        ...


@runtime_checkable
class Mender(Protocol):
    """A gate that also hears of loads that went wrong."""

    async def load_failed(self, runtime: HostedRuntime, error: SottoError) -> None:
        """Called when the host could not be started or the engine not be loaded; the error is raised afterwards."""
        ...


class HostedRuntime:
    """A runtime in a host process.

    Args:
        host: Where the engine lives.
        backend: Which runtime, device and model this is.
        capabilities: What it can do.
        lease: Asked before the engine computes; None for an engine too light to ask. One that was made for another
            device asks only while it runs on the processor after all.
        gates: Asked in this order at every load that somebody waits for with `warm_up`.
    """

    def __init__(
        self,
        host: Host,
        backend: Backend,
        capabilities: Capabilities,
        lease: CpuLease | None = None,
        gates: Sequence[Gate] = (),
    ) -> None:
        self._host = host
        self._backend = backend
        self._capabilities = capabilities
        self._lease = lease
        self._gates = gates
        self._ran: Device | None = None
        self._opening = asyncio.Lock()
        self._opener: asyncio.Task[object] | None = None

    @property
    def host(self) -> Host:
        """The process behind this."""
        return self._host

    @property
    def backend(self) -> Backend:
        """Which runtime, device and model this is."""
        return self._backend

    @property
    def capabilities(self) -> Capabilities:
        """What it can do; known before it is warm."""
        return self._capabilities

    async def warm_up(self) -> WarmUp:
        """Start the host and load the engine, as `app.contracts.ports.Runtime.warm_up`; gates may refuse."""
        if not self._gates:
            return await self._host.warm_up()
        async with self._opening:
            if self._host.pid:
                warm = await self._host.warm_up()
                return replace(warm, ran=self._ran or warm.ran)
            self._opener = asyncio.current_task()
            try:
                return await self._open()
            finally:
                self._opener = None

    async def _open(self) -> WarmUp:
        for gate in self._gates:
            await gate.before_load(self)
        try:
            warm = await self._host.warm_up()
        except SottoError as error:
            for gate in self._gates:
                if isinstance(gate, Mender):
                    await gate.load_failed(self, error)
            raise
        try:
            with self._host.pinned():  # nobody makes room with it while it is being tried
                for gate in self._gates:
                    warm = await gate.after_load(self, warm)
        except BaseException:  # also when nobody waits any longer: what was not tried must not look warm
            await self._host.unload()
            raise
        self._ran = warm.ran
        return warm

    async def aclose(self) -> None:
        """End the host."""
        await self._host.aclose()

    @asynccontextmanager
    async def computing(self, priority: Priority) -> AsyncIterator[None]:
        """Hold the lease for the length of the block, where there is one to hold.

        Nothing is loaded or used past the gates; only they themselves try what is not through them yet.
        """
        if self._gates and self._opener is not asyncio.current_task() and (self._opener or not self._host.pid):
            await self.warm_up()
        elsewhere = self._backend.device is not Device.CPU and (self._ran or self._host.ran) is not Device.CPU
        if self._lease is None or elsewhere:
            yield
        else:
            async with self._lease.hold(priority):
                yield


def require_speech(chunk: AudioChunk) -> None:
    """Refuse sound that is not at the rate of everything that is recognised.

    Raises:
        InvalidInput: It is not 16 kHz.
    """
    if chunk.sample_rate_hz != SPEECH_RATE_HZ:
        raise InvalidInput(f"Sound at {chunk.sample_rate_hz} Hz was to be recognised; it must be {SPEECH_RATE_HZ} Hz.")


def text_of(reply: Reply, key: str) -> str:
    """A text field of a reply."""
    value = reply.fields.get(key)
    if not isinstance(value, str):
        raise wrong(key, value)
    return value


def int_of(reply: Reply, key: str) -> int:
    """A whole number of a reply."""
    value = reply.fields.get(key)
    if isinstance(value, bool) or not isinstance(value, int):
        raise wrong(key, value)
    return value


def float_of(reply: Reply, key: str) -> float | None:
    """A number of a reply, None where it has none."""
    value = reply.fields.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise wrong(key, value)
    return float(value)


def list_of(reply: Reply, key: str) -> list[JsonValue]:
    """A list of a reply."""
    value = reply.fields.get(key)
    if not isinstance(value, list):
        raise wrong(key, value)
    return value


def wrong(key: str, value: JsonValue) -> RuntimeFault:
    """The error for a reply that is not as agreed. Its value is not quoted: it may hold what somebody said."""
    return RuntimeFault(f"The engine's reply has no proper {key!r} ({type(value).__name__}).", code="bad-reply")
