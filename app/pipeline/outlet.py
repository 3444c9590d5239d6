"""Where a stage puts its output while it makes it, and where the stages behind it take it from.

Why it exists: an answer is shown before it is certain, may be taken back when a higher tier takes over, and is spoken
only once it stands. So an outlet has two ends: what is *shown* (events) and what is *committed* (the next stages).
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import Generic, TypeVar

from app.aio.pulse import Pulse
from app.contracts.audio import AudioChunk
from app.contracts.devices import Tier
from app.contracts.errors import SottoError, TurnCancelledError
from app.contracts.events import AudioMade, TextDelta, TextReplaced, TurnEvent
from app.pipeline.values import Value

_T = TypeVar("_T")


class _Kept(Generic[_T]):
    """What was handed on. With ``most`` set the oldest are forgotten, and ``gone`` says how many."""

    def __init__(self) -> None:
        self.items: deque[_T] = deque()
        self.most = 0
        self.gone = 0

    def append(self, item: _T) -> None:
        self.items.append(item)
        while self.most and len(self.items) > self.most:
            self.items.popleft()
            self.gone += 1


class Outlet:
    """The output of one stage. Belongs to one event loop; everything committed is kept, so readers may come late.

    Args:
        stage_id: Whose.
        emit: Takes the events.
    """

    def __init__(self, stage_id: str, emit: Callable[[TurnEvent], None]) -> None:
        self.stage_id = stage_id
        self._emit = emit
        self._shown = ""
        self._committed = 0
        self._sounds: _Kept[AudioChunk] = _Kept()
        self._items: _Kept[Value] = _Kept()
        self._value: Value | None = None
        self._error: SottoError | None = None
        self._closed = False
        self._moved = Pulse()

    @property
    def shown(self) -> str:
        """The text as it is shown now."""
        return self._shown

    @property
    def committed(self) -> str:
        """The part of it that stands."""
        return self._shown[: self._committed]

    @property
    def closed(self) -> bool:
        """True once nothing more will come."""
        return self._closed

    def show(self, text: str, confidence: float | None, tier: Tier) -> None:
        """Show new text; it may still be taken back."""
        if text:
            self._shown += text
            self._emit(TextDelta(text=text, confidence=confidence, tier=tier, stage=self.stage_id))

    def replace(self, kept: int, reason: str) -> None:
        """Take back everything shown behind the first ``kept`` characters.

        Raises:
            ValueError: A part of that was committed already.
        """
        if kept < self._committed:
            raise ValueError("text that stands cannot be taken back")
        self._shown = self._shown[:kept]
        self._emit(TextReplaced(kept=kept, reason=reason, stage=self.stage_id))

    def commit(self) -> None:
        """Everything shown so far stands."""
        if self._committed < len(self._shown):
            self._committed = len(self._shown)
            self._moved.beat()

    def sound(self, chunk: AudioChunk) -> None:
        """Hand on sound."""
        self._sounds.append(chunk)
        self._emit(AudioMade(stage=self.stage_id, samples=chunk.samples, sample_rate_hz=chunk.sample_rate_hz))
        self._moved.beat()

    def item(self, value: Value) -> None:
        """Hand on one of several values, for stages that run for each."""
        self._items.append(value)
        self._moved.beat()

    def keep_items(self, most: int) -> None:
        """Of the items keep the last so many only, for a source without an end; who reads too late misses some."""
        self._items.most = most

    def finish(self, value: Value) -> None:
        """The output is whole; what was shown stands. Only the first end counts."""
        if not self._closed:
            self._committed = len(self._shown)
            self._value = value
            self._close()

    def fail(self, error: SottoError) -> None:
        """There will be no output. Only the first end counts."""
        if not self._closed:
            self._error = error
            self._close()

    def _close(self) -> None:
        self._closed = True
        self._moved.beat()

    async def value(self) -> Value:
        """Wait for the whole output.

        Raises:
            SottoError: The stage failed, was skipped or was cancelled.
        """
        while not self._closed:
            await self._moved.wait()
        if self._error is not None:
            raise self._error
        assert self._value is not None
        return self._value

    async def texts(self) -> AsyncIterator[str]:
        """Committed text as it comes, in stretches.

        Raises:
            SottoError: The stage failed in the middle.
        """
        taken = 0
        while True:
            self._stop_reading()
            if self._committed > taken:
                new = self._shown[taken : self._committed]
                taken = self._committed
                yield new
            elif self._closed:
                break
            else:
                await self._moved.wait()
        if self._error is not None:
            raise self._error

    async def sounds(self) -> AsyncIterator[AudioChunk]:
        """Sound as it comes.

        Raises:
            SottoError: The stage failed in the middle.
        """
        async for chunk in self._follow(self._sounds):
            yield chunk

    async def items(self) -> AsyncIterator[Value]:
        """Values as they come.

        Raises:
            SottoError: The stage failed in the middle.
        """
        async for value in self._follow(self._items):
            yield value

    async def _follow(self, kept: _Kept[_T]) -> AsyncIterator[_T]:
        taken = 0
        while True:
            self._stop_reading()
            taken = max(taken, kept.gone)
            if taken < kept.gone + len(kept.items):
                taken += 1
                yield kept.items[taken - 1 - kept.gone]
            elif self._closed:
                break
            else:
                await self._moved.wait()
        if self._error is not None:
            raise self._error

    def _stop_reading(self) -> None:
        """What was cancelled is not read to its end: nothing of it is heard from then on."""
        if isinstance(self._error, TurnCancelledError):
            raise self._error
