"""Kokoro through the real Text2SpeechPipeline, on the processor and on the NPU's software path."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from app.contracts.devices import Device
from app.contracts.errors import InvalidInput, RuntimeFault, SottoError, Unavailable
from models.host.engine import Call, JsonValue
from models.openvino.target import NPU_ON_CPU
from models.tts.openvino_speech import OpenVinoSpeechEngine
from models.tts.speech_files import SAMPLE_RATE_HZ, language_of, read_speech
from tests.helpers.engines import Samples, ask, fields
from tests.helpers.voices import KOKORO, spoken_by, voice_folder

TEXT = "Hello world, hello. Yes! No? World."


@pytest.fixture(scope="module", params=["CPU", NPU_ON_CPU])
def engine(request: pytest.FixtureRequest) -> Iterator[OpenVinoSpeechEngine]:
    engine = OpenVinoSpeechEngine(str(voice_folder(KOKORO)), request.param)
    assert engine.load() is Device.CPU
    yield engine
    engine.close()


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(voice_folder(KOKORO), tmp_path / "kokoro"))


def spoken(engine: OpenVinoSpeechEngine, text: str, **args: JsonValue) -> Samples:
    replies = ask(engine, "speak", {"text": text, **args})
    assert all(reply.fields["sample_rate_hz"] == SAMPLE_RATE_HZ for reply in replies)
    return np.concatenate([np.zeros(0, "<f4"), *(np.frombuffer(reply.payload, "<f4") for reply in replies)])


def test_words_of_its_dictionary_are_said_in_order(engine: OpenVinoSpeechEngine) -> None:
    heard, expected = spoken_by(KOKORO, TEXT, spoken(engine, TEXT))
    assert len(expected) > 15
    assert heard == expected


def test_words_it_does_not_know_are_made_with_our_espeak(engine: OpenVinoSpeechEngine) -> None:
    """Without espeak-ng the library says nothing at all for them."""
    assert len(spoken_by(KOKORO, "yes", spoken(engine, "Zebra"))[0]) >= 4


def test_voices_differ_and_are_listed_with_their_language(engine: OpenVinoSpeechEngine) -> None:
    assert fields(engine, "voices")["voices"] == [["af_micro", "Micro", "en-US"], ["bm_micro", "Micro", "en-GB"]]
    american = spoken_by(KOKORO, "yes", spoken(engine, "Yes", voice="af_micro"))[0]
    british = spoken_by(KOKORO, "yes", spoken(engine, "Yes", voice="bm_micro"))[0]
    assert [(tone + 7) % 24 for tone in american] == british
    assert np.array_equal(spoken(engine, "Yes", language="en-GB"), spoken(engine, "Yes", voice="bm_micro"))
    assert np.array_equal(spoken(engine, "Yes"), spoken(engine, "Yes", voice="af_micro"))


def test_speed_is_obeyed(engine: OpenVinoSpeechEngine) -> None:
    slow, normal, fast = (len(spoken(engine, TEXT, speed=speed)) for speed in (0.5, 1.0, 2.0))
    assert slow > 1.4 * normal
    assert fast < 0.9 * normal


def test_a_long_text_is_said_to_its_end_in_pieces(engine: OpenVinoSpeechEngine) -> None:
    text = f"{TEXT} " * 20
    heard, expected = spoken_by(KOKORO, text, spoken(engine, text))
    assert heard == expected


def test_it_stops_between_slices(engine: OpenVinoSpeechEngine) -> None:
    cancelled = threading.Event()
    replies = engine.operations()["speak"](Call({"text": TEXT * 20}, b"", cancelled))
    assert len(next(replies).payload) == SAMPLE_RATE_HZ // 10 * 4
    cancelled.set()
    assert list(replies) == []


@pytest.mark.parametrize(
    ("args", "code"),
    [
        ({"voice": "af_nobody"}, "unknown-voice"),
        ({"language": "ja"}, "unknown-language"),
        ({"speed": 9}, "invalid-input"),
    ],
)
def test_what_cannot_be_done_is_refused(engine: OpenVinoSpeechEngine, args: dict[str, JsonValue], code: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        spoken(engine, TEXT, **args)
    assert caught.value.code == code


def test_languages_follow_from_the_names_of_voices() -> None:
    assert [
        language_of(name) for name in ("af_heart", "bm_lewis", "ef_dora", "jf_alpha", "zm_yunxi", "tiny_voice")
    ] == [
        "en-us",
        "en-gb",
        "es",
        None,
        None,
        "en-us",
    ]


def test_voices_without_phonemes_are_not_offered_and_the_best_known_one_comes_first(copy: Path) -> None:
    for name in ("af_heart", "jf_alpha", "ef_dora"):
        shutil.copy(copy / "voices" / "af_micro.bin", copy / "voices" / f"{name}.bin")
    files = read_speech(copy)
    assert [voice.voice_id for voice in files.voices()] == ["af_heart", "af_micro", "bm_micro", "ef_dora"]
    assert files.languages == ("en-US", "en-GB", "es")
    engine = OpenVinoSpeechEngine(str(copy))
    engine.load()
    assert len(spoken(engine, "Hola amigo.", language="es")) > SAMPLE_RATE_HZ / 4


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("openvino_model.bin", "openvino_model.bin"),
        ("config.json", "config.json"),
        ("data/us_gold.json", "dictionary"),
        ("voices", "No voice"),
    ],
)
def test_a_part_that_is_missing(copy: Path, name: str, said: str) -> None:
    path = copy / name
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    with pytest.raises(Unavailable, match=said) as caught:
        OpenVinoSpeechEngine(str(copy)).load()
    assert caught.value.code == "model-missing"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("config.json", b"{", "not JSON"),
        ("config.json", b"{}", "vocab"),
        ("voices/af_micro.bin", b"123", "af_micro.bin"),
        ("openvino_model.xml", b"<html>", "OpenVINO cannot load"),
        ("data/us_gold.json", b"<html>", "OpenVINO could not speak"),
    ],
)
def test_a_part_that_is_damaged(copy: Path, name: str, content: bytes, said: str) -> None:
    (copy / name).write_bytes(content)
    with pytest.raises(RuntimeFault, match=said):
        OpenVinoSpeechEngine(str(copy)).load()


def test_another_kind_of_voice_is_named(copy: Path) -> None:
    (copy / "openvino_model.xml").unlink()
    (copy / "config.json").write_text(json.dumps({"architectures": ["SpeechT5ForTextToSpeech"]}), "utf-8")
    with pytest.raises(Unavailable, match="SpeechT5") as caught:
        OpenVinoSpeechEngine(str(copy)).load()
    assert caught.value.code == "model-unsupported"


@pytest.mark.parametrize("target", ["GPU.7", "NPU"])
def test_a_device_that_is_not_there(target: str) -> None:
    with pytest.raises(SottoError, match=target) as caught:
        OpenVinoSpeechEngine(str(voice_folder(KOKORO)), target).load()
    assert caught.value.code == "device-missing"


def test_what_was_compiled_for_the_npu_is_kept(tmp_path: Path) -> None:
    for _ in range(2):
        engine = OpenVinoSpeechEngine(str(voice_folder(KOKORO)), NPU_ON_CPU, cache_dir=str(tmp_path))
        engine.load()
        heard, expected = spoken_by(KOKORO, TEXT, spoken(engine, TEXT))
        assert heard == expected
    assert list(tmp_path.glob("*.blob"))


def test_it_has_to_be_loaded() -> None:
    with pytest.raises(RuntimeFault, match="not loaded"):
        ask(OpenVinoSpeechEngine(str(voice_folder(KOKORO))), "voices")
