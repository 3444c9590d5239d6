"""A recogniser that hears what its script says."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import numpy as np

from app.aio.clock import SystemClock
from app.contracts.audio import AudioChunk, Transcript
from app.contracts.devices import Device
from app.contracts.ports import Clock, RecognitionStream, SpeechToText
from models.fakes.base import FakeRuntime
from models.hosted.base import require_speech

WORDS_PER_S = 3.0
"""How fast the words of a script appear in partial transcripts."""


class FakeSpeechToText(FakeRuntime, SpeechToText):
    """Hears one text of its script after the other, and nothing in digital silence.

    Args:
        texts: What is heard; the last one is heard for ever.
        backend_id: Its identity.
        clock: Its delays are slept on this.
        device: Of its identity, and where it is said to run.

    Attributes:
        clips: Every clip recognised whole.
        streams: Every stream opened.
    """

    def __init__(
        self,
        texts: Sequence[str] = ("hello",),
        backend_id: str = "fake-stt",
        clock: Clock | None = None,
        *,
        device: Device = Device.CPU,
    ) -> None:
        super().__init__(backend_id, clock or SystemClock(), sample_rate_hz=16_000, ran=device, asked=device)
        self._texts = deque(texts)
        self.clips: list[AudioChunk] = []
        self.streams: list[FakeRecognitionStream] = []

    async def transcribe(self, clip: AudioChunk) -> Transcript:
        """The next text, whole."""
        await self._begin("transcribe")
        require_speech(clip)
        self.clips.append(clip)
        return self.final(clip.pcm)

    async def open_stream(self) -> RecognitionStream:
        """Begin to reveal the next text."""
        await self._begin("open_stream")
        stream = FakeRecognitionStream(self)
        self.streams.append(stream)
        return stream

    def final(self, pcm: bytes) -> Transcript:
        """What was heard."""
        if not _audible(pcm):
            return Transcript("", len(pcm) // 4, language="en")
        text = self._texts[0]
        self.heard(text)
        return Transcript(text, len(pcm) // 4, language="en")

    def heard(self, text: str) -> None:
        """The script goes on when all of its next text was heard."""
        if len(self._texts) > 1 and text == self._texts[0]:
            self._texts.popleft()

    def partial(self, pcm: bytes) -> Transcript:
        """As much of the text as fits into this much sound."""
        chunk = AudioChunk(pcm)
        words = self._texts[0].split()[: int(chunk.seconds * WORDS_PER_S)] if _audible(pcm) else []
        return Transcript(" ".join(words), chunk.samples, language="en")

    async def begin(self, method: str) -> None:
        """Record a call of one of its streams; feeding takes no time."""
        await self._begin(method, delayed=method != "feed")


class FakeRecognitionStream(RecognitionStream):
    """One utterance.

    Attributes:
        fed: Everything it was given.
        closed: It was dropped or finished.
    """

    def __init__(self, recogniser: FakeSpeechToText) -> None:
        self._recogniser = recogniser
        self._shown = ""
        self.fed: list[AudioChunk] = []
        self.closed = False

    async def feed(self, chunk: AudioChunk) -> None:
        """Record the samples."""
        await self._recogniser.begin("feed")
        require_speech(chunk)
        self.fed.append(chunk)

    async def partial(self) -> Transcript:
        """The words so far."""
        await self._recogniser.begin("partial")
        partial = self._recogniser.partial(self._pcm())
        self._shown = partial.text
        return partial

    async def finish(self) -> Transcript:
        """All words."""
        await self._recogniser.begin("finish")
        self.closed = True
        return self._recogniser.final(self._pcm())

    async def aclose(self) -> None:
        """Note that it happened. A partial that was whole has been used as the final text."""
        if not self.closed:
            self._recogniser.heard(self._shown)
        self.closed = True

    def _pcm(self) -> bytes:
        return b"".join(chunk.pcm for chunk in self.fed)


def _audible(pcm: bytes) -> bool:
    return bool(np.any(np.frombuffer(pcm, dtype="<f4")))
