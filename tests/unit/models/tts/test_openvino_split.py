"""A voice in two halves: the same sound as in one piece, on the processor and on the NPU's software path."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import numpy as np
import onnx
import pytest

from app.contracts.devices import Device
from app.contracts.errors import RuntimeFault, Unavailable
from models.openvino.target import NPU_ON_CPU
from models.tts import openvino_split
from models.tts.chunking import LONG, SHORT
from models.tts.openvino_session import OpenVinoPiper
from models.tts.openvino_split import SplitPiper, compare
from models.tts.piper_files import read_piper
from models.tts.piper_onnx import OnnxPiper
from models.tts.piper_openvino import OpenVinoPiperEngine, SplitPiperEngine
from models.tts.piper_phonemes import Phonemes
from models.tts.piper_session import Feeds, Samples
from tests.helpers.engines import ask
from tests.helpers.voices import VITS, VITS_TWO, spoken_by, voice_folder

HOP = 256
LONG_TEXT = "One, two, three, four, five, six, seven, eight, nine, ten, eleven, twelve."
TOLERANCE = {"CPU": 2e-6, NPU_ON_CPU: 0.02}
"""The NPU's path computes in half precision."""


def feeds(name: str, text: str, speaker: int | None = None) -> Feeds:
    phonemes = Phonemes(read_piper(voice_folder(name)))
    return phonemes.feeds([each for ids in phonemes.sentences(text) for each in ids], 1.0, speaker, noise=False)


def split(name: str, target: str, speaker: int | None = None) -> SplitPiper:
    path = read_piper(voice_folder(name)).onnx
    return SplitPiper(path, target, 1, "", feeds(name, LONG_TEXT, speaker))


def one_shot(name: str, given: Feeds) -> Samples:
    return OnnxPiper(read_piper(voice_folder(name)).onnx, 1).run(None, given)[0].reshape(-1)


@pytest.fixture(scope="module", params=TOLERANCE)
def target(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def voice(target: str) -> SplitPiper:
    return split(VITS, target)


@pytest.mark.parametrize("text", [LONG_TEXT, "Hello there, how are you today?", f"{LONG_TEXT} {LONG_TEXT}"])
def test_a_sentence_in_chunks_is_the_sentence_in_one_go(voice: SplitPiper, target: str, text: str) -> None:
    given = feeds(VITS, text)
    expected, stitched = one_shot(VITS, given), voice.run(None, given)[0].reshape(-1)
    assert len(stitched) == len(expected) > SHORT * HOP
    assert np.abs(stitched - expected).max() < TOLERANCE[target]


@pytest.mark.parametrize("text", ["I.", "Yes.", "No, no."])
def test_a_sentence_shorter_than_a_chunk_is_heard_and_whole(voice: SplitPiper, target: str, text: str) -> None:
    """What is beyond a short sentence is filled up, so its last few frames differ a little from those in one go."""
    given = feeds(VITS, text)
    expected, stitched = one_shot(VITS, given), voice.run(None, given)[0].reshape(-1)
    assert len(stitched) == len(expected) < SHORT * HOP
    assert spoken_by(VITS, text, stitched) == spoken_by(VITS, text, expected)
    likeness, furthest = compare(expected, stitched)
    assert likeness > 0.999
    assert furthest < 0.05
    inside = len(expected) - 17 * HOP
    assert np.abs(stitched - expected)[:inside].max(initial=0) < TOLERANCE[target]


def test_the_tail_is_not_lost(voice: SplitPiper) -> None:
    """The last word of a long sentence, on which upstream's loop is 116 ms short."""
    text = f"{LONG_TEXT[:-1]} yes"
    heard, expected = spoken_by(VITS, text, voice.run(None, feeds(VITS, text))[0].reshape(-1))
    assert heard == expected


def test_every_speaker_comes_through_the_seam(target: str) -> None:
    voice = split(VITS_TWO, target, 1)
    for speaker in (0, 1):
        given = feeds(VITS_TWO, LONG_TEXT, speaker)
        stitched = voice.run(None, given)[0].reshape(-1)
        assert np.abs(stitched - one_shot(VITS_TWO, given)).max() < TOLERANCE[target]
        heard, expected = spoken_by(VITS_TWO, LONG_TEXT, stitched, speaker)
        assert heard == expected


def test_the_first_sound_comes_before_the_rest_is_made(voice: SplitPiper) -> None:
    stream = voice.stream(feeds(VITS, LONG_TEXT), threading.Event())
    first = next(stream)
    assert 0 < len(first) < SHORT * HOP
    assert sum(len(rest) for rest in stream) > 3 * len(first)


def test_it_stops_between_two_chunks(voice: SplitPiper) -> None:
    cancelled = threading.Event()
    stream = voice.stream(feeds(VITS, LONG_TEXT), cancelled)
    next(stream)
    cancelled.set()
    assert list(stream) == []
    assert len(voice.run(None, feeds(VITS, "Yes."))[0].reshape(-1)) > 0


def test_it_says_where_it_ran(voice: SplitPiper) -> None:
    assert voice.device is Device.CPU


def test_a_device_with_another_sound_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the device gave the samples of its short chunks in the wrong order."""

    class Damaged(openvino_split.OpenVinoGraph):
        def run(self, feeds: Feeds, cancelled: threading.Event) -> np.ndarray | None:  # type: ignore[override]
            sound = super().run(feeds, cancelled)
            fixed = "latent" in feeds and feeds["latent"].shape[2] == SHORT
            return sound[..., ::-1] if fixed and sound is not None else sound

    monkeypatch.setattr(openvino_split, "OpenVinoGraph", Damaged)
    with pytest.raises(RuntimeFault, match="another sound") as caught:
        split(VITS, NPU_ON_CPU)
    assert caught.value.code == "sound-differs"
    assert caught.value.remedy


def test_what_was_compiled_for_the_npu_is_kept(tmp_path: Path) -> None:
    files, given = read_piper(voice_folder(VITS)), feeds(VITS, LONG_TEXT)
    expected = one_shot(VITS, given)
    for _ in range(2):
        voice = SplitPiper(files.onnx, NPU_ON_CPU, 1, str(tmp_path), given)
        assert np.abs(voice.run(None, given)[0].reshape(-1) - expected).max() < TOLERANCE[NPU_ON_CPU]
    assert len(list(tmp_path.glob("*.blob"))) == 2


def test_a_sentence_too_short_for_a_comparison_is_made_longer() -> None:
    files = read_piper(voice_folder(VITS))
    voice = SplitPiper(files.onnx, NPU_ON_CPU, 1, "", feeds(VITS, "No."))
    assert len(voice.run(None, feeds(VITS, LONG_TEXT))[0].reshape(-1)) > 2 * LONG * HOP


def test_comparing_sounds() -> None:
    sound = np.sin(np.arange(1000, dtype=np.float32))
    assert compare(sound, sound) == pytest.approx((1.0, 0.0), abs=1e-6)
    assert compare(sound, sound + 0.01)[0] > 0.99
    for other in (np.zeros(1000, np.float32), sound[1:], np.full(1000, np.nan, np.float32), np.zeros(0, np.float32)):
        assert compare(sound, other) == (-1.0, 1.0)
    assert compare(sound, -sound)[0] == pytest.approx(-1.0, abs=1e-6)
    assert compare(np.zeros(0, np.float32), np.zeros(0, np.float32)) == (-1.0, 1.0)


@pytest.fixture
def seamless(tmp_path: Path) -> Path:
    """The same voice, exported by somebody who gave its decoder other names."""
    folder = tmp_path / "voice"
    shutil.copytree(voice_folder(VITS), folder)
    path = folder / f"{VITS}.onnx"
    model = onnx.load(str(path))
    for node in model.graph.node:
        node.name = node.name.replace("/dec/", "/vocoder/")
    onnx.save(model, str(path))
    return folder


def test_a_voice_without_the_seam_cannot_go_to_the_npu(seamless: Path) -> None:
    with pytest.raises(Unavailable, match=VITS) as caught:
        SplitPiperEngine(str(seamless), NPU_ON_CPU).load()
    assert caught.value.code == "voice-not-splittable"
    assert "processor" in caught.value.remedy


def test_a_voice_without_the_seam_speaks_whole_on_other_devices(seamless: Path) -> None:
    engine = OpenVinoPiperEngine(str(seamless))
    assert engine.load() is Device.CPU
    assert isinstance(engine.open(read_piper(seamless)), OpenVinoPiper)
    replies = ask(engine, "speak", {"text": "Hello world."})
    heard, expected = spoken_by(VITS, "Hello world.", np.frombuffer(b"".join(bytes(r.payload) for r in replies), "<f4"))
    assert heard == expected


@pytest.mark.parametrize("engine", [OpenVinoPiperEngine, SplitPiperEngine])
@pytest.mark.parametrize("target", ["GPU.7", "NPU"])
def test_a_device_that_is_not_there(engine: type[OpenVinoPiperEngine], target: str) -> None:
    with pytest.raises(Unavailable, match=target) as caught:
        engine(str(voice_folder(VITS)), target).load()
    assert caught.value.code == "device-missing"
