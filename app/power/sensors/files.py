"""Small files of the kernel, read again and again.

Why it exists: a look every second at some dozens of files has to cost next to nothing. An open file is read with one
call; opening it each time is five times as dear. An open file of the kernel keeps no device awake, only reading may,
so whoever reads decides that first.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Sequence
from pathlib import Path

_AT_ONCE = 4096
_NUMBER = 32
"""More than the kernel's longest number has digits."""
_KEPT_OPEN = 192
"""Of the 1024 files a process may have open by default."""


class Files:
    """Files below a folder. Not safe to be used by two threads at once.

    Args:
        root: Where ``/sys`` and ``/proc`` lie.
    """

    def __init__(self, root: Path = Path("/")) -> None:
        self.root = root
        self._prefix = str(root).rstrip("/")
        self._open: dict[str, int] = {}
        self._lost = False
        weakref.finalize(self, _close, self._open)

    def block(self, path: str, size: int = _AT_ONCE, offset: int = 0) -> bytes | None:
        """Bytes of a file; None when it is not there, may not be read, or its device has gone."""
        kept = self._open.get(path)
        try:
            file = self.opened(path) if kept is None else kept
        except OSError:
            return None
        try:
            content = os.pread(file, size, offset)
        except OSError:
            content = b""
        if not content:
            self._lose(path, file)
            return None
        if kept is None:
            if len(self._open) < _KEPT_OPEN:
                self._open[path] = file
            else:
                os.close(file)
        return content

    def text(self, path: str) -> str:
        """A short file without space around it; empty when it cannot be read."""
        content = self.block(path)
        return "" if content is None else content.decode("utf-8", "replace").strip()

    def number(self, path: str) -> int | None:
        """A file that holds one number, decimal or with ``0x``; None when it cannot be read or holds none."""
        content = self.block(path, _NUMBER)
        if content is None:
            return None
        try:
            return int(content)
        except ValueError:
            pass
        try:
            return int(content, 16)
        except ValueError:
            return None

    def count(self, path: str) -> int | None:
        """A file that holds a number that cannot be below 0; None where it holds another all the same."""
        number = self.number(path)
        return number if number is not None and number >= 0 else None

    def denied(self, path: str) -> bool:
        """Whether it is there and this user may not read it."""
        if path in self._open:
            return False
        try:
            os.close(self.opened(path))
        except PermissionError:
            return True
        except OSError:
            return False
        return False

    def exists(self, path: str) -> bool:
        """Whether there is such a file or folder."""
        return os.path.exists(self._prefix + path)

    def names(self, folder: str, beginning: str = "") -> Sequence[str]:
        """What lies in a folder, in order; nothing when there is none."""
        try:
            return sorted(name for name in os.listdir(self._prefix + folder) if name.startswith(beginning))
        except OSError:
            return ()

    def opened(self, path: str) -> int:
        """A file opened for reading, as the system gives it."""
        return os.open(self._prefix + path, os.O_RDONLY)

    def forget_losses(self) -> bool:
        """Whether a file that could be read has stopped being there since this was last asked."""
        lost, self._lost = self._lost, False
        return lost

    def close(self) -> None:
        """Close all of them; they are opened again when they are read again."""
        _close(self._open)

    def _lose(self, path: str, file: int) -> None:
        if self._open.pop(path, None) is not None:
            self._lost = True
        os.close(file)


def _close(files: dict[str, int]) -> None:
    while files:
        os.close(files.popitem()[1])
