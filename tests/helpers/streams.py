"""Standard streams that tests can look into."""

from __future__ import annotations

import io


class Terminal(io.StringIO):
    """A stream with a person before it."""

    def isatty(self) -> bool:
        return True


class BrokenPipe(io.StringIO):
    """A pipe whose reader has gone after so many writes."""

    def __init__(self, writes: int) -> None:
        super().__init__()
        self._left = writes

    def write(self, text: str) -> int:
        if self._left == 0:
            raise BrokenPipeError
        self._left -= 1
        return super().write(text)

    def fileno(self) -> int:
        raise OSError("a stream in memory has no file")
