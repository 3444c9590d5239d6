"""Single key presses from a terminal. Terminals send no key-up, so this is all there is to listen with.

The terminal is put back as it was however the command ends, short of being killed outright.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from enum import Enum
from typing import TextIO

from app.contracts.errors import InvalidInput

_ESCAPE_SEQUENCE_WAIT_S = 0.05
_POLL_S = 0.02


class Key(Enum):
    """The keys a command listens for."""

    SPACE = " "
    ENTER = "\r"
    ESCAPE = "\x1b"
    QUIT = "q"
    DIGIT_1 = "1"
    DIGIT_2 = "2"
    DIGIT_3 = "3"
    DIGIT_4 = "4"
    DIGIT_5 = "5"
    DIGIT_6 = "6"
    DIGIT_7 = "7"
    DIGIT_8 = "8"
    DIGIT_9 = "9"

    @property
    def number(self) -> int:
        """What a digit counts, 0 for the other keys."""
        return int(self.value) if self.value.isdecimal() else 0


_MEANINGS = {key.value: key for key in Key} | {"\n": Key.ENTER, "\x04": Key.QUIT}


@asynccontextmanager
async def pressed_keys(stream: TextIO, on_key: Callable[[Key], None]) -> AsyncIterator[None]:
    """While inside, every press of one of the keys on this terminal calls ``on_key`` on the loop.

    Raises:
        InvalidInput: The stream is not a terminal.
    """
    if not stream.isatty():
        raise InvalidInput(
            "sotto listen needs a terminal to press keys in.",
            code="not-a-terminal",
            remedy="For a recording, use: sotto ask --audio FILE",
        )
    if sys.platform == "win32":
        reader = asyncio.create_task(_poll_console(on_key), name="keyboard")
        try:
            yield
        finally:
            reader.cancel()
            await asyncio.gather(reader, return_exceptions=True)
    else:
        async with _raw_terminal(stream.fileno(), on_key):
            yield


if sys.platform == "win32":
    import msvcrt

    async def _poll_console(on_key: Callable[[Key], None]) -> None:
        """Look for a key fifty times a second; the console has nothing to wait on."""
        while True:
            while msvcrt.kbhit():
                key = _MEANINGS.get(msvcrt.getwch())
                if key is not None:
                    on_key(key)
            await asyncio.sleep(_POLL_S)

else:
    import termios
    import tty

    @asynccontextmanager
    async def _raw_terminal(fd: int, on_key: Callable[[Key], None]) -> AsyncIterator[None]:
        """No echo and no waiting for Enter; the interrupt key stays the interrupt key."""
        loop = asyncio.get_running_loop()
        presses = KeyPresses(on_key, loop)
        before = termios.tcgetattr(fd)

        def readable() -> None:
            try:
                data = os.read(fd, 1024)
            except OSError:
                data = b""
            if not data:  # the terminal is gone
                loop.remove_reader(fd)
                on_key(Key.QUIT)
                return
            presses.feed(data)

        try:
            tty.setcbreak(fd)
            loop.add_reader(fd, readable)
            yield
        finally:
            presses.close()
            loop.remove_reader(fd)
            with contextlib.suppress(termios.error):  # the terminal is gone: there is nothing to put back
                termios.tcsetattr(fd, termios.TCSAFLUSH, before)


class KeyPresses:
    """Tells keys from the sequences that arrow and function keys send, which also begin with Escape.

    Args:
        on_key: Gets every key.
        loop: Runs the wait after a lone Escape.
    """

    def __init__(self, on_key: Callable[[Key], None], loop: asyncio.AbstractEventLoop) -> None:
        self._on_key = on_key
        self._loop = loop
        self._escape: asyncio.TimerHandle | None = None

    def feed(self, data: bytes) -> None:
        """Take what one read gave."""
        text = data.decode("ascii", errors="replace")
        if self._escape is not None:
            self._escape.cancel()
            self._escape = None
            text = "\x1b" + text
        if text == "\x1b":
            self._escape = self._loop.call_later(_ESCAPE_SEQUENCE_WAIT_S, self._lone_escape)
        elif not text.startswith("\x1b"):
            for char in text:
                key = _MEANINGS.get(char)
                if key is not None:
                    self._on_key(key)
        elif set(text) == {"\x1b"}:
            self._on_key(Key.ESCAPE)

    def close(self) -> None:
        """Wait for nothing more."""
        if self._escape is not None:
            self._escape.cancel()

    def _lone_escape(self) -> None:
        self._escape = None
        self._on_key(Key.ESCAPE)
