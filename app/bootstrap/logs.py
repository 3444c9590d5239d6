"""The log: a small file of Sotto's own, so that a sentence on screen can say "the log has the details".

It carries what the program does, and none of the person's words.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from logging.handlers import RotatingFileHandler
from pathlib import Path

LOG_BYTES = 1_000_000
OLD_LOGS = 2


class _LogFile(RotatingFileHandler):
    """A log that cannot be written (the disk is full) is no reason to fail, nor to say so in the terminal."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the name is the standard library's
        """Leave the line out."""

    def close(self) -> None:
        """Let the file go, whatever of it could not be written."""
        with suppress(OSError):
            super().close()


@contextmanager
def logging_to(folder: Path) -> Iterator[Path]:
    """Write the log into a folder meanwhile, only its owner can read it; without a writable folder there is none.

    Yields:
        The file.
    """
    path = folder / "sotto.log"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.touch(mode=0o600)
        handler: logging.Handler = _LogFile(path, maxBytes=LOG_BYTES, backupCount=OLD_LOGS, encoding="utf-8")
    except OSError:
        handler = logging.NullHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    try:
        yield path
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
        handler.close()
