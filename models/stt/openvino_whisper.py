"""Speech recognition by OpenVINO GenAI: Whisper models in OpenVINO's form, on the processor, graphics and the NPU."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from app.contracts.devices import Device
from app.contracts.errors import Unavailable
from models.libraries import importing, require_file
from models.stt.hearing import HearingEngine

if TYPE_CHECKING:
    from models.stt.hypothesis import Recogniser

FILES = (
    "config.json",
    "generation_config.json",
    "preprocessor_config.json",
    "openvino_encoder_model.xml",
    "openvino_encoder_model.bin",
    "openvino_decoder_model.xml",
    "openvino_decoder_model.bin",
    "openvino_tokenizer.xml",
    "openvino_detokenizer.xml",
)
_REMEDY = "Get the model again with `sotto models pull`, or import a whole folder with `sotto models import`."


class OpenVinoWhisperEngine(HearingEngine):
    """A Whisper model on one of OpenVINO's devices.

    The library gives no probabilities: the confidence is that of `models.stt.plausibility`.

    Args:
        model_path: A folder with the files of `FILES`.
        device: ``CPU``, ``GPU``, ``GPU.<number>``, ``NPU``, or `models.openvino.target.NPU_ON_CPU`.
        threads: Threads of the processor plugin.
        cache_dir: Where compiled models are kept; used for graphics and the NPU only, empty keeps nothing.
        language: BCP 47 tag to hold it to; empty lets it listen for the language where the device can.
    """

    def __init__(
        self, model_path: str, device: str = "CPU", threads: int = 1, cache_dir: str = "", language: str = ""
    ) -> None:
        super().__init__()
        self._path = Path(model_path)
        self._device = device
        self._threads = max(1, threads)
        self._cache_dir = cache_dir
        self._language = language

    def load_model(self) -> tuple[Recogniser, Device]:
        """The pipeline, compiled for its device and run once: minutes on an NPU for which nothing was kept."""
        if not self._path.is_dir():
            raise Unavailable(
                f"The folder of the speech model is not there: {self._path}.", code="model-missing", remedy=_REMEDY
            )
        for name in FILES:
            require_file(self._path / name, "A file of the speech model", _REMEDY)
        with importing("OpenVINO GenAI", "openvino-genai"):
            from models.stt.openvino_whisper_model import OpenVinoWhisperModel
        model = OpenVinoWhisperModel(self._path, self._device, self._threads, self._cache_dir, self._language)
        return model, model.device
