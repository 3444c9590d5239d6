"""The OpenVINO Whisper engine with the real library and a micro model, also on the NPU's software path."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import openvino_genai
import pytest

from app.contracts.devices import Device
from app.contracts.errors import RuntimeFault, Unavailable
from models.openvino.target import NPU_ON_CPU
from models.stt.openvino_whisper import FILES, OpenVinoWhisperEngine
from models.stt.openvino_whisper_model import OpenVinoWhisperModel, _Listener
from models.stt.plausibility import CEILING
from tests.helpers.engines import ask, fields
from tests.helpers.micro_whisper import micro_model, openvino_whisper
from tests.helpers.spoken import GERMAN, PHRASES, joined, question, said, silence

NEVER = threading.Event()


@pytest.fixture(scope="module", params=["CPU", NPU_ON_CPU])
def engine(request: pytest.FixtureRequest) -> Iterator[OpenVinoWhisperEngine]:
    engine = openvino_whisper(request.param)
    assert engine.load() is Device.CPU
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def on_cpu() -> Iterator[OpenVinoWhisperEngine]:
    engine = openvino_whisper()
    engine.load()
    yield engine
    engine.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the model that a test may damage."""
    return Path(shutil.copytree(micro_model("micro-whisper-ov"), tmp_path / "model", copy_function=shutil.copyfile))


@pytest.mark.parametrize("phrase", [*PHRASES])
def test_phrases_are_understood_with_an_estimate(engine: OpenVinoWhisperEngine, phrase: str) -> None:
    clip = question(phrase)
    heard = fields(engine, "transcribe", payload=clip.tobytes())
    assert (heard["text"], heard["samples"], heard["language"]) == (PHRASES[phrase], len(clip), "en")
    assert 0.6 < heard["confidence"] <= CEILING


def test_the_language_is_heard_on_the_processor(on_cpu: OpenVinoWhisperEngine) -> None:
    spoken, written = GERMAN
    heard = fields(on_cpu, "transcribe", payload=joined(said(spoken, "de"), silence(0.5)).tobytes())
    assert (heard["text"], heard["language"]) == (written, "de")


@pytest.mark.parametrize("device", ["CPU", NPU_ON_CPU])
def test_it_can_be_held_to_a_language(device: str) -> None:
    held = openvino_whisper(device, language="de")
    held.load()
    spoken, written = GERMAN
    heard = fields(held, "transcribe", payload=joined(said(spoken, "de"), silence(0.5)).tobytes())
    assert (heard["text"], heard["language"]) == (written, "de")


def test_where_it_cannot_listen_for_the_language_it_takes_the_persons(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("locale.getlocale", lambda: ("de_DE", "UTF-8"))
    engine = openvino_whisper(NPU_ON_CPU)
    engine.load()
    assert "'de' is taken" in capfd.readouterr().err
    spoken, written = GERMAN
    assert fields(engine, "transcribe", payload=joined(said(spoken, "de"), silence(0.5)).tobytes())["text"] == written


def test_partial_texts_come_while_it_is_spoken(engine: OpenVinoWhisperEngine) -> None:
    clip = question()
    ask(engine, "stream.open")
    ask(engine, "stream.feed", payload=clip[:4_000].tobytes())
    early = fields(engine, "stream.partial")
    assert (early["text"], early["samples"], early["confidence"]) == ("", 4_000, None)
    ask(engine, "stream.feed", payload=clip[4_000:].tobytes())
    partial = fields(engine, "stream.partial")
    assert partial["text"] == "Set a timer for five minutes."
    assert fields(engine, "stream.finish") == partial


def test_a_cancelled_recognition_says_nothing_and_loses_nothing(engine: OpenVinoWhisperEngine) -> None:
    cancelled = threading.Event()
    cancelled.set()
    ask(engine, "stream.open")
    ask(engine, "stream.feed", payload=question().tobytes())
    assert ask(engine, "stream.finish", cancelled=cancelled) == []
    assert fields(engine, "stream.finish")["text"] == "Set a timer for five minutes."


def test_it_lets_go_in_the_middle_of_a_text() -> None:
    """Cancelled at the third token, no exception, and the pipeline is good for the next request."""

    class AtThird(threading.Event):
        looks = 0

        def is_set(self) -> bool:
            self.looks += 1
            return self.looks >= 3

    model = OpenVinoWhisperModel(micro_model("micro-whisper-ov"), "CPU", 1)
    clip, event = question(), AtThird()
    frames = np.full(len(clip) // 512, 0.9, np.float32)
    assert model.transcribe(clip, event, frames) is None
    assert event.looks == 4  # three tokens, and once when it had returned
    heard = model.transcribe(clip, NEVER, frames)
    assert heard is not None
    assert heard.text == "Set a timer for five minutes."


class Lost:
    """A pipeline whose device is gone."""

    def generate(self, *_args: object, **_more: object) -> object:
        raise RuntimeError("L0 zeFenceHostSynchronize result: ZE_RESULT_ERROR_DEVICE_LOST, code 0x70000001")


def test_a_lost_device_is_tried_once_more_and_then_told() -> None:
    model = OpenVinoWhisperModel(micro_model("micro-whisper-ov"), "CPU", 1)
    clip = question()
    frames = np.full(len(clip) // 512, 0.9, np.float32)
    model._pipeline = Lost()
    heard = model.transcribe(clip, NEVER, frames)
    assert heard is not None
    assert heard.text == "Set a timer for five minutes."
    model._pipeline = Lost()
    with pytest.raises(RuntimeFault, match="lost") as caught:
        model.transcribe(clip, NEVER, frames)
    assert (caught.value.code, "driver" in caught.value.remedy) == ("device-lost", True)


def test_a_lost_device_that_cannot_be_opened_again_is_told() -> None:
    def refuse() -> None:
        raise RuntimeError("Could not find an NPU device")

    model = OpenVinoWhisperModel(micro_model("micro-whisper-ov"), "CPU", 1)
    clip = question()
    frames = np.full(len(clip) // 512, 0.9, np.float32)
    model._pipeline, model._make = Lost(), refuse
    with pytest.raises(RuntimeFault, match="Could not find an NPU device"):
        model.transcribe(clip, NEVER, frames)
    with pytest.raises(RuntimeFault, match="does not come back"):
        model.transcribe(clip, NEVER, frames)


def test_two_threads_wait_for_each_other() -> None:
    """The library refuses a second request while one runs."""
    model = OpenVinoWhisperModel(micro_model("micro-whisper-ov"), "CPU", 1)
    clip = question()
    frames = np.full(len(clip) // 512, 0.9, np.float32)
    texts: list[str] = []

    def work() -> None:
        for _ in range(4):
            heard = model.transcribe(clip, NEVER, frames)
            texts.append(heard.text if heard else "")

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert texts == ["Set a timer for five minutes."] * 8


@pytest.mark.parametrize("samples", [0, 1, 200, 201, 1_600])
def test_a_sound_too_short_for_the_library_is_no_words(samples: int) -> None:
    model = OpenVinoWhisperModel(micro_model("micro-whisper-ov"), "CPU", 1)
    frames = np.full(samples // 512, 0.9, np.float32)
    assert model.transcribe(np.zeros(samples, np.float32), NEVER, frames) is not None


def test_a_loop_is_left_while_it_is_written() -> None:
    listener = _Listener(NEVER)
    going_on = openvino_genai.StreamingStatus.RUNNING
    assert [listener.write(token) for token in (7, [1, 2], 1, 2, [1, 2], 1)] == [going_on] * 6
    assert listener.write(2) == openvino_genai.StreamingStatus.CANCEL


def test_compiled_models_are_kept_for_the_npu_and_never_for_the_processor(tmp_path: Path) -> None:
    openvino_whisper(cache_dir=str(tmp_path)).load()
    assert list(tmp_path.iterdir()) == []
    openvino_whisper(NPU_ON_CPU, cache_dir=str(tmp_path)).load()
    assert list(tmp_path.iterdir()) != []


@pytest.mark.parametrize("device", ["GPU", "GPU.1", "NPU"])
def test_a_device_that_is_not_here_is_told(device: str) -> None:
    with pytest.raises(Unavailable, match=f"OpenVINO finds no {device} here") as caught:
        openvino_whisper(device).load()
    assert caught.value.code == "device-missing"


def test_a_device_it_does_not_know_is_told() -> None:
    with pytest.raises(Unavailable, match="does not run on AUTO"):
        openvino_whisper("AUTO").load()


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_told(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(Unavailable, match=name) as caught:
        OpenVinoWhisperEngine(str(folder)).load()
    assert (caught.value.code, "sotto models" in caught.value.remedy) == ("model-missing", True)


def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="folder of the speech model is not there"):
        OpenVinoWhisperEngine(str(tmp_path / "nothing")).load()


@pytest.mark.parametrize("name", ["openvino_encoder_model.xml", "openvino_decoder_model.xml", "generation_config.json"])
def test_a_damaged_file_is_told(folder: Path, name: str) -> None:
    whole = (folder / name).read_bytes()
    (folder / name).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(RuntimeFault, match="OpenVINO cannot load model") as caught:
        OpenVinoWhisperEngine(str(folder)).load()
    assert caught.value.code == "model-unreadable"


def test_a_language_the_model_does_not_know_is_told(folder: Path) -> None:
    with pytest.raises(Unavailable, match="does not know the language 'tlh'"):
        OpenVinoWhisperEngine(str(folder), language="tlh").load()


def test_a_model_for_english_alone_is_never_told_a_language(folder: Path) -> None:
    config = json.loads((folder / "generation_config.json").read_text())
    config["is_multilingual"] = False
    (folder / "generation_config.json").write_text(json.dumps(config))
    with pytest.raises(Unavailable, match="does not know the language 'de'"):
        OpenVinoWhisperEngine(str(folder), language="de").load()


def test_without_the_voice_gate_it_would_make_words_of_silence() -> None:
    """What the gate is for: the library itself has nothing against it."""
    model = OpenVinoWhisperModel(micro_model("micro-whisper-ov"), "CPU", 1)
    heard = model.transcribe(silence(2.0), NEVER, np.full(62, 0.9, np.float32))
    assert heard is not None
    assert heard.text
