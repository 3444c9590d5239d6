"""A voice that hums: a tone for each word, as long as the word."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import numpy as np

from app.aio.clock import SystemClock
from app.contracts.audio import AudioChunk, Voice, VoiceOptions
from app.contracts.devices import Device
from app.contracts.errors import SottoError
from app.contracts.ports import Clock, TextToSpeech
from models.fakes.base import FakeRuntime

RATE_HZ = 22_050
SECONDS_PER_CHARACTER = 0.06
CHUNK_SAMPLES = RATE_HZ // 10
_LOUDNESS = 0.2


class FakeTextToSpeech(FakeRuntime, TextToSpeech):
    """Hums. The same text always gives the same samples.

    Args:
        backend_id: Its identity.
        clock: Its delays are slept on this.
        sample_rate_hz: Of its sound.
        device: Of its identity, and where it is said to run.

    Attributes:
        spoken: Every text with its options.
        stopped: How many sentences were closed before their end.
    """

    def __init__(
        self,
        backend_id: str = "fake-tts",
        clock: Clock | None = None,
        sample_rate_hz: int = RATE_HZ,
        *,
        device: Device = Device.CPU,
    ) -> None:
        super().__init__(backend_id, clock or SystemClock(), sample_rate_hz=sample_rate_hz, ran=device, asked=device)
        self._break: tuple[int, SottoError] | None = None
        self.spoken: list[tuple[str, VoiceOptions]] = []
        self.stopped = 0

    def break_after(self, chunks: int, error: SottoError) -> None:
        """Have the next sentence fail after so many chunks."""
        self._break = (chunks, error)

    async def synthesize(self, text: str, options: VoiceOptions) -> AsyncGenerator[AudioChunk, None]:
        """The tones of a sentence in tenths of a second."""
        self.spoken.append((text, options))
        breaking, self._break = self._break, None
        await self._begin("synthesize")
        rate = self.capabilities.sample_rate_hz
        samples = tones(text, rate, options.speed)
        ended = False
        try:
            for at, start in enumerate(range(0, samples.size, rate // 10)):
                if breaking is not None and at == breaking[0]:
                    ended = True
                    raise breaking[1]
                yield AudioChunk(samples[start : start + rate // 10].tobytes(), rate)
            ended = True
        finally:
            self.stopped += not ended

    async def voices(self) -> tuple[Voice, ...]:
        """Two of them."""
        await self._begin("voices", delayed=False)
        return (Voice("hum", "Hum", "en"), Voice("buzz", "Buzz", "en"))


def tones(text: str, rate_hz: int, speed: float) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """The sound of a text: a word's letters choose its pitch, its length the time."""
    pieces = [np.zeros(0, dtype=np.float32)]
    for word in text.split():
        samples = int(len(word) * SECONDS_PER_CHARACTER / speed * rate_hz)
        pitch_hz = 180.0 + 12.0 * (sum(word.encode()) % 16)
        phase = 2.0 * np.pi * pitch_hz * np.arange(samples) / rate_hz
        fade = np.minimum(1.0, np.minimum(np.arange(samples), np.arange(samples)[::-1]) / (0.005 * rate_hz))
        pieces.append((_LOUDNESS * np.sin(phase) * fade).astype(np.float32))
        pieces.append(np.zeros(int(0.05 / speed * rate_hz), dtype=np.float32))
    return np.concatenate(pieces)
