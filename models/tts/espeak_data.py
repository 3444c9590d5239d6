"""The data folder of espeak-ng, looked at before the library sees it.

Why it exists: espeak-ng keeps the path in a buffer of 160 bytes, does not understand every letter in it on Windows, and
ends the whole process on bad data. Two libraries bring a copy of it: espeak-ng itself, and Piper for its phonemes.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from app.contracts.errors import Unavailable

_LONGEST_PATH = 160
"""Bytes of the buffer in which espeak-ng keeps its data path, outside Linux."""


def check_data_folder(folder: Path, remedy: str, platform: str = sys.platform) -> Path:
    """The same folder, when espeak-ng can use it.

    Args:
        folder: Where its data should be.
        remedy: What to do when the data is not there.
        platform: As `sys.platform` has it.

    Raises:
        Unavailable: The data is not there (``model-missing``), or its path is too long or has letters espeak-ng cannot
            read (``path-unusable``).
    """
    if not (folder / "phontab").is_file():
        raise Unavailable(f"The voice data of espeak-ng is not there: {folder}.", code="model-missing", remedy=remedy)
    elsewhere = "Install Sotto in a folder with a short path, in plain letters."
    if platform != "linux" and len(os.fsencode(folder)) >= _LONGEST_PATH:
        raise Unavailable(
            f"The path of espeak-ng's voice data is too long for it: {folder}.", code="path-unusable", remedy=elsewhere
        )
    if platform == "win32" and not str(folder).isascii():
        raise Unavailable(
            f"The path of espeak-ng's voice data has letters it cannot read: {folder}.",
            code="path-unusable",
            remedy=elsewhere,
        )
    return folder
