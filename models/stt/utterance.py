"""One utterance while it grows: silence is left out, long speech is cut at its pauses, the rest is heard again.

Why it exists: a partial text has to cost the same after a minute as after a second, and the final text must be the one
the whole clip would have given. Cuts depend on the sound before them alone, so both hold.
"""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from app.contracts.audio import SPEECH_RATE_HZ
from models.pcm import Samples
from models.stt.moonshine_model import Hypothesis, MoonshineModel
from models.vad.silero_model import FRAME, SileroStream

_FRAMES_PER_SECOND = SPEECH_RATE_HZ / FRAME
_LIMIT = int(12 * _FRAMES_PER_SECOND)
"""A stretch longer than this is cut."""
_EARLIEST, _LATEST = int(5 * _FRAMES_PER_SECOND), int(11.5 * _FRAMES_PER_SECOND)
_PAUSE = 10
"""Frames over which a pause is looked for: 0.32 s."""
_NO_SPEECH = 0.3
"""A stretch whose speech probability never reaches this is silence."""
_PERHAPS_SPEECH = 0.5
_SURELY_SILENT = 0.1
_MARGIN = 16
"""Frames kept around the first and the last one that may be speech: 0.5 s."""
_DOUBTFUL_LOG_PROB = -0.5
"""Below `_PERHAPS_SPEECH`, a text whose mean log-probability is below this was made out of noise."""


@dataclass(frozen=True, slots=True)
class Heard:
    """The text so far.

    Attributes:
        text: The words.
        samples: Samples it accounts for, from the start.
        confidence: Geometric mean of the tokens' probabilities, None without words.
    """

    text: str
    samples: int
    confidence: float | None


class Utterance:
    """Sound that is still coming, and what has been understood of it.

    Args:
        model: The recogniser.
        gate: The voice gate, with fresh state.
    """

    def __init__(self, model: MoonshineModel, gate: SileroStream) -> None:
        self._model = model
        self._gate = gate
        self._waiting: list[Samples] = []
        self._stretch: Samples = np.zeros(0, np.float32)
        self._speech: npt.NDArray[np.float32] = np.zeros(0, np.float32)
        self._settled: list[Hypothesis] = []
        self._fed = 0
        self._last: Heard | None = None

    def add(self, samples: Samples) -> None:
        """More sound; nothing is computed."""
        if len(samples):
            self._waiting.append(samples)
            self._fed += len(samples)
            self._last = None

    def hear(self, cancelled: threading.Event) -> Heard | None:
        """The text of everything added; None when cancelled, and nothing is lost by that."""
        if self._last is None:
            self._take_waiting()
            self._skip_silence()
            while len(self._speech) > _LIMIT:
                cut = _quietest(self._stretch, self._speech)
                settled = self._understand(self._stretch[: cut * FRAME], self._speech[:cut], cancelled)
                if settled is None:
                    return None
                self._settled.append(settled)
                self._drop(cut)
                self._skip_silence()
            open_part = self._understand(self._stretch, self._speech, cancelled)
            if open_part is None:
                return None
            self._last = _together([*self._settled, open_part], self._fed)
        return self._last

    def _take_waiting(self) -> None:
        if self._waiting:
            new = np.concatenate(self._waiting)
            self._waiting.clear()
            self._stretch = np.concatenate([self._stretch, new])
            self._speech = np.concatenate([self._speech, self._gate.feed(new)])

    def _skip_silence(self) -> None:
        """Leave out what comes before the speech, so that a cut does not fall into it."""
        heard = np.flatnonzero(self._speech >= _SURELY_SILENT)
        first = int(heard[0]) if heard.size else len(self._speech)
        self._drop(max(0, first - _MARGIN))

    def _drop(self, frames: int) -> None:
        self._stretch, self._speech = self._stretch[frames * FRAME :], self._speech[frames:]

    def _understand(
        self, stretch: Samples, speech: npt.NDArray[np.float32], cancelled: threading.Event
    ) -> Hypothesis | None:
        likeliest = float(speech.max(initial=0.0))
        if likeliest < _NO_SPEECH:
            return Hypothesis("", 0.0, 0)
        heard = self._model.transcribe(_without_its_end(stretch, speech), cancelled)
        if heard is not None and likeliest < _PERHAPS_SPEECH and heard.log_prob < _DOUBTFUL_LOG_PROB * heard.tokens:
            return Hypothesis("", 0.0, 0)
        return heard


def _quietest(stretch: Samples, speech: npt.NDArray[np.float32]) -> int:
    """The frame in the middle of the best pause, by loudness and by speech probability together."""
    loudness = np.sqrt((stretch[: _LATEST * FRAME].reshape(-1, FRAME) ** 2).mean(axis=1))
    activity = loudness / (loudness.max() + 1e-9) + speech[:_LATEST] / 2
    around = np.convolve(activity, np.ones(_PAUSE) / _PAUSE, "same")
    return _EARLIEST + int(np.argmin(around[_EARLIEST : _LATEST - _PAUSE // 2]))


def _without_its_end(stretch: Samples, speech: npt.NDArray[np.float32]) -> Samples:
    """The stretch without long silence after the speech, which costs time and tells nothing."""
    last = int(np.flatnonzero(speech >= _SURELY_SILENT)[-1])
    return stretch[: (last + 1 + _MARGIN) * FRAME]


def _together(parts: list[Hypothesis], samples: int) -> Heard:
    spoken = [part for part in parts if part.text]
    tokens = sum(part.tokens for part in spoken)
    confidence = math.exp(sum(part.log_prob for part in spoken) / tokens) if tokens else None
    return Heard(" ".join(part.text for part in spoken), samples, confidence)
