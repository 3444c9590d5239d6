"""Hears one utterance: microphone, voice gate and recogniser side by side until the key is up.

Why it exists: three things run at their own pace while somebody talks. Samples must never wait for a model, the gate
must be up to date when the key goes up, and recognition takes what time it is given. The recording is spooled all
along, so whatever fails later, what was said is not lost.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from app.aio.busy import BusyTime
from app.aio.errors import unwrapped
from app.aio.pulse import Pulse
from app.assistant.parts import Parts
from app.audio.gate import VoiceGate
from app.audio.levels import dbfs
from app.audio.spool import RecordingSpool
from app.contracts.audio import SPEECH_RATE_HZ, AudioChunk, Transcript
from app.contracts.ports import Capture, RecognitionStream

TAIL_SILENCE_MS = 60.0
"""The release tail ends after this much silence."""
TAIL_MAX_MS = 300.0
"""The release tail ends after this at the latest."""
HANDS_FREE_SILENCE_MS = 1500.0
"""A tap's listening ends after this much silence, once something was said."""
HANDS_FREE_PATIENCE_MS = 8000.0
"""A tap's listening ends after this when nothing was said at all."""
LEVEL_EVERY_S = 0.05
PARTIAL_EVERY_SAMPLES = SPEECH_RATE_HZ * 3 // 10
SETTLED_SAMPLES = SPEECH_RATE_HZ * 16 // 100
"""A partial that covers this much sound after the last speech needs no second look."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What one utterance came to.

    Attributes:
        transcript: The final text; empty when nobody spoke.
        ended_at: Monotonic seconds of the end of the release tail.
        tail_ms: Length of the release tail.
        lost: Why the microphone went away in the middle, empty when it did not.
    """

    transcript: Transcript
    ended_at: float
    tail_ms: float
    lost: str


class Utterance:
    """One utterance. Make it, call `hear` once, call `release` when the key is up.

    Args:
        parts: The ports.
        spool: Takes every sample; finished here, kept or dropped by the caller.
        on_level: Gets the loudness in dBFS, at most twenty times a second; the first call is the ready cue.
        on_partial: Gets the words so far whenever they change.
        on_released: Called the moment the key is up, before anything is waited for.
        hands_free: Tells whether silence, not the key, ends the listening.
        overlap: Recognise while the person still talks.
    """

    def __init__(
        self,
        parts: Parts,
        spool: RecordingSpool,
        *,
        on_level: Callable[[float], None],
        on_partial: Callable[[str], None],
        on_released: Callable[[], None],
        hands_free: Callable[[], bool],
        overlap: bool = True,
    ) -> None:
        self._parts = parts
        self._spool = spool
        self._on_level = on_level
        self._on_partial = on_partial
        self._on_released = on_released
        self._hands_free = hands_free
        self._overlap = overlap
        self._looked_at = 0
        self._gate = VoiceGate()
        self._chunks: list[AudioChunk] = []
        self._samples = 0
        self._gated_samples = 0
        self._released = False
        self._moved = Pulse()
        self._captured = False
        self.recognising = BusyTime(parts.clock.monotonic)
        self.gating = BusyTime(parts.clock.monotonic)

    def release(self) -> None:
        """The key is up."""
        self._released = True
        self._moved.beat()

    async def hear(self) -> Heard:
        """Listen until released or silent, and recognise.

        Raises:
            MicrophoneUnavailable: There is nothing to listen with.
            SottoError: The recogniser failed for good; the recording is in the spool.
        """
        capture = await self._parts.microphone.open()
        with unwrapped():
            async with asyncio.TaskGroup() as tasks:
                pump = tasks.create_task(self._pump(capture), name="capture")
                gate = tasks.create_task(self._watch_gate(), name="voice gate")
                recogniser = tasks.create_task(self._recognise(gate), name="recogniser")
                try:
                    await self._until_released(pump)
                    released_at = self._parts.clock.monotonic()
                    self._on_released()
                    await self._tail(pump)
                finally:
                    capture.stop()
                await pump
                ended_at = self._parts.clock.monotonic()
        return Heard(recogniser.result(), ended_at, (ended_at - released_at) * 1000.0, capture.lost)

    async def _pump(self, capture: Capture) -> None:
        """Sound in: to the spool, to the meter, and to whoever waits for more."""
        level_due = 0.0
        try:
            async for chunk in capture.chunks():
                self._spool.append(chunk)
                self._chunks.append(chunk)
                self._samples += chunk.samples
                self._moved.beat()
                now = self._parts.clock.monotonic()
                if now >= level_due:
                    level_due = now + LEVEL_EVERY_S
                    self._on_level(dbfs(chunk.pcm))
        finally:
            self._captured = True
            self._moved.beat()

    async def _watch_gate(self) -> None:
        """Keep the voice gate up to date with every chunk."""
        stream = await self._parts.voice_activity.open_stream()
        try:
            done = 0
            while True:
                while done < len(self._chunks):
                    chunk = self._chunks[done]
                    done += 1
                    with self.gating.counting():
                        probabilities = await stream.feed(chunk)
                    for probability in probabilities:
                        self._gate.push(probability)
                    self._gated_samples += chunk.samples
                    self._moved.beat()
                if self._captured:
                    return
                await self._moved.wait()
        finally:
            await stream.aclose()

    async def _recognise(self, gate: asyncio.Task[None]) -> Transcript:
        """Feed the recogniser, show the words so far, and give the final text."""
        stream = await self._parts.speech_to_text.open_stream()
        try:
            fed = 0
            partial = Transcript("", 0)
            while not (self._captured and fed == len(self._chunks)):
                while fed < len(self._chunks):
                    await stream.feed(self._chunks[fed])
                    fed += 1
                if self._overlap and not self._released and self._worth_a_look(partial):
                    partial = await self._look(stream, partial)
                elif not self._captured:
                    await self._moved.wait()
            await gate
            if not self._gate.has_speech:
                return Transcript("", self._samples)
            if partial.text and partial.samples >= self._last_speech() + SETTLED_SAMPLES:
                return partial
            asked = self._parts.clock.monotonic()
            with self.recognising.counting():
                final = await stream.finish()
            took_s = self._parts.clock.monotonic() - asked
            self._parts.pace.look_s = min(self._parts.pace.look_s, took_s)
            return final
        finally:
            await stream.aclose()

    async def _look(self, stream: RecognitionStream, before: Transcript) -> Transcript:
        """Recognise what is there by now, and show it when it changed."""
        asked = self._parts.clock.monotonic()
        with self.recognising.counting():
            partial = await stream.partial()
        self._parts.pace.look_s = self._parts.clock.monotonic() - asked
        self._looked_at = self._samples
        if partial.text and partial.text != before.text:
            self._on_partial(partial.text)
        return partial

    def _worth_a_look(self, partial: Transcript) -> bool:
        """A partial pays when somebody spoke since the last one, or has just fallen silent; a slow one seldom."""
        if not self._gate.has_speech or self._samples - self._looked_at < self._parts.pace.fresh_samples:
            return False
        unseen = self._last_speech() + SETTLED_SAMPLES - partial.samples
        if unseen <= 0:
            return False
        fresh = self._samples - partial.samples
        paused = self._samples - self._last_speech() >= SETTLED_SAMPLES
        return fresh >= PARTIAL_EVERY_SAMPLES or paused

    def _last_speech(self) -> int:
        """Sample at which the last speech ended."""
        return self._gate.last_speech_frame * self._gate.frame_samples

    async def _until_released(self, pump: asyncio.Task[None]) -> None:
        """Wait for key up, for silence after a tap, or for the microphone to go."""
        while not (self._released or pump.done()):
            await self._moved.wait()
            if self._hands_free():
                patience = HANDS_FREE_SILENCE_MS if self._gate.has_speech else HANDS_FREE_PATIENCE_MS
                if self._gate.silence_ms >= patience:
                    self._released = True

    async def _tail(self, pump: asyncio.Task[None]) -> None:
        """Go on only while the gate still hears speech, and not for long."""
        up_to = self._samples
        deadline = self._parts.clock.monotonic() + TAIL_MAX_MS / 1000.0
        while not pump.done():
            caught_up = self._gated_samples >= up_to
            if caught_up and (not self._gate.has_speech or self._gate.silence_ms >= TAIL_SILENCE_MS):
                return
            left = deadline - self._parts.clock.monotonic()
            if left <= 0:
                return
            await self._moved.wait(left)
