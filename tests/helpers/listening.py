"""What a person would have understood: sound, recognised by the engine that ships."""

from __future__ import annotations

import threading
from functools import cache

import numpy as np
import numpy.typing as npt

from app.audio.cues import ring
from app.audio.levels import as_samples
from app.audio.resample import resampled
from app.bench.virtual_sound import RATE_HZ as MONITOR_HZ
from app.bench.virtual_sound import Monitored
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


def rings(heard: Monitored) -> list[float]:
    """When the sound of a timer that is over begins in a recording of the speaker, in monotonic seconds.

    Blocks of the sound server arrive up to some 10 ms apart; what their ends have in common tells when the recording
    began. The sound counts as heard where the recording is like it at a cosine of 0.6 or more.
    """
    began = float(np.median([at - end / MONITOR_HZ for at, end in heard.arrived_at]))
    wanted = resampled(as_samples(ring().pcm), ring().sample_rate_hz, MONITOR_HZ)
    samples, length = heard.samples, len(wanted)
    if len(samples) < length:
        return []
    size = 1 << int(np.ceil(np.log2(len(samples) + length)))
    alike = np.fft.irfft(np.fft.rfft(samples, size) * np.conj(np.fft.rfft(wanted, size)), size)
    energy = np.concatenate([[0.0], np.cumsum(samples.astype(np.float64) ** 2)])
    loud = np.sqrt(np.maximum(energy[length:] - energy[:-length], 1e-9))
    cosine = alike[: len(loud)] / (loud * float(np.linalg.norm(wanted)))
    found: list[float] = []
    while cosine.max() > 0.6:
        place = int(cosine.argmax())
        found.append(began + place / MONITOR_HZ)
        cosine[max(0, place - length) : place + length] = 0.0
    return sorted(found)
