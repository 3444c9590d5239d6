"""What lies in the folder of a Piper voice, read without any library.

Why it exists: recipes state what a voice can do before anything is loaded, the engine loads the same files, and a
folder that was put together by hand must be told apart from a good one with a sentence, wherever it is met first.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from app.contracts.audio import Voice
from app.contracts.errors import RuntimeFault, Unavailable
from models.host.engine import JsonValue

PHONEME_TYPES = ("espeak", "text")
"""The ways from letters to phonemes that need nothing but the voice. Others fetch a dictionary from a network."""

_REMEDY = "Get the voice again, both its .onnx and its .onnx.json."
_RATES_HZ = range(4_000, 192_001)


@dataclass(frozen=True, slots=True)
class PiperFiles:
    """A Piper voice on disk.

    Attributes:
        onnx: The graph.
        config: Its whole description, as the library wants it.
        sample_rate_hz: Rate of what it speaks.
        language: BCP 47 tag, empty when it does not say.
        phoneme_type: How text becomes phonemes, one of `PHONEME_TYPES` when it can be used here.
        speakers: Names and numbers of its speakers, empty when there is but one.
        default_speaker: The number of the one that speaks when nobody chose.
        hop_length: Samples per frame.
    """

    onnx: Path
    config: Mapping[str, JsonValue]
    sample_rate_hz: int
    language: str
    phoneme_type: str
    speakers: Mapping[str, int]
    default_speaker: int
    hop_length: int

    @property
    def name(self) -> str:
        """What the voice is called, ``en_US-lessac-medium`` for instance."""
        return self.onnx.stem

    def voices(self) -> tuple[Voice, ...]:
        """Those that can be chosen: one for each speaker, the default one first."""
        if not self.speakers:
            return (Voice(self.name, self.name, self.language),)
        ordered = sorted(self.speakers.items(), key=lambda item: (item[1] != self.default_speaker, item[1]))
        return tuple(
            Voice(f"{self.name}#{speaker}", f"{self.name}, {speaker}", self.language) for speaker, _ in ordered
        )


def read_piper(folder: Path) -> PiperFiles:
    """What is in the folder of a voice, or beside the ``.onnx`` file that is given.

    Raises:
        Unavailable: A file is missing (``model-missing``).
        RuntimeFault: A file cannot be used (``model-unreadable``).
    """
    onnx = folder if folder.suffix == ".onnx" else _only_onnx(folder)
    described = onnx.with_name(f"{onnx.name}.json")
    for path in (onnx, described):
        if not path.is_file() or path.stat().st_size == 0:
            raise Unavailable(f"A file of the voice is not there: {path}.", code="model-missing", remedy=_REMEDY)
    try:
        config: JsonValue = json.loads(described.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise _unreadable(described, f"it is not JSON ({error})") from error
    if not isinstance(config, dict):
        raise _unreadable(described, "it holds no description")
    return PiperFiles(
        onnx=onnx,
        config=config,
        sample_rate_hz=_rate(described, config),
        language=_language(config),
        phoneme_type=str(config.get("phoneme_type") or "espeak").lower(),
        speakers=_speakers(described, config),
        default_speaker=_whole(config.get("default_speaker_id"), 0),
        hop_length=_whole(config.get("hop_length"), 256),
    )


def _only_onnx(folder: Path) -> Path:
    found = sorted(path for path in folder.glob("*.onnx") if path.is_file()) if folder.is_dir() else []
    if not found:
        raise Unavailable(f"No .onnx file of a voice is in {folder}.", code="model-missing", remedy=_REMEDY)
    if len(found) > 1:
        names = ", ".join(path.name for path in found)
        raise RuntimeFault(
            f"There are {len(found)} voices in {folder}: {names}.",
            code="model-unreadable",
            remedy="Give each voice a folder of its own.",
        )
    return found[0]


def _rate(path: Path, config: Mapping[str, JsonValue]) -> int:
    audio = config.get("audio")
    rate_hz = _whole(audio.get("sample_rate") if isinstance(audio, dict) else None, 0)
    if rate_hz not in _RATES_HZ:
        raise _unreadable(path, "it gives no sample rate")
    for key in ("phoneme_id_map", "espeak"):
        if not isinstance(config.get(key), dict):
            raise _unreadable(path, f"it has no '{key}'")
    return rate_hz


def _language(config: Mapping[str, JsonValue]) -> str:
    language = config.get("language")
    code = language.get("code") if isinstance(language, dict) else None
    if not isinstance(code, str) or not code:
        espeak = config.get("espeak")
        code = espeak.get("voice") if isinstance(espeak, dict) else ""
    base, _, region = str(code or "").replace("_", "-").partition("-")
    return f"{base.lower()}-{region.upper() if len(region) == 2 else region}" if region else base.lower()


def _speakers(path: Path, config: Mapping[str, JsonValue]) -> Mapping[str, int]:
    count = _whole(config.get("num_speakers"), 1)
    if count <= 1:
        return {}
    named = config.get("speaker_id_map")
    if not isinstance(named, dict) or not named:
        return {str(number): number for number in range(count)}
    speakers: dict[str, int] = {}
    for name, number in named.items():
        if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number < count:
            raise _unreadable(path, f"the speaker '{name}' has no proper number")
        speakers[name] = number
    return speakers


def _whole(value: JsonValue, default: int) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else default


def _unreadable(path: Path, reason: str) -> RuntimeFault:
    return RuntimeFault(f"{path.name} does not describe a voice: {reason}.", code="model-unreadable", remedy=_REMEDY)
