"""A supervised host: started when it is needed, watched, restarted, unloaded when nobody needs it.

Why it exists: a model library may crash, hang or eat the memory. Here that costs the requests under way and nothing
else: they fail at once with a temporary error, and the next request finds a fresh process. Whether to ask again is the
business of `models.retrying`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, field

from app.aio.pulse import Pulse
from app.aio.tasks import TaskOwner
from app.contracts.devices import Device, WarmUp
from app.contracts.errors import HostDied, RuntimeFault, SottoError, Unavailable
from app.contracts.events import HostChanged
from models.host.backoff import Backoff, BackoffLimits
from models.host.child import Cause, Child
from models.host.engine import JsonValue, Reply
from models.host.launch import command, environment
from models.host.protocol import LOAD

log = logging.getLogger(__name__)

OnEvent = Callable[[HostChanged], None]
Options = Mapping[str, JsonValue]
NO_ARGS: Mapping[str, JsonValue] = {}
NO_VARIABLES: Mapping[str, str] = {}

_STATES: Mapping[Cause, tuple[str, str]] = {
    Cause.ASKED: ("stopped", ""),
    Cause.DIED: ("died", "The process ended by itself."),
    Cause.HUNG: ("hung", "The process gave no sign of life."),
    Cause.WOULD_NOT_STOP: ("stopped", "It did not stop when it was asked to."),
}
_RESTART_AT_ONCE = 3
"""After more deaths in a row than this, a host is started again only when it is asked for something."""


@dataclass(frozen=True, slots=True)
class HostLimits:
    """How patient the supervisor is, in seconds.

    Attributes:
        request_s: A request without a sign of life for so long means the host hangs.
        load_s: Likewise while the engine loads.
        cancel_grace_s: A cancelled request that has not ended by then ends the process.
        stop_grace_s: A process that was asked to end is killed after this.
        idle_s: An unused host is unloaded after this; None keeps it.
        backoff: Between restarts.
    """

    request_s: float = 20.0
    load_s: float = 120.0
    cancel_grace_s: float = 0.4
    stop_grace_s: float = 1.0
    idle_s: float | None = None
    backoff: BackoffLimits = field(default_factory=BackoffLimits)


class Host:
    """One backend's host. Belongs to one event loop; constructing it starts nothing.

    Args:
        name: The backend's id.
        engine_path: ``package.module:Class`` of the engine.
        options: Keyword arguments of the engine's constructor, or what finds them each time the process is started and
            raises `Unavailable` when the model is not there.
        on_event: Gets a `HostChanged` whenever the process changes its state.
        limits: How patient to be.
        variables: Added to the environment of the process.
    """

    def __init__(
        self,
        name: str,
        engine_path: str,
        options: Options | Callable[[], Options] = NO_ARGS,
        *,
        on_event: OnEvent | None = None,
        limits: HostLimits | None = None,
        variables: Mapping[str, str] = NO_VARIABLES,
    ) -> None:
        self.name = name
        self._variables = variables
        self.limits = limits or HostLimits()
        self._engine_path = engine_path
        self._options = options
        self._on_event = on_event
        self._tasks = TaskOwner()
        self._backoff = Backoff(self.limits.backoff)
        self._child: Child | None = None
        self._children: set[Child] = set()
        self._loading: asyncio.Task[Child | SottoError] | None = None
        self._device = Device.CPU
        self._warm_at = 0.0
        self._users = 0
        self._used_at = 0.0
        self._idle_timer: asyncio.TimerHandle | None = None
        self._closed = False
        self._closing = Pulse()

    @property
    def pid(self) -> int:
        """The process that answers now, 0 when there is none."""
        return self._child.pid if self._child else 0

    @property
    def ran(self) -> Device | None:
        """What the engine says it runs on, None while there is no process."""
        return self._device if self._child else None

    @property
    def busy(self) -> bool:
        """True while a request is under way."""
        return self._child is not None and self._child.busy

    @property
    def loading(self) -> bool:
        """True while a process is started and its engine loads."""
        return self._loading is not None

    @property
    def idle_since(self) -> float | None:
        """The loop's time at which the last request or session ended; None while there is one."""
        return None if self._users else self._used_at

    async def warm_up(self) -> WarmUp:
        """Start the process and load the engine; does nothing when that has been done.

        Raises:
            Unavailable: The library, the model or the device is not there, or this host is closed.
            RuntimeFault: The library could not load the model.
            HostDied, HostHung: The process ended while loading.
        """
        asked = asyncio.get_running_loop().time()
        was_warm = self._child is not None
        with self.pinned():
            await self.ready()
        return WarmUp(self._device, 0.0 if was_warm else (asyncio.get_running_loop().time() - asked) * 1000.0)

    async def call(
        self,
        operation: str,
        args: Mapping[str, JsonValue] = NO_ARGS,
        payload: bytes | memoryview = b"",
        *,
        timeout_s: float | None = None,
    ) -> Reply:
        """One request with one reply. Cancelling it stops the engine.

        Args:
            operation: Its name.
            args: Small arguments.
            payload: Raw buffer.
            timeout_s: Instead of `HostLimits.request_s`.

        Raises:
            HostDied, HostHung: The process ended meanwhile.
            SottoError: What the engine raised.
        """
        with self.pinned():
            child = await self.ready()
            return await only_reply(request(child, self.limits, operation, args, payload, timeout_s=timeout_s))

    async def stream(
        self,
        operation: str,
        args: Mapping[str, JsonValue] = NO_ARGS,
        payload: bytes | memoryview = b"",
        *,
        timeout_s: float | None = None,
    ) -> AsyncGenerator[Reply, None]:
        """One request with any number of replies. Closing the generator stops the engine. Otherwise as `call`."""
        with self.pinned():
            child = await self.ready()
            replies = request(child, self.limits, operation, args, payload, timeout_s=timeout_s)
            async with aclosing(replies):
                async for reply in replies:
                    yield reply

    @contextmanager
    def pinned(self) -> Iterator[None]:
        """Keep the process from being unloaded for being idle."""
        self._users += 1
        if self._idle_timer is not None:
            self._idle_timer.cancel()
            self._idle_timer = None
        try:
            yield
        finally:
            self._users -= 1
            self._used_at = asyncio.get_running_loop().time()
            if self._users == 0 and self.limits.idle_s is not None and not self._closed:
                loop = asyncio.get_running_loop()
                self._idle_timer = loop.call_later(self.limits.idle_s, self._unload_idle)

    async def ready(self) -> Child:
        """The process, warm; starts it when there is none."""
        while self._child is None:
            self._refuse_when_closed()
            outcome = await asyncio.shield(self._load_once())
            if isinstance(outcome, SottoError):
                raise type(outcome)(outcome.message, code=outcome.code, remedy=outcome.remedy) from outcome
        return self._child

    async def unload(self) -> None:
        """End the process; the next request starts it again."""
        if self._loading is not None:
            await asyncio.wait({self._loading})
        child, self._child = self._child, None
        if child is not None:
            await child.stop(self.limits.stop_grace_s)

    async def aclose(self) -> None:
        """End the process for good. Leaves neither process nor task."""
        self._closed = True
        if self._idle_timer is not None:
            self._idle_timer.cancel()
        self._closing.beat()
        if self._loading is not None:
            for child in self._children - {self._child}:
                child.kill()
        await self.unload()
        for child in self._children:
            await child.wait_gone()
        await self._tasks.aclose()

    def _load_once(self) -> asyncio.Task[Child | SottoError]:
        """The one attempt to start that is under way, begun now if there was none."""
        if self._loading is None:
            self._loading = self._tasks.start(self._load(), f"load {self.name}")
        return self._loading

    async def _load(self) -> Child | SottoError:
        """Start and load; the error is returned, since whoever asked may have gone."""
        try:
            with self.pinned():
                return await self._start()
        except SottoError as error:
            return error
        finally:
            self._loading = None

    async def _start(self) -> Child:
        await self._back_off()
        options = self._options() if callable(self._options) else self._options
        child = await Child.spawn(
            self.name, command(self._engine_path, options), self._over, environment(self._variables)
        )
        self._children = {other for other in self._children if not other.gone} | {child}
        self._tell("starting", child.pid)
        try:
            await self._load_engine(child)
        except BaseException:
            child.kill()
            await child.wait_gone()
            raise
        self._child = child
        self._warm_at = asyncio.get_running_loop().time()
        self._tell("warm", child.pid)
        return child

    async def _load_engine(self, child: Child) -> None:
        self._refuse_when_closed()
        reply = await only_reply(request(child, self.limits, LOAD, timeout_s=self.limits.load_s))
        self._refuse_when_closed()
        if not child.alive:
            raise HostDied(f"{self.name} ended right after it had been loaded.")
        self._device = _device(reply)

    async def _back_off(self) -> None:
        """Wait until a host that keeps ending may be started again."""
        loop = asyncio.get_running_loop()
        while (wait_s := self._backoff.wait_s(loop.time())) > 0 and not self._closed:
            self._tell("backing-off", 0, f"It ended {self._backoff.deaths} times in a row.")
            await self._closing.wait(wait_s)
        self._refuse_when_closed()

    def _over(self, child: Child, cause: Cause) -> None:
        """A process can no longer be used."""
        was_warm = child is self._child
        if was_warm:
            self._child = None
        now = asyncio.get_running_loop().time()
        if cause in (Cause.DIED, Cause.HUNG):
            self._backoff.died(now, now - self._warm_at if was_warm else 0.0)
        state, reason = _STATES[cause]
        self._tell(state, child.pid, reason)
        wanted = was_warm and cause is not Cause.ASKED and not self._closed
        if wanted and self._backoff.deaths <= _RESTART_AT_ONCE:
            self._load_once()

    def _unload_idle(self) -> None:
        self._idle_timer = None
        if self._users == 0 and self._child is not None:
            self._tasks.start(self.unload(), f"unload {self.name}")

    def _refuse_when_closed(self) -> None:
        if self._closed:
            raise Unavailable(f"{self.name} has been closed.", code="host-closed")

    def _tell(self, state: str, pid: int, reason: str = "") -> None:
        if self._on_event is not None:
            self._on_event(HostChanged(backend=self.name, state=state, pid=pid, reason=reason))


async def request(
    child: Child,
    limits: HostLimits,
    operation: str,
    args: Mapping[str, JsonValue] = NO_ARGS,
    payload: bytes | memoryview = b"",
    *,
    timeout_s: float | None = None,
) -> AsyncGenerator[Reply, None]:
    """One request to one process; closing the generator stops the engine, or ends the process if it will not stop."""
    pending = child.begin(operation, args, payload, limits.request_s if timeout_s is None else timeout_s)
    try:
        await pending.until_sent()
        while (reply := await pending.next()) is not None:
            yield reply
    finally:
        await child.abandon(pending, limits.cancel_grace_s)


async def only_reply(replies: AsyncGenerator[Reply, None]) -> Reply:
    """The first reply of a request that has one.

    Raises:
        RuntimeFault: It had none.
    """
    first: Reply | None = None
    async with aclosing(replies):
        async for reply in replies:
            first = reply if first is None else first
    if first is None:
        raise RuntimeFault("The engine gave no answer.", code="no-answer")
    return first


def _device(reply: Reply) -> Device:
    try:
        return Device(str(reply.fields.get("device")))
    except ValueError as error:
        raise RuntimeFault(f"The engine runs on something unknown: {error}.") from error
