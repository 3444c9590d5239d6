"""Tells when the machine under the tests stood still: a shared one does so now and then, and sound then has a gap."""

from __future__ import annotations

import threading
import time
from types import TracebackType

_NAP_S = 0.002


class Standstills:
    """Sleeps briefly again and again, in a thread, and keeps by how much it was woken too late.

    Attributes:
        longest_s: The longest delay so far, seconds.
    """

    def __init__(self) -> None:
        self.longest_s = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="standstills", daemon=True)

    def __enter__(self) -> Standstills:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.is_set():
            before = time.monotonic()
            time.sleep(_NAP_S)
            self.longest_s = max(self.longest_s, time.monotonic() - before - _NAP_S)
