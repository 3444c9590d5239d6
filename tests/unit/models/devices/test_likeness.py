"""What passes and what does not: each kind of garbage a device has been seen to compute, or could."""

from __future__ import annotations

import math

import numpy as np
import pytest

from models.devices.exercise import TEXTS, Embedded, Outcome, Recognised, Spoken, Written
from models.devices.likeness import trouble

RATE = 22_050
GOOD = "The capital of France is Paris."


def _voice(seconds: float = 2.5, pitch_hz: float = 120.0, loudness: float = 0.2, rate: int = RATE) -> Spoken:
    """A buzz with the harmonics and the rhythm of speech."""
    at = np.arange(int(seconds * rate)) / rate
    buzz = sum(np.sin(2 * np.pi * pitch_hz * n * at) / n for n in range(1, 25))
    envelope = 0.55 + 0.45 * np.sin(2 * np.pi * 4 * at)
    return Spoken((loudness * envelope * buzz / 2).astype(np.float32), rate)


def _noise(seconds: float = 2.5) -> Spoken:
    samples = np.random.default_rng(1).normal(0, 0.1, int(seconds * RATE))
    return Spoken(samples.astype(np.float32), RATE)


def _vectors(*rows: tuple[float, ...]) -> Embedded:
    return Embedded(tuple(tuple(float(x) for x in np.asarray(row) / np.linalg.norm(row)) for row in rows))


VECTORS = _vectors((1, 0.1, 0), (1, 0.2, 0.1), (0, 0.1, 1))


@pytest.mark.parametrize(
    ("outcome", "peer"),
    [
        (Written(GOOD, (-0.1, -0.2)), None),
        (Written(GOOD), Written("Paris is the capital of France.")),
        (Written(" No. ", (-0.5,)), None),
        (Written("Столица Франции - Париж."), None),
        (Written("巴黎是法国的首都。"), None),
        (Recognised("What is the capital of France?"), None),
        (Recognised("What's the capital of France"), None),
        (Recognised("Was ist die Hauptstadt?", english=False), None),
        (Recognised("Turn on the lights."), Recognised("Turn on the lights.")),
        (_voice(), None),
        (_voice(), _voice(2.6, loudness=0.15)),
        (_voice(), _voice(rate=16_000)),
        (VECTORS, None),
        (VECTORS, VECTORS),
    ],
)
def test_what_a_sound_device_gives_passes(outcome: Outcome, peer: Outcome | None) -> None:
    assert trouble(outcome, peer) == ""


@pytest.mark.parametrize(
    ("outcome", "peer", "wrong"),
    [
        (Written("", ()), None, "it wrote nothing"),
        (Written("\n \n"), None, "it wrote nothing"),
        (Written("!!!!!!!!!!!!!!!!!!!!!!!!"), None, "one character over and over"),
        (Written("the the the the the the the the the the"), None, "the same words over and over"),
        (Written("a b a b a b a b a b a b"), None, "the same words over and over"),
        (Written("\ufffd\ufffd x \ufffd y \x00\x01"), None, "characters that are none"),
        (Written(GOOD, (-0.1, math.nan)), None, "no numbers"),
        (Written(GOOD, (-0.1, -math.inf)), None, "no numbers"),
        (Written(GOOD, (0.7,)), None, "no numbers"),
        (Written("ist Zebra 4 klopf mein quer", (-9.0, -8.0)), None, "by chance"),
        (Written("ist Zebra 4 klopf mein quer"), Written(GOOD), "nothing in common"),
        (Recognised(""), None, "understood nothing"),
        (Recognised("Turn off the kitchen lights."), None, "other words"),
        (Recognised("Turn off the lights."), Recognised("What is the capital of France?"), "other words"),
        (Recognised(" ".join(["what is the capital of France"] * 9)), None, "without end"),
        (Spoken(np.full(60_000, np.nan, np.float32), RATE), None, "no numbers"),
        (Spoken(np.zeros(60_000, np.float32), RATE), None, "cannot be heard"),
        (_voice(0.2), None, "nine words took it 0.2 s"),
        (_voice(30.0), None, "nine words took it 30.0 s"),
        (_voice(loudness=30.0), None, "no numbers|overdriven"),
        (_noise(), None, "noise"),
        (_voice(2.0), _voice(5.0), "0.4 times as long"),
        (_voice(pitch_hz=900.0), _voice(), "does not sound like"),
        (Embedded(((math.nan, 0.0),) * len(TEXTS)), None, "no numbers"),
        (Embedded(((0.0, 0.0), (1.0, 0.0), (0.0, 1.0))), None, "not of length one"),
        (Embedded(((1.0, 0.0),) * 3), None, "unlike texts"),
        (VECTORS, _vectors((1, 0.5, 0), (1, 0.2, 0.1), (0, 0.1, 1)), "differ from the processor's"),
        (VECTORS, _vectors((1, 0), (1, 0.1), (0, 1)), "another length"),
    ],
)
def test_what_a_broken_device_gives_does_not(outcome: Outcome, peer: Outcome | None, wrong: str) -> None:
    found = trouble(outcome, peer)
    assert any(part in found for part in wrong.split("|")), found


def test_a_processor_that_writes_garbage_itself_proves_nothing() -> None:
    assert trouble(Written(GOOD), Written("!!!!!!!!!!!!!!!!!!!!!!!!")) == ""
