"""The moonshine engine with the real model and real speech."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from app.contracts.devices import Device
from app.contracts.errors import InvalidInput, RuntimeFault, Unavailable
from models.embedded import MOONSHINE, EmbeddedModels
from models.stt.moonshine import MoonshineEngine
from tests.helpers.engines import BECKETT, TWO_CITIES, Samples, ask, fields, recording, trimmed, word_errors, words

STEP = 4_800
"""Samples fed at a time: 0.3 s."""


@pytest.fixture(scope="module")
def engine() -> Iterator[MoonshineEngine]:
    engine = MoonshineEngine(threads=1)
    assert engine.load() is Device.CPU
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def beckett() -> Samples:
    return recording("beckett")


@pytest.fixture(scope="module")
def two_cities() -> Samples:
    return recording("two_cities")


def feed(engine: MoonshineEngine, samples: Samples) -> None:
    for start in range(0, len(samples), STEP):
        assert ask(engine, "stream.feed", payload=samples[start : start + STEP].tobytes()) == []


def test_a_clip_is_understood(engine: MoonshineEngine, beckett: Samples) -> None:
    heard = fields(engine, "transcribe", payload=beckett.tobytes())
    assert words(heard["text"]) == words(BECKETT)
    assert heard["samples"] == len(beckett)
    assert 0.5 < heard["confidence"] <= 1
    assert heard["language"] == "en"


def test_a_long_clip_is_understood_from_its_first_word_to_its_last(
    engine: MoonshineEngine, two_cities: Samples
) -> None:
    heard = words(fields(engine, "transcribe", payload=two_cities.tobytes())["text"])
    said = words(TWO_CITIES)
    assert heard[:6] == said[:6]
    assert heard[-4:] == said[-4:]
    assert word_errors(" ".join(heard), TWO_CITIES) <= len(said) * 0.08


def test_no_word_is_lost_when_speech_begins_and_ends_with_the_clip(engine: MoonshineEngine, beckett: Samples) -> None:
    heard = words(fields(engine, "transcribe", payload=trimmed(beckett).tobytes())["text"])
    assert heard[:2] == ["ever", "tried"]
    assert heard[-2:] == ["fail", "better"]


def test_partial_texts_grow_and_the_final_one_is_that_of_the_whole_clip(
    engine: MoonshineEngine, beckett: Samples
) -> None:
    whole = fields(engine, "transcribe", payload=beckett.tobytes())
    ask(engine, "stream.open")
    partials = []
    for seconds in (2, 5, 8):
        feed(engine, beckett[(seconds - 3) * 16_000 if seconds > 2 else 0 : seconds * 16_000])
        partials.append(fields(engine, "stream.partial"))
    feed(engine, beckett[8 * 16_000 :])
    final = fields(engine, "stream.finish")
    assert [partial["samples"] for partial in partials] == [32_000, 80_000, 128_000]
    lengths = [len(words(partial["text"])) for partial in partials]
    assert 0 < lengths[0] < lengths[1] < lengths[2]
    assert words(partials[0]["text"])[:2] == ["ever", "tried"]
    assert final == whole


def test_long_speech_settles_piece_by_piece_and_ends_like_the_whole_clip(
    engine: MoonshineEngine, two_cities: Samples
) -> None:
    whole = fields(engine, "transcribe", payload=two_cities.tobytes())
    ask(engine, "stream.open")
    feed(engine, two_cities[: 14 * 16_000])
    early = words(fields(engine, "stream.partial")["text"])
    feed(engine, two_cities[14 * 16_000 : 30 * 16_000])
    late = words(fields(engine, "stream.partial")["text"])
    feed(engine, two_cities[30 * 16_000 :])
    final = fields(engine, "stream.finish")
    assert late[: len(early) // 2] == early[: len(early) // 2]
    assert final == whole


def test_nothing_new_is_nothing_to_do(engine: MoonshineEngine, beckett: Samples) -> None:
    ask(engine, "stream.open")
    feed(engine, beckett[:48_000])
    partial = fields(engine, "stream.partial")
    again = fields(engine, "stream.partial")
    final = fields(engine, "stream.finish")
    assert partial == again
    assert (final["text"], final["samples"]) == (partial["text"], partial["samples"])


def test_a_cancelled_recognition_says_nothing_and_loses_nothing(engine: MoonshineEngine, beckett: Samples) -> None:
    cancelled = threading.Event()
    cancelled.set()
    assert ask(engine, "transcribe", payload=beckett.tobytes(), cancelled=cancelled) == []
    ask(engine, "stream.open")
    feed(engine, beckett)
    assert ask(engine, "stream.partial", cancelled=cancelled) == []
    assert ask(engine, "stream.finish", cancelled=cancelled) == []
    assert words(fields(engine, "stream.finish")["text"]) == words(BECKETT)


def test_a_clip_can_be_recognised_while_an_utterance_is_open(engine: MoonshineEngine, beckett: Samples) -> None:
    ask(engine, "stream.open")
    feed(engine, beckett[:80_000])
    alone = fields(engine, "stream.partial")
    fields(engine, "transcribe", payload=beckett[80_000:].tobytes())
    feed(engine, beckett[80_000:])
    assert words(fields(engine, "stream.finish")["text"]) == words(BECKETT)
    assert alone["samples"] == 80_000


def test_a_new_utterance_knows_nothing_of_the_last_one(engine: MoonshineEngine, beckett: Samples) -> None:
    ask(engine, "stream.open")
    feed(engine, beckett[:48_000])
    ask(engine, "stream.open")
    feed(engine, beckett[96_000:])
    assert "tried" not in words(fields(engine, "stream.finish")["text"])


def test_without_an_utterance_there_is_a_sentence(engine: MoonshineEngine) -> None:
    ask(engine, "stream.open")
    ask(engine, "stream.drop")
    for operation in ("stream.feed", "stream.partial", "stream.finish"):
        with pytest.raises(RuntimeFault, match="No utterance is being recognised"):
            ask(engine, operation)
    assert ask(engine, "stream.drop") == []


@pytest.mark.parametrize("samples", [0, 1, 100, 512, 1_600, 16_000, 64_000, 400_000])
def test_silence_and_noise_have_no_words(engine: MoonshineEngine, samples: int) -> None:
    noise = np.random.default_rng(samples).standard_normal(samples).astype(np.float32)
    for clip in (np.zeros(samples, np.float32), noise * np.float32(0.01), noise * np.float32(0.1)):
        heard = fields(engine, "transcribe", payload=clip.tobytes())
        assert (heard["text"], heard["samples"], heard["confidence"]) == ("", samples, None)


def test_long_silence_around_speech_adds_nothing(engine: MoonshineEngine, beckett: Samples) -> None:
    silence = np.zeros(9 * 16_000, np.float32)
    heard = fields(engine, "transcribe", payload=np.concatenate([silence, beckett, silence]).tobytes())
    assert word_errors(heard["text"], BECKETT) <= 1


def test_broken_samples_are_told_or_left_out(engine: MoonshineEngine, beckett: Samples) -> None:
    with pytest.raises(InvalidInput, match="not a whole number of samples"):
        ask(engine, "transcribe", payload=b"123")
    holed = beckett.copy()
    holed[::4_000] = np.nan
    holed[1::4_000] = np.inf
    assert word_errors(fields(engine, "transcribe", payload=holed.tobytes())["text"], BECKETT) <= 2


def test_before_loading_there_is_a_sentence() -> None:
    with pytest.raises(RuntimeFault, match="not loaded"):
        ask(MoonshineEngine(), "transcribe")


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match=r"A file of the speech recogniser is not there: .*encoder") as caught:
        MoonshineEngine(model_path=str(tmp_path)).load()
    assert "moonshine-voice" in caught.value.remedy


@pytest.mark.parametrize("name", ["encoder_model.ort", "decoder_model_merged.ort", "tokenizer.bin"])
def test_a_damaged_file_is_told(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "model"
    shutil.copytree(EmbeddedModels().require(MOONSHINE), folder)
    whole = (folder / name).read_bytes()
    (folder / name).write_bytes(whole[: len(whole) // 2 + 1])
    engine = MoonshineEngine(model_path=str(folder))
    with pytest.raises(RuntimeFault, match=name.partition(".")[0]) as caught:
        engine.load()
    assert caught.value.code == "model-unreadable"
