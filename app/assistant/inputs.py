"""Where a question comes from: a line typed, a key held, or a recording. Each is a way to ask one `Turn`."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterable

from app.aio.busy import BusyTime
from app.aio.tasks import TaskOwner
from app.assistant.hearing import Utterance
from app.assistant.ledger import Entry, Work
from app.assistant.segments import speech_segments
from app.assistant.skills.skill import Asked
from app.assistant.turn import Question, Turn
from app.audio.spool import RecordingSpool
from app.contracts.audio import AudioChunk, Transcript
from app.contracts.errors import InvalidInput, SottoError
from app.contracts.events import FinalTranscript, Listening, PartialTranscript, Status

log = logging.getLogger(__name__)

Ask = Callable[[Turn], Awaitable[Question]]


class NoSpeech(InvalidInput):
    """Nobody spoke."""

    default_code = "no-speech"


def typed(text: str) -> Ask:
    """A question typed by the person."""

    async def ask(turn: Turn) -> Question:
        words = text.strip()
        if not words:
            raise InvalidInput("There is no question.", code="empty-question", remedy="Type or say something first.")
        turn.show_question(words, final=True)
        return Question(words, turn.parts.clock.monotonic())

    return ask


def pressed(card_id: str, action: str, label: str) -> Ask:
    """A card's button that was used instead of words."""

    async def ask(turn: Turn) -> Question:
        turn.show_question(label, final=True)
        return Question(label, turn.parts.clock.monotonic(), card_id=card_id, action=action)

    return ask


def asked_for(asked: Asked) -> Ask:
    """A request that is understood already."""

    async def ask(turn: Turn) -> Question:
        turn.show_question(asked.text, final=True)
        return Question(asked.text, turn.parts.clock.monotonic(), asked=asked)

    return ask


class Prefetch:
    """Brings a likely question into the model's prefix cache while the person still talks.

    The newest guess wins; a guess is dropped the moment the processor is wanted for the real thing. What the guesses
    take is a part of what the answer takes.
    """

    def __init__(self, turn: Turn) -> None:
        self._turn = turn
        self._task: asyncio.Task[None] | None = None
        self._tasks = TaskOwner()
        self._busy = BusyTime(turn.parts.clock.monotonic)
        self._work: Work | None = None
        self._over = False

    def guess(self, text: str) -> None:
        """Prefill this question instead of the one before; nothing any more after `drop`."""
        if self._over:
            return
        if self._task is not None:
            self._task.cancel()
        if self._work is None:
            self._work = self._turn.ledger.ahead("answer", self._turn.parts.text.backend, lambda: self._busy.so_far)
        self._task = self._tasks.start(self._prefill(text), name="prefill")

    async def _prefill(self, text: str) -> None:
        with contextlib.suppress(SottoError):  # a guess that fails costs nothing: the question reports its own
            _, request = await self._turn.compose(text)
            with self._busy.counting():
                await self._turn.parts.text.prefill(request)

    def drop(self) -> None:
        """The person has spoken: no more guesses. What is in the cache stays there."""
        self._over = True
        if self._work is not None:
            self._work.end()
        if self._task is not None:
            self._task.cancel()
            self._task = None

    async def aclose(self) -> None:
        """Leave nothing behind."""
        self.drop()
        await self._tasks.aclose()


class VoiceInput:
    """A question asked with the key held, or after a tap.

    Args:
        spool: Takes the recording.
        hands_free: Tells whether silence ends the listening.
        on_released: Called when the listening has ended, however it did.
    """

    def __init__(
        self, spool: RecordingSpool, *, hands_free: Callable[[], bool], on_released: Callable[[], None]
    ) -> None:
        self._spool = spool
        self._hands_free = hands_free
        self._on_released = on_released
        self._utterance: Utterance | None = None
        self._released = False

    def release(self) -> None:
        """The key is up."""
        self._released = True
        if self._utterance:
            self._utterance.release()

    async def __call__(self, turn: Turn) -> Question:
        """Listen, and give the question.

        Raises:
            NoSpeech: Nobody spoke.
            SottoError: There is no microphone, or recognition failed for good.
        """
        prefetch = Prefetch(turn)
        turn.stream.emit(Status(stage="listen", message="Listening…"))
        transcribing: Entry | None = None

        def heard_level(level: float) -> None:
            turn.stream.emit(Listening(level=level))

        def heard_partial(text: str) -> None:
            turn.stream.emit(PartialTranscript(text=text))
            turn.heard_so_far(text)
            prefetch.guess(text)

        def released() -> None:
            nonlocal transcribing
            prefetch.drop()
            turn.ledger.finish(listening)
            transcribing = turn.ledger.begin("transcribe", recogniser, counted=True)

        utterance = Utterance(
            turn.parts,
            self._spool,
            on_level=heard_level,
            on_partial=heard_partial,
            on_released=released,
            hands_free=self._hands_free,
            overlap=turn.options.overlap,
        )
        self._utterance = utterance
        gate, recogniser = turn.parts.voice_activity.backend, turn.parts.speech_to_text.backend
        turn.ledger.ahead("listen", gate, lambda: utterance.gating.so_far)
        turn.ledger.ahead("transcribe", recogniser, lambda: utterance.recognising.so_far)
        listening = turn.ledger.begin("listen", gate, counted=True)
        if self._released:
            utterance.release()
        if turn.options.overlap:
            prefetch.guess("")
        try:
            heard = await utterance.hear()
            if transcribing is not None:
                turn.ledger.finish(transcribing)
        finally:
            self._on_released()
            await self._wind_down(prefetch)
        silence = NoSpeech("No speech was heard.", remedy="Speak while the key is held, close to the microphone.")
        question = _final(turn, heard.transcript, silence)
        return Question(
            question,
            heard.ended_at,
            tail_ms=heard.tail_ms,
            transcribed_at=turn.parts.clock.monotonic(),
            notice=heard.lost,
        )

    async def _wind_down(self, prefetch: Prefetch) -> None:
        try:
            await prefetch.aclose()
        finally:
            await self._spool.finish()


def recorded(chunks: Iterable[AudioChunk], name: str) -> Ask:
    """A question in a recording, read in pieces of 16 kHz mono so that a long one fits in memory.

    Args:
        chunks: The sound; reading it may raise `InvalidInput`.
        name: What the recording is called when something is wrong with it.
    """

    async def ask(turn: Turn) -> Question:
        texts: list[str] = []
        certain: list[float | None] = []
        turn.stream.emit(Status(stage="transcribe", message="Recognising…"))
        await turn.parts.speech_to_text.warm_up()  # to load the model is no work of the stage's
        with turn.ledger.stage("transcribe", turn.parts.speech_to_text.backend) as stage:
            async with contextlib.aclosing(speech_segments(chunks, turn.parts.voice_activity)) as segments:
                async for segment in segments:
                    transcript = await turn.parts.speech_to_text.transcribe(segment)
                    if transcript.text:
                        texts.append(transcript.text)
                        certain.append(transcript.confidence)
                        stage.first_output = stage.first_output or turn.parts.clock.monotonic()
                        turn.stream.emit(PartialTranscript(text=" ".join(texts)))
        # The whole is as certain as its least certain part; of a part that nobody judged, nothing is known.
        known = [each for each in certain if each is not None]
        confidence = min(known) if known and len(known) == len(certain) else None
        heard = Transcript(" ".join(texts), 0, confidence=confidence)
        words = _final(turn, heard, NoSpeech(f"No speech was heard in {name}."))
        now = turn.parts.clock.monotonic()
        return Question(words, now, transcribed_at=now)

    return ask


def _final(turn: Turn, transcript: Transcript, otherwise: NoSpeech) -> str:
    """Report the final words, or raise what is said ``otherwise``."""
    if not transcript.text:
        raise otherwise
    turn.stream.emit(FinalTranscript(text=transcript.text, confidence=transcript.confidence))
    turn.show_question(transcript.text, final=True)
    return transcript.text
