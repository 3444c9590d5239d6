"""Cuts a recording into stretches of speech, so that silence is never recognised and a long one fits in memory."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable

from app.audio.gate import VoiceGate
from app.contracts.audio import SPEECH_RATE_HZ, AudioChunk
from app.contracts.ports import VoiceActivity

SILENCE_ENDS_MS = 800.0
"""A pause this long ends a stretch."""
LONGEST_SAMPLES = 28 * SPEECH_RATE_HZ
"""A stretch is cut here at the latest; recognisers take up to 30 s."""
LEAD_SAMPLES = SPEECH_RATE_HZ * 3 // 10
"""Sound kept before the first speech of a stretch, so that no first syllable is lost."""


async def speech_segments(chunks: Iterable[AudioChunk], activity: VoiceActivity) -> AsyncGenerator[AudioChunk, None]:
    """The stretches of speech in a recording of 16 kHz mono, each with a little sound around it.

    Raises:
        InvalidInput: The recording cannot be read.
    """
    gate = VoiceGate()
    kept = bytearray()
    stream = await activity.open_stream()
    try:
        for chunk in chunks:
            kept += chunk.pcm
            for probability in await stream.feed(chunk):
                gate.push(probability)
            if not gate.has_speech:
                del kept[: max(0, len(kept) - LEAD_SAMPLES * 4)]
            elif gate.silence_ms >= SILENCE_ENDS_MS or len(kept) >= LONGEST_SAMPLES * 4:
                yield AudioChunk(bytes(kept))
                kept.clear()
                gate = VoiceGate()
        if gate.has_speech:
            yield AudioChunk(bytes(kept))
    finally:
        await stream.aclose()
