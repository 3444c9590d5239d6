"""One utterance while it grows: silence is left out, long speech is cut at its pauses, the rest is heard again.

Why it exists: a partial text has to cost the same after a minute as after a second, and the final text must be the one
the whole clip would have given. Cuts depend on the sound before them alone, so both hold.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from app.contracts.audio import SPEECH_RATE_HZ
from models.pcm import Samples
from models.stt.hypothesis import NOTHING, Activity, Hypothesis, Recogniser
from models.vad.silero_model import FRAME, SileroStream

_FRAMES_PER_SECOND = SPEECH_RATE_HZ / FRAME
_LIMIT = int(12 * _FRAMES_PER_SECOND)
"""A stretch longer than this is cut."""
_EARLIEST, _LATEST = int(5 * _FRAMES_PER_SECOND), int(11.5 * _FRAMES_PER_SECOND)
_PAUSE = 10
"""Frames over which a pause is looked for: 0.32 s."""
_VOICED = 0.5
"""From this probability on a frame counts as speech."""
_SHORTEST_WORD = 4
"""Frames of speech in a row that a word has at least: 0.13 s. Words that were measured had 6 and more, also in noise as
loud as they were; noise and music had 2 and fewer."""
_PERHAPS_A_WORD = 8
"""With fewer than this the text must not be doubtful."""
_SURELY_SILENT = 0.1
_MARGIN = 16
"""Frames kept around the first and the last one that may be speech: 0.5 s. What looks like speech for a moment further
away than this is not part of it."""
_DOUBTFUL_LOG_PROB = -0.5
"""Below `_PERHAPS_A_WORD`, a text whose mean log-probability is below this was made out of noise."""


@dataclass(frozen=True, slots=True)
class Heard:
    """The text so far.

    Attributes:
        text: The words.
        samples: Samples it accounts for, from the start.
        confidence: Geometric mean of the tokens' probabilities, None without words.
        language: Of the first words, empty without words or when the model does not say.
    """

    text: str
    samples: int
    confidence: float | None
    language: str = ""


def _nobody_waits() -> None:
    return


class Utterance:
    """Sound that is still coming, and what has been understood of it.

    Args:
        model: The recogniser.
        gate: The voice gate, with fresh state.
    """

    def __init__(self, model: Recogniser, gate: SileroStream) -> None:
        self._model = model
        self._gate = gate
        self._waiting: list[Samples] = []
        self._stretch: Samples = np.zeros(0, np.float32)
        self._speech: Activity = np.zeros(0, np.float32)
        self._settled: list[Hypothesis] = []
        self._fed = 0
        self._last: Heard | None = None

    def add(self, samples: Samples) -> None:
        """More sound; nothing is computed."""
        if len(samples):
            self._waiting.append(samples)
            self._fed += len(samples)
            self._last = None

    def hear(self, cancelled: threading.Event, alive: Callable[[], None] = _nobody_waits) -> Heard | None:
        """The text of everything added; None when cancelled, and nothing is lost by that.

        Args:
            cancelled: Looked at between stretches, and within them as often as the model allows.
            alive: Called after every stretch.
        """
        if self._last is None:
            self._take_waiting()
            self._skip_silence()
            while len(self._speech) > _LIMIT:
                cut = _quietest(self._stretch, self._speech)
                settled = self._understand(self._stretch[: cut * FRAME], self._speech[:cut], cancelled)
                if settled is None:
                    return None
                self._settled.append(settled)
                alive()
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

    def _understand(self, stretch: Samples, speech: Activity, cancelled: threading.Event) -> Hypothesis | None:
        if cancelled.is_set():
            return None
        longest = _longest_run(speech)
        if longest < _SHORTEST_WORD:
            return NOTHING
        part = _spoken_part(speech)
        sound = stretch[part.start * FRAME : part.stop * FRAME]
        heard = self._model.transcribe(sound, cancelled, speech[part])
        if heard is not None and longest < _PERHAPS_A_WORD and heard.log_prob < _DOUBTFUL_LOG_PROB * heard.tokens:
            return NOTHING
        return heard


def _quietest(stretch: Samples, speech: Activity) -> int:
    """The frame in the middle of the best pause, by loudness and by speech probability together."""
    loudness = np.sqrt((stretch[: _LATEST * FRAME].reshape(-1, FRAME) ** 2).mean(axis=1))
    activity = loudness / (loudness.max() + 1e-9) + speech[:_LATEST] / 2
    around = np.convolve(activity, np.ones(_PAUSE) / _PAUSE, "same")
    return _EARLIEST + int(np.argmin(around[_EARLIEST : _LATEST - _PAUSE // 2]))


def _runs(speech: Activity) -> npt.NDArray[np.intp]:
    """Frames in a row that are speech: one line with the first and the one after the last for each."""
    voiced = np.concatenate([[False], speech >= _VOICED, [False]])
    return np.flatnonzero(voiced[1:] != voiced[:-1]).reshape(-1, 2)


def _longest_run(speech: Activity) -> int:
    return int(np.diff(_runs(speech)).max(initial=0))


def _spoken_part(speech: Activity) -> slice:
    """The frames from the first word to the last, with what may belong to them, and a margin.

    Silence costs time and tells nothing; music before the words would be taken for some.
    """
    runs = _runs(speech)
    words = runs[np.diff(runs)[:, 0] >= _SHORTEST_WORD]
    first, last = int(words[0, 0]), int(words[-1, 1]) - 1
    audible = np.flatnonzero(speech >= _SURELY_SILENT)
    for frame in audible[audible < first][::-1]:
        if first - frame > _MARGIN:
            break
        first = int(frame)
    for frame in audible[audible > last]:
        if frame - last > _MARGIN:
            break
        last = int(frame)
    return slice(max(0, first - _MARGIN), min(len(speech), last + 1 + _MARGIN))


def _together(parts: list[Hypothesis], samples: int) -> Heard:
    spoken = [part for part in parts if part.text]
    tokens = sum(part.tokens for part in spoken)
    confidence = math.exp(sum(part.log_prob for part in spoken) / tokens) if tokens else None
    language = spoken[0].language if spoken else ""
    return Heard(" ".join(part.text for part in spoken), samples, confidence, language)
