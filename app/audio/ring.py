"""A ring of samples between a real-time callback and the event loop.

Why it exists: PortAudio's callback may not wait for anybody. One side writes, the other reads, and neither ever takes a
lock: each owns one counter, and a counter is a single reference that Python replaces in one step.

Positions are absolute: the number of samples written since the ring was made. So both sides, and whoever keeps account
of what was heard, speak of the same sample by the same number however often the ring went round.
"""

from __future__ import annotations

import numpy as np

from app.audio.levels import Samples


class Ring:
    """Samples by absolute position; the newest ``capacity`` of them are kept.

    Args:
        capacity: Samples it holds.
    """

    def __init__(self, capacity: int) -> None:
        self._buffer: Samples = np.zeros(capacity, dtype=np.float32)
        self._written = 0
        self._claimed = 0  # runs ahead of ``_written`` while a piece is being copied in

    @property
    def capacity(self) -> int:
        """Samples it holds."""
        return self._buffer.size

    @property
    def written(self) -> int:
        """Samples written since the start; the position of the next one."""
        return self._written

    @property
    def oldest(self) -> int:
        """Position of the oldest sample that is still here."""
        return max(0, self._claimed - self.capacity)

    def write(self, samples: Samples) -> None:
        """Append. The oldest samples are overwritten when it is full; of a piece longer than the ring the end stays."""
        written = self._written + samples.size
        self._claimed = written
        kept = samples[-self.capacity :]
        start = (written - kept.size) % self.capacity
        first = min(kept.size, self.capacity - start)
        self._buffer[start : start + first] = kept[:first]
        self._buffer[: kept.size - first] = kept[first:]
        self._written = written

    def read(self, start: int, end: int) -> Samples:
        """A copy of the samples from position ``start`` up to ``end``, less those that are gone or not there yet."""
        begin = max(start, self.oldest)
        end = min(end, self._written)
        if end <= begin:
            return np.zeros(0, dtype=np.float32)
        first = begin % self.capacity
        count = end - begin
        if first + count <= self.capacity:
            samples = self._buffer[first : first + count].copy()
        else:
            samples = np.concatenate((self._buffer[first:], self._buffer[: first + count - self.capacity]))
        torn = self.oldest - begin  # overwritten by the writer while they were copied
        return samples[torn:] if torn > 0 else samples
