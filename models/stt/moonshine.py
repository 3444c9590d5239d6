"""Speech recognition by moonshine: whole clips, and an utterance that is still being spoken."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from app.contracts.devices import Device
from models.libraries import importing, package_folder, require_file
from models.stt.hearing import HearingEngine

if TYPE_CHECKING:
    from models.stt.hypothesis import Recogniser

_FILES = ("encoder_model.ort", "decoder_model_merged.ort", "tokenizer.bin")
_REMEDY = "Install it again: python -m pip install --force-reinstall --no-deps 'moonshine-voice<=0.0.55'"


class MoonshineEngine(HearingEngine):
    """Moonshine on the processor: tiny for English, unless another one is given.

    The weights of that one come from the wheel of moonshine-voice; that library itself is not imported.

    Args:
        threads: Threads of the runtime.
        model_path: A folder with another moonshine model; empty takes the wheel's.
        language: What that model was made for; it knows one language.
    """

    def __init__(self, threads: int = 1, model_path: str = "", language: str = "en") -> None:
        super().__init__()
        self._threads = max(1, threads)
        self._path = Path(model_path) if model_path else None
        self._language = language

    def load_model(self) -> tuple[Recogniser, Device]:
        """The two graphs and the vocabulary."""
        folder = self._path or package_folder("moonshine_voice", "moonshine-voice") / "assets" / "tiny-en"
        for name in _FILES:
            require_file(folder / name, "A file of the speech recogniser", _REMEDY)
        with importing("ONNX Runtime", "onnxruntime"):
            from models.stt.moonshine_model import MoonshineModel
        return MoonshineModel(folder, self._threads, self._language), Device.CPU
