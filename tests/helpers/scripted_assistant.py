"""An assistant whose turns are written down beforehand, for what consumes the event stream."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager

from app.aio.clock import SystemClock
from app.assistant.stream import TurnStream
from app.cli.session import Listener, SessionOptions
from app.contracts.audio import AudioChunk
from app.contracts.devices import Tier
from app.contracts.errors import SottoError
from app.contracts.events import (
    FinalTranscript,
    Listening,
    SystemEvent,
    TextDelta,
    TurnCancelled,
    TurnEvent,
    TurnFinished,
    TurnStarted,
)
from app.contracts.metrics import TurnMetrics

TIER = Tier("scripted-cpu", "script")

ANSWER: tuple[TurnEvent, ...] = (
    TextDelta(text="The capital ", confidence=0.9, tier=TIER),
    TextDelta(text="is Paris.", confidence=0.8, tier=TIER),
    TurnFinished(metrics=TurnMetrics(first_token_ms=12.0, total_ms=1234.0)),
)
SPOKEN: tuple[TurnEvent, ...] = (FinalTranscript(text="What is the capital of France?"), *ANSWER)
ENDLESS: tuple[TurnEvent, ...] = ANSWER[:2]


class ScriptedAssistant:
    """Plays its script for every turn, one event per turn of the loop; a script without an end goes on until cancelled.

    Args:
        script: The events after `TurnStarted`.
    """

    def __init__(self, script: Sequence[TurnEvent] = ANSWER) -> None:
        self._script = script
        self._listeners: list[Listener] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._stream: TurnStream | None = None
        self._turns = 0
        self.state = "idle"
        self.calls: list[str] = []
        self.heard: list[AudioChunk] = []

    @property
    def listeners(self) -> int:
        return len(self._listeners)

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def publish(self, event: TurnEvent | SystemEvent) -> None:
        for listener in tuple(self._listeners):
            listener(event)

    def press(self) -> None:
        self.calls.append("press")
        if self.state == "listening":
            self._play()
        else:
            self._begin("voice")
            self.state = "listening"
            self._emit(Listening(level=-30.0))

    def release(self) -> None:
        self.calls.append("release")
        if self.state == "listening":
            self._play()

    def cancel(self) -> None:
        self.calls.append("cancel")
        self._emit(TurnCancelled(after_ms=1.0, reason="Stopped."))
        self.state = "idle"

    def ask(self, text: str) -> str:
        self.calls.append(f"ask {text}")
        turn_id = self._begin("text")
        self._play()
        return turn_id

    def ask_recording(self, chunks: Iterable[AudioChunk], name: str) -> str:
        self.calls.append(f"recording {name}")
        turn_id = self._begin("file")
        self.heard.extend(chunks)
        self._play()
        return turn_id

    async def aclose(self) -> None:
        self.calls.append("close")
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _begin(self, source: str) -> str:
        self._turns += 1
        self._stream = TurnStream(f"turn-{self._turns}", SystemClock(), self.publish)
        self._emit(TurnStarted(source=source))
        return self._stream.turn_id

    def _play(self) -> None:
        self.state = "thinking"
        assert self._stream is not None
        task = asyncio.create_task(self._perform(self._stream))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _perform(self, stream: TurnStream) -> None:
        for event in self._script:
            await asyncio.sleep(0)
            stream.emit(event)
        self.state = "idle"

    def _emit(self, event: TurnEvent) -> None:
        if self._stream is not None:
            self._stream.emit(event)


class Opening:
    """How a command opens a scripted assistant; with ``error`` it cannot. It is a session as well."""

    def __init__(self, assistant: ScriptedAssistant, *, error: SottoError | None = None) -> None:
        self.assistant = assistant
        self._error = error
        self.asked: list[SessionOptions] = []

    @asynccontextmanager
    async def __call__(self, options: SessionOptions) -> AsyncIterator[Opening]:
        self.asked.append(options)
        if self._error is not None:
            raise self._error
        try:
            yield self
        finally:
            await self.assistant.aclose()

    async def start(self) -> None:
        self.assistant.calls.append("start")
