"""What lies in the folder of a voice for OpenVINO's Text2SpeechPipeline, read without any library.

Only Kokoro is taken. Its folder is what Optimum's export writes: the graph, ``config.json`` with the vocabulary of
phonemes, ``data`` with the English dictionaries, and ``voices`` with one file of styles for each voice.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from app.contracts.audio import Voice
from app.contracts.errors import RuntimeFault, Unavailable
from models.host.engine import JsonValue

SAMPLE_RATE_HZ = 24_000
"""Rate of everything Kokoro says."""

STYLE = 256
"""Numbers in one row of a voice's styles. There is one row for each length of a sentence in phonemes."""

LANGUAGES = {"a": "en-us", "b": "en-gb", "e": "es", "f": "fr-fr", "h": "hi", "i": "it", "p": "pt-br"}
"""What the pipeline can speak, by the first letter of a voice's name. Japanese and Mandarin voices have no phonemes."""

ENGLISH = ("en-us", "en-gb")

_DICTIONARIES = ("us_gold.json", "us_silver.json", "gb_gold.json", "gb_silver.json")
_PREFERRED = "af_heart"
_NAME = re.compile(r"([a-z])[fm]_.+")
_REMEDY = "Get the voice again with `sotto models pull`."


@dataclass(frozen=True, slots=True)
class SpeechFiles:
    """A Kokoro model on disk.

    Attributes:
        folder: Where it is.
        styles: The file of each voice, the preferred one first.
    """

    folder: Path
    styles: tuple[Path, ...]

    def voices(self) -> tuple[Voice, ...]:
        """Those that can be chosen."""
        return tuple(
            Voice(path.stem, _spoken_name(path.stem), tag(language_of(path.stem) or "en-us")) for path in self.styles
        )

    @property
    def languages(self) -> tuple[str, ...]:
        """BCP 47 tags of what its voices speak, each once."""
        return tuple(dict.fromkeys(voice.language for voice in self.voices()))


def language_of(voice_id: str) -> str | None:
    """The pipeline's name of the language a voice speaks, None when the pipeline cannot speak it.

    A voice that is not named as Kokoro's are speaks American English.
    """
    named = _NAME.fullmatch(voice_id)
    return LANGUAGES.get(named.group(1)) if named else "en-us"


def tag(language: str) -> str:
    """The pipeline's name of a language as a BCP 47 tag."""
    base, dash, region = language.partition("-")
    return base + dash + region.upper()


def read_speech(folder: Path) -> SpeechFiles:
    """What is in the folder of a model.

    Raises:
        Unavailable: A file is missing (``model-missing``), or it is another model than Kokoro (``model-unsupported``).
        RuntimeFault: A file cannot be used (``model-unreadable``).
    """
    for name in ("openvino_model.xml", "openvino_model.bin", "config.json"):
        path = folder / name
        if not path.is_file() or path.stat().st_size == 0:
            if name != "config.json" and _architecture(folder).startswith("SpeechT5"):
                raise Unavailable(
                    f"{folder.name} is a SpeechT5 model, which Sotto does not speak with.",
                    code="model-unsupported",
                    remedy="Use a Kokoro or a Piper voice.",
                )
            raise Unavailable(f"A file of the voice is not there: {path}.", code="model-missing", remedy=_REMEDY)
    if not isinstance(_config(folder).get("vocab"), dict):
        raise RuntimeFault(
            f"{folder / 'config.json'} has no 'vocab': it is not Kokoro's.", code="model-unreadable", remedy=_REMEDY
        )
    found = sorted((folder / "voices").glob("*.bin"), key=lambda path: (path.stem != _PREFERRED, path.stem))
    styles = tuple(path for path in found if language_of(path.stem))
    if not styles:
        raise Unavailable(
            f"No voice that can be spoken with is in {folder / 'voices'}.", code="model-missing", remedy=_REMEDY
        )
    for path in styles:
        size = path.stat().st_size
        if size == 0 or size % (STYLE * 4):
            raise RuntimeFault(
                f"The voice {path.name} holds {size} bytes, not whole rows of {STYLE} numbers.",
                code="model-unreadable",
                remedy=_REMEDY,
            )
    if any(language_of(path.stem) in ENGLISH for path in styles):
        for name in _DICTIONARIES:
            if not (folder / "data" / name).is_file():
                raise Unavailable(
                    f"A dictionary of the voice is not there: {folder / 'data' / name}.",
                    code="model-missing",
                    remedy=_REMEDY,
                )
    return SpeechFiles(folder, styles)


def _config(folder: Path) -> dict[str, JsonValue]:
    path = folder / "config.json"
    try:
        config: JsonValue = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise RuntimeFault(f"{path} is not JSON ({error}).", code="model-unreadable", remedy=_REMEDY) from error
    return config if isinstance(config, dict) else {}


def _architecture(folder: Path) -> str:
    if not (folder / "config.json").is_file():
        return ""
    named = _config(folder).get("architectures")
    return str(named[0]) if isinstance(named, list) and named else ""


def _spoken_name(voice_id: str) -> str:
    """``af_heart`` is called Heart."""
    return voice_id.partition("_")[2].replace("_", " ").title() if _NAME.fullmatch(voice_id) else voice_id
