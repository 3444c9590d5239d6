"""Standard output and standard error of one command: safe to write to, whatever is at the other end.

What the command is for goes to standard output, everything said about it to standard error. On a terminal one live line
is replaced in place. Events are shown on the stack of whoever makes them, so nothing here raises: a reader that went
away or a full disk is remembered and reported once the turn is over.
"""

from __future__ import annotations

import codecs
import contextlib
import os
import shutil
import sys
import unicodedata
from collections.abc import Callable
from typing import TextIO

from app.contracts.errors import SottoError, StorageError

BROKEN_PIPE_EXIT = 141
"""What a process that SIGPIPE ended returns (128 + 13)."""
_KEPT = "\n\t\u200c\u200d"
"""Line end, tab, and the joiners that scripts and emoji are written with."""
_PLAINLY = {
    "\u2026": "...",
    "\u00d7": "x",
    "\u00f7": "/",
    "\u2212": "-",
    "\u2013": "-",
    "\u2014": "-",
    "\u00b7": "-",
    "\u2022": "*",
    "\u25cf": "*",
    "\u2192": "->",
    "\u2248": "~",
    "\u201c": '"',
    "\u201d": '"',
    "\u201e": '"',
    "\u2018": "'",
    "\u2019": "'",
    "\u2713": "+",
    "\u2717": "x",
    "\u00b0": " degrees ",
}
"""What stands for a character where a terminal's encoding lacks it."""
_CLEAR_LINE = "\r\x1b[2K"


def printable(text: str) -> str:
    """Text without control characters: what a model wrote must not move the cursor or ring the bell."""
    return "".join(char for char in text if char in _KEPT or unicodedata.category(char) not in {"Cc", "Cf", "Cs"})


class Console:
    """Where a command writes.

    Args:
        out: Standard output.
        err: Standard error.

    Attributes:
        on_failure: Called once, when nobody reads any more or nothing can be written.
    """

    def __init__(self, out: TextIO, err: TextIO) -> None:
        self._out = out
        self._err = err
        self._live = False
        self._mid_line = False
        self._reader_left = False
        self._failure: OSError | None = None
        self.on_failure: Callable[[], None] = lambda: None

    @property
    def out_is_terminal(self) -> bool:
        """True when a person looks at standard output."""
        return self._out.isatty()

    @property
    def err_is_terminal(self) -> bool:
        """True when a person looks at standard error: only then live lines are shown."""
        return self._err.isatty()

    def write(self, text: str) -> None:
        """Put text on standard output, at once."""
        self._clear_live()
        self._put(self._out, text)
        if text:
            self._mid_line = not text.endswith("\n")

    def end_line(self) -> None:
        """Begin a new line on standard output unless one has just begun."""
        if self._mid_line:
            self.write("\n")

    def say(self, text: str) -> None:
        """Put one line on standard error; a line half written on the same terminal is ended first.

        Once the reader of the output has left, nothing is said any more: it was the person's wish.
        """
        if self._reader_left:
            return
        self._clear_live()
        if self.out_is_terminal and self.err_is_terminal:
            self.end_line()
        self._put(self._err, f"{text}\n")

    def live(self, text: str, *, tail: bool = False) -> None:
        """Replace the live line. Nothing happens off a terminal, or while a line of output is being written.

        Args:
            text: What it says.
            tail: Where it is too long its end is shown, as of words that are being spoken.
        """
        if not self.err_is_terminal or (self._mid_line and self.out_is_terminal):
            return
        columns = shutil.get_terminal_size().columns - 1
        shown = text
        if len(text) > columns:
            shown = "…" + text[len(text) - columns + 1 :] if tail else text[: columns - 1] + "…"
        self._put(self._err, _CLEAR_LINE + shown)
        self._live = bool(shown)

    def settle(self) -> int:
        """End the command's output; returns 0, or the exit code for a reader that left.

        Raises:
            StorageError: The output could not be written, for instance because its disk is full.
        """
        self._clear_live()
        with contextlib.suppress(OSError):
            self._err.flush()
        if self._reader_left or self._failure is not None:
            # What the stream still holds would fail again when Python closes it.
            with contextlib.suppress(OSError, ValueError), open(os.devnull, "wb") as nowhere:
                os.dup2(nowhere.fileno(), self._out.fileno())
        if self._failure is not None:
            reason = self._failure.strerror or str(self._failure)
            raise StorageError(f"The output could not be written: {reason}.", code="output-failed") from self._failure
        return BROKEN_PIPE_EXIT if self._reader_left else 0

    def _clear_live(self) -> None:
        if self._live:
            self._live = False
            self._put(self._err, _CLEAR_LINE)

    def _put(self, stream: TextIO, text: str) -> None:
        if stream is self._out and (self._reader_left or self._failure is not None):
            return
        try:
            stream.write(text)
            stream.flush()
        except OSError as error:
            if stream is not self._out:
                return  # nobody is left to tell
            if isinstance(error, BrokenPipeError):
                self._reader_left = True
            else:
                self._failure = error
            self.on_failure()


def standard_console() -> Console:
    """The console of this process; characters that its encoding lacks are replaced, not an error."""
    codecs.register_error("plainly", _plainly)
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, ValueError):
            stream.reconfigure(errors="plainly")  # type: ignore[union-attr]
    return Console(sys.stdout, sys.stderr)


def _plainly(error: UnicodeError) -> tuple[str, int]:
    """Error handler of an encoding: the plain form of what it lacks, a question mark where there is none."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    return "".join(_PLAINLY.get(char, "?") for char in lacking), error.end


def report(console: Console, error: SottoError) -> int:
    """Say what went wrong in the one form every command uses; returns the exit code."""
    console.say(printable(f"sotto: {error}"))
    return error.exit_code
