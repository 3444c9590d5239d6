"""Keeps account of which utterance each sample belongs to, so that history keeps only what was heard.

Pure: positions in the speaker's stream go in, and how much of each utterance has been heard comes out, in samples of
the rate at which the utterance was queued.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from app.contracts.audio import HeardSpan


@dataclass(slots=True)
class _Stretch:
    """A stretch of the stream that one utterance was written to in one go."""

    utterance: int
    rate_hz: int
    start: int
    end: int
    queued: int = 0
    whole: bool = False
    frozen: int | None = None

    def heard(self, position: int, stream_hz: int) -> int:
        """Samples, at the utterance's rate, that were heard when the stream has been heard up to ``position``."""
        if self.frozen is not None:
            return self.frozen
        played = min(max(position - self.start, 0), self.end - self.start)
        if self.whole and played == self.end - self.start:
            return self.queued
        return min(self.queued, played * self.rate_hz // stream_hz)


class HeardAccount:
    """What has been queued since the last `clear`, in order."""

    def __init__(self) -> None:
        self._stretches: list[_Stretch] = []

    def clear(self) -> None:
        """Forget everything."""
        self._stretches.clear()

    def begin(self, utterance: int, rate_hz: int, position: int) -> None:
        """What comes next belongs to ``utterance``, was queued at ``rate_hz`` and lies from ``position`` on."""
        self._stretches.append(_Stretch(utterance, rate_hz, position, position))

    def queue(self, samples: int, position: int) -> None:
        """So many more samples of the utterance were queued; the stream is written up to ``position``."""
        if self._stretches:
            self._stretches[-1].queued += samples
            self._stretches[-1].end = position

    def seal(self, position: int) -> None:
        """Everything queued lies in the stream now, which is written up to ``position``."""
        if self._stretches and not self._stretches[-1].whole:
            self._stretches[-1].end = position
            self._stretches[-1].whole = True

    def freeze(self, position: int, stream_hz: int) -> None:
        """No more than what has been heard by now ever will be."""
        for stretch in self._stretches:
            stretch.frozen = stretch.heard(position, stream_hz)

    def spans(self, position: int, stream_hz: int) -> tuple[HeardSpan, ...]:
        """Each utterance, in the order in which they were first queued, heard up to ``position`` of the stream."""
        return tuple(self._merged(position, stream_hz))

    def _merged(self, position: int, stream_hz: int) -> Iterator[HeardSpan]:
        for utterance in dict.fromkeys(stretch.utterance for stretch in self._stretches):
            own = [stretch for stretch in self._stretches if stretch.utterance == utterance]
            yield HeardSpan(
                utterance=utterance,
                heard_samples=sum(stretch.heard(position, stream_hz) for stretch in own),
                queued_samples=sum(stretch.queued for stretch in own),
                sample_rate_hz=own[0].rate_hz,
            )
