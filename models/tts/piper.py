"""Neural voices by Piper, on the processor through ONNX Runtime.

Why it exists: it is the best speech that a processor makes as fast as it is heard. Text becomes phonemes in the
library, phonemes become sound in a graph that this program runs itself: with as many threads as it was given, and
stopped when it is told to.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from app.contracts.devices import Device
from app.contracts.errors import RuntimeFault, Unavailable
from models.host.engine import Call, Engine, Operation, Reply
from models.libraries import importing
from models.tts.choosing import named_voice, read_speed
from models.tts.pieces import pieces, speakable
from models.tts.piper_files import PHONEME_TYPES, PiperFiles, read_piper

if TYPE_CHECKING:
    from models.tts.piper_phonemes import Phonemes
    from models.tts.piper_session import PiperSession, Samples

SLICE_S = 0.1
"""Seconds of sound in one chunk."""

_LOUDNESS = 0.8
"""Peak the voice is brought to, by one factor for everything it says: each sentence by its own would make it jump."""
_MOST_GAIN = 4.0
_WARM_UP = "One, two, three, four, five, six, seven."


class PiperEngine(Engine):
    """A Piper voice.

    Args:
        model_path: The folder with its ``.onnx`` and ``.onnx.json``.
        threads: Threads it may use.
    """

    def __init__(self, model_path: str, threads: int = 1) -> None:
        self._path = Path(model_path)
        self._threads = max(1, threads)
        self._files: PiperFiles | None = None
        self._session: PiperSession | None = None
        self._phonemes: Phonemes | None = None
        self._gain = 1.0

    def load(self) -> Device:
        """Load the voice and speak once, unheard: that also tells how loud it is.

        Raises:
            Unavailable: A library, a file or the device is not there.
            RuntimeFault: A file cannot be used.
        """
        files = read_piper(self._path)
        if files.phoneme_type not in PHONEME_TYPES:
            raise Unavailable(
                f"The voice {files.name} needs phonemes of the kind '{files.phoneme_type}', which Sotto cannot make.",
                code="model-unsupported",
                remedy="Choose another voice for this language.",
            )
        with importing("Piper", "piper-tts"):
            from models.tts.piper_phonemes import Phonemes
        phonemes = Phonemes(files)
        session = self.open(files)
        self._files, self._session, self._phonemes = files, session, phonemes
        self._gain = self._measure(phonemes, session)
        return session.device

    def open(self, files: PiperFiles) -> PiperSession:
        """Load the graph."""
        with importing("ONNX Runtime", "onnxruntime"):
            from models.tts.piper_onnx import OnnxPiper
        return OnnxPiper(files.onnx, self._threads)

    def operations(self) -> Mapping[str, Operation]:
        """``speak`` and ``voices``."""
        return {"speak": self._speak, "voices": self._list}

    def close(self) -> None:
        """Free the voice."""
        self._session = self._phonemes = None

    def _list(self, _call: Call) -> Iterator[Reply]:
        files, _, _ = self._loaded()
        yield Reply({"voices": [[voice.voice_id, voice.name, voice.language] for voice in files.voices()]})

    def _speak(self, call: Call) -> Iterator[Reply]:
        """A voice speaks its own language, whatever ``language`` says."""
        files, session, phonemes = self._loaded()
        text = speakable(str(call.args.get("text") or ""))
        speaker = _speaker(files, str(call.args.get("voice") or ""))
        speed = read_speed(call.args.get("speed", 1.0))
        rate_hz = files.sample_rate_hz
        slice_samples = max(1, round(rate_hz * SLICE_S))
        for piece in pieces(text):
            call.alive()
            for ids in phonemes.sentences(piece):
                for samples in session.stream(phonemes.feeds(ids, speed, speaker), call.cancelled):
                    loud = np.clip(samples * np.float32(self._gain), -1.0, 1.0).astype("<f4", copy=False)
                    for at in range(0, len(loud), slice_samples):
                        if call.cancelled.is_set():
                            return
                        yield Reply({"sample_rate_hz": rate_hz}, loud[at : at + slice_samples].tobytes())
                if call.cancelled.is_set():
                    return

    def _measure(self, phonemes: Phonemes, session: PiperSession) -> float:
        """The factor that brings the voice to its loudness."""
        speaker = self._files.default_speaker if self._files and self._files.speakers else None
        peak = 0.0
        for ids in phonemes.sentences(_WARM_UP):
            for samples in session.stream(phonemes.feeds(ids, 1.0, speaker, noise=False), threading.Event()):
                peak = max(peak, _peak(samples))
        return min(_LOUDNESS / peak, _MOST_GAIN) if peak > 0 else 1.0

    def _loaded(self) -> tuple[PiperFiles, PiperSession, Phonemes]:
        if self._files is None or self._session is None or self._phonemes is None:
            raise RuntimeFault("The voice is not loaded.")
        return self._files, self._session, self._phonemes


def _peak(samples: Samples) -> float:
    if not np.all(np.isfinite(samples)):
        raise RuntimeFault("The voice makes no proper sound: its file is damaged.", code="model-unreadable")
    return float(np.max(np.abs(samples), initial=0.0))


def _speaker(files: PiperFiles, wanted: str) -> int | None:
    """The number of the speaker that was asked for, None where there is but one."""
    voice_id = named_voice(files.voices(), wanted).voice_id if wanted else ""
    if not files.speakers:
        return None
    return files.speakers.get(voice_id.partition("#")[2], files.default_speaker)
