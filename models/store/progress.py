"""How far a download is, how fast, and how long it will still take."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from app.contracts.events import DownloadProgress

_WINDOW_S = 5.0
"""Speed is that of the last seconds."""
_EVERY_S = 0.1
_ENOUGH_S = 0.5


class State(StrEnum):
    """Where a download stands; its letters are `DownloadProgress.state`."""

    WAITING = "waiting"
    """Another process is busy with the same model."""
    ASKING = "asking"
    """The hub is asked what there is."""
    DOWNLOADING = "downloading"
    RETRYING = "retrying"
    CHECKING = "checking"
    """What is on the disk is read again."""
    PAUSED = "paused"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Progress:
    """One look at a download.

    Attributes:
        name: The model.
        state: Where it stands.
        received_bytes: On the disk, including what an earlier try brought.
        total_bytes: 0 when unknown.
        bytes_per_s: Of the last seconds, 0 when unknown.
        remaining_s: None when unknown.
        message: One sentence, empty when the state says it all.
    """

    name: str
    state: State
    received_bytes: int = 0
    total_bytes: int = 0
    bytes_per_s: float = 0.0
    remaining_s: float | None = None
    message: str = ""

    def event(self) -> DownloadProgress:
        """What window and history are told."""
        return DownloadProgress(
            download_id=self.name,
            received_bytes=self.received_bytes,
            total_bytes=self.total_bytes,
            state=str(self.state),
        )


Report = Callable[[Progress], None]


def silent(_progress: Progress) -> None:
    """A `Report` that nobody reads."""


class Meter:
    """Counts the bytes of one model and tells of them, at most ten times a second while the state stays.

    Args:
        name: The model.
        report: Who is told.
        clock: Monotonic seconds.
    """

    def __init__(self, name: str, report: Report, clock: Callable[[], float] = time.monotonic) -> None:
        self._name, self._report, self._clock = name, report, clock
        self.state = State.ASKING
        self._seen: deque[tuple[float, int]] = deque()
        self._told_s = float("-inf")
        self.received = 0
        self.total = 0

    def enter(self, state: State, message: str = "") -> None:
        """The download is in this state now; always told."""
        if state is not self.state:
            self._seen.clear()
        self.state = state
        self._tell(message)

    def add(self, count: int) -> None:
        """So many bytes more are on the disk; a negative number when some were thrown away."""
        now = self._clock()
        if count < 0 or not self._seen:
            self._seen.clear()
            self._seen.append((now, self.received + min(count, 0)))
        self.received += count
        self._seen.append((now, self.received))
        while now - self._seen[0][0] > _WINDOW_S and len(self._seen) > 2:
            self._seen.popleft()
        if now - self._told_s >= _EVERY_S:
            self._tell()

    @property
    def bytes_per_s(self) -> float:
        """Of the last seconds; 0 before enough of them went by."""
        if not self._seen:
            return 0.0
        (start, first), (end, last) = self._seen[0], self._seen[-1]
        return max(0.0, (last - first) / (end - start)) if end - start >= _ENOUGH_S else 0.0

    def now(self, state: State, message: str = "") -> Progress:
        """One look."""
        speed = self.bytes_per_s if state is State.DOWNLOADING else 0.0
        left = max(0, self.total - self.received)
        remaining = left / speed if speed and self.total else None
        return Progress(self._name, state, self.received, self.total, speed, remaining, message)

    def _tell(self, message: str = "") -> None:
        self._told_s = self._clock()
        self._report(self.now(self.state, message))
