"""The faster-whisper engine with the real library and a micro model that knows some phrases."""

from __future__ import annotations

import json
import shutil
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from app.contracts.devices import Device
from app.contracts.errors import InvalidInput, RuntimeFault, Unavailable
from models.stt import faster_whisper_model
from models.stt.faster_whisper import FILES, FasterWhisperEngine, card_of
from models.stt.faster_whisper_model import FasterWhisperModel
from models.stt.hypothesis import NOTHING
from tests.helpers.engines import ask, fields, recording
from tests.helpers.micro_whisper import faster_whisper, micro_model
from tests.helpers.spoken import GERMAN, PHRASES, joined, many, question, said, silence, white_noise

NEVER = threading.Event()


@pytest.fixture(scope="module")
def engine() -> Iterator[FasterWhisperEngine]:
    engine = faster_whisper()
    assert engine.load() is Device.CPU
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def model() -> FasterWhisperModel:
    return FasterWhisperModel(micro_model("micro-whisper-ct2"), None, 1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the model that a test may damage."""
    return Path(shutil.copytree(micro_model("micro-whisper-ct2"), tmp_path / "model", copy_function=shutil.copyfile))


@pytest.mark.parametrize("phrase", [*PHRASES])
def test_phrases_are_understood_with_confidence(engine: FasterWhisperEngine, phrase: str) -> None:
    clip = question(phrase)
    heard = fields(engine, "transcribe", payload=clip.tobytes())
    assert (heard["text"], heard["samples"], heard["language"]) == (PHRASES[phrase], len(clip), "en")
    assert 0.9 < heard["confidence"] <= 1


def test_what_it_does_not_know_it_is_less_sure_of(engine: FasterWhisperEngine) -> None:
    known = fields(engine, "transcribe", payload=question().tobytes())
    other = fields(engine, "transcribe", payload=recording("beckett")[:64_000].tobytes())
    assert other["confidence"] < known["confidence"] - 0.02


def test_the_language_is_heard(engine: FasterWhisperEngine) -> None:
    spoken, written = GERMAN
    heard = fields(engine, "transcribe", payload=joined(said(spoken, "de"), silence(0.5)).tobytes())
    assert (heard["text"], heard["language"]) == (written, "de")


def test_it_can_be_held_to_a_language() -> None:
    held = faster_whisper(language="de")
    held.load()
    assert fields(held, "transcribe", payload=question("good morning").tobytes())["language"] == "de"
    with pytest.raises(Unavailable, match="does not know the language 'tlh'"):
        faster_whisper(language="tlh").load()


def test_a_minute_is_cut_at_its_pauses(engine: FasterWhisperEngine) -> None:
    """The micro model writes one phrase for each piece it is given, so every piece has to begin with one."""
    texts = ["turn off the lights", "tell me a joke", "good morning", "play some music"]
    pieces = [joined(said(text), silence(9.0)) for text in (texts * 3)[:6]]
    clip = joined(*pieces)
    assert len(clip) > 55 * 16_000
    heard = fields(engine, "transcribe", payload=clip.tobytes())
    assert heard["samples"] == len(clip)
    assert heard["text"].startswith("Turn off the lights.")
    assert len(heard["text"].split(".")) >= 4


def test_partial_texts_come_while_it_is_spoken(engine: FasterWhisperEngine) -> None:
    clip = question()
    ask(engine, "stream.open")
    ask(engine, "stream.feed", payload=clip[:4_000].tobytes())
    early = fields(engine, "stream.partial")
    assert (early["text"], early["samples"], early["confidence"]) == ("", 4_000, None)
    ask(engine, "stream.feed", payload=clip[4_000:30_000].tobytes())
    assert fields(engine, "stream.partial")["text"]
    ask(engine, "stream.feed", payload=clip[30_000:].tobytes())
    assert fields(engine, "stream.finish")["text"] == "Set a timer for five minutes."


def test_a_cancelled_recognition_says_nothing_and_loses_nothing(engine: FasterWhisperEngine) -> None:
    cancelled = threading.Event()
    cancelled.set()
    assert ask(engine, "transcribe", payload=question().tobytes(), cancelled=cancelled) == []
    ask(engine, "stream.open")
    ask(engine, "stream.feed", payload=question().tobytes())
    assert ask(engine, "stream.finish", cancelled=cancelled) == []
    assert fields(engine, "stream.finish")["text"] == "Set a timer for five minutes."


def test_it_lets_go_between_the_pieces_of_a_text(model: FasterWhisperModel, monkeypatch: pytest.MonkeyPatch) -> None:
    """One look after the encoder, and one before each piece."""

    class After(threading.Event):
        def __init__(self, looks: int) -> None:
            super().__init__()
            self.left = looks

        def is_set(self) -> bool:
            self.left -= 1
            return self.left < 0

    clip = question()
    frames = np.ones(len(clip) // 512, np.float32)
    whole = model.transcribe(clip, NEVER, frames)
    monkeypatch.setattr(faster_whisper_model, "PIECE_TOKENS", 2)
    assert [model.transcribe(clip, After(looks), frames) for looks in range(4)] == [None] * 4
    piecewise = model.transcribe(clip, After(99), frames)
    assert whole is not None
    assert piecewise is not None
    assert (piecewise.text, piecewise.tokens) == (whole.text, whole.tokens)
    assert piecewise.log_prob == pytest.approx(whole.log_prob, abs=1e-3)


def test_whole_numbers_are_computed_on_the_processor(model: FasterWhisperModel) -> None:
    assert (model.device, model.compute_type) == (Device.CPU, "int8_float32")


@pytest.mark.skipif(Path("/dev/nvidiactl").exists(), reason="there is an NVIDIA card here, so nothing falls back")
def test_without_a_card_the_processor_does_it_and_that_is_said(capfd: pytest.CaptureFixture[str]) -> None:
    engine = faster_whisper(device="CUDA0")
    assert engine.load() is Device.CPU
    assert "CUDA cannot be used, so the processor is" in capfd.readouterr().err
    assert fields(engine, "transcribe", payload=question().tobytes())["text"] == "Set a timer for five minutes."


def test_a_card_that_fails_at_its_first_encoding_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """CTranslate2 loads on CUDA 13 and fails when it computes; here the "card" is the processor under another name."""
    real, asked = faster_whisper_model.WhisperModel, []

    def whisper(path: str, device: str, *args: object, **more: object) -> object:
        asked.append((device, args[1]))
        return real(path, "cpu", 0, "int8", **more)

    encodings = []

    def encode(whisper: object, speech: np.ndarray) -> object:
        encodings.append(len(speech))
        if len(encodings) == 1:
            raise RuntimeError("Library libcublas.so.12 is not found or cannot be loaded")
        return real_encode(whisper, speech)

    real_encode = faster_whisper_model._encode
    monkeypatch.setattr(faster_whisper_model, "WhisperModel", whisper)
    monkeypatch.setattr(faster_whisper_model, "_encode", encode)
    types = {"cuda": {"float16", "int8_float16", "float32"}, "cpu": {"int8", "float32"}}
    monkeypatch.setattr(
        faster_whisper_model.ctranslate2, "get_supported_compute_types", lambda device, _card=0: types[device]
    )
    model = FasterWhisperModel(micro_model("micro-whisper-ct2"), 1, 1)
    assert model.device is Device.CPU
    assert asked == [("cuda", "float16"), ("cpu", "int8")]


def test_a_card_that_encodes_is_what_ran(monkeypatch: pytest.MonkeyPatch) -> None:
    real = faster_whisper_model.WhisperModel
    monkeypatch.setattr(faster_whisper_model, "WhisperModel", lambda path, *_args, **_more: real(path, "cpu"))
    monkeypatch.setattr(faster_whisper_model.ctranslate2, "get_supported_compute_types", lambda *_args: {"float32"})
    assert FasterWhisperModel(micro_model("micro-whisper-ct2"), 0, 1).device is Device.GPU


@pytest.mark.parametrize("score", [float("nan"), float("-inf")])
def test_a_probability_that_is_no_number_is_not_taken_for_certainty(score: float) -> None:
    class Core:
        def generate(self, *_args: object, **_more: object) -> list[SimpleNamespace]:
            return [SimpleNamespace(sequences_ids=[[8928]], scores=[score], no_speech_prob=0.0)]

    model = FasterWhisperModel(micro_model("micro-whisper-ct2"), None, 1, "en")
    model._core = Core()
    with pytest.raises(RuntimeFault, match="gives no probabilities"):
        model.transcribe(question(), NEVER, np.ones(80, np.float32))


@pytest.mark.parametrize(("name", "card"), [("CPU", None), ("CUDA0", 0), ("CUDA1", 1), ("cuda:2", 2), ("GPU.3", 3)])
def test_devices_are_understood(name: str, card: int | None) -> None:
    assert card_of(name) == card


def test_another_device_is_refused() -> None:
    with pytest.raises(Unavailable, match="does not run on NPU") as caught:
        FasterWhisperEngine("anywhere", device="NPU").load()
    assert caught.value.code == "device-missing"


@pytest.mark.parametrize("name", [*FILES, "vocabulary.json"])
def test_a_missing_file_is_told_and_nothing_is_fetched(
    folder: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def connect(*_args: object) -> None:
        raise AssertionError("it asked the network")

    monkeypatch.setattr(socket.socket, "connect", connect)
    (folder / name).unlink()
    with pytest.raises(Unavailable, match=name) as caught:
        FasterWhisperEngine(str(folder)).load()
    assert (caught.value.code, "sotto models" in caught.value.remedy) == ("model-missing", True)


def test_a_missing_folder_is_not_taken_for_the_name_of_a_model(tmp_path: Path) -> None:
    for path in (tmp_path / "tiny", Path("tiny")):
        with pytest.raises(Unavailable, match="folder of the speech model is not there"):
            FasterWhisperEngine(str(path)).load()


@pytest.mark.parametrize("name", FILES)
def test_a_damaged_file_is_told(folder: Path, name: str) -> None:
    whole = (folder / name).read_bytes()
    (folder / name).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(RuntimeFault, match="CTranslate2 cannot load model") as caught:
        FasterWhisperEngine(str(folder)).load()
    assert caught.value.code == "model-unreadable"


def test_features_of_another_model_are_told(folder: Path) -> None:
    (folder / "preprocessor_config.json").write_text(json.dumps({"feature_size": 128}))
    with pytest.raises(RuntimeFault, match="128 mel bands, the model for 80"):
        FasterWhisperEngine(str(folder)).load()


def test_broken_samples_are_told(engine: FasterWhisperEngine) -> None:
    with pytest.raises(InvalidInput, match="not a whole number of samples"):
        ask(engine, "transcribe", payload=b"123")


def test_several_phrases_in_one_clip_end_like_the_stream(engine: FasterWhisperEngine) -> None:
    clip = many("turn off the lights", "tell me a joke", "good morning", pause_s=6.0)
    whole = fields(engine, "transcribe", payload=clip.tobytes())
    ask(engine, "stream.open")
    for start in range(0, len(clip), 60_000):
        ask(engine, "stream.feed", payload=clip[start : start + 60_000].tobytes())
        fields(engine, "stream.partial")
    assert fields(engine, "stream.finish") == whole


def test_its_own_numbers_tell_silence_where_the_voice_gate_did_not(model: FasterWhisperModel) -> None:
    for sound in (silence(2.0), white_noise(2.0, 0.05)):
        assert model.transcribe(sound, NEVER, np.ones(62, np.float32)) == NOTHING
