"""Speech synthesis by espeak-ng, chunk by chunk as they come."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from app.contracts.audio import Voice
from app.contracts.devices import Device
from app.contracts.errors import RuntimeFault, SottoError
from models.host.engine import Call, Engine, Operation, Reply
from models.libraries import importing
from models.tts.choosing import named_voice, read_speed, unknown

if TYPE_CHECKING:
    from models.tts.espeak_library import EspeakLibrary

DEFAULT_VOICE = "gmw/en-US"
"""For English without a region: of espeak's English voices the one a recogniser understands best."""

_SAME_LANGUAGE = {"zh": "cmn", "no": "nb"}
"""Tags people use, and the ones espeak-ng has for them."""

_WORDS_PER_MINUTE = 175
_CHUNKS_AHEAD = 16
_LOOK_S = 0.05


class EspeakEngine(Engine):
    """espeak-ng with the voices it brings along."""

    def __init__(self) -> None:
        self._library: EspeakLibrary | None = None
        self._voices: tuple[Voice, ...] = ()

    def load(self) -> Device:
        """Start espeak-ng and synthesise one word.

        Raises:
            Unavailable: The library or its data is not there.
            RuntimeFault: It does not start.
        """
        with importing("espeak-ng", "espeakng-loader"):
            from models.tts.espeak_library import EspeakLibrary
        library = EspeakLibrary()
        self._voices = library.voices()
        library.choose(DEFAULT_VOICE, _WORDS_PER_MINUTE)
        library.speak("ready", lambda _chunk: True)
        self._library = library
        return Device.CPU

    def operations(self) -> Mapping[str, Operation]:
        """``speak`` and ``voices``."""
        return {"speak": self._speak, "voices": self._list}

    def close(self) -> None:
        """Let espeak-ng go."""
        if self._library is not None:
            self._library.close()
            self._library = None

    def _list(self, _call: Call) -> Iterator[Reply]:
        self._loaded()
        yield Reply({"voices": [[voice.voice_id, voice.name, voice.language] for voice in self._voices]})

    def _speak(self, call: Call) -> Iterator[Reply]:
        library = self._loaded()
        text = str(call.args.get("text") or "")
        language = str(call.args.get("language") or "en")
        voice = self._voice(str(call.args.get("voice") or ""), language)
        pace = round(_WORDS_PER_MINUTE * read_speed(call.args.get("speed", 1.0)))
        if not text.strip():
            return
        library.choose(voice, pace)
        synthesis = _Synthesis(library, text, call.cancelled)
        try:
            for chunk in synthesis.chunks():
                yield Reply({"sample_rate_hz": library.sample_rate_hz}, chunk)
        finally:
            synthesis.stop()

    def _voice(self, wanted: str, language: str) -> str:
        """The id of the voice that was asked for, or of the one that fits the language best."""
        if wanted:
            return named_voice(self._voices, wanted).voice_id
        tag = language.casefold().replace("_", "-")
        if tag in ("en", "en-us"):
            return DEFAULT_VOICE
        base, dash, region = tag.partition("-")
        tag = _SAME_LANGUAGE.get(base, base) + dash + region
        by_language = {voice.language.casefold(): voice.voice_id for voice in reversed(self._voices)}
        while tag:
            if tag in by_language:
                return by_language[tag]
            regional = sorted(known for known in by_language if known.startswith(f"{tag}-"))
            if regional:
                return by_language[regional[0]]
            tag = tag.rpartition("-")[0]
        raise unknown("language", language, [voice.language for voice in self._voices])

    def _loaded(self) -> EspeakLibrary:
        if self._library is None:
            raise RuntimeFault("espeak-ng is not loaded.")
        return self._library


class _Synthesis:
    """One call of the library, which blocks, in a thread of its own; a few chunks ahead of the reader at most."""

    def __init__(self, library: EspeakLibrary, text: str, cancelled: threading.Event) -> None:
        self._library = library
        self._text = text
        self._cancelled = cancelled
        self._stopped = threading.Event()
        self._queue: queue.Queue[bytes | SottoError | None] = queue.Queue(_CHUNKS_AHEAD)
        self._thread = threading.Thread(target=self._run, name="espeak", daemon=True)

    def chunks(self) -> Iterator[bytes]:
        self._thread.start()
        while not self._cancelled.is_set():
            try:
                item = self._queue.get(timeout=_LOOK_S)
            except queue.Empty:
                continue
            if isinstance(item, SottoError):
                raise item
            if item is None:
                return
            yield item

    def stop(self) -> None:
        """End the call, wherever it is; the library is free afterwards."""
        self._stopped.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        try:
            self._library.speak(self._text, self._offer)
        except SottoError as error:
            self._offer(error)
        else:
            self._offer(None)

    def _offer(self, item: bytes | SottoError | None) -> bool:
        while not (self._stopped.is_set() or self._cancelled.is_set()):
            try:
                self._queue.put(item, timeout=_LOOK_S)
            except queue.Full:
                continue
            return True
        return False
