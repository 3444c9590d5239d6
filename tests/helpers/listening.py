"""What a person would have understood: sound, recognised by the engine that ships."""

from __future__ import annotations

import threading
from functools import cache

import numpy as np
import numpy.typing as npt

from app.audio.resample import resampled
from models.host.engine import Call
from models.stt.moonshine import MoonshineEngine

RATE_HZ = 16_000


@cache
def _engine() -> MoonshineEngine:
    engine = MoonshineEngine(threads=1)
    engine.load()
    return engine


def transcribed(samples: npt.NDArray[np.float32], rate_hz: int) -> str:
    """The words in a recording, cut to the part with sound in it."""
    loud = np.flatnonzero(np.abs(samples) > 1e-3)
    if not loud.size:
        return ""
    part = samples[max(0, loud[0] - rate_hz // 2) : loud[-1] + rate_hz // 2]
    pcm = resampled(part, rate_hz, RATE_HZ).astype("<f4").tobytes()
    (reply,) = _engine().operations()["transcribe"](Call({}, pcm, threading.Event()))
    return str(reply.fields["text"])
