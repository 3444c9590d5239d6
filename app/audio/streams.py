"""A running stream of PortAudio, and what its callbacks look like to the rest of `app.audio`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

Block = npt.NDArray[np.float32]
"""Samples as PortAudio has them: one row per frame, one column per channel."""

InputCallback = Callable[[Block, float, bool], None]
"""Gets a block, the age of its first frame in seconds, and whether sound was lost before it. Must not block."""

OutputCallback = Callable[[Block, float, bool], None]
"""Fills a block; gets the seconds until its first frame is heard, and whether there was a gap. Must not block."""


class Stream:
    """An open stream. Its methods are called on the sound thread only, never from a callback of its own.

    Args:
        rate_hz: Frames per second.
        ended: Called when the stream ends without having been asked to, for instance because the device was unplugged.
    """

    def __init__(self, rate_hz: int, ended: Callable[[], None]) -> None:
        self.rate_hz = rate_hz
        self._ended = ended
        self._raw: Any = None
        self._asked = False

    def attach(self, raw: Any) -> None:
        """Take the binding's stream, before it is started."""
        self._raw = raw

    @property
    def latency_s(self) -> float:
        """Seconds between the callback and the device, as PortAudio has it."""
        return float(self._raw.latency)

    def finished(self) -> None:
        """The binding's word that no callback will follow."""
        if not self._asked:
            self._ended()

    def cut(self, dropped: Callable[[], None]) -> None:
        """Drop what the device holds and start anew; the callback goes on where it was.

        Args:
            dropped: Called in between, when no callback runs.
        """
        self._asked = True
        self._raw.abort()
        self._asked = False
        dropped()
        self._raw.start()

    def close(self) -> None:
        """Drop what the device holds and let it go."""
        self._asked = True
        self._raw.abort()
        self._raw.close()
