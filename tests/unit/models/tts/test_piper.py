"""The Piper engine with the real library and runtime, over voices whose words can be read from their sound."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from piper import PiperConfig, PiperVoice, SynthesisConfig

from app.contracts.devices import Device
from app.contracts.errors import InvalidInput, RuntimeFault, SottoError, Unavailable
from models.host.engine import Call, JsonValue
from models.tts.openvino_session import OpenVinoPiper
from models.tts.openvino_split import compare
from models.tts.piper import PiperEngine
from models.tts.piper_files import read_piper
from models.tts.piper_onnx import OnnxPiper
from models.tts.piper_openvino import OpenVinoPiperEngine
from models.tts.piper_phonemes import Phonemes
from models.tts.piper_session import PiperSession
from tests.helpers.engines import Samples, ask, fields
from tests.helpers.voices import VITS, VITS_TWO, spoken_by, voice_folder

RATE_HZ = 22_050
TEXT = "Hello there. How are you today? I am well, thank you!"
ENGINES = {"onnxruntime": PiperEngine, "openvino": OpenVinoPiperEngine}


@pytest.fixture(scope="module", params=ENGINES.values(), ids=ENGINES.keys())
def engine(request: pytest.FixtureRequest) -> Iterator[PiperEngine]:
    engine: PiperEngine = request.param(str(voice_folder(VITS_TWO)))
    assert engine.load() is Device.CPU
    yield engine
    engine.close()


def spoken(engine: PiperEngine, text: str, **args: JsonValue) -> Samples:
    replies = ask(engine, "speak", {"text": text, **args})
    assert all(reply.fields["sample_rate_hz"] == RATE_HZ for reply in replies)
    return np.concatenate([np.zeros(0, "<f4"), *(np.frombuffer(reply.payload, "<f4") for reply in replies)])


def copied(tmp_path: Path, **more: object) -> Path:
    """The voice with another description."""
    folder = tmp_path / "voice"
    shutil.copytree(voice_folder(VITS), folder)
    described = folder / f"{VITS}.onnx.json"
    described.write_text(json.dumps({**json.loads(described.read_text("utf-8")), **more}), "utf-8")
    return folder


def test_every_sentence_is_said_in_order_and_to_its_end(engine: PiperEngine) -> None:
    heard, expected = spoken_by(VITS_TWO, TEXT, spoken(engine, TEXT))
    assert len(expected) > 20
    assert heard == expected


def test_the_speaker_that_was_asked_for_speaks(engine: PiperEngine) -> None:
    listed = fields(engine, "voices")["voices"]
    assert [voice[0] for voice in listed] == [f"{VITS_TWO}#s0", f"{VITS_TWO}#s1"]
    for number, (voice_id, _, language) in enumerate(listed):
        assert language == "en-US"
        heard, expected = spoken_by(VITS_TWO, TEXT, spoken(engine, TEXT, voice=voice_id), speaker=number)
        assert heard == expected
    default, _ = spoken_by(VITS_TWO, "Yes.", spoken(engine, "Yes."))
    other, _ = spoken_by(VITS_TWO, "Yes.", spoken(engine, "Yes.", voice=f"{VITS_TWO}#S1"))
    assert default != other


def test_sound_comes_in_slices_of_a_tenth_of_a_second(engine: PiperEngine) -> None:
    replies = ask(engine, "speak", {"text": TEXT})
    assert len(replies) > 30
    assert all(0 < len(reply.payload) <= RATE_HZ * 4 // 10 for reply in replies)


def test_speed_is_obeyed(engine: PiperEngine) -> None:
    slow, normal, fast = (len(spoken(engine, TEXT, speed=speed)) for speed in (0.5, 1.0, 2.0))
    assert 1.6 < slow / normal < 2.2
    assert 0.4 < fast / normal < 0.7


def test_it_is_as_loud_in_every_sentence_and_never_too_loud(engine: PiperEngine) -> None:
    peaks = [np.abs(spoken(engine, text)).max() for text in ("Yes.", "Tomorrow, perhaps.", TEXT)]
    assert max(peaks) <= 1
    assert min(peaks) > 0.7
    assert max(peaks) / min(peaks) < 1.3


@pytest.mark.parametrize("cls", ENGINES.values(), ids=ENGINES.keys())
def test_every_sample_of_the_graph_is_heard_louder_by_one_factor(tmp_path: Path, cls: type[PiperEngine]) -> None:
    folder = copied(tmp_path, inference={"noise_scale": 0, "noise_w": 0, "length_scale": 1})
    files = read_piper(folder)
    phonemes, graph = Phonemes(files), OnnxPiper(files.onnx, 1)
    made = [graph.run(None, phonemes.feeds(ids, 1.0, None))[0].reshape(-1) for ids in phonemes.sentences(TEXT)]
    engine = cls(str(folder))
    engine.load()
    heard, expected = spoken(engine, TEXT), np.concatenate(made)
    assert len(heard) == len(expected)
    factor = heard[np.abs(expected).argmax()] / expected[np.abs(expected).argmax()]
    assert 1.2 < factor <= 4
    likeness, _ = compare(np.clip(expected * factor, -1, 1), heard)
    assert likeness > 0.9999


@pytest.mark.parametrize("text", ["", "  \n\t", "...", "\U0001f600", "\0", "[[ ]]"])
def test_what_has_no_sound_does_no_harm(engine: PiperEngine, text: str) -> None:
    assert spoken(engine, text).size < RATE_HZ * 3
    assert spoken(engine, "Still here.").size > RATE_HZ / 4


def test_marks_of_phonemes_in_a_text_are_read_as_text(engine: PiperEngine) -> None:
    plain, _ = spoken_by(VITS_TWO, "a", spoken(engine, "a"))
    marked, _ = spoken_by(VITS_TWO, "a", spoken(engine, "[[ zzzz ]]"))
    assert marked
    assert marked != plain
    assert len(set(marked)) > 1


def test_a_stop_in_the_middle_of_a_text(engine: PiperEngine) -> None:
    cancelled = threading.Event()
    replies = engine.operations()["speak"](Call({"text": f"{TEXT} " * 30}, b"", cancelled))
    next(replies)
    cancelled.set()
    assert list(replies) == []
    assert spoken(engine, "Still here.").size > RATE_HZ / 4


def test_a_stop_before_the_first_sound(engine: PiperEngine) -> None:
    cancelled = threading.Event()
    cancelled.set()
    assert ask(engine, "speak", {"text": TEXT}, cancelled=cancelled) == []


@pytest.mark.parametrize(
    ("args", "code"),
    [
        ({"voice": "nobody"}, "unknown-voice"),
        ({"voice": f"{VITS_TWO}#s7"}, "unknown-voice"),
        ({"speed": 3}, "invalid-input"),
    ],
)
def test_what_cannot_be_done_is_refused(engine: PiperEngine, args: dict[str, JsonValue], code: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        spoken(engine, TEXT, **args)
    assert caught.value.code == code


@pytest.mark.parametrize("session", [OnnxPiper, OpenVinoPiper])
def test_a_session_of_ours_is_one_for_the_library(session: type[PiperSession]) -> None:
    """The library's own loop over it gives what the library gives with its own session."""
    files = read_piper(voice_folder(VITS))
    ours = session(files.onnx, 1) if session is OnnxPiper else session(files.onnx, "CPU", 1)  # type: ignore[call-arg]
    how = SynthesisConfig(noise_scale=0.0, noise_w_scale=0.0, normalize_audio=False)
    expected = PiperVoice.load(files.onnx).synthesize(TEXT, how)
    given = PiperVoice(session=ours, config=PiperConfig.from_dict(dict(files.config))).synthesize(TEXT, how)
    for one, other in zip(expected, given, strict=True):
        assert np.abs(one.audio_float_array - other.audio_float_array).max() < 1e-5


@pytest.mark.parametrize("cls", ENGINES.values(), ids=ENGINES.keys())
@pytest.mark.parametrize("content", [b"", b"<html>no</html>", b"\x08\x08graph"])
def test_a_graph_that_is_none(tmp_path: Path, cls: type[PiperEngine], content: bytes) -> None:
    folder = copied(tmp_path)
    (folder / f"{VITS}.onnx").write_bytes(content)
    with pytest.raises(SottoError, match=f"{VITS}.onnx") as caught:
        cls(str(folder)).load()
    assert caught.value.code in ("model-unreadable", "model-missing")


@pytest.mark.parametrize("cls", ENGINES.values(), ids=ENGINES.keys())
def test_a_graph_cut_off_in_the_middle(tmp_path: Path, cls: type[PiperEngine]) -> None:
    folder = copied(tmp_path)
    whole = (folder / f"{VITS}.onnx").read_bytes()
    (folder / f"{VITS}.onnx").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(RuntimeFault, match=f"{VITS}.onnx") as caught:
        cls(str(folder)).load()
    assert caught.value.code == "model-unreadable"


def test_another_model_in_the_place_of_a_voice(tmp_path: Path) -> None:
    from models.vad.silero_model import model_file

    folder = copied(tmp_path)
    shutil.copy(model_file(), folder / f"{VITS}.onnx")
    with pytest.raises(RuntimeFault, match="not a Piper voice"):
        PiperEngine(str(folder)).load()


@pytest.mark.parametrize(
    "more",
    [
        {"phoneme_id_map": {"a": 3}},
        {"num_symbols": None, "phoneme_type": "odd"},
        {"espeak": {"voice": "no-such-language"}},
    ],
)
def test_a_description_the_library_cannot_use(tmp_path: Path, more: dict[str, object]) -> None:
    with pytest.raises(SottoError, match=VITS):
        PiperEngine(str(copied(tmp_path, **more))).load()


def test_phonemes_that_would_need_a_download_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="pinyin") as caught:
        PiperEngine(str(copied(tmp_path, phoneme_type="pinyin"))).load()
    assert caught.value.code == "model-unsupported"


def test_it_has_to_be_loaded() -> None:
    with pytest.raises(RuntimeFault, match="not loaded"):
        ask(PiperEngine(str(voice_folder(VITS))), "voices")
