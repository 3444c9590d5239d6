"""The espeak-ng engine with the real library."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np
import pytest

from app.contracts.devices import Device
from app.contracts.errors import InvalidInput, RuntimeFault
from models.host.engine import Call, JsonValue
from models.stt.moonshine import MoonshineEngine
from models.tts.espeak import EspeakEngine
from tests.helpers.engines import Samples, ask, at_speech_rate, fields, word_errors

RATE_HZ = 22_050


@pytest.fixture(scope="module")
def engine() -> Iterator[EspeakEngine]:
    engine = EspeakEngine()
    assert engine.load() is Device.CPU
    yield engine
    engine.close()


def spoken(engine: EspeakEngine, text: str, **args: JsonValue) -> Samples:
    replies = ask(engine, "speak", {"text": text, **args})
    assert all(reply.fields["sample_rate_hz"] == RATE_HZ for reply in replies)
    return np.concatenate([np.zeros(0, "<f4"), *(np.frombuffer(reply.payload, "<f4") for reply in replies)])


def test_what_is_spoken_is_understood(engine: EspeakEngine) -> None:
    said = "The battery is at eighty percent and the processor is cool."
    samples = spoken(engine, said)
    assert 2 * RATE_HZ < len(samples) < 6 * RATE_HZ
    assert 0.05 < np.abs(samples).max() <= 1
    recogniser = MoonshineEngine()
    recogniser.load()
    heard = fields(recogniser, "transcribe", payload=at_speech_rate(samples, RATE_HZ).tobytes())["text"]
    recogniser.close()
    assert word_errors(heard, said) <= 3, heard


def test_sound_comes_in_chunks(engine: EspeakEngine) -> None:
    replies = ask(engine, "speak", {"text": "One sentence that takes a little while to say."})
    assert len(replies) > 10
    assert all(0 < len(reply.payload) <= RATE_HZ * 4 // 10 for reply in replies)


def test_speed_is_obeyed(engine: EspeakEngine) -> None:
    text = "How are you today, and what will you do tomorrow?"
    slow, normal, fast = (len(spoken(engine, text, speed=speed)) for speed in (0.5, 1.0, 2.0))
    assert slow > normal * 1.5
    assert fast < normal / 1.5


@pytest.mark.parametrize("text", ["", "  \n\t"])
def test_no_words_no_sound(engine: EspeakEngine, text: str) -> None:
    assert spoken(engine, text).size == 0


@pytest.mark.parametrize(
    "text",
    [
        "naïve café, 12 €",
        "日本語",
        "😀",
        "<speak>a <b>tag</b></speak>",
        "[[h@loU]]",
        "\ud800 lone",
        "nul\0nul",
        "?" * 5000,
    ],
)
def test_any_text_can_be_spoken(engine: EspeakEngine, text: str) -> None:
    spoken(engine, text)
    assert spoken(engine, "Still here.").size > RATE_HZ / 2


def test_markup_is_read_and_not_obeyed(engine: EspeakEngine) -> None:
    assert spoken(engine, '<break time="9s"/> hello').size < 9 * RATE_HZ
    assert spoken(engine, "<b>hello</b>").size > spoken(engine, "hello").size


def test_stopping_ends_a_long_text_at_once(engine: EspeakEngine) -> None:
    cancelled = threading.Event()
    replies = engine.operations()["speak"](Call({"text": "one two three " * 5000}, b"", cancelled))
    next(replies)
    cancelled.set()
    assert len(list(replies)) <= 1
    assert not [thread for thread in threading.enumerate() if thread.name == "espeak"]
    assert spoken(engine, "And again.").size > RATE_HZ / 2


def test_a_reader_that_goes_away_frees_the_library(engine: EspeakEngine) -> None:
    replies = engine.operations()["speak"](Call({"text": "one two three " * 5000}, b"", threading.Event()))
    next(replies)
    replies.close()  # type: ignore[attr-defined]
    assert not [thread for thread in threading.enumerate() if thread.name == "espeak"]
    assert spoken(engine, "And again.").size > RATE_HZ / 2


def test_every_voice_on_the_list_speaks(engine: EspeakEngine) -> None:
    voices = fields(engine, "voices")["voices"]
    assert len(voices) > 100
    assert ["gmw/en-US", "English (America)", "en-us"] in voices
    assert len({voice_id for voice_id, _, _ in voices}) == len(voices)
    silent = [voice_id for voice_id, _, _ in voices if spoken(engine, "Hello 123", voice=voice_id).size < RATE_HZ / 4]
    assert silent == []


@pytest.mark.parametrize("language", ["de", "de-AT", "fr-fr", "pt", "en_GB", "EN", "zh", "nb", "no"])
def test_a_language_finds_a_voice(engine: EspeakEngine, language: str) -> None:
    assert spoken(engine, "1 2 3", language=language).size > RATE_HZ / 4


def test_languages_sound_different(engine: EspeakEngine) -> None:
    assert spoken(engine, "1945", language="de").size != spoken(engine, "1945", language="fr").size


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        ({"voice": "gmw/en-USA"}, "There is no voice 'gmw/en-USA'. Did you mean 'gmw/en-US'?"),
        ({"voice": "0000000000"}, "There is no voice '0000000000'. The voices"),
        ({"language": "qq"}, "There is no language 'qq'"),
        ({"speed": 3}, "The speed is 3; it must be from 0.5 to 2.0"),
        ({"speed": float("nan")}, "The speed is nan"),
        ({"speed": "fast"}, "The speed is fast"),
    ],
)
def test_what_cannot_be_done_is_told(engine: EspeakEngine, args: dict[str, JsonValue], sentence: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        spoken(engine, "Hello", **args)
    assert str(caught.value).startswith(sentence)


def test_before_loading_there_is_a_sentence() -> None:
    with pytest.raises(RuntimeFault, match="not loaded"):
        ask(EspeakEngine(), "speak", {"text": "Hello"})
