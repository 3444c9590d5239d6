"""Where a question comes from: a line typed, a key held, or a recording. Each is a way to ask one `Turn`."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable

from app.assistant.hearing import Utterance
from app.assistant.segments import speech_segments
from app.assistant.turn import Question, Turn
from app.audio.spool import RecordingSpool
from app.contracts.audio import AudioChunk, Transcript
from app.contracts.errors import InvalidInput, SottoError
from app.contracts.events import FinalTranscript, Listening, PartialTranscript, Status

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


class Prefetch:
    """Brings a likely question into the model's prefix cache while the person still talks.

    The newest guess wins; a guess is dropped the moment the processor is wanted for the real thing.
    """

    def __init__(self, turn: Turn) -> None:
        self._turn = turn
        self._task: asyncio.Task[None] | None = None

    def guess(self, text: str) -> None:
        """Prefill this question instead of the one before."""
        self.drop()
        self._task = asyncio.create_task(self._prefill(text), name="prefill")

    async def _prefill(self, text: str) -> None:
        with contextlib.suppress(SottoError):  # a guess that fails costs nothing: the question reports its own
            _, request = await self._turn.compose(text)
            await self._turn.parts.text.prefill(request)

    def drop(self) -> None:
        """Stop working on the guess; what is in the cache stays there."""
        if self._task is not None:
            self._task.cancel()

    async def aclose(self) -> None:
        """Leave nothing behind."""
        self.drop()
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)


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

        def heard_level(level: float) -> None:
            turn.stream.emit(Listening(level=level))

        def heard_partial(text: str) -> None:
            turn.stream.emit(PartialTranscript(text=text))
            turn.show_question(text, final=False)
            prefetch.guess(text)

        utterance = Utterance(
            turn.parts,
            self._spool,
            on_level=heard_level,
            on_partial=heard_partial,
            on_released=prefetch.drop,
            hands_free=self._hands_free,
            overlap=turn.options.overlap,
        )
        self._utterance = utterance
        if self._released:
            utterance.release()
        turn.stream.emit(Status(stage="listen", message="Listening…"))
        if turn.options.overlap:
            prefetch.guess("")
        try:
            with turn.ledger.stage("transcribe", turn.parts.speech_to_text.backend) as stage:
                heard = await utterance.hear()
                stage.busy_s = utterance.recognising_s
                stage.first_output = utterance.first_partial_at
        finally:
            self._on_released()
            await self._spool.finish()
            await prefetch.aclose()
        question = _final(turn, heard.transcript)
        return Question(
            question,
            heard.ended_at,
            tail_ms=heard.tail_ms,
            transcribed_at=turn.parts.clock.monotonic(),
            notice=heard.lost,
        )


def recorded(chunks: Iterable[AudioChunk], name: str) -> Ask:
    """A question in a recording, read in pieces of 16 kHz mono so that a long one fits in memory.

    Args:
        chunks: The sound; reading it may raise `InvalidInput`.
        name: What the recording is called when something is wrong with it.
    """

    async def ask(turn: Turn) -> Question:
        texts: list[str] = []
        turn.stream.emit(Status(stage="transcribe", message="Recognising…"))
        with turn.ledger.stage("transcribe", turn.parts.speech_to_text.backend) as stage:
            async for segment in speech_segments(chunks, turn.parts.voice_activity):
                transcript = await turn.parts.speech_to_text.transcribe(segment)
                if transcript.text:
                    texts.append(transcript.text)
                    stage.first_output = stage.first_output or turn.parts.clock.monotonic()
                    turn.stream.emit(PartialTranscript(text=" ".join(texts)))
        words = _final(turn, Transcript(" ".join(texts), 0), where=f" in {name}")
        now = turn.parts.clock.monotonic()
        return Question(words, now, transcribed_at=now)

    return ask


def _final(turn: Turn, transcript: Transcript, where: str = "") -> str:
    """Report the final words, or that there are none."""
    if not transcript.text:
        raise NoSpeech(f"No speech was heard{where}.", remedy="Speak while the key is held, close to the microphone.")
    turn.stream.emit(FinalTranscript(text=transcript.text, confidence=transcript.confidence))
    turn.show_question(transcript.text, final=True)
    return transcript.text
