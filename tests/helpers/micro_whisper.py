"""The engines of speech recognition over the models made for tests."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from models.openvino.target import NPU_ON_CPU
from models.stt.faster_whisper import FasterWhisperEngine
from models.stt.hearing import HearingEngine
from models.stt.moonshine import MoonshineEngine
from models.stt.openvino_whisper import OpenVinoWhisperEngine


def micro_model(name: str) -> Path:
    """A folder of the models made for tests; skips the test when it is not there."""
    root = os.environ.get("SOTTO_TESTDATA")
    if not root:
        pytest.skip(f"SOTTO_TESTDATA is not set: {name} is a model made for tests")
    folder = Path(root) / name
    if not folder.is_dir():
        pytest.skip(f"{name} is not in the folder that SOTTO_TESTDATA names")
    return folder


def faster_whisper(**options: str) -> FasterWhisperEngine:
    return FasterWhisperEngine(str(micro_model("micro-whisper-ct2")), **options)  # type: ignore[arg-type]


def openvino_whisper(device: str = "CPU", **options: str) -> OpenVinoWhisperEngine:
    return OpenVinoWhisperEngine(str(micro_model("micro-whisper-ov")), device, **options)  # type: ignore[arg-type]


ENGINES: dict[str, Callable[[], HearingEngine]] = {
    "moonshine": MoonshineEngine,
    "faster-whisper": faster_whisper,
    "openvino-whisper": openvino_whisper,
    "openvino-whisper-npu-path": lambda: openvino_whisper(NPU_ON_CPU),
}
