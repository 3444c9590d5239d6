"""The assistant as a window or a terminal drives it: keys in, events out, one foreground turn at a time.

Everything here is called on the thread of the event loop and returns at once; what takes time happens in owned tasks.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Callable, Iterable
from enum import StrEnum

from app.aio.tasks import TaskOwner
from app.assistant.announcing import Announcement
from app.assistant.conversation import Conversation
from app.assistant.inputs import Ask, NoSpeech, VoiceInput, asked_for, pressed, recorded, typed
from app.assistant.parts import Parts, TurnOptions
from app.assistant.progressive.feedback import Feedback
from app.assistant.progressive.thumbs import RATE
from app.assistant.push_to_talk import Action, PushToTalk
from app.assistant.recordings import Recordings
from app.assistant.records import Recorder
from app.assistant.replaying import Replay
from app.assistant.staged.flow import StagedAssistant
from app.assistant.stream import BackendRelay, TurnStream
from app.assistant.turn import Turn
from app.contracts.audio import AudioChunk
from app.contracts.cards import NoticeCard
from app.contracts.errors import SottoError
from app.contracts.events import (
    TURN_ENDS,
    CardChanged,
    CardRemoved,
    Notice,
    SpeechStarted,
    Status,
    SystemEvent,
    TurnEvent,
    TurnStarted,
)
from app.contracts.ports import Runtime
from app.contracts.text import GenerationRequest

log = logging.getLogger(__name__)

Listener = Callable[[TurnEvent | SystemEvent], None]


class AssistantState(StrEnum):
    """What the assistant is doing, for buttons and icons."""

    IDLE = "idle"
    LISTENING = "listening"
    THINKING = "thinking"
    SPEAKING = "speaking"


class Assistant:
    """One assistant over one set of parts.

    Args:
        parts: The ports.
        relay: What the backends of ``parts`` report into.
        options: Read at the start of every turn.
        recordings: Keeps what was said until it has been answered.
        recorder: Writes finished turns to the history.
        staged: Answers what skills can answer; None leaves everything to the language model.
        feedback: Hears what the person thinks of the answers; None asks nobody.
    """

    def __init__(
        self,
        parts: Parts,
        relay: BackendRelay,
        *,
        options: Callable[[], TurnOptions],
        recordings: Recordings,
        recorder: Recorder,
        staged: StagedAssistant | None = None,
        feedback: Feedback | None = None,
    ) -> None:
        self._parts = parts
        self._relay = relay
        self._options = options
        self._recordings = recordings
        self._recorder = recorder
        self._staged = staged
        self._feedback = feedback
        self._conversation = Conversation(parts.text.capabilities.context_tokens)
        self._tasks = TaskOwner(self._task_failed)
        self._listeners: list[Listener] = []
        self._key = PushToTalk()
        self._turn: Turn | Replay | None = None
        self._turn_task: asyncio.Task[None] | None = None
        self._voice: VoiceInput | None = None
        self._announcements: list[str] = []
        self._closed = False
        self._state = AssistantState.IDLE
        self.ready = asyncio.Event()

    @property
    def state(self) -> AssistantState:
        """What it is doing now."""
        return self._state

    @property
    def input_ended_at(self) -> float | None:
        """Monotonic seconds at which the person's input of this turn ended, None before and outside turns."""
        return self._turn.ledger.ended_at if isinstance(self._turn, Turn) else None

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Have every event, of turns and of the system, given to ``listener``; returns how to end that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener) if listener in self._listeners else None

    def publish(self, event: TurnEvent | SystemEvent) -> None:
        """Give an event to everybody."""
        if self._staged is not None:
            self._staged.acting.note(event)
        if self._feedback is not None:
            self._feedback.note(event)
        for listener in tuple(self._listeners):
            try:
                listener(event)
            except Exception:  # whoever listens must not end what it listens to
                log.exception("a listener failed at %s", event.type)

    async def start(self) -> None:
        """Load the models, smallest first, and offer recordings that an earlier run left behind."""
        await self._offer_left_behind()
        parts = self._parts
        await parts.governor.ready()
        order: tuple[Runtime, ...] = (
            parts.voice_activity, parts.speech_to_text, parts.text_to_speech, parts.text
        )  # fmt: skip
        for runtime in order:
            try:
                await runtime.warm_up()
            except SottoError as error:
                self.publish(Notice(level="warning", code=error.code, message=error.message, remedy=error.remedy))
        self.ready.set()

    def press(self) -> None:
        """The key went down."""
        match self._key.press(self._parts.clock.monotonic()):
            case Action.START:
                self._begin_voice()
            case Action.END:
                self._end_listening()
            case Action.NOTHING:
                pass

    def release(self) -> None:
        """The key went up."""
        if self._key.release(self._parts.clock.monotonic()) is Action.END:
            self._end_listening()

    def ask(self, text: str) -> str:
        """Answer a typed question; returns the turn's id."""
        return self._begin(typed(text), source="text", spoken=False)

    def ask_recording(self, chunks: Iterable[AudioChunk], name: str) -> str:
        """Answer a recorded question (16 kHz mono pieces); returns the turn's id."""
        return self._begin(recorded(chunks, name), source="file", spoken=True)

    def cancel(self) -> None:
        """Stop everything that goes on: listening, writing, speaking."""
        self._key.reset()
        self._cancel_turn("Stopped.")

    def replay(self, turn_id: str) -> None:
        """Speak an answer again."""
        answer = self._recorder.answer_of(turn_id)
        if not answer:
            self.publish(Notice(level="info", code="nothing-to-replay", message="That turn has no answer to speak."))
            return
        self._key.reset()
        self._cancel_turn("A replay was asked for.")
        replay = Replay(self._parts, self._options(), self._new_stream(), answer)
        self._state = AssistantState.SPEAKING
        self._turn_task = self._tasks.start(replay.run(), name="replay")
        self._turn_task.add_done_callback(self._turn_over)
        self._foreground(replay, TurnStarted(source="replay", continues=turn_id))

    def announce(self, text: str) -> None:
        """Say something nobody asked for: now when nothing goes on, else as soon as the turn that goes on is over."""
        self._announcements.append(text)
        self._announce_next()

    def _announce_next(self) -> None:
        busy = self._turn_task is not None and not self._turn_task.done()
        if busy or not self._announcements:
            return
        text = " ".join(self._announcements)
        self._announcements.clear()
        options = self._options()
        announcement = Announcement(self._parts, options, self._new_stream(), text)
        self._state = AssistantState.SPEAKING if options.speak else AssistantState.THINKING
        self._turn_task = self._tasks.start(announcement.run(), name="announcement")
        self._turn_task.add_done_callback(self._turn_over)
        self._foreground(announcement, TurnStarted(source="announcement"))

    def _turn_over(self, _task: asyncio.Task[None]) -> None:
        """What is to be announced has waited for this."""
        if not self._closed:
            self._announce_next()

    def act(self, card_id: str, action: str, text: str = "") -> None:
        """Do what a card's button says; ``text`` are words that belong to it, as an edited routine."""
        verb, _, reference = action.partition(":")
        if verb == "recover-recording":
            self.publish(CardRemoved(card_id=card_id))
            self._begin(self._recordings.recovered(reference), source="file", spoken=True, recording=reference)
        elif verb == "discard-recording":
            self.publish(CardRemoved(card_id=card_id))
            self._recordings.discard(reference)
        elif verb == RATE and self._feedback is not None:
            self._tasks.start(self._rate(self._feedback, card_id, reference), name="rate")
        elif self._staged is None:
            log.warning("a card asked for the unknown action %r", verb)
        elif (pending := self._staged.pending) is not None and pending.card.card_id == card_id:
            self._begin(pressed(card_id, action, pending.label_of(action)), source="card", spoken=False)
        else:
            self._tasks.start(self._act(self._staged, card_id, action, text), name="act")

    async def _rate(self, feedback: Feedback, card_id: str, rating: str) -> None:
        """Take down what the person thinks of an answer; its card comes again with it."""
        try:
            await feedback.rate(card_id, int(rating) if rating in ("1", "-1") else 0)
        except SottoError as error:
            self.publish(Notice(level="warning", code=error.code, message=error.message, remedy=error.remedy))

    async def _act(self, staged: StagedAssistant, card_id: str, action: str, text: str) -> None:
        """Have a skill do what the button of its card says, and show what came of it."""
        try:
            done = await staged.acting.act(card_id, action, text)
        except SottoError as error:
            self.publish(Notice(level="warning", code=error.code, message=error.message, remedy=error.remedy))
            return
        for card in done.cards:
            self.publish(CardChanged(card=card))
        for gone in done.removed:
            self.publish(CardRemoved(card_id=gone))
        if done.say:
            self.publish(Notice(level="info", code="done", message=done.say))
        if done.asked is not None:
            self._begin(asked_for(done.asked), source="card", spoken=False)

    async def aclose(self) -> None:
        """End the turn and every task. The parts belong to whoever made them."""
        self._closed = True
        self.cancel()
        await self._tasks.aclose()
        await self._recorder.aclose()

    async def _prepare_next(self) -> None:
        """Have the model read the beginning of the next request while nobody waits for it."""
        with contextlib.suppress(SottoError):  # the next turn reads it itself, and reports what fails then
            messages = await self._conversation.prepare(self._parts.text.count_tokens)
            await self._parts.text.prefill(GenerationRequest(messages=messages))

    async def _offer_left_behind(self, only: str = "") -> None:
        """Show a card for every recording that was never answered, or for one of them."""
        for recording in await self._recordings.left_behind():
            if only in ("", recording.recording_id):
                self.publish(CardChanged(card=_offer(recording.recording_id, recording.seconds)))

    def _begin_voice(self) -> None:
        spool = self._recordings.spool()
        voice = VoiceInput(
            spool, hands_free=lambda: self._key.hands_free, on_released=lambda: self._listening_over(voice)
        )
        self._begin(voice, source="voice", spoken=True, recording=spool.recording_id)
        if self._options().overlap:
            self._tasks.start(self._prewarm(), name="prewarm")

    async def _prewarm(self) -> None:
        """Load what has been unloaded since the last turn while the person still speaks."""
        for runtime in (self._parts.text, self._parts.text_to_speech):
            with contextlib.suppress(SottoError):  # the turn meets it again, and reports it
                await runtime.warm_up()

    def _end_listening(self) -> None:
        if self._voice is not None:
            if self._turn is not None:
                self._turn.stream.emit(Status(stage="transcribe", message="Recognising…"))
            self._voice.release()

    def _listening_over(self, voice: VoiceInput) -> None:
        """A voice has heard its utterance. One that was cancelled says so late, when key and state are another's."""
        if self._voice is voice:
            self._key.reset()
            self._voice = None
            self._state = AssistantState.THINKING

    def _begin(self, ask: Ask, *, source: str, spoken: bool, recording: str = "") -> str:
        self._cancel_turn("A newer turn began.")
        options = self._options()
        staged = None if options.plain else self._staged
        stream = self._new_stream()
        feedback = None if staged is None else self._feedback
        turn = Turn(
            self._parts,
            options,
            self._conversation,
            stream,
            spoken=spoken,
            responder=staged if staged is None or feedback is None else feedback.around(staged),
            ratings=() if feedback is None else feedback.ratings,
        )
        turn_id = turn.stream.turn_id
        if isinstance(ask, VoiceInput):
            self._voice, self._state = ask, AssistantState.LISTENING
        else:
            self._key.reset()
            self._state = AssistantState.THINKING
        self._turn_task = self._tasks.start(self._run(turn, ask, recording), name=f"turn {turn_id}")
        self._turn_task.add_done_callback(self._turn_over)
        pending = staged.pending if staged is not None else None
        self._foreground(turn, TurnStarted(source=source, continues="" if pending is None else pending.turn_id))
        return turn_id

    def _foreground(self, turn: Turn | Replay, started: TurnStarted) -> None:
        self._turn = turn
        self._relay.attach(turn.stream)
        turn.stream.emit(started)

    async def _run(self, turn: Turn, ask: Ask, recording: str) -> None:
        """Run a turn; its recording is kept when it could not be answered, one left behind also when it was stopped."""
        kept = not isinstance(ask, VoiceInput)
        try:
            error = await turn.run(ask)
            kept = error is not None and not isinstance(error, NoSpeech)
        finally:
            if recording and kept:
                self._tasks.start(self._offer_left_behind(recording), name="offer recording")
            elif recording:
                self._recordings.discard(recording)
        await self._prepare_next()

    def _cancel_turn(self, reason: str) -> None:
        turn, task = self._turn, self._turn_task
        self._turn = self._turn_task = self._voice = None
        self._state = AssistantState.IDLE
        if task is not None:
            task.cancel()
        if turn is not None:
            turn.cancel(reason)

    def _new_stream(self) -> TurnStream:
        return TurnStream(secrets.token_hex(8), self._parts.clock, self._note)

    def _note(self, event: TurnEvent) -> None:
        """Follow a turn's events for the state, write them down, pass them on."""
        if self._turn is not None and event.turn_id == self._turn.stream.turn_id:
            if isinstance(event, SpeechStarted):
                self._state = AssistantState.SPEAKING
            elif isinstance(event, TURN_ENDS):
                self._state = AssistantState.IDLE
        self._recorder.note(event)
        self.publish(event)

    def _task_failed(self, error: BaseException, name: str) -> None:
        log.error("task %s failed", name, exc_info=error)
        self.publish(Notice(level="warning", code="internal", message=f"Something inside Sotto went wrong ({name})."))


def _offer(recording_id: str, seconds: float) -> NoticeCard:
    return NoticeCard(
        card_id=f"recording-{recording_id}",
        message=f"A recording of {seconds:.0f} s has not been answered yet.",
        action=f"recover-recording:{recording_id}",
        action_label="Answer it now",
        reference=recording_id,
    )
