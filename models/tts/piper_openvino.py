"""Piper voices on OpenVINO's devices.

A voice says another number of samples each time, and OpenVINO prepares its kernels anew for every length it has not
seen, which takes 60 ms and more on the processor. So a voice is split where it can be, and its decoder works on chunks
of fixed shape: the first sound of a sentence then comes after a sixth of the time. On the NPU it has to be.
"""

from __future__ import annotations

from app.contracts.errors import Unavailable
from models.libraries import importing
from models.tts.piper import PiperEngine
from models.tts.piper_files import PiperFiles
from models.tts.piper_session import PiperSession

_TRIAL = "One, two, three, four, five, six, seven."


class OpenVinoPiperEngine(PiperEngine):
    """A Piper voice on the processor or a graphics device: split when it can be, else whole.

    Args:
        model_path: The folder with its ``.onnx`` and ``.onnx.json``.
        device: OpenVINO's name of the device: ``CPU``, ``GPU.0``.
        threads: Threads of the processor plugin.
        cache_dir: Where the compiled graph is kept; empty keeps nothing.
    """

    def __init__(self, model_path: str, device: str = "CPU", threads: int = 1, cache_dir: str = "") -> None:
        super().__init__(model_path, threads)
        self._device = device
        self._cache_dir = cache_dir

    def open(self, files: PiperFiles) -> PiperSession:
        """Compile the voice.

        Raises:
            Unavailable: The library or the device is not there.
            RuntimeFault: The device does not take the voice, or makes another sound of it.
        """
        try:
            return self.split(files)
        except Unavailable as error:
            if error.code != "voice-not-splittable":
                raise
        from models.tts.openvino_session import OpenVinoPiper

        return OpenVinoPiper(files.onnx, self._device, self._threads, self._cache_dir)

    def split(self, files: PiperFiles) -> PiperSession:
        """Split and compile the voice, and compare its sound with the processor's.

        Raises:
            Unavailable: The library or the device is not there, or the voice cannot be split.
            RuntimeFault: The device does not take the voice, or makes another sound of it.
        """
        with importing("Piper", "piper-tts"):
            from models.tts.piper_phonemes import Phonemes
        with importing("OpenVINO", "openvino"):
            from models.tts.openvino_split import SplitPiper
        phonemes = Phonemes(files)
        ids = [number for sentence in phonemes.sentences(_TRIAL) for number in sentence]
        speaker = files.default_speaker if files.speakers else None
        trial = phonemes.feeds(ids, 1.0, speaker, noise=False)
        return SplitPiper(files.onnx, self._device, self._threads, self._cache_dir, trial)


class SplitPiperEngine(OpenVinoPiperEngine):
    """The experiment: a Piper voice whose decoder runs on the NPU, in chunks of fixed shape or not at all."""

    def open(self, files: PiperFiles) -> PiperSession:
        """As `split`."""
        return self.split(files)
