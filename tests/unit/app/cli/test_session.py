from __future__ import annotations

import asyncio
import io
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from app.cli.console import BROKEN_PIPE_EXIT, Console
from app.cli.render import JsonView, TextView
from app.cli.session import SessionOptions, one_turn, run
from app.contracts.errors import AlreadyRunning
from app.contracts.events import TurnCancelled, TurnEvent, TurnFailed, TurnStarted
from app.contracts.wire import from_line
from tests.helpers.scripted_assistant import ANSWER, ENDLESS, Opening, ScriptedAssistant
from tests.helpers.streams import BrokenPipe

OPTIONS = SessionOptions()


def turn(
    assistant: ScriptedAssistant, *, out: io.StringIO | None = None, error: AlreadyRunning | None = None
) -> tuple[int, list[TurnEvent]]:
    """Ask one question as a command does; returns the exit code and the events that were printed."""
    stream = out or io.StringIO()
    console = Console(stream, io.StringIO())
    view = JsonView(console)
    opening = Opening(assistant, error=error)
    code = run(one_turn(opening, OPTIONS, view, console, lambda it: it.ask("Why?")), view, console)
    return code, [from_line(line) for line in stream.getvalue().splitlines()]


def test_a_turn_from_its_start_to_its_one_end() -> None:
    assistant = ScriptedAssistant()
    code, events = turn(assistant)
    assert code == 0
    assert [event.type for event in events] == ["TurnStarted", "TextDelta", "TextDelta", "TurnFinished"]
    assert [event.seq for event in events] == [0, 1, 2, 3]
    assert assistant.calls == ["start", "ask Why?", "close"]
    assert assistant.listeners == 0


@pytest.mark.parametrize("exit_code", [1, 2, 4, 5, 6])
def test_a_failed_turn_gives_the_exit_code_of_its_error(exit_code: int) -> None:
    failed = TurnFailed(code="c", message="m", exit_code=exit_code)
    assert turn(ScriptedAssistant((failed,)))[0] == exit_code


def test_a_cancelled_turn_returns_130() -> None:
    assert turn(ScriptedAssistant((TurnCancelled(after_ms=1.0),)))[0] == 130


def test_an_assistant_that_cannot_be_opened_is_a_failed_turn() -> None:
    error = AlreadyRunning("Sotto is running already.", remedy="Use its window.")
    code, events = turn(ScriptedAssistant(), error=error)
    assert code == 3
    assert [event.type for event in events] == ["TurnFailed"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_cancels_the_turn_which_ends_as_every_turn(number: int) -> None:
    assistant = ScriptedAssistant(ENDLESS)
    assistant.subscribe(lambda event: os.kill(os.getpid(), number) if isinstance(event, TurnStarted) else None)
    code, events = turn(assistant)
    assert code == 130
    assert events[-1].type == "TurnCancelled"
    assert assistant.calls == ["start", "ask Why?", "cancel", "close"]


class Deaf(ScriptedAssistant):
    """Does not end its turn when it is told to."""

    def cancel(self) -> None:
        self.calls.append("cancel")
        os.kill(os.getpid(), signal.SIGINT)


def test_a_second_interrupt_does_not_wait_for_the_turn() -> None:
    assistant = Deaf(ENDLESS)
    assistant.subscribe(lambda event: os.kill(os.getpid(), signal.SIGINT) if isinstance(event, TurnStarted) else None)
    code, events = turn(assistant)
    assert code == 130
    assert events[-1].type != "TurnCancelled"
    assert assistant.calls == ["start", "ask Why?", "cancel", "close"]


def test_an_interrupt_while_models_load_ends_the_command() -> None:
    closed: list[bool] = []

    @asynccontextmanager
    async def slow(_options: SessionOptions) -> AsyncIterator[Opening]:
        os.kill(os.getpid(), signal.SIGINT)
        try:
            await asyncio.sleep(60)
            yield Opening(ScriptedAssistant())
        finally:
            closed.append(True)

    console = Console(io.StringIO(), io.StringIO())
    view = TextView(console, labelled=False)
    assert run(one_turn(slow, OPTIONS, view, console, lambda it: it.ask("Why?")), view, console) == 130
    assert closed == [True]


def test_the_interrupt_key_is_what_it_was_afterwards() -> None:
    before = signal.getsignal(signal.SIGINT)
    turn(ScriptedAssistant())
    assert signal.getsignal(signal.SIGINT) is before


def test_a_reader_that_leaves_stops_the_turn() -> None:
    assistant = ScriptedAssistant(ENDLESS)
    code, _ = turn(assistant, out=BrokenPipe(writes=1))
    assert code == BROKEN_PIPE_EXIT
    assert "cancel" in assistant.calls


def test_a_reader_that_leaves_after_the_turn_changes_nothing() -> None:
    code, events = turn(ScriptedAssistant(ANSWER), out=BrokenPipe(writes=4))
    assert code == 0
    assert len(events) == 4
