"""Speech recognition by faster-whisper: Whisper models in CTranslate2's form, on the processor or an NVIDIA card."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from app.contracts.devices import Device
from app.contracts.errors import Unavailable
from models.libraries import importing, require_file
from models.stt.hearing import HearingEngine

if TYPE_CHECKING:
    from models.stt.hypothesis import Recogniser

FILES = ("model.bin", "config.json", "tokenizer.json")
"""Without ``tokenizer.json`` the library would ask a hub for one."""
VOCABULARIES = ("vocabulary.json", "vocabulary.txt")
_REMEDY = "Get the model again with `sotto models pull`, or import a whole folder with `sotto models import`."


class FasterWhisperEngine(HearingEngine):
    """A Whisper model on CTranslate2. Never asks a network: every file must be in the folder.

    On a graphics card that cannot be used after all it runs on the processor and says so: what `load` returns is what
    ran the first encoding.

    Args:
        model_path: A folder with the files of `FILES` and a vocabulary.
        device: ``CPU``, or ``CUDA<number>``.
        threads: Threads on the processor.
        language: BCP 47 tag to hold it to; empty lets it listen for the language.
    """

    def __init__(self, model_path: str, device: str = "CPU", threads: int = 1, language: str = "") -> None:
        super().__init__()
        self._path = Path(model_path)
        self._device = device
        self._threads = max(1, threads)
        self._language = language

    def load_model(self) -> tuple[Recogniser, Device]:
        """The model, tried with one encoding."""
        card = card_of(self._device)
        check_folder(self._path)
        with importing("faster-whisper", "faster-whisper"):
            from models.stt.faster_whisper_model import FasterWhisperModel
        model = FasterWhisperModel(self._path, card, self._threads, self._language)
        return model, model.device


def card_of(device: str) -> int | None:
    """Number of the NVIDIA card a device's name means; None for the processor.

    Raises:
        Unavailable: It is neither.
    """
    if device.upper() == "CPU":
        return None
    card = re.fullmatch(r"(?:CUDA|GPU)[.:]?(\d*)", device.upper())
    if card is None:
        raise Unavailable(
            f"faster-whisper does not run on {device}, only on CPU and CUDA.", code="device-missing", remedy=""
        )
    return int(card[1] or 0)


def check_folder(folder: Path) -> None:
    """Look that everything the library would otherwise fetch is there.

    Raises:
        Unavailable: It is not.
    """
    if not folder.is_dir():
        raise Unavailable(
            f"The folder of the speech model is not there: {folder}.", code="model-missing", remedy=_REMEDY
        )
    for name in FILES:
        require_file(folder / name, "A file of the speech model", _REMEDY)
    if not any((folder / name).is_file() for name in VOCABULARIES):
        require_file(folder / VOCABULARIES[0], "A file of the speech model", _REMEDY)
