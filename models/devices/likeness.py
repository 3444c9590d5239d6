"""Whether what a device computed makes sense: against the processor's result where there is one, else by itself.

Why it exists: the numbers that separate a working device from one that computes garbage belong into one place. They are
wide: rounding differs from device to device, and a sound device must never fail here. Each function returns what is
wrong, as the end of a sentence, or nothing.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from models.devices.exercise import QUESTION, Embedded, Outcome, Recognised, Spoken, Written

LEAST_LOG_PROB = -5.0
"""Mean over greedy tokens. Below, the model hardly tells one word from another; healthy ones have over -1.5."""
LEAST_COMMON_WORDS = 0.2
"""Share of all words of two answers that both have; the same model differs in a word or two from device to device."""
LEAST_HEARD_WORDS = 0.5
"""Share of the clip's words that were understood."""
LEAST_VARIETY = 0.34
"""Distinct words among all words, from `_ENOUGH_WORDS` on."""
LEAST_COSINE = 0.99
LEAST_LOUDNESS = 0.003
"""Root mean square of speech at full scale 1; -50 dB."""
MOST_CLIPPED = 0.02
SHORTEST_S, LONGEST_S = 0.6, 15.0
"""Nine words."""
LEAST_SPECTRUM = 0.75
"""Cosine between mean spectra in decibels above their floor."""
MOST_FLAT = 0.35
"""Spectral flatness of the whole: speech is under 0.1, white noise about 1."""
_ENOUGH_WORDS = 8
_BANDS = 40


def trouble(outcome: Outcome, peer: Outcome | None) -> str:
    """What is wrong with an outcome; empty when nothing is.

    Args:
        outcome: Of the device.
        peer: Of the processor with the same model and task, None where there is none.
    """
    match outcome, peer:
        case Written(), Written() | None:
            return _written(outcome, peer)
        case Recognised(), Recognised() | None:
            return _recognised(outcome, peer)
        case Spoken(), Spoken() | None:
            return _spoken(outcome, peer)
        case Embedded(), Embedded() | None:
            return _embedded(outcome, peer)
        case _:
            raise AssertionError(f"{type(outcome).__name__} cannot be compared with {type(peer).__name__}")


def _written(outcome: Written, peer: Written | None) -> str:
    if found := _garbage(outcome.text):
        return found
    if any(not math.isfinite(value) or value > 0.01 for value in outcome.log_probs):
        return "the probabilities of its words are no numbers"
    mean = sum(outcome.log_probs) / len(outcome.log_probs) if outcome.log_probs else 0.0
    if mean < LEAST_LOG_PROB:
        return f"its words came by chance (mean log-probability {mean:.1f})"
    if peer is None or _garbage(peer.text):
        return ""
    mine, others = set(_words(outcome.text)), set(_words(peer.text))
    common = len(mine & others) / max(len(mine | others), 1)
    return "" if common >= LEAST_COMMON_WORDS else "its answer has nothing in common with the processor's"


def _garbage(text: str) -> str:
    """What shows that a text was not written by a working model."""
    if not text.strip():
        return "it wrote nothing"
    odd = sum(
        char == "\ufffd" or unicodedata.category(char) in ("Cc", "Cn", "Co") for char in text if char not in "\n\t"
    )
    if odd > 0.05 * len(text):
        return "it wrote characters that are none"
    _, most = Counter(text.replace(" ", "")).most_common(1)[0]
    if len(text) >= 16 and most > 0.6 * len(text.replace(" ", "")):
        return "it wrote one character over and over"
    words = _words(text)
    if len(words) >= _ENOUGH_WORDS and len(set(words)) < LEAST_VARIETY * len(words):
        return "it wrote the same words over and over"
    if len(words) >= _ENOUGH_WORDS and sum(a == b for a, b in pairwise(words)) > 0.5 * len(words):
        return "it wrote one word over and over"
    return ""


def _recognised(outcome: Recognised, peer: Recognised | None) -> str:
    wanted = QUESTION if outcome.english else peer.text if peer else ""
    heard = _words(outcome.text)
    if not heard:
        return "it understood nothing of a clear recording" if wanted else ""
    right = set(_words(wanted))
    if right and len(right & set(heard)) < LEAST_HEARD_WORDS * len(right):
        if peer is not None and outcome.text == peer.text:
            return ""  # the model is at fault, on every device
        return "it understood other words than were spoken"
    if len(heard) > 4 * max(len(right), 6):
        return "it understood words without end"
    return ""


def _spoken(outcome: Spoken, peer: Spoken | None) -> str:
    samples = outcome.samples
    if outcome.rate_hz <= 0 or not np.isfinite(samples).all():
        return "its sound holds values that are no numbers"
    seconds = samples.size / outcome.rate_hz
    if not SHORTEST_S <= seconds <= LONGEST_S:
        return f"nine words took it {seconds:.1f} s"
    loudness = float(np.sqrt(np.mean(np.square(samples, dtype=np.float64))))
    if loudness < LEAST_LOUDNESS:
        return "it cannot be heard"
    if float(np.mean(np.abs(samples) >= 0.999)) > MOST_CLIPPED:
        return "it is overdriven"
    spectrum = _spectrum(outcome)
    flatness = float(np.exp(np.mean(np.log(spectrum))) / np.mean(spectrum))
    if flatness > MOST_FLAT:
        return "it is noise"
    if peer is None:
        return ""
    ratio = seconds / (peer.samples.size / peer.rate_hz)
    if not 0.6 <= ratio <= 1 / 0.6:
        return f"it took {ratio:.1f} times as long as the processor's"
    likeness = _cosine(_shape(spectrum), _shape(_spectrum(peer)))
    return "" if likeness >= LEAST_SPECTRUM else f"it does not sound like the processor's ({likeness:.2f})"


def _spectrum(spoken: Spoken) -> npt.NDArray[np.float64]:
    """Mean power in bands of equal ratio from 80 Hz to 7 kHz, or to half the rate."""
    window = max(256, spoken.rate_hz // 25)
    whole = spoken.samples[: spoken.samples.size // window * window].astype(np.float64).reshape(-1, window)
    power = np.square(np.abs(np.fft.rfft(whole * np.hanning(window), axis=1))).mean(axis=0)
    hertz = np.fft.rfftfreq(window, 1.0 / spoken.rate_hz)
    edges = np.geomspace(80.0, min(7000.0, spoken.rate_hz / 2.0), _BANDS + 1)
    place = np.searchsorted(edges, hertz) - 1
    means = [power[place == band].mean() for band in range(_BANDS) if (place == band).any()]
    spectrum: npt.NDArray[np.float64] = np.maximum(np.asarray(means, dtype=np.float64), 1e-12)
    return spectrum


def _shape(spectrum: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Decibels above the floor 60 dB under the loudest band."""
    above: npt.NDArray[np.float64] = np.maximum(10.0 * np.log10(spectrum / spectrum.max()) + 60.0, 0.0)
    return above


def _embedded(outcome: Embedded, peer: Embedded | None) -> str:
    mine = np.asarray(outcome.vectors, dtype=np.float64)
    if mine.ndim != 2 or not np.isfinite(mine).all():
        return "its vectors hold values that are no numbers"
    if np.abs(np.linalg.norm(mine, axis=1) - 1.0).max() > 0.02:
        return "its vectors are not of length one"
    if _cosine(mine[0], mine[1]) <= _cosine(mine[0], mine[2]):
        return "it finds unlike texts as like as like ones"
    if peer is None:
        return ""
    others = np.asarray(peer.vectors, dtype=np.float64)
    if others.shape != mine.shape:
        return "its vectors have another length than the processor's"
    least = min(_cosine(one, other) for one, other in zip(mine, others, strict=True))
    return "" if least >= LEAST_COSINE else f"its vectors differ from the processor's (cosine {least:.3f})"


def _cosine(one: npt.NDArray[np.float64], other: npt.NDArray[np.float64]) -> float:
    size = min(one.size, other.size)
    one, other = one[:size], other[:size]
    return float(one @ other / max(float(np.linalg.norm(one) * np.linalg.norm(other)), 1e-12))


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text.lower())
