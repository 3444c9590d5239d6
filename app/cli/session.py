"""One command's talk with an assistant: open it, begin a turn, show its events, wait for its one end.

Why it exists: this is all that the terminal asks of what `app.bootstrap.core` puts together, so commands and their
tests depend on the protocols here and on nothing behind them.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from app.assistant.parts import Depth
from app.cli.console import Console
from app.cli.render import View
from app.cli.replies import Question, Reader, prompt_of, reply_to
from app.contracts.audio import AudioChunk
from app.contracts.errors import SottoError, TurnCancelledError
from app.contracts.events import (
    TURN_ENDS,
    CardUpserted,
    SystemEvent,
    TurnCancelled,
    TurnEvent,
    TurnFailed,
    TurnFinished,
    TurnStarted,
)
from app.contracts.skill_cards import ClarificationCard, PrePlanCard

TurnEnd = TurnFinished | TurnFailed | TurnCancelled
Listener = Callable[[TurnEvent | SystemEvent], None]


class Assistant(Protocol):
    """What a command does with an assistant. Everything is called on the thread of the event loop."""

    @property
    def state(self) -> str:
        """``idle``, ``listening``, ``thinking`` or ``speaking``."""
        ...

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Have every event given to ``listener``; returns how to end that."""
        ...

    def press(self) -> None:
        """The key went down."""
        ...

    def release(self) -> None:
        """The key went up."""
        ...

    def cancel(self) -> None:
        """Stop everything that goes on."""
        ...

    def ask(self, text: str) -> str:
        """Answer a typed question; returns the turn's id."""
        ...

    def ask_recording(self, chunks: Iterable[AudioChunk], name: str) -> str:
        """Answer a recorded question; returns the turn's id."""
        ...


class Session(Protocol):
    """An assistant that has been put together and not loaded yet."""

    @property
    def assistant(self) -> Assistant:
        """The assistant."""
        ...

    async def start(self) -> None:
        """Do what takes time before the first turn; what is wrong is published to whoever has subscribed."""
        ...


@dataclass(frozen=True, slots=True)
class SessionOptions:
    """What a command wants of its assistant.

    Attributes:
        profile: Id of the profile, empty for the one in the settings.
        speak_into: The WAV file that takes the spoken answer, None for no file.
        depth: How far an open question is taken.
        talk: The person talks with it: a microphone, answers aloud as they chose, every model loaded beforehand.
    """

    profile: str = ""
    speak_into: Path | None = None
    talk: bool = False
    depth: Depth = field(default_factory=Depth)


Opener = Callable[[SessionOptions], AbstractAsyncContextManager[Session]]


class TurnWatch:
    """Passes every event to the view, and knows which turns are going on and how the others ended.

    Attributes:
        on_end: Called with the end of each turn.
    """

    def __init__(self, view: View) -> None:
        self._view = view
        self._running: set[str] = set()
        self._ends: dict[str, TurnEnd] = {}
        self._waiting: dict[str, asyncio.Future[None]] = {}
        self._questions: dict[str, Question] = {}
        self.on_end: Callable[[TurnEnd], None] = lambda _end: None

    @property
    def running(self) -> bool:
        """True while a turn goes on."""
        return bool(self._running)

    def __call__(self, event: TurnEvent | SystemEvent) -> None:
        """Take an event."""
        self._view.show(event)
        if isinstance(event, TurnStarted):
            self._running.add(event.turn_id)
        elif isinstance(event, CardUpserted):
            if isinstance(event.card, ClarificationCard | PrePlanCard):
                self._questions[event.card.card_id] = event.card
        elif isinstance(event, TURN_ENDS):
            self._running.discard(event.turn_id)
            self._ends[event.turn_id] = event
            waiting = self._waiting.pop(event.turn_id, None)
            if waiting is not None and not waiting.done():
                waiting.set_result(None)
            self.on_end(event)

    def question_of(self, end: TurnEnd) -> Question | None:
        """What waits for an answer after a turn, None when nothing does."""
        return self._questions.get(end.waiting_for) if isinstance(end, TurnFinished) else None

    async def end_of(self, turn_id: str) -> TurnEnd:
        """Wait for a turn's end; it may have come already."""
        if turn_id not in self._ends:
            await self._waiting.setdefault(turn_id, asyncio.get_running_loop().create_future())
        return self._ends[turn_id]


def exit_code(end: TurnEnd) -> int:
    """What the command returns after a turn that ended like this."""
    match end:
        case TurnFinished():
            return 0
        case TurnFailed(exit_code=code):
            return code
        case TurnCancelled():
            return TurnCancelledError.exit_code


async def one_turn(
    open_assistant: Opener,
    options: SessionOptions,
    view: View,
    console: Console,
    begin: Callable[[Assistant], str],
    lines: Reader | None = None,
) -> int:
    """Open an assistant, have it run the turn that ``begin`` starts, and return the exit code.

    With ``lines`` to read from, what waits for an answer gets one, turn after turn. The first interrupt cancels the
    turn, which then ends as every turn does; a second one does not wait for that.

    Raises:
        SottoError: The assistant could not be opened.
    """
    async with opened(open_assistant, options, view, console) as (assistant, watch):
        end = await watch.end_of(begin(assistant))
        while lines is not None and (question := watch.question_of(end)) is not None:
            said = await answered(question, lines, view)
            if not said:
                break
            end = await watch.end_of(assistant.ask(said))
        return exit_code(end)


async def answered(question: Question, lines: Reader, view: View) -> str:
    """What the person answers to what waits; empty when no line will come any more."""
    while True:
        view.prompt_line(prompt_of(question))
        line = await lines()
        said = "" if line is None else reply_to(question, line)
        if said or line is None:
            return said


@asynccontextmanager
async def opened(
    open_assistant: Opener, options: SessionOptions, view: View, console: Console
) -> AsyncIterator[tuple[Assistant, TurnWatch]]:
    """An assistant whose events are shown, with the interrupt key and a reader that leaves both meaning "stop"."""
    loop = asyncio.get_running_loop()
    task = asyncio.current_task()
    assert task is not None
    watch = TurnWatch(view)
    stop: list[Callable[[], None]] = []

    def interrupt() -> None:
        """Cancel the turn that goes on; without one, or when that was asked already, the whole command."""
        (stop.pop() if watch.running and stop else task.cancel)()

    with interrupts_call(interrupt), contextlib.ExitStack() as closed:
        async with open_assistant(options) as session:
            assistant = session.assistant
            # To the very end: that a turn could not be kept shows only while everything is being closed.
            closed.callback(assistant.subscribe(watch))
            stop.append(assistant.cancel)
            # The failure is noticed while an event is being shown; the turn must not end in the middle of that.
            console.on_failure = lambda: _later(loop, assistant.cancel)
            await session.start()
            yield assistant, watch


def _later(loop: asyncio.AbstractEventLoop, call: Callable[[], None]) -> None:
    loop.call_soon(call)


@contextlib.contextmanager
def interrupts_call(handler: Callable[[], None]) -> Iterator[None]:
    """While inside, the interrupt key and a request to end call ``handler`` on the loop instead of raising."""
    loop = asyncio.get_running_loop()
    signals = [signal.SIGINT, signal.SIGTERM]
    try:
        for number in signals:
            loop.add_signal_handler(number, handler)
    except NotImplementedError:  # a loop without signal handlers, as on Windows
        before = signal.signal(signal.SIGINT, lambda *_: loop.call_soon_threadsafe(handler))
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)
        return
    try:
        yield
    finally:
        for number in signals:
            loop.remove_signal_handler(number)


def run(command: Coroutine[Any, Any, int], view: View, console: Console) -> int:
    """Run a command's coroutine to its exit code; every failure is shown in the form the command was asked for."""
    try:
        code = asyncio.run(command)
    except SottoError as error:
        code = view.fail(error)
    except (KeyboardInterrupt, asyncio.CancelledError):
        code = TurnCancelledError.exit_code
    return console.settle() or code
