"""Requests that belong together and mean something only to the process that answered the first of them."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from contextlib import ExitStack

from app.contracts.errors import HostDied
from models.host.child import Child
from models.host.engine import JsonValue, Reply
from models.host.pending import Pending
from models.host.supervisor import NO_ARGS, Host, only_reply, request


class HostSession:
    """Talks to one incarnation of a host and keeps it from being unloaded. Use `open_session`; `close` it.

    Args:
        host: Whose process it is.
        child: The process.
    """

    def __init__(self, host: Host, child: Child) -> None:
        self._host = host
        self._child = child
        self._posted: deque[Pending] = deque()
        self._pin = ExitStack()
        self._pin.enter_context(host.pinned())

    async def call(
        self,
        operation: str,
        args: Mapping[str, JsonValue] = NO_ARGS,
        payload: bytes | memoryview = b"",
        *,
        timeout_s: float | None = None,
    ) -> Reply:
        """As `Host.call`, but never to another process.

        Raises:
            HostDied: The process of this session has ended, or an earlier `post` failed that way.
        """
        self._check()
        return await only_reply(request(self._child, self._host.limits, operation, args, payload, timeout_s=timeout_s))

    async def post(
        self, operation: str, args: Mapping[str, JsonValue] = NO_ARGS, payload: bytes | memoryview = b""
    ) -> None:
        """Send a request that has no reply, and return as soon as the pipe has taken it.

        What goes wrong with it is raised by the next `post` or `call`.
        """
        self._check()
        pending = self._child.begin(operation, args, payload, self._host.limits.request_s)
        self._posted.append(pending)
        await pending.until_sent()

    def close(self) -> None:
        """Nothing more will be asked. May be called twice."""
        self._pin.close()

    def _check(self) -> None:
        while self._posted and self._posted[0].ended:
            error = self._posted.popleft().error
            if error is not None:
                raise error
        if not self._child.alive:
            raise HostDied(f"{self._host.name} ended unexpectedly.")


async def open_session(host: Host) -> HostSession:
    """A session with the host's process, which is started when there is none."""
    with host.pinned():
        return HostSession(host, await host.ready())
