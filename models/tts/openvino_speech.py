"""Kokoro by OpenVINO GenAI's Text2SpeechPipeline: the one neural voice that is supported on Intel's NPU.

It speaks a short text in one go, so it can be stopped between pieces of a text and not inside one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from app.contracts.audio import Voice
from app.contracts.devices import Device
from app.contracts.errors import RuntimeFault
from models.host.engine import Call, Engine, Operation, Reply
from models.libraries import importing
from models.tts.choosing import named_voice, read_speed, unknown
from models.tts.pieces import pieces, speakable
from models.tts.speech_files import SpeechFiles, language_of, read_speech

if TYPE_CHECKING:
    from models.tts.openvino_speech_session import SpeechSession

LONGEST_PIECE = 160
"""Characters spoken in one go."""
SLICE_S = 0.1
"""Seconds of sound in one chunk."""


class OpenVinoSpeechEngine(Engine):
    """Kokoro on one of OpenVINO's devices.

    Args:
        model_path: The folder of the model.
        device: OpenVINO's name of the device: ``CPU``, ``GPU.0``, ``NPU``.
        threads: Threads of the processor plugin.
        cache_dir: Where what was compiled for a device is kept; empty keeps nothing.
    """

    def __init__(self, model_path: str, device: str = "CPU", threads: int = 1, cache_dir: str = "") -> None:
        self._path = Path(model_path)
        self._device = device
        self._threads = max(1, threads)
        self._cache_dir = cache_dir
        self._files: SpeechFiles | None = None
        self._session: SpeechSession | None = None

    def load(self) -> Device:
        """Load the model and speak once, unheard.

        Raises:
            Unavailable: A library, a file or the device is not there.
            RuntimeFault: The model cannot be used.
        """
        files = read_speech(self._path)
        with importing("OpenVINO GenAI", "openvino-genai"):
            from models.tts.openvino_speech_session import SpeechSession
        session = SpeechSession(files, self._device, self._threads, self._cache_dir)
        style = files.styles[0]
        samples, _ = session.speak("One, two, three.", style, language_of(style.stem) or "en-us", 1.0)
        if not samples.size or not np.all(np.isfinite(samples)):
            raise RuntimeFault(f"{self._path.name} makes no proper sound on {self._device}.", code="sound-differs")
        self._files, self._session = files, session
        return session.device

    def operations(self) -> Mapping[str, Operation]:
        """``speak`` and ``voices``."""
        return {"speak": self._speak, "voices": self._list}

    def close(self) -> None:
        """Free the model."""
        self._session = None

    def _list(self, _call: Call) -> Iterator[Reply]:
        files, _ = self._loaded()
        yield Reply({"voices": [[voice.voice_id, voice.name, voice.language] for voice in files.voices()]})

    def _speak(self, call: Call) -> Iterator[Reply]:
        """A voice speaks its own language; ``language`` chooses among the voices when none was asked for."""
        files, session = self._loaded()
        voices = files.voices()
        wanted = str(call.args.get("voice") or "")
        voice = named_voice(voices, wanted) if wanted else _fitting(voices, str(call.args.get("language") or "en"))
        speed = read_speed(call.args.get("speed", 1.0))
        style = next(path for path in files.styles if path.stem == voice.voice_id)
        language = language_of(voice.voice_id) or "en-us"
        for piece in pieces(speakable(str(call.args.get("text") or "")), LONGEST_PIECE):
            if call.cancelled.is_set():
                return
            call.alive()
            samples, rate_hz = session.speak(piece, style, language, speed)
            sound = np.clip(samples, -1.0, 1.0).astype("<f4", copy=False)
            slice_samples = round(rate_hz * SLICE_S)
            for at in range(0, len(sound), slice_samples):
                if call.cancelled.is_set():
                    return
                yield Reply({"sample_rate_hz": rate_hz}, sound[at : at + slice_samples].tobytes())

    def _loaded(self) -> tuple[SpeechFiles, SpeechSession]:
        if self._files is None or self._session is None:
            raise RuntimeFault("The voice is not loaded.")
        return self._files, self._session


def _fitting(voices: tuple[Voice, ...], language: str) -> Voice:
    """The first voice of a language: of just this region when there is one, else of the language."""
    asked = language.casefold().replace("_", "-")
    asked = "en-us" if asked == "en" else asked
    base = asked.partition("-")[0]
    spoken = [voice.language.casefold() for voice in voices]
    if asked in spoken:
        return voices[spoken.index(asked)]
    for voice, tag in zip(voices, spoken, strict=True):
        if tag.partition("-")[0] == base:
            return voice
    raise unknown("language", language, [voice.language for voice in voices])
