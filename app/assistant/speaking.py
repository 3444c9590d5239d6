"""Speaks an answer while it is still being written: sentence n+1 is made while sentence n is heard.

Why it exists: the shown text and the spoken sound part ways (marks are not spoken, a stop cuts a sentence), yet history
must keep exactly what was heard. This module is where one is mapped onto the other.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field

from app.aio.busy import BusyTime
from app.aio.pulse import Pulse
from app.assistant.parts import Parts
from app.audio.sentences import Sentence
from app.audio.spoken import SpokenForm, heard_text
from app.contracts.audio import BYTES_PER_SAMPLE, AudioChunk, HeardSpan, VoiceOptions
from app.contracts.errors import SottoError
from app.contracts.events import SpeechFinished, SpeechStarted, TurnEvent

STOP_PAUSE_S = 0.22
"""Silence between two sentences; a voice that speaks one at a time leaves none by itself."""
CLAUSE_PAUSE_S = 0.1
"""Silence behind a comma, a colon, a dash."""
_STOPS = (".", "!", "?", "…", "\n", "。", "！", "？")  # noqa: RUF001
_CLAUSES = (",", ";", ":", "—", "–", "-")  # noqa: RUF001
_CLOSERS = "\"'”’»)]}*_`"  # noqa: RUF001
CHARACTER_S = 0.065
"""How long a voice takes for a character at its own pace, as far as a sentence is not made yet."""
NEARLY_ALL = 0.999
"""Share of a sentence that counts as cut; only one heard to its last sample is whole."""
WATCH_EVERY_S = 0.02
"""How often the speaker's position is looked at while something is spoken."""


@dataclass(slots=True)
class _Utterance:
    """One sentence on its way: ``made`` once all its sound is queued, ``pause`` samples of silence in front of it."""

    shown: str
    spoken: str
    pause: int = 0
    started: bool = False
    made: bool = False
    finished: bool = False


@dataclass(slots=True)
class SpeechTimes:
    """Monotonic seconds, None before it happened; ``busy`` is the time spent making sound."""

    busy: BusyTime
    began: float | None = None
    first_sound: float | None = None
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
        self._begun: list[str] = []
        self._utterances: list[_Utterance] = []
        self._written = Pulse()
        self._complete = False
        self._stopped = False
        self.times = SpeechTimes(BusyTime(parts.clock.monotonic))

    def say(self, sentence: Sentence) -> None:
        """Queue a sentence as it is shown."""
        self._waiting.append(sentence)
        self._written.beat()

    def withdraw(self) -> str:
        """Let go what has not been begun; a sentence that has been is said to its end.

        Returns:
            What was said and will be said of the text so far.
        """
        rest: list[str] = []
        for waiting in self._waiting:
            if not self._begun or _ends_sentence((*self._begun, *rest)[-1]):
                break
            rest.append(waiting.text)
        del self._waiting[len(rest) :]
        return "".join((*self._begun, *rest))

    def complete(self) -> None:
        """No more sentences will come."""
        self._complete = True
        self._written.beat()

    async def run(self) -> None:
        """Speak until everything said is heard, or until it is stopped.

        Raises:
            SottoError: There is no output, or the voice failed for good; what was made before is heard first.
        """
        if self._stopped:
            return
        self._parts.speaker.begin()
        waking = asyncio.create_task(self._parts.speaker.wake(), name="wake speaker")
        watcher = asyncio.create_task(self._watch(), name="watch speaker")
        try:
            await self._speak_all(waking)
            await self._let_it_be_heard()
        except SottoError:
            with contextlib.suppress(SottoError):  # the first error is the one to tell
                await self._let_it_be_heard()
            self.stop()
            raise
        finally:
            for task in (waking, watcher):
                task.cancel()
            await asyncio.gather(waking, watcher, return_exceptions=True)
            self._note_position()

    async def _speak_all(self, waking: asyncio.Task[None]) -> None:
        while await self._next_sentence():
            sentence = self._waiting.pop(0)
            self._begun.append(sentence.text)
            if spoken := self._form.sentence(sentence.text):
                await waking
                if self._stopped:
                    return
                await self._speak(_Utterance(sentence.text, spoken))

    async def _let_it_be_heard(self) -> None:
        if self._utterances and not self._stopped:
            await self._parts.speaker.drain()

    async def _next_sentence(self) -> bool:
        while not (self._waiting or self._complete or self._stopped):
            await self._written.wait()
        return bool(self._waiting) and not self._stopped

    async def _speak(self, utterance: _Utterance) -> None:
        number = len(self._utterances)
        self._utterances.append(utterance)
        if self.times.began is None:
            self.times.began = self._parts.clock.monotonic()
        if number:
            await self._pause(utterance, _pause_after(self._utterances[number - 1].shown), number)
        chunks = self._parts.text_to_speech.synthesize(_with_its_tone(utterance.spoken), self._options)
        try:
            while True:
                with self.times.busy.counting():
                    chunk = await anext(chunks, None)
                if chunk is None:
                    break
                if self._stopped:  # the speaker may belong to the next turn by now
                    return
                await self._parts.speaker.write(chunk, number)
        finally:
            await chunks.aclose()
        utterance.made = True

    async def _pause(self, utterance: _Utterance, seconds: float, number: int) -> None:
        rate_hz = self._parts.text_to_speech.capabilities.sample_rate_hz
        utterance.pause = round(seconds * rate_hz)
        if utterance.pause:
            await self._parts.speaker.write(AudioChunk(bytes(utterance.pause * BYTES_PER_SAMPLE), rate_hz), number)

    async def _watch(self) -> None:
        while True:
            self._note_position()
            await self._parts.clock.sleep(WATCH_EVERY_S)

    def _note_position(self) -> None:
        """Turn what the speaker has played by now into events, in order."""
        if self._stopped:
            return
        self.times.first_sound = self._parts.speaker.first_sample_at
        for span in self._parts.speaker.heard():
            utterance = self._utterances[span.utterance]
            if span.heard_samples > utterance.pause and not utterance.started:
                utterance.started = True
                self._emit(SpeechStarted(utterance=span.utterance, text=utterance.spoken))
            whole = utterance.made and span.heard_samples >= span.queued_samples
            if utterance.started and whole and not utterance.finished:
                self._finished(utterance, span)

    def _finished(self, utterance: _Utterance, span: HeardSpan) -> None:
        utterance.finished = True
        whole = utterance.made and span.heard_samples >= span.queued_samples
        heard_samples = span.heard_samples - utterance.pause
        share = heard_samples / max(1, self._samples_of(utterance, span))
        heard = utterance.shown if whole else heard_text(utterance.shown, min(share, NEARLY_ALL))
        self.times.heard += heard
        heard_s = heard_samples / span.sample_rate_hz
        self._emit(SpeechFinished(utterance=span.utterance, heard=heard, heard_s=heard_s))

    def _samples_of(self, utterance: _Utterance, span: HeardSpan) -> int:
        """Length of a whole sentence: as queued, or as far as it can be told while it is still being made."""
        queued = span.queued_samples - utterance.pause
        if utterance.made:
            return queued
        expected_s = len(utterance.spoken) * CHARACTER_S / self._options.speed
        return max(queued, round(expected_s * span.sample_rate_hz))

    def stop(self) -> None:
        """Silence, at once, and for good. What was being heard is cut where it was heard last."""
        if self._stopped:
            return
        self._parts.speaker.stop()
        self._note_position()
        self._stopped = True
        self._written.beat()
        for span in self._parts.speaker.heard():
            utterance = self._utterances[span.utterance]
            if utterance.started and not utterance.finished:
                self._finished(utterance, span)


def _ends_sentence(shown: str) -> bool:
    """A piece of text that a sentence ends with, not a clause or a word."""
    return shown.endswith("\n") or shown.rstrip().rstrip(_CLOSERS).endswith(_STOPS)


def _pause_after(shown: str) -> float:
    """Seconds of silence that belong behind a piece of text; none where it was cut between two words."""
    if shown.endswith("\n"):
        return STOP_PAUSE_S
    end = shown.rstrip().rstrip(_CLOSERS)
    if end.endswith(_STOPS):
        return STOP_PAUSE_S
    return CLAUSE_PAUSE_S if end.endswith(_CLAUSES) else 0.0


def _with_its_tone(spoken: str) -> str:
    """A piece that was cut between two words ends as before a comma, with the voice up, not as a sentence does."""
    return f"{spoken}," if spoken[-1:].isalnum() else spoken
