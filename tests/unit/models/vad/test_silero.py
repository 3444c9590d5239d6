"""The silero engine against faster-whisper's own use of the same model."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from app.contracts.devices import Device
from app.contracts.errors import InvalidInput, RuntimeFault, Unavailable
from models.vad.silero import SileroEngine
from tests.helpers.engines import Samples, ask, fields, recording


@pytest.fixture(scope="module")
def engine() -> Iterator[SileroEngine]:
    engine = SileroEngine()
    assert engine.load() is Device.CPU
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def speech() -> Samples:
    return recording("beckett")


def probabilities(engine: SileroEngine, samples: Samples, step: int) -> list[float]:
    ask(engine, "vad.reset")
    found: list[float] = []
    for start in range(0, len(samples), step):
        found += fields(engine, "vad.feed", payload=samples[start : start + step].tobytes())["probabilities"]
    return found


def test_it_finds_what_faster_whisper_finds(engine: SileroEngine, speech: Samples) -> None:
    from faster_whisper.vad import get_vad_model

    whole = speech[: len(speech) // 512 * 512]
    theirs = get_vad_model()(whole.copy()).reshape(-1)
    ours = probabilities(engine, whole, len(whole))
    assert len(ours) == len(theirs)
    assert ours[:-1] == pytest.approx(theirs[:-1].tolist(), abs=1e-4), "the last frame is one they damage themselves"


@pytest.mark.parametrize("step", [160, 511, 512, 1_600, 7_777])
def test_how_the_sound_is_cut_makes_no_difference(engine: SileroEngine, speech: Samples, step: int) -> None:
    clip = speech[:40_000]
    assert probabilities(engine, clip, step) == pytest.approx(probabilities(engine, clip, 40_000), abs=1e-4)


def test_speech_is_told_from_silence_and_noise(engine: SileroEngine, speech: Samples) -> None:
    noise = np.random.default_rng(1).standard_normal(32_000).astype(np.float32) * np.float32(0.02)
    assert max(probabilities(engine, speech[:32_000], 512)) > 0.9
    assert max(probabilities(engine, noise, 512)) < 0.3
    assert max(probabilities(engine, np.zeros(32_000, np.float32), 512)) < 0.3


def test_every_whole_frame_gives_one_probability(engine: SileroEngine) -> None:
    ask(engine, "vad.reset")
    sizes = [0, 1, 510, 1, 1_023, 1]
    counts = [
        len(fields(engine, "vad.feed", payload=np.zeros(size, np.float32).tobytes())["probabilities"]) for size in sizes
    ]
    assert counts == [0, 0, 0, 1, 1, 1]


def test_a_reset_forgets(engine: SileroEngine, speech: Samples) -> None:
    first = probabilities(engine, speech[:20_000], 512)
    assert probabilities(engine, speech[:20_000], 512) == first


def test_broken_input_and_a_missing_or_damaged_model_are_told(tmp_path: Path, engine: SileroEngine) -> None:
    with pytest.raises(InvalidInput, match="not a whole number"):
        ask(engine, "vad.feed", payload=b"12345")
    with pytest.raises(Unavailable, match="The voice activity model is not there"):
        SileroEngine(str(tmp_path / "gone.onnx")).load()
    damaged = tmp_path / "damaged.onnx"
    damaged.write_bytes(b"<html>")
    with pytest.raises(RuntimeFault, match=r"cannot load damaged\.onnx"):
        SileroEngine(str(damaged)).load()
    with pytest.raises(RuntimeFault, match="not loaded"):
        ask(SileroEngine(), "vad.feed", payload=b"")
