"""The silero voice activity model: frames in, speech probabilities out, state carried along.

Why it exists: both the voice gate and the speech recogniser (which must not make words out of silence) use it.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from models.libraries import package_folder, require_file
from models.onnx import OnnxModel, value
from models.pcm import Samples

FRAME = 512
"""Samples of one frame: 32 ms at 16 kHz."""

_CONTEXT = 64
_STATE = (1, 1, 128)
_MAX_FRAMES = 1024
"""Frames in one run at most, to bound its memory."""


def model_file() -> Path:
    """The model that faster-whisper carries; that library is not imported.

    Raises:
        Unavailable: It is not installed, or is another version.
    """
    folder = package_folder("faster_whisper", "faster-whisper") / "assets"
    remedy = "Install it again: python -m pip install --force-reinstall --no-deps faster-whisper"
    return require_file(folder / "silero_vad_v6.onnx", "The voice activity model", remedy)


class SileroModel:
    """The loaded model; it has no state of its own.

    Args:
        path: The ONNX file.

    Raises:
        RuntimeFault: The file cannot be loaded.
    """

    def __init__(self, path: Path) -> None:
        self._model = OnnxModel(path, threads=1)

    def stream(self) -> SileroStream:
        """Begin with fresh state."""
        return SileroStream(self._model)


class SileroStream:
    """The state of the model over one stream of sound, and the incomplete frame at its end."""

    def __init__(self, model: OnnxModel) -> None:
        self._model = model
        self._hidden = value(np.zeros(_STATE, np.float32))
        self._cell = value(np.zeros(_STATE, np.float32))
        self._context = np.zeros(_CONTEXT, np.float32)
        self._rest = np.zeros(0, np.float32)

    def feed(self, samples: Samples) -> npt.NDArray[np.float32]:
        """Speech probability in [0, 1] of every frame these samples complete; the rest is kept for the next call."""
        sound = np.concatenate([self._rest, samples])
        frames = len(sound) // FRAME
        self._rest = sound[frames * FRAME :]
        parts = [
            self._run(sound[start * FRAME : min(start + _MAX_FRAMES, frames) * FRAME].reshape(-1, FRAME))
            for start in range(0, frames, _MAX_FRAMES)
        ]
        return np.concatenate(parts) if parts else np.zeros(0, np.float32)

    def _run(self, frames: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        before = np.vstack([self._context, frames[:-1, -_CONTEXT:]])
        self._context = frames[-1, -_CONTEXT:]
        window = np.hstack([before, frames])
        outputs = self._model.run({"input": value(window), "h": self._hidden, "c": self._cell})
        probabilities, self._hidden, self._cell = outputs
        flat: npt.NDArray[np.float32] = probabilities.numpy().reshape(-1)
        return flat
