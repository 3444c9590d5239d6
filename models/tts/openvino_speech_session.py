"""One Text2SpeechPipeline of OpenVINO GenAI: text in, sound out.

Why it exists: everything that touches the pipeline is here, and its errors become ours. It makes phonemes of words that
are not in its dictionary with espeak-ng, and says nothing at all for them where it finds none: it is given ours. On the
NPU it leaves parts of the graph to the processor, on purpose, and may leave all of it there without a word: that it
loaded is no proof that the NPU works.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import espeakng_loader
import numpy as np
import openvino
import openvino_genai

from app.contracts.devices import Device
from models.openvino.library import find_device, translated
from models.openvino.target import compiles_for, is_npu, plugin, software_path
from models.tts.espeak_data import check_data_folder
from models.tts.openvino_graph import make_core
from models.tts.piper_session import Samples, flat
from models.tts.speech_files import STYLE, SpeechFiles

_REMEDY = "Install it again: python -m pip install --force-reinstall espeakng-loader"


class SpeechSession:
    """A loaded pipeline. Used from one thread.

    Args:
        files: The model.
        target: ``CPU``, ``GPU.0``, ``NPU``, or the NPU's software path.
        threads: Threads of the processor plugin.
        cache_dir: Where what was compiled for a device is kept; empty keeps nothing.

    Raises:
        Unavailable: The device, or espeak-ng's data, is not there.
        RuntimeFault: The model cannot be loaded.
    """

    def __init__(self, files: SpeechFiles, target: str, threads: int, cache_dir: str) -> None:
        _lend_espeak()
        self.device: Device = find_device(make_core(), target)
        options: dict[str, object] = dict(software_path(target))
        if target == "CPU":
            options |= {"INFERENCE_NUM_THREADS": threads, "INFERENCE_PRECISION_HINT": "f32"}
        if cache_dir and compiles_for(target):
            # The NPU's pipeline for Kokoro keeps its two halves itself, and cannot be kept as one.
            options["NPUW_CACHE_DIR" if is_npu(target) else "CACHE_DIR"] = cache_dir
        self._name = files.folder.name
        with translated(f"OpenVINO cannot load {self._name} for {target}", code="model-unreadable"):
            self._pipeline: Any = openvino_genai.Text2SpeechPipeline(str(files.folder), plugin(target), **options)
        self._styles: dict[Path, Any] = {}

    def speak(self, text: str, style: Path, language: str, speed: float) -> tuple[Samples, int]:
        """The sound of a short text, all at once; the library cannot be stopped in between.

        Args:
            text: What to say.
            style: The file of the voice.
            language: As the pipeline calls it.
            speed: 1.0 is the voice's own pace.

        Returns:
            Samples, and how many there are in a second.

        Raises:
            RuntimeFault: The library failed.
        """
        if style not in self._styles:
            with translated(f"The voice {style.name} cannot be read", code="model-unreadable"):
                self._styles[style] = openvino.Tensor(np.fromfile(style, "<f4").reshape(-1, 1, STYLE))
        with translated(f"OpenVINO could not speak with {self._name}"):
            spoken = self._pipeline.generate(text, self._styles[style], language=language, speed=speed)
            return flat(np.array(spoken.speeches[0].data)), int(spoken.output_sample_rate)


def _lend_espeak() -> None:
    """Tell the library where espeak-ng is, unless somebody has."""
    data = check_data_folder(Path(espeakng_loader.get_data_path()), _REMEDY)
    os.environ.setdefault("MISAKI_ESPEAK_LIBRARY", str(espeakng_loader.get_library_path()))
    os.environ.setdefault("ESPEAK_DATA_PATH", str(data))
