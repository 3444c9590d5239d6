"""Speech synthesis over a host process."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from app.aio.lease import Priority
from app.contracts.audio import AudioChunk, Voice, VoiceOptions
from models.host.engine import JsonValue
from models.hosted.base import HostedRuntime, list_of, wrong


class HostedTextToSpeech(HostedRuntime):
    """Implements `app.contracts.ports.TextToSpeech`.

    With a lease, it is held until the last chunk of a sentence has been taken.
    """

    async def synthesize(self, text: str, options: VoiceOptions) -> AsyncGenerator[AudioChunk, None]:
        """Speak one sentence; nothing comes for a text without words."""
        if not text.strip():
            return
        args: dict[str, JsonValue] = {
            "text": text,
            "voice": options.voice,
            "speed": options.speed,
            "language": options.language,
        }
        async with self.computing(Priority.GENERATE), aclosing(self._host.stream("speak", args)) as replies:
            async for reply in replies:
                rate_hz = reply.fields.get("sample_rate_hz", self._capabilities.sample_rate_hz)
                if not isinstance(rate_hz, int) or rate_hz < 1:
                    raise wrong("sample_rate_hz", rate_hz)
                if reply.payload:
                    yield AudioChunk(bytes(reply.payload), rate_hz)

    async def voices(self) -> tuple[Voice, ...]:
        """The voices that can be chosen."""
        return tuple(_voice(entry) for entry in list_of(await self._host.call("voices"), "voices"))


def _voice(entry: JsonValue) -> Voice:
    match entry:
        case [str(voice_id), str(name), str(language)]:
            return Voice(voice_id, name, language)
        case _:
            raise wrong("voices", entry)
