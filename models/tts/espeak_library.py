"""The C interface of espeak-ng: one process-wide synthesiser that hands samples to a callback while it works.

Why it exists: everything that is ctypes about espeak-ng is here. Only this module imports espeakng_loader.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import espeakng_loader
import numpy as np

from app.contracts.audio import Voice
from app.contracts.errors import RuntimeFault, Unavailable
from models.tts.espeak_data import check_data_folder

_SYNCHRONOUS = 2
_DO_NOT_EXIT = 0x8000
_CHARS_UTF8 = 1
_RATE = 1
_STOP, _GO_ON = 1, 0
_CHUNK_MS = 60

_SynthCallback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


class _CVoice(ctypes.Structure):
    """espeak_VOICE of speak_lib.h."""

    _fields_ = [
        ("name", ctypes.c_char_p),
        ("languages", ctypes.POINTER(ctypes.c_char)),
        ("identifier", ctypes.c_char_p),
        ("gender", ctypes.c_ubyte),
        ("age", ctypes.c_ubyte),
        ("variant", ctypes.c_ubyte),
        ("reserved", ctypes.c_ubyte),
        ("score", ctypes.c_int),
        ("spare", ctypes.c_void_p),
    ]


class EspeakLibrary:
    """espeak-ng, initialised. There is one in a process, and one thread at a time may use it.

    Raises:
        Unavailable: The library or its data is not there.
        RuntimeFault: It does not start.
    """

    def __init__(self) -> None:
        self._data = _data_folder()
        try:
            self._library = ctypes.CDLL(espeakng_loader.get_library_path())
        except OSError as error:
            raise Unavailable(f"espeak-ng cannot be loaded: {error}.", code="library-broken") from error
        self._declare()
        self.sample_rate_hz: int = self._library.espeak_Initialize(
            _SYNCHRONOUS, _CHUNK_MS, os.fsencode(self._data), _DO_NOT_EXIT
        )
        if self.sample_rate_hz <= 0:
            raise RuntimeFault(f"espeak-ng does not start with the data in {self._data}.", code="model-unreadable")
        self._sink: Callable[[bytes], bool] | None = None
        self._callback = _SynthCallback(self._on_samples)
        self._library.espeak_SetSynthCallback(self._callback)

    def voices(self) -> tuple[Voice, ...]:
        """Every voice that can speak; one of several languages is listed under the first."""
        return tuple(voice for voice in self._list_voices() if self._has_dictionary(voice))

    def choose(self, voice_id: str, words_per_minute: int) -> None:
        """Take a voice and a pace for what is spoken next.

        Raises:
            RuntimeFault: The library refuses the voice.
        """
        status = self._library.espeak_SetVoiceByName(voice_id.encode())
        if status != 0:
            raise RuntimeFault(f"espeak-ng does not take the voice {voice_id} (status {status}).")
        self._library.espeak_SetParameter(_RATE, words_per_minute, 0)

    def speak(self, text: str, sink: Callable[[bytes], bool]) -> None:
        """Synthesise a text, blocking.

        Args:
            text: What to say; markup has no meaning in it.
            sink: Gets float32 little-endian samples as they come; returns False when no more are wanted.

        Raises:
            RuntimeFault: The library failed.
        """
        raw = text.replace("\0", " ").encode("utf-8", "replace")
        self._sink = sink
        try:
            status = self._library.espeak_Synth(raw, len(raw) + 1, 0, 0, 0, _CHARS_UTF8, None, None)
        finally:
            self._sink = None
        if status != 0:
            raise RuntimeFault(f"espeak-ng could not speak (status {status}).")

    def close(self) -> None:
        """Free what the library holds."""
        self._library.espeak_Terminate()

    def _on_samples(self, samples: ctypes._Pointer[ctypes.c_short], count: int, _events: int) -> int:
        if self._sink is None:
            return _STOP
        if not samples or count <= 0:
            return _GO_ON
        whole = np.ctypeslib.as_array(samples, shape=(count,)).astype("<f4") / np.float32(32768.0)
        return _GO_ON if self._sink(whole.tobytes()) else _STOP

    def _declare(self) -> None:
        library = self._library
        library.espeak_Initialize.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_char_p, ctypes.c_int]
        library.espeak_SetSynthCallback.argtypes = [_SynthCallback]
        library.espeak_SetVoiceByName.argtypes = [ctypes.c_char_p]
        library.espeak_SetParameter.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_int]
        library.espeak_ListVoices.argtypes = [ctypes.c_void_p]
        library.espeak_ListVoices.restype = ctypes.POINTER(ctypes.POINTER(_CVoice))
        library.espeak_Synth.argtypes = [
            ctypes.c_char_p,
            ctypes.c_size_t,
            ctypes.c_uint,
            ctypes.c_int,
            ctypes.c_uint,
            ctypes.c_uint,
            ctypes.POINTER(ctypes.c_uint),
            ctypes.c_void_p,
        ]

    def _has_dictionary(self, voice: Voice) -> bool:
        """Some voices are listed although the dictionary they need was left out of the data."""
        definition = self._data / "lang" / voice.voice_id
        if not definition.is_file():
            return False
        lines = definition.read_text("utf-8", "replace").splitlines()
        named = [line.split()[1] for line in lines if line.startswith("dictionary ")]
        dictionary = named[0] if named else voice.language.partition("-")[0]
        return (self._data / f"{dictionary}_dict").is_file()

    def _list_voices(self) -> Iterator[Voice]:
        listed = self._library.espeak_ListVoices(None)
        at = 0
        while listed[at]:
            voice = listed[at].contents
            languages = ctypes.cast(voice.languages, ctypes.c_char_p).value or b"\0"
            yield Voice(
                voice_id=voice.identifier.decode("utf-8", "replace"),
                name=voice.name.decode("utf-8", "replace"),
                language=languages[1:].decode("utf-8", "replace"),  # its first byte is a priority
            )
            at += 1


def _data_folder() -> Path:
    remedy = "Install it again: python -m pip install --force-reinstall espeakng-loader"
    try:
        folder = Path(espeakng_loader.get_data_path())
    except RuntimeError as error:
        raise Unavailable(f"The voice data of espeak-ng is not there: {error}.", remedy=remedy) from error
    return check_data_folder(folder, remedy)
