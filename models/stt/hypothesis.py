"""What a recogniser is to the rest of speech recognition: a stretch of speech in, one hypothesis out.

Why it exists: silence, cuts at pauses, partial and final texts are the same for every model, so `models.stt.utterance`
does them once, over this.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from models.pcm import Samples

Activity = npt.NDArray[np.float32]
"""Probability of speech in [0, 1] of every whole frame of `models.vad.silero_model.FRAME` samples."""


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """What a model heard.

    Attributes:
        text: The words; empty when there were none, or none to be believed.
        log_prob: Sum of the natural logarithms of the tokens' probabilities, the end included. A model that gives none
            puts ``tokens`` times the logarithm of its estimate here.
        tokens: How many tokens that are.
        language: BCP 47 tag, empty when unknown.
    """

    text: str
    log_prob: float
    tokens: int
    language: str = ""


NOTHING = Hypothesis("", 0.0, 0)
"""No words."""


class Recogniser(Protocol):
    """A loaded model. Used from one thread."""

    def transcribe(self, speech: Samples, cancelled: threading.Event, activity: Activity) -> Hypothesis | None:
        """Words of one stretch of speech.

        Args:
            speech: 16 kHz mono in [-1, 1]; some 13 s of it at most.
            cancelled: Looked at as often as the library allows.
            activity: Of the frames of ``speech``.

        Returns:
            None when cancelled.

        Raises:
            RuntimeFault: The library failed.
        """
        ...
