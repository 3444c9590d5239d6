"""No engine makes words out of silence, noise or music, and each still hears speech in noise."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from models.stt.hearing import HearingEngine
from tests.helpers.engines import BECKETT, Samples, fields, recording, word_errors
from tests.helpers.micro_whisper import ENGINES
from tests.helpers.spoken import (
    chords,
    hummed,
    in_noise,
    joined,
    melody,
    question,
    said,
    silence,
    white_noise,
)

SECONDS = 30.0
TEXT = "Set a timer for five minutes."
SOUNDS: dict[str, Callable[[], Samples]] = {
    "silence": lambda: silence(SECONDS),
    "faint noise": lambda: white_noise(SECONDS, 0.002),
    "noise": lambda: white_noise(SECONDS, 0.05),
    "loud noise": lambda: white_noise(SECONDS, 0.3),
    "chords": lambda: chords(SECONDS),
    "melody": lambda: melody(SECONDS),
    "another melody": lambda: melody(SECONDS, seed=8),
    "hummed": lambda: hummed(SECONDS),
}


Load = Callable[[str], HearingEngine]


@pytest.fixture(scope="module")
def load() -> Iterator[Load]:
    """Engines by their name, loaded once."""
    loaded: dict[str, HearingEngine] = {}

    def get(name: str) -> HearingEngine:
        if name not in loaded:
            engine = ENGINES[name]()
            engine.load()
            loaded[name] = engine
        return loaded[name]

    yield get
    for engine in loaded.values():
        engine.close()


every_engine = pytest.mark.parametrize("name", [*ENGINES])
every_whisper = pytest.mark.parametrize("name", [name for name in ENGINES if name != "moonshine"])
"""Moonshine does not understand espeak-ng well: it is tried with a person's voice."""


def transcribe(engine: HearingEngine, samples: Samples) -> dict:
    return fields(engine, "transcribe", payload=samples.astype(np.float32).tobytes())


@pytest.mark.parametrize("sound", [*SOUNDS])
@every_engine
def test_thirty_seconds_without_speech_have_no_words(load: Load, name: str, sound: str) -> None:
    heard = transcribe(load(name), SOUNDS[sound]())
    assert (heard["text"], heard["confidence"], heard["samples"]) == ("", None, int(SECONDS * 16_000))


@pytest.mark.parametrize("ratio_db", [20, 10, 5])
@every_whisper
def test_speech_in_noise_is_words(load: Load, name: str, ratio_db: float) -> None:
    assert transcribe(load(name), in_noise(question(), ratio_db))["text"] == TEXT


def test_a_person_in_noise_is_understood(load: Load) -> None:
    heard = transcribe(load("moonshine"), in_noise(recording("beckett"), 15))
    assert word_errors(str(heard["text"]), BECKETT) <= 2


@pytest.mark.parametrize("word", ["yes", "stop"])
@every_whisper
def test_one_short_word_in_a_long_silence_is_heard(load: Load, name: str, word: str) -> None:
    heard = transcribe(load(name), joined(silence(9), said(word), silence(9)))
    assert heard["text"] == f"{word.capitalize()}."


@every_whisper
def test_speech_after_music_is_heard_without_the_music(load: Load, name: str) -> None:
    heard = transcribe(load(name), joined(melody(6.0), silence(1.0), said("turn off the lights"), silence(0.5)))
    assert heard["text"] == "Turn off the lights."
