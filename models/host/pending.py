"""One request that has been sent to a host process and has not ended yet."""

from __future__ import annotations

from collections import deque

from app.aio.pulse import Pulse
from app.contracts.errors import SottoError
from models.host.engine import Reply


class Pending:
    """Collects the replies to one request. Belongs to one event loop.

    Args:
        number: The request's number on the pipe.
        operation: What was asked.
        timeout_s: How long the host may give no sign of life while it works on this, in seconds.
    """

    def __init__(self, number: int, operation: str, timeout_s: float) -> None:
        self.number = number
        self.operation = operation
        self.timeout_s = timeout_s
        self.sent = False
        self.ended = False
        self.abandoned = False
        self.error: SottoError | None = None
        self._replies: deque[Reply] = deque()
        self._moved = Pulse()

    def was_sent(self) -> None:
        """The last byte has been handed to the pipe."""
        self.sent = True
        self._moved.beat()

    def reply(self, reply: Reply) -> None:
        """A piece of the answer arrived."""
        if not self.abandoned:
            self._replies.append(reply)
            self._moved.beat()

    def end(self, error: SottoError | None) -> None:
        """Nothing more will come. Only the first end counts."""
        if not self.ended:
            self.ended = True
            self.error = error
            self._moved.beat()

    async def until_sent(self) -> None:
        """Wait until the pipe has taken the request, or it has ended."""
        while not (self.sent or self.ended):
            await self._moved.wait()

    async def next(self) -> Reply | None:
        """The next reply, None when there are no more.

        Raises:
            SottoError: The request failed; replies that came before have been given.
        """
        while not self._replies:
            if self.ended:
                if self.error is not None:
                    raise self.error
                return None
            await self._moved.wait()
        return self._replies.popleft()

    async def until_ended(self) -> None:
        """Wait for the end and take no notice of how it came."""
        while not self.ended:
            await self._moved.wait()
