"""What one server and one of its clients may ask for at most."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from app.aio.pulse import Pulse
from app.contracts.errors import Busy, Unavailable


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds of the service.

    Attributes:
        message_bytes: Of one request.
        runs: At the same time, of all clients.
        runs_per_client: At the same time, of one connection.
        text_characters: Of a text input; pipelines have a bound of their own besides.
        audio_s: Seconds of a recording.
        buffered_events: Events that wait for a client that reads slowly.
        buffered_characters: Text in them.
        stalled_s: A client that reads nothing for so long while something waits for it loses its run.
    """

    message_bytes: int = 32 * 1024 * 1024
    runs: int = 64
    runs_per_client: int = 16
    text_characters: int = 100_000
    audio_s: float = 600.0
    buffered_events: int = 256
    buffered_characters: int = 200_000
    stalled_s: float = 60.0


class Admission:
    """Counts who runs what. Belongs to one event loop.

    Args:
        limits: The bounds.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._by_client: Counter[str] = Counter()
        self._running = 0
        self._moved = Pulse()
        self.draining = False

    @property
    def running(self) -> int:
        """Runs that hold a place."""
        return self._running

    async def empty(self) -> None:
        """Wait until no run holds a place."""
        while self._running:
            await self._moved.wait()

    def admit(self, client: str) -> Callable[[], None]:
        """Take a place for a run; returns what gives it back, which may be called more than once.

        Raises:
            Unavailable: The server is closing.
            Busy: There is no place, or this client has its share.
        """
        if self.draining:
            raise Unavailable("This server is closing; no new run is begun.", code="closing")
        if self._running >= self._limits.runs:
            raise Busy(
                f"{self._running} runs are going on, which is as many as this server takes.",
                code="too-many-runs",
                remedy="Try again when one of them has ended.",
            )
        if self._by_client[client] >= self._limits.runs_per_client:
            raise Busy(
                f"This client has {self._by_client[client]} runs going on, which is as many as one may have.",
                code="too-many-runs-of-client",
                remedy="Wait for one of them to end.",
            )
        self._running += 1
        self._by_client[client] += 1
        given_back = False

        def give_back() -> None:
            nonlocal given_back
            if given_back:
                return
            given_back = True
            self._running -= 1
            self._by_client[client] -= 1
            if not self._by_client[client]:
                del self._by_client[client]
            self._moved.beat()

        return give_back
