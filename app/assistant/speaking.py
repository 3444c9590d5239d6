"""Speaks an answer while it is still being written: sentence n+1 is made while sentence n is heard.

Why it exists: the shown text and the spoken sound part ways (marks are not spoken, a stop cuts a sentence), yet history
must keep exactly what was heard. This module is where one is mapped onto the other.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from app.aio.pulse import Pulse
from app.assistant.parts import Parts
from app.audio.sentences import Sentence
from app.audio.spoken import SpokenForm, heard_text
from app.contracts.audio import HeardSpan, VoiceOptions
from app.contracts.events import SpeechFinished, SpeechStarted, TurnEvent

WATCH_EVERY_S = 0.02
"""How often the speaker's position is looked at while something is spoken."""


@dataclass(slots=True)
class _Utterance:
    """One sentence on its way: ``made`` once all its sound is queued."""

    shown: str
    spoken: str
    started: bool = False
    made: bool = False
    finished: bool = False


@dataclass(slots=True)
class SpeechTimes:
    """Monotonic seconds, None before it happened; ``busy_s`` is the time spent making sound."""

    began: float | None = None
    first_sound: float | None = None
    busy_s: float = 0.0
    heard: str = field(default="")


class Speaking:
    """Speaks the sentences of one answer. `say` them, then `finish`; or `stop` at any moment.

    Args:
        parts: The ports; the sound goes to ``parts.speaker``.
        options: Voice and speed.
        emit: Takes `SpeechStarted` and `SpeechFinished`.
    """

    def __init__(self, parts: Parts, options: VoiceOptions, emit: Callable[[TurnEvent], bool]) -> None:
        self._parts = parts
        self._options = options
        self._emit = emit
        self._form = SpokenForm()
        self._waiting: list[Sentence] = []
        self._utterances: list[_Utterance] = []
        self._written = Pulse()
        self._complete = False
        self._stopped = False
        self.times = SpeechTimes()

    def say(self, sentence: Sentence) -> None:
        """Queue a sentence as it is shown."""
        self._waiting.append(sentence)
        self._written.beat()

    def complete(self) -> None:
        """No more sentences will come."""
        self._complete = True
        self._written.beat()

    async def run(self) -> None:
        """Speak until everything said is heard.

        Raises:
            SottoError: There is no output, or the voice failed for good.
        """
        self._parts.speaker.begin()
        waking = asyncio.create_task(self._parts.speaker.wake(), name="wake speaker")
        watcher = asyncio.create_task(self._watch(), name="watch speaker")
        try:
            while await self._next_sentence():
                sentence = self._waiting.pop(0)
                spoken = self._form.sentence(sentence.text)
                if spoken:
                    await waking
                    await self._speak(_Utterance(sentence.text, spoken))
            if self._utterances:
                await self._parts.speaker.drain()
        finally:
            for task in (waking, watcher):
                task.cancel()
            await asyncio.gather(waking, watcher, return_exceptions=True)
            self._note_position()

    async def _next_sentence(self) -> bool:
        while not self._waiting:
            if self._complete:
                return False
            await self._written.wait()
        return True

    async def _speak(self, utterance: _Utterance) -> None:
        number = len(self._utterances)
        self._utterances.append(utterance)
        clock = self._parts.clock
        if self.times.began is None:
            self.times.began = clock.monotonic()
        asked = clock.monotonic()
        chunks = self._parts.text_to_speech.synthesize(utterance.spoken, self._options)
        try:
            async for chunk in chunks:
                self.times.busy_s += clock.monotonic() - asked
                await self._parts.speaker.write(chunk, number)
                asked = clock.monotonic()
        finally:
            await chunks.aclose()
        utterance.made = True

    async def _watch(self) -> None:
        while True:
            self._note_position()
            await self._parts.clock.sleep(WATCH_EVERY_S)

    def _note_position(self) -> None:
        """Turn what the speaker has played by now into events, in order."""
        self.times.first_sound = self._parts.speaker.first_sample_at
        for span in self._parts.speaker.heard():
            utterance = self._utterances[span.utterance]
            if span.heard_samples and not utterance.started:
                utterance.started = True
                self._emit(SpeechStarted(utterance=span.utterance, text=utterance.spoken))
            whole = utterance.made and span.heard_samples >= span.queued_samples
            if utterance.started and whole and not utterance.finished:
                self._finished(utterance, span)

    def _finished(self, utterance: _Utterance, span: HeardSpan) -> None:
        utterance.finished = True
        whole = utterance.made and span.heard_samples >= span.queued_samples
        share = span.heard_samples / max(1, span.queued_samples)
        heard = utterance.shown if whole else heard_text(utterance.shown, share)
        self.times.heard += heard
        heard_s = span.heard_samples / span.sample_rate_hz
        self._emit(SpeechFinished(utterance=span.utterance, heard=heard, heard_s=heard_s))

    def stop(self) -> None:
        """Silence, at once. What was being heard is cut where it was heard last."""
        if self._stopped:
            return
        self._stopped = True
        self._parts.speaker.stop()
        self._note_position()
        for span in self._parts.speaker.heard():
            utterance = self._utterances[span.utterance]
            if utterance.started and not utterance.finished:
                self._finished(utterance, span)
