"""The sandbox as stages see it: a few persistent children, started when they are first needed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import TypeVar

from app.aio.pulse import Pulse
from app.contracts.errors import InvalidInput, RuntimeFault
from app.pipeline.definition import OptionValue
from app.pipeline.sandbox import wire
from app.pipeline.sandbox.operations import OPERATIONS
from app.pipeline.sandbox.process import ChildGoneError, ChildProcess
from app.pipeline.sandbox.worker import CONFINED, LAUNCHER

log = logging.getLogger(__name__)

_T = TypeVar("_T")


class ChildSandbox:
    """Implements `app.pipeline.tools.Sandbox`. Belongs to one event loop.

    Args:
        size: Children that read data, at most; one more runs code.
    """

    def __init__(self, size: int = 2) -> None:
        self._lanes = {CONFINED: _Lanes(CONFINED, size), LAUNCHER: _Lanes(LAUNCHER, 1)}
        self._closed = False

    @property
    def pids(self) -> tuple[int, ...]:
        """Of the children that run now."""
        return tuple(child.pid for lanes in self._lanes.values() for child in [*lanes.idle, *lanes.busy])

    async def call(
        self, operation: str, arguments: Mapping[str, OptionValue], *, timeout_s: float = 5.0
    ) -> OptionValue:
        """Run one of `OPERATIONS`; waits while every child is busy, which the time limit does not count.

        Cancelling it ends the child that works on it.

        Raises:
            InvalidInput: The operation refused what it was given, or that is too long.
            TimedOut: It took too long.
            RuntimeFault: It took too much memory, failed, or died; or there is no such operation.
        """
        limits = OPERATIONS.get(operation)
        if limits is None:
            raise RuntimeFault(f"The sandbox knows no operation {operation!r}.", code="sandbox-operation")
        frame = wire.encode({"operation": operation, "arguments": dict(arguments)})
        if len(frame) > wire.LONGEST_BYTES:
            raise InvalidInput(f"It is longer than {wire.LONGEST_BYTES >> 20} MB.", code="sandbox-too-long")
        lanes = self._lanes[LAUNCHER if limits.launches else CONFINED]
        async with lanes.room:
            if self._closed:
                raise RuntimeFault("The sandbox is closed.", code="sandbox-closed")
            for last in (False, True):
                try:
                    return await lanes.exchange(operation, frame, timeout_s)
                except ChildGoneError as error:
                    if last:
                        raise RuntimeFault("The sandbox keeps ending.", code="sandbox-died") from error
        raise AssertionError

    async def aclose(self) -> None:
        """End the children; what still runs in them fails. May be called twice."""
        self._closed = True
        for lanes in self._lanes.values():
            await lanes.aclose()


class _Lanes:
    """The children of one kind."""

    def __init__(self, kind: str, size: int) -> None:
        self.kind = kind
        self.room = asyncio.Semaphore(size)
        self.idle: list[ChildProcess] = []
        self.busy: set[ChildProcess] = set()
        self._moved = Pulse()
        self._told = False

    async def exchange(self, operation: str, frame: bytes, timeout_s: float) -> OptionValue:
        """Use an idle child, or a new one, for one operation. It is kept while it is good."""
        child = self.idle.pop() if self.idle else await self._start()
        self.busy.add(child)
        try:
            return await _in_thread(child, lambda: child.exchange(operation, frame, timeout_s))
        finally:
            if child.alive:
                self.idle.append(child)
            else:
                await _closed(child)
            self.busy.discard(child)
            self._moved.beat()

    async def aclose(self) -> None:
        """End them all, and wait for those who used them to notice."""
        for child in self.busy:
            child.kill()
        while self.busy:
            await self._moved.wait()
        while self.idle:
            await _closed(self.idle.pop())

    async def _start(self) -> ChildProcess:
        starting = asyncio.ensure_future(asyncio.to_thread(ChildProcess, self.kind))
        try:
            child = await asyncio.shield(starting)
        except asyncio.CancelledError:
            await _closed(await starting)
            raise
        self.busy.add(child)
        try:
            await _in_thread(child, child.hello)
        except BaseException:
            await _closed(child)
            raise
        finally:
            self.busy.discard(child)
            self._moved.beat()
        if child.missing and not self._told:
            self._told = True
            log.info("the sandbox lacks a wall: %s", " ".join(child.missing))
        return child


async def _in_thread(child: ChildProcess, work: Callable[[], _T]) -> _T:
    """Wait for work with a child; when we are cancelled the child is ended, and with it the work."""
    thread = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(thread)
    except asyncio.CancelledError:
        child.kill()
        await asyncio.wait([thread])
        if not thread.cancelled():
            thread.exception()  # that it was ended is no news
        raise


async def _closed(child: ChildProcess) -> None:
    """Give back what a child held."""
    await asyncio.shield(asyncio.to_thread(child.close))
