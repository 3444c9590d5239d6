"""The log: a small file of Sotto's own, so that a sentence on screen can say "the log has the details".

It carries what the program does, and none of the person's words.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from logging.handlers import RotatingFileHandler
from pathlib import Path

LOG_BYTES = 1_000_000
OLD_LOGS = 2


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
        handler: logging.Handler = RotatingFileHandler(path, maxBytes=LOG_BYTES, backupCount=OLD_LOGS, encoding="utf-8")
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
