"""Moonshine as its own documentation shows it: the yardstick of `models.bare`."""

from __future__ import annotations

from typing import Any

import numpy as np
from moonshine_voice import ModelArch, Transcriber, get_model_path


class BareRecognizer:
    """Loads at construction. The library takes as many threads as it likes; it has no option for that."""

    def __init__(self) -> None:
        self._transcriber: Any = Transcriber(str(get_model_path("tiny-en")), ModelArch.TINY)

    def samples(self, pcm: bytes) -> list[float]:
        """16-bit samples as the wrapper wants them."""
        return [float(sample) for sample in np.frombuffer(pcm, "<i2").astype(np.float32) / 32768.0]

    def transcribe(self, samples: list[float]) -> str:
        """The words of a whole clip at 16 kHz."""
        transcript = self._transcriber.transcribe_without_streaming(samples, 16_000)
        return " ".join(line.text.strip() for line in transcript.lines)
