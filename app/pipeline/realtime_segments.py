"""Cuts sound without an end into stretches of speech, at the pauses.

Why it exists: a recogniser takes half a minute at a time and an endless source has no end. Silence is dropped but for a
little around the words. A stretch in which nobody pauses is cut where it is quietest, so that a word is rarely cut in
two. What is held is bounded by the longest stretch.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from app.audio.gate import VoiceGate
from app.audio.levels import as_samples
from app.contracts.audio import BYTES_PER_SAMPLE, SPEECH_RATE_HZ, AudioChunk
from app.pipeline.definition import Segmenting

LEAD_SAMPLES = SPEECH_RATE_HZ * 3 // 10
"""Sound kept in front of the first speech, so that no first syllable is lost."""
TRAIL_SAMPLES = SPEECH_RATE_HZ * 2 // 10
"""Sound kept behind the last speech."""
QUIET_SHARE = 0.6
"""A stretch that has to be cut is cut behind this share of its longest length."""
_WINDOW = SPEECH_RATE_HZ // 10
_HOP = SPEECH_RATE_HZ // 100


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of speech.

    Attributes:
        number: Counts up from 0.
        clip: The sound, 16 kHz.
        start_s: Where it begins in the source, seconds.
        end_s: Where its speech ends, or where it was cut.
        ended_at: Monotonic seconds at which the sound of that moment had come in.
    """

    number: int
    clip: AudioChunk
    start_s: float
    end_s: float
    ended_at: float


class Segmenter:
    """One source. Give it the sound in order, each piece with the speech probabilities it completed.

    Args:
        segmenting: Where to cut.
    """

    def __init__(self, segmenting: Segmenting) -> None:
        self._pause_ms = segmenting.pause_ms
        self._longest = max(LEAD_SAMPLES * 2, round(segmenting.longest_s * SPEECH_RATE_HZ))
        self._gate = VoiceGate()
        self._frame = self._gate.frame_samples
        self._gate_at = 0
        self._kept = bytearray()
        self._kept_at = 0
        self._total = 0
        self._frames = 0
        self._judged: deque[float] = deque()
        self._arrivals: deque[tuple[int, float]] = deque()
        self._number = 0

    @property
    def seconds(self) -> float:
        """How much sound there was so far."""
        return self._total / SPEECH_RATE_HZ

    def push(self, pcm: bytes, probabilities: Sequence[float], now: float) -> list[Segment]:
        """Take the next sound; returns the stretches that are over now.

        Args:
            pcm: 16 kHz.
            probabilities: Of the frames this sound completed, as the voice gate judged them.
            now: Monotonic seconds at which it came in.
        """
        self._kept += pcm
        self._total += len(pcm) // BYTES_PER_SAMPLE
        self._arrivals.append((self._total, now))
        done = []
        for probability in probabilities:
            self._frames += 1
            self._judged.append(probability)
            self._gate.push(probability)
            if self._gate.has_speech and self._gate.silence_ms >= self._pause_ms:
                done.append(self._cut(min(self._speech_end() + TRAIL_SAMPLES, self._frames * self._frame)))
        while self._gate.has_speech and self._total - self._kept_at >= self._longest:
            done.append(self._cut(self._quietest(), forced=True))
        if not self._gate.has_speech:
            self._forget(self._total - LEAD_SAMPLES)
        return done

    def flush(self) -> list[Segment]:
        """The source has ended; what is left of speech in it."""
        return [self._cut(self._total)] if self._gate.has_speech else []

    def _speech_end(self) -> int:
        return (self._gate_at + self._gate.last_speech_frame) * self._frame

    def _cut(self, at: int, *, forced: bool = False) -> Segment:
        """The sound up to a sample; what comes behind it begins the next stretch."""
        end = at if forced else min(self._speech_end(), at)
        size = (at - self._kept_at) * BYTES_PER_SAMPLE
        segment = Segment(
            self._number,
            AudioChunk(bytes(self._kept[:size])),
            self._kept_at / SPEECH_RATE_HZ,
            end / SPEECH_RATE_HZ,
            self._arrival(end),
        )
        self._number += 1
        self._forget(at)
        self._gate = VoiceGate()
        self._gate_at = max(0, self._frames - len(self._judged))
        if forced:  # the rest was judged already, and is speech as before
            for probability in self._judged:
                self._gate.push(probability)
        else:
            self._gate_at = self._frames
        return segment

    def _forget(self, before: int) -> None:
        """Drop the sound before a sample, and what is known about it."""
        if before <= self._kept_at:
            return
        del self._kept[: (before - self._kept_at) * BYTES_PER_SAMPLE]
        self._kept_at = before
        first = -(-before // self._frame)
        while self._judged and self._frames - len(self._judged) < first:
            self._judged.popleft()
        while len(self._arrivals) > 1 and self._arrivals[0][0] < before:
            self._arrivals.popleft()

    def _arrival(self, sample: int) -> float:
        """When a sample came in."""
        return next((now for total, now in self._arrivals if total >= sample), self._arrivals[-1][1])

    def _quietest(self) -> int:
        """The middle of the quietest tenth of a second in the last part of what is kept."""
        samples = as_samples(bytes(self._kept[: self._longest * BYTES_PER_SAMPLE]))
        first = int(samples.size * QUIET_SHARE)
        late = samples[first:]
        if late.size < 2 * _WINDOW:
            return self._kept_at + samples.size
        power = np.concatenate((np.zeros(1), np.cumsum(np.square(late, dtype=np.float64))))
        starts = np.arange(0, late.size - _WINDOW, _HOP)
        best = int(starts[np.argmin(power[starts + _WINDOW] - power[starts])])
        return self._kept_at + first + best + _WINDOW // 2
