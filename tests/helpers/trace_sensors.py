"""Looks that were recorded, played back as if they were sensors."""

from __future__ import annotations

from collections.abc import Sequence

from app.power.sensors.sample import Counters, Sample


class TraceSensors:
    """Implements `app.power.sensors.sample.Sensors`.

    Args:
        samples: Given one after the other; the last one for ever.
    """

    def __init__(self, samples: Sequence[Sample]) -> None:
        self._samples = tuple(samples)
        self._next = 0

    def sample(self) -> Sample:
        """The next look."""
        sample = self._samples[self._next]
        self._next = min(self._next + 1, len(self._samples) - 1)
        return sample

    def counters(self) -> Counters:
        """The counters of the look that comes next."""
        return self._samples[self._next].counters

    def close(self) -> None:
        """It goes on where it was, as all sensors do."""
