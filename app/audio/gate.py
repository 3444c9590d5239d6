"""The voice gate: from speech probabilities, frame by frame, to "somebody speaks" and "it has been quiet for so long".

Pure: the probabilities come from a `VoiceActivity` port, and what follows from the answers is the caller's. The release
tail asks for `silence_ms`, hands-free listening as well, and a capture without `has_speech` never reaches a recogniser.
"""

from __future__ import annotations

from app.contracts.audio import SPEECH_RATE_HZ

HYSTERESIS = 0.15
"""Speech that has begun goes on until the probability falls this far below the threshold."""
SHORTEST_SPEECH_FRAMES = 2
"""Frames in a row that make speech; a single one is a click or a bump on the table."""


class VoiceGate:
    """One utterance, as far as it has been judged.

    Args:
        threshold: Probability in (0, 1] from which a frame counts as speech.
        frame_ms: Length of a frame, milliseconds.
    """

    def __init__(self, threshold: float = 0.5, frame_ms: float = 32.0) -> None:
        self._threshold = threshold
        self._frame_ms = frame_ms
        self._frames = 0
        self._run = 0
        self._speaking = False
        self._has_speech = False
        self._last_speech = 0

    @property
    def frames(self) -> int:
        """Frames judged so far."""
        return self._frames

    @property
    def frame_samples(self) -> int:
        """Samples of 16 kHz sound in a frame."""
        return round(self._frame_ms * SPEECH_RATE_HZ / 1000.0)

    @property
    def speaking(self) -> bool:
        """True while the newest frame is speech."""
        return self._speaking

    @property
    def has_speech(self) -> bool:
        """True once there has been more than a click."""
        return self._has_speech

    @property
    def last_speech_frame(self) -> int:
        """Frames up to and with the last one that was speech; 0 before there was any."""
        return self._last_speech

    @property
    def silence_ms(self) -> float:
        """Milliseconds since the last speech, or since the start while there was none."""
        return (self._frames - self._last_speech) * self._frame_ms

    def push(self, probability: float) -> None:
        """Judge the next frame by its speech probability in [0, 1]."""
        self._frames += 1
        bar = self._threshold - HYSTERESIS if self._speaking else self._threshold
        self._speaking = probability >= max(bar, 0.0)
        if not self._speaking:
            self._run = 0
            return
        self._run += 1
        self._last_speech = self._frames
        if self._run >= SHORTEST_SPEECH_FRAMES:
            self._has_speech = True
