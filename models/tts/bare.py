"""espeak-ng through its C interface as its own documentation shows it: the yardstick of `models.bare`."""

from __future__ import annotations

import ctypes

import espeakng_loader

_SYNCHRONOUS = 2
_UTF8 = 1
_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)


class BareVoice:
    """Loads at construction."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL(espeakng_loader.get_library_path())
        self._library.espeak_Initialize(_SYNCHRONOUS, 0, espeakng_loader.get_data_path().encode(), 0)
        self._library.espeak_SetVoiceByName(b"en-us")
        self._callback = _CALLBACK(self._heard)
        self._library.espeak_SetSynthCallback(self._callback)

    def first_samples(self, text: str) -> None:
        """Speak until the first samples are there."""
        words = text.encode()
        self._library.espeak_Synth(words, len(words) + 1, 0, 0, 0, _UTF8, None, None)

    def _heard(self, _samples: int | None, count: int, _events: int | None) -> int:
        return 1 if count else 0
