from __future__ import annotations

import asyncio
import io
import os
import pty
import termios
from collections.abc import Iterator

import pytest

from app.cli.keyboard import Key, pressed_keys
from app.contracts.errors import InvalidInput


class PseudoTerminal:
    """Both ends of a terminal: the test types at one, the command reads from the other."""

    def __init__(self) -> None:
        self.typing, self.reading = pty.openpty()
        self.stream = os.fdopen(self.reading, encoding="utf-8")

    def type(self, keys: str) -> None:
        os.write(self.typing, keys.encode())

    def mode(self) -> list[object]:
        return termios.tcgetattr(self.reading)


@pytest.fixture
def terminal() -> Iterator[PseudoTerminal]:
    terminal = PseudoTerminal()
    yield terminal
    terminal.stream.close()
    os.close(terminal.typing)


async def keys_for(terminal: PseudoTerminal, *typed: str) -> list[Key]:
    """What a command sees while these are typed, one after the other."""
    seen: list[Key] = []
    quiet = asyncio.Event()

    def note(key: Key) -> None:
        seen.append(key)
        if key is Key.QUIT:
            quiet.set()

    async with pressed_keys(terminal.stream, note):
        for keys in (*typed, "q"):
            terminal.type(keys)
            await asyncio.sleep(0.1)
        await asyncio.wait_for(quiet.wait(), 5)
    return seen[:-1]


async def test_the_keys_that_mean_something(terminal: PseudoTerminal) -> None:
    assert await keys_for(terminal, " ", "x", "\r", "\x1b", " \r") == [
        Key.SPACE,
        Key.ENTER,
        Key.ESCAPE,
        Key.SPACE,
        Key.ENTER,
    ]


async def test_arrow_keys_are_not_escape(terminal: PseudoTerminal) -> None:
    assert await keys_for(terminal, "\x1b[A", "\x1bOP", "\x1b[1;5D") == []


async def fails_while_reading(terminal: PseudoTerminal, modes: list[object]) -> None:
    async with pressed_keys(terminal.stream, lambda _key: None):
        modes.extend(terminal.mode())
        raise RuntimeError("anything")


async def test_the_terminal_is_put_back(terminal: PseudoTerminal) -> None:
    before, during = terminal.mode(), list[object]()
    with pytest.raises(RuntimeError):
        await fails_while_reading(terminal, during)
    assert isinstance(during[3], int)
    assert not during[3] & termios.ECHO
    assert during[3] & termios.ISIG
    assert terminal.mode() == before


async def test_a_terminal_that_goes_away_means_leaving() -> None:
    terminal = PseudoTerminal()
    seen: asyncio.Queue[Key] = asyncio.Queue()
    async with pressed_keys(terminal.stream, seen.put_nowait):
        os.close(terminal.typing)
        assert await asyncio.wait_for(seen.get(), 5) is Key.QUIT
    terminal.stream.close()


async def test_what_is_not_a_terminal_is_refused() -> None:
    with pytest.raises(InvalidInput, match="needs a terminal"):
        async with pressed_keys(io.StringIO(), lambda _key: None):
            pass
