"""A lock on a file that ends with its process, on every platform.

The file itself stays: whoever removed it could leave two holders, each with a lock on a file of the same name.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_POLL_S = 0.05


_HELD = frozenset({errno.EACCES, errno.EAGAIN, errno.EDEADLK})


def try_lock(descriptor: int) -> bool:
    """Lock an open file for whoever holds this descriptor; returns False when another one has the lock.

    Raises:
        OSError: The file system knows no locks.
    """
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in _HELD:
            return False
        raise
    return True


@contextmanager
def file_lock(path: Path, timeout_s: float = 60.0) -> Iterator[None]:
    """Hold the lock of a file; wait while another process holds it.

    Raises:
        TimeoutError: It was still held after ``timeout_s`` seconds.
        OSError: The file cannot be made.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    deadline = time.monotonic() + timeout_s
    try:
        while not try_lock(descriptor):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{path} is locked by another process")
            time.sleep(_POLL_S)
        yield
    finally:
        with contextlib.suppress(OSError):
            os.close(descriptor)
