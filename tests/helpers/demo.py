"""An assistant out of a script: real sequences of events in real time, without a microphone, a model or a sound.

Why it exists: people who draw the window, and the tests that drive it, need turns that always go the same way.
"""

from __future__ import annotations

import asyncio
import itertools
import math
import time
from collections.abc import Callable

from app.aio.clock import SystemClock
from app.assistant.push_to_talk import Action, PushToTalk
from app.assistant.stream import TurnStream
from app.contracts.audio import AudioDevice, Voice
from app.contracts.cards import AnswerCard, AnswerSpan, AnyCard, ErrorCard, NoticeCard, QuestionCard
from app.contracts.devices import Device
from app.contracts.energy import Comparison, Energy, EnergyAccount, Provenance
from app.contracts.events import (
    CardChanged,
    CardRemoved,
    CardUpserted,
    DeviceUsed,
    FinalTranscript,
    Listening,
    PartialTranscript,
    SpeechFinished,
    SpeechStarted,
    StageFinished,
    StageStarted,
    Status,
    SystemEvent,
    TextDelta,
    TurnCancelled,
    TurnEvent,
    TurnFailed,
    TurnFinished,
    TurnStarted,
)
from app.contracts.metrics import StageMetrics, TurnMetrics
from tests.helpers.demo_cards import acted
from tests.helpers.demo_script import EXCHANGES, Exchange, exchange_for

Listener = Callable[[TurnEvent | SystemEvent], None]

LEVEL_S = 0.05
WORD_S = 0.28
TOKEN_S = 0.018
SPOKEN_WORD_S = 0.12
RECOVERABLE = "recover-recording:demo"
FAILING_QUESTION = "show me an error"
TOKEN_J = 0.11
SPOKEN_WORD_J = 0.02
HEARD_WORD_J = 0.15
METHOD = "The demo takes a sixth of what a graphics card would."


class DemoDevices:
    """Implements `app.contracts.ports.AudioDevices` with devices that are not there."""

    async def inputs(self) -> tuple[AudioDevice, ...]:
        """Two microphones, one of them unplugged."""
        return (
            AudioDevice("demo/Built-in microphone", "Built-in microphone", default=True),
            AudioDevice("demo/USB headset", "USB headset", present=False),
        )

    async def outputs(self) -> tuple[AudioDevice, ...]:
        """One speaker."""
        return (AudioDevice("demo/Built-in speakers", "Built-in speakers", default=True),)

    async def voices(self) -> tuple[Voice, ...]:
        """Two voices."""
        return (Voice("en-gb", "English", "en-GB"), Voice("en-us", "English (America)", "en-US"))


class DemoAssistant:
    """What the window drives, with answers out of a script.

    Args:
        pace: Multiplies every pause; 1 is the speed of a good machine, 0 leaves no pauses.
        offer_recording: Begin with the card that offers an unanswered recording.

    Attributes:
        obliging: Do what the buttons of cards say; otherwise they are heard and nothing comes of it.
    """

    def __init__(self, *, pace: float = 1.0, offer_recording: bool = False) -> None:
        self.pace = pace
        self._offer_recording = offer_recording
        self._clock = SystemClock()
        self._key = PushToTalk()
        self._listeners: list[Listener] = []
        self._numbers = itertools.count(1)
        self._spoken = itertools.cycle(EXCHANGES)
        self._answers: dict[str, str] = {}
        self._cards: dict[str, AnyCard] = {}
        self.obliging = True
        self._turn: _DemoTurn | None = None
        self._task: asyncio.Task[None] | None = None

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Have every event given to ``listener``; returns how to end that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener) if listener in self._listeners else None

    def publish(self, event: TurnEvent | SystemEvent) -> None:
        """Give an event to everybody."""
        if isinstance(event, CardChanged | CardUpserted):
            self._cards[event.card.card_id] = event.card
        for listener in tuple(self._listeners):
            listener(event)

    async def start(self) -> None:
        """Offer the recording if one is to be offered."""
        if self._offer_recording:
            card = NoticeCard(
                card_id="recording-demo",
                message="A recording of 4 s has not been answered yet.",
                action=RECOVERABLE,
                action_label="Answer it now",
                reference="demo",
            )
            self.publish(CardChanged(card=card))

    async def aclose(self) -> None:
        """End the turn."""
        self.cancel()
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)

    def press(self) -> None:
        """The key went down."""
        match self._key.press(time.monotonic()):
            case Action.START:
                self._begin(next(self._spoken), spoken=True)
            case Action.END:
                self._release()
            case Action.NOTHING:
                pass

    def release(self) -> None:
        """The key went up."""
        if self._key.release(time.monotonic()) is Action.END:
            self._release()

    def cancel(self) -> None:
        """Stop everything."""
        self._key.reset()
        self._cancel_turn()

    def ask(self, text: str) -> str:
        """Answer a typed question; returns the turn's id."""
        return self._begin(exchange_for(text), spoken=False)

    def replay(self, turn_id: str) -> None:
        """Pretend to speak an answer again."""
        if turn_id in self._answers:
            turn = self._new_turn(Exchange("", self._answers[turn_id]), spoken=False)
            turn.stream.emit(TurnStarted(source="replay", continues=turn_id))
            self._task = asyncio.get_running_loop().create_task(turn.replay(self._answers[turn_id]), name="demo replay")

    def act(self, card_id: str, action: str, text: str = "") -> None:
        """Answer the recording that was offered, or do what the button of a card says."""
        if action == RECOVERABLE:
            self.publish(CardRemoved(card_id=card_id))
            self._begin(next(self._spoken), spoken=False)
        elif card_id in self._cards and self.obliging:
            after = acted(self._cards[card_id], action, text)
            if after is not None:
                asyncio.get_running_loop().call_soon(self.publish, CardChanged(card=after))

    def _begin(self, exchange: Exchange, *, spoken: bool) -> str:
        turn = self._new_turn(exchange, spoken=spoken)
        self._answers[turn.turn_id] = "".join(span.text for span in exchange.tokens())
        turn.stream.emit(TurnStarted(source="voice" if spoken else "text"))
        self._task = asyncio.get_running_loop().create_task(turn.run(), name="demo turn")
        return turn.turn_id

    def _new_turn(self, exchange: Exchange, *, spoken: bool) -> _DemoTurn:
        self._cancel_turn()
        number = next(self._numbers)
        stream = TurnStream(f"demo-{number}", self._clock, self.publish)
        self._turn = _DemoTurn(exchange, stream, self.pace, spoken=spoken, earlier=number - 1, heard=self._key.reset)
        return self._turn

    def _release(self) -> None:
        if self._turn is not None:
            self._turn.released.set()

    def _cancel_turn(self) -> None:
        if self._turn is not None:
            self._turn.cancel()
        if self._task is not None:
            self._task.cancel()
        self._turn = None


class _DemoTurn:
    """One turn out of the script."""

    def __init__(
        self,
        exchange: Exchange,
        stream: TurnStream,
        pace: float,
        *,
        spoken: bool,
        earlier: int,
        heard: Callable[[], None],
    ) -> None:
        self.stream = stream
        self.turn_id = stream.turn_id
        self.released = asyncio.Event()
        self._exchange = exchange
        self._pace = pace
        self._spoken = spoken
        self._earlier = earlier
        self._heard = heard
        self._revision = 0
        self._answer: AnswerCard | None = None
        self._written: list[AnswerSpan] = []
        self._stages: list[StageMetrics] = []

    async def run(self) -> None:
        """The turn from its question to its end."""
        if self._spoken:
            await self._listen()
        self._show_question(self._exchange.question, final=True)
        if self._exchange.question.casefold().strip(" .") == FAILING_QUESTION:
            self._fail()
            return
        await self._write()
        await self._speak(self._exchange)
        self._show_answer(finished=True)
        self.stream.emit(TurnFinished(metrics=self._metrics()))

    async def replay(self, text: str) -> None:
        """Only the speaking."""
        await self._speak(Exchange("", text))
        self.stream.emit(TurnFinished(metrics=self._metrics()))

    def cancel(self) -> None:
        """End it now."""
        if not self.stream.ended:
            if self._answer is not None:
                self._show_answer(finished=True, stopped=True)
            self.stream.emit(TurnCancelled(after_ms=self.stream.elapsed_ms(), reason="Stopped."))

    async def _listen(self) -> None:
        words = self._exchange.question.split()
        self.stream.emit(Status(stage="listen", message="Listening…"))
        self.stream.emit(StageStarted(stage="listen", backend=""))
        started_ms = self.stream.elapsed_ms()
        said = 0
        for tick in itertools.count():
            # Loudness as speech has it: syllables about five times a second, breaths between words.
            self.stream.emit(Listening(level=-38.0 + 14.0 * math.sin(tick * 0.9) + 8.0 * math.sin(tick * 2.3)))
            due = min(len(words), int(tick * LEVEL_S / WORD_S))
            if due > said:
                said = due
                self.stream.emit(PartialTranscript(text=" ".join(words[:said])))
                self._show_question(" ".join(words[:said]), final=False)
            if self.released.is_set() or tick * LEVEL_S > (len(words) + 4) * WORD_S:
                break
            await self._pause(LEVEL_S)
        self._heard()
        self._stage("listen", "", self.stream.elapsed_ms() - started_ms, 0.0)
        self.stream.emit(Status(stage="transcribe", message="Recognising…"))
        self.stream.emit(StageStarted(stage="transcribe", backend="moonshine-cpu"))
        await self._pause(0.12)
        self._stage("transcribe", "moonshine-cpu", 124.0, HEARD_WORD_J * len(words))
        self.stream.emit(FinalTranscript(text=self._exchange.question))

    async def _write(self) -> None:
        self.stream.emit(Status(stage="answer", message="Thinking…"))
        self.stream.emit(StageStarted(stage="answer", backend="llama-cpu"))
        self.stream.emit(DeviceUsed(stage="answer", backend="llama-cpu", asked=Device.CPU, ran=Device.CPU))
        topics = "Earlier: walking, the weather" if self._earlier > 1 else ""
        self._answer = AnswerCard(
            card_id=f"{self.turn_id}-answer",
            turn_id=self.turn_id,
            priority=90,
            turns_in_context=self._earlier,
            topics=topics,
        )
        self.stream.emit(CardUpserted(card=self._answer))
        started_ms = self.stream.elapsed_ms()
        await self._pause(0.15)
        for span in self._exchange.tokens():
            self._written.append(span)
            self.stream.emit(TextDelta(text=span.text, confidence=span.confidence, tier=span.tier))
            await self._pause(TOKEN_S)
        tokens = len(self._written)
        self._stage("answer", "llama-cpu", self.stream.elapsed_ms() - started_ms, TOKEN_J * tokens, tokens)

    async def _speak(self, exchange: Exchange) -> None:
        self.stream.emit(StageStarted(stage="speak", backend="espeak-cpu"))
        started_ms = self.stream.elapsed_ms()
        text = "".join(span.text for span in exchange.tokens())
        for number, sentence in enumerate(part for part in text.split(". ") if part.strip()):
            self.stream.emit(SpeechStarted(utterance=number, text=sentence))
            seconds = len(sentence.split()) * SPOKEN_WORD_S
            await self._pause(seconds)
            self.stream.emit(SpeechFinished(utterance=number, heard=sentence, heard_s=seconds))
        joules = SPOKEN_WORD_J * len(text.split())
        self._stage("speak", "espeak-cpu", self.stream.elapsed_ms() - started_ms, joules)

    def _fail(self) -> None:
        message, remedy = "The language model stopped twice and could not answer.", "Ask again, or run: sotto doctor"
        card = ErrorCard(
            card_id=f"{self.turn_id}-error",
            turn_id=self.turn_id,
            priority=80,
            code="host-died",
            message=message,
            remedy=remedy,
        )
        self.stream.emit(CardUpserted(card=card))
        self.stream.emit(TurnFailed(code="host-died", message=message, remedy=remedy))

    def _show_question(self, text: str, *, final: bool) -> None:
        self._revision += 1
        card = QuestionCard(
            card_id=f"{self.turn_id}-question",
            turn_id=self.turn_id,
            priority=100,
            revision=self._revision,
            text=text,
            final=final,
            spoken=self._spoken,
        )
        self.stream.emit(CardUpserted(card=card))

    def _show_answer(self, *, finished: bool, stopped: bool = False) -> None:
        if self._answer is not None:
            card = AnswerCard(
                card_id=self._answer.card_id,
                turn_id=self.turn_id,
                priority=90,
                revision=2,
                spans=tuple(self._written),
                finished=finished,
                stopped=stopped,
                turns_in_context=self._answer.turns_in_context,
                topics=self._answer.topics,
            )
            self.stream.emit(CardUpserted(card=card))

    def _stage(self, stage: str, backend: str, elapsed_ms: float, joules: float, tokens: int = 0) -> None:
        metrics = StageMetrics(
            stage=stage,
            backend=backend,
            device=Device.CPU,
            elapsed_ms=elapsed_ms,
            tokens=tokens,
            energy=Energy(joules, Provenance.ESTIMATE),
        )
        self._stages.append(metrics)
        self.stream.emit(StageFinished(metrics=metrics))

    def _metrics(self) -> TurnMetrics:
        """The whole turn, with energy out of the script too."""
        total_ms = self.stream.elapsed_ms()
        spent_j = sum(stage.energy.joules for stage in self._stages if stage.energy is not None)
        idle_j = 3.0 * total_ms / 1000.0
        taken = EnergyAccount(spent_j + idle_j, spent_j, 0.0, idle_j, total_ms / 1000.0, Provenance.ESTIMATE)
        return TurnMetrics(
            stages=tuple(self._stages),
            total_ms=total_ms,
            energy=Energy(spent_j, Provenance.ESTIMATE),
            account=taken,
            compared=(Comparison(Device.GPU, 6.0 * spent_j, 5.0 / 6.0, METHOD),),
        )

    async def _pause(self, seconds: float) -> None:
        await asyncio.sleep(seconds * self._pace)
