"""Text to the phoneme numbers of a Piper voice, by the library.

Why it exists: everything that touches the library is here. It holds the interpreter while espeak-ng works (2 us per
character), so it gets short pieces only. Only this module imports piper.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from piper import PiperConfig, PiperVoice
from piper.phonemize_espeak import ESPEAK_DATA_DIR

from app.contracts.errors import RuntimeFault
from models.tts.espeak_data import check_data_folder
from models.tts.piper_files import PiperFiles
from models.tts.piper_session import Feeds, feeds_for

_REMEDY = "Install it again: python -m pip install --force-reinstall piper-tts"


class Phonemes:
    """The phonemes of one voice.

    Args:
        files: The voice.

    Raises:
        Unavailable: espeak-ng's data, which makes the phonemes, is not there.
        RuntimeFault: The description of the voice cannot be used (``model-unreadable``).
    """

    def __init__(self, files: PiperFiles) -> None:
        self._files = files
        data = check_data_folder(ESPEAK_DATA_DIR.resolve(), _REMEDY) if files.phoneme_type == "espeak" else None
        try:
            config: Any = PiperConfig.from_dict(dict(files.config))
            self._scales = (float(config.noise_scale), float(config.length_scale), float(config.noise_w_scale))
        except (KeyError, TypeError, ValueError) as error:
            raise RuntimeFault(
                f"{files.onnx.name}.json does not describe a Piper voice: {error!r}.",
                code="model-unreadable",
                remedy="Get the voice again, both its .onnx and its .onnx.json.",
            ) from error
        self._voice: Any = PiperVoice(session=None, config=config, espeak_data_dir=data or ESPEAK_DATA_DIR)

    def sentences(self, text: str) -> Iterator[list[int]]:
        """The phoneme numbers of each sentence in a short text; nothing for what has no sound.

        Raises:
            RuntimeFault: The library failed.
        """
        try:
            spoken = [self._voice.phonemes_to_ids(each) for each in self._voice.phonemize(text) if each]
        except (RuntimeError, ValueError, KeyError, IndexError, TypeError) as error:
            raise RuntimeFault(f"Piper cannot make phonemes for {self._files.name}: {error}.") from error
        yield from (ids for ids in spoken if ids)

    def feeds(self, ids: list[int], speed: float, speaker: int | None, *, noise: bool = True) -> Feeds:
        """What the graph is given for one sentence.

        Args:
            ids: Its phoneme numbers.
            speed: 1.0 is the voice's own pace.
            speaker: Number of the speaker, None for a voice that has but one.
            noise: With what the voice was trained to vary; without it the same text always sounds the same.
        """
        noise_scale, length_scale, noise_w = self._scales
        scales = (noise_scale, length_scale / speed, noise_w) if noise else (0.0, length_scale / speed, 0.0)
        return feeds_for(ids, scales, speaker)
