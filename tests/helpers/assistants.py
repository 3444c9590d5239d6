"""A whole assistant over scripted fakes, in virtual time, and what it reported, a line for each event."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from app.aio.pulse import Pulse
from app.assistant.assistant import Assistant, AssistantState
from app.assistant.conversation import Conversation
from app.assistant.parts import Parts, TurnOptions
from app.assistant.recordings import Recordings
from app.assistant.records import Recorder
from app.assistant.stream import BackendRelay, TurnStream
from app.assistant.turn import Turn
from app.contracts.audio import SPEECH_RATE_HZ, AudioChunk
from app.contracts.cards import AnswerCard, ErrorCard, QuestionCard
from app.contracts.errors import HostDied, SottoError
from app.contracts.events import (
    TURN_ENDS,
    CardRemoved,
    CardUpserted,
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
    TurnEvent,
    TurnFailed,
    TurnStarted,
)
from app.contracts.text import GenerationRequest
from models.fakes.llm import FakeTextGenerator
from models.fakes.microphone import FakeMicrophone
from models.fakes.speaker import FakeSpeaker
from models.fakes.stt import FakeSpeechToText
from models.fakes.system import FakeGovernor, FakePowerMonitor
from models.fakes.tts import FakeTextToSpeech
from models.fakes.vad import FakeVoiceActivity
from tests.helpers.virtual_time import LoopClock

QUESTION = "where does the river go"
ANSWER = "It goes to the sea. The sea is far away from here."
SILENT = TurnOptions(speak=False)


def died() -> HostDied:
    return HostDied("The host ended.", remedy="Ask again.")


def speech(seconds: float) -> AudioChunk:
    """Sound that the scripted gate takes for speech."""
    return AudioChunk(np.full(round(seconds * SPEECH_RATE_HZ), 0.1, dtype="<f4").tobytes())


def silence(seconds: float) -> AudioChunk:
    return AudioChunk(bytes(4 * round(seconds * SPEECH_RATE_HZ)))


def joined(*chunks: AudioChunk) -> AudioChunk:
    return AudioChunk(b"".join(chunk.pcm for chunk in chunks))


def pieces(clip: AudioChunk, seconds: float = 0.5) -> list[AudioChunk]:
    size = 4 * round(seconds * SPEECH_RATE_HZ)
    return [AudioChunk(clip.pcm[at : at + size]) for at in range(0, len(clip.pcm), size)]


@dataclass
class Cast:
    """The fakes and the parts they make."""

    microphone: FakeMicrophone
    speaker: FakeSpeaker
    speech_to_text: FakeSpeechToText
    text: FakeTextGenerator
    text_to_speech: FakeTextToSpeech
    voice_activity: FakeVoiceActivity
    parts: Parts


def cast(
    *,
    clips: Sequence[AudioChunk] = (),
    heard: Sequence[str] = (QUESTION,),
    answers: Sequence[str] | Callable[[GenerationRequest], str] = (ANSWER,),
    paced: bool = True,
    text: FakeTextGenerator | None = None,
    text_to_speech: FakeTextToSpeech | None = None,
) -> Cast:
    """Fakes at a natural pace: a second and a half of speech, fifty tokens a second."""
    clock = LoopClock()
    if text is None:
        text = FakeTextGenerator(answers, clock=clock)
        text.token_s = 0.02
    microphone = FakeMicrophone(clips or (speech(1.5),), clock, paced=paced)
    speaker = FakeSpeaker(clock)
    recogniser = FakeSpeechToText(heard, clock=clock)
    recogniser.delay_s = 0.05
    voice = text_to_speech or FakeTextToSpeech(clock=clock)
    gate = FakeVoiceActivity(clock=clock)
    power, governor = FakePowerMonitor(), FakeGovernor()
    parts = Parts(microphone, speaker, recogniser, text, voice, gate, power, governor, clock)
    return Cast(microphone, speaker, recogniser, text, voice, gate, parts)


class Watched:
    """Everything that was reported, and how to wait for it."""

    def __init__(self) -> None:
        self.events: list[TurnEvent | SystemEvent] = []
        self._moved = Pulse()

    def __call__(self, event: TurnEvent | SystemEvent) -> None:
        self.events.append(event)
        self._moved.beat()

    def of(self, turn_id: str) -> list[TurnEvent]:
        return [event for event in self.events if isinstance(event, TurnEvent) and event.turn_id == turn_id]

    @property
    def turns(self) -> list[str]:
        """Their ids, in order."""
        return [event.turn_id for event in self.events if isinstance(event, TurnStarted)]

    def lines(self, turn_id: str = "") -> list[str]:
        """A turn, the newest unless told, a line for each event; texts in a row and loudness in one."""
        lines = [line for event in self.of(turn_id or self.turns[-1]) if (line := _line(event))]
        return [line for line, _ in itertools.groupby(lines)]

    def answer(self, turn_id: str = "") -> AnswerCard:
        """The answer as it was shown last."""
        cards = [event.card for event in self.of(turn_id or self.turns[-1]) if isinstance(event, CardUpserted)]
        return [card for card in cards if isinstance(card, AnswerCard)][-1]

    async def until(self, condition: Callable[[], object]) -> None:
        """Until ``condition`` holds after some event; at most an hour of virtual time."""
        for _ in range(100_000):
            if condition():
                return
            assert await self._moved.wait(3600.0), f"nothing happened: {self.lines()}"
        raise AssertionError("it never happened")

    async def saw(self, kind: type[TurnEvent | SystemEvent], *, turn_id: str = "", number: int = 1) -> None:
        """Until so many events of a kind came, of the newest turn unless told."""
        await self.until(lambda: self._count(kind, turn_id) >= number)

    async def ended(self, number: int = 1) -> None:
        """Until so many turns have ended."""
        await self.until(lambda: sum(isinstance(event, TURN_ENDS) for event in self.events) >= number)

    def _count(self, kind: type[TurnEvent | SystemEvent], turn_id: str) -> int:
        wanted = turn_id or (self.turns[-1] if self.turns else "")
        found = [event for event in self.events if isinstance(event, kind)]
        return sum(1 for event in found if not isinstance(event, TurnEvent) or event.turn_id == wanted)

    def check(self) -> None:
        """What holds for every turn: numbered without a gap, time goes on, one end, and nothing behind it."""
        for turn_id in self.turns:
            events = self.of(turn_id)
            assert [event.seq for event in events] == list(range(len(events)))
            assert [event.t_ms for event in events] == sorted(event.t_ms for event in events)
            assert isinstance(events[0], TurnStarted)
            assert [isinstance(event, TURN_ENDS) for event in events[:-1]] == [False] * (len(events) - 1)
            assert isinstance(events[-1], TURN_ENDS), f"no end: {self.lines(turn_id)}"


@dataclass
class Room:
    """An assistant, its parts, and what it reports."""

    cast: Cast
    assistant: Assistant
    watched: Watched
    folder: Path

    def recordings(self) -> list[str]:
        """Names of the recordings that are on disk."""
        return sorted(path.name for path in self.folder.glob("*.wav"))

    async def idle(self) -> None:
        """Until the assistant has nothing left to do, clean-up included."""
        await self.watched.until(lambda: self.assistant.state is AssistantState.IDLE)
        await LoopClock().sleep(30.0)

    async def hold(self, seconds: float) -> None:
        """Hold the key for so long."""
        self.assistant.press()
        await LoopClock().sleep(seconds)
        self.assistant.release()

    async def tap(self) -> None:
        await self.hold(0.1)


@asynccontextmanager
async def room(folder: Path, players: Cast | None = None, options: TurnOptions | None = None) -> AsyncIterator[Room]:
    """An assistant that is taken apart at the end; every turn is then looked at once more."""
    players = players or cast()
    problems: list[SottoError] = []
    recorder = Recorder(players.parts.clock, None, keep=lambda: False, on_problem=problems.append)
    assistant = Assistant(
        players.parts,
        BackendRelay(),
        options=lambda: options or TurnOptions(),
        recordings=Recordings(folder, on_problem=problems.append),
        recorder=recorder,
    )
    watched = Watched()
    assistant.subscribe(watched)
    try:
        yield Room(players, assistant, watched, folder)
    finally:
        await assistant.aclose()
    assert assistant.state is AssistantState.IDLE
    assert problems == []
    watched.check()


@dataclass
class LoneTurn:
    """One turn without an assistant around it."""

    turn: Turn
    watched: Watched
    conversation: Conversation


def lone_turn(players: Cast, options: TurnOptions | None = None, *, spoken: bool = False) -> LoneTurn:
    watched = Watched()
    stream = TurnStream("lone", players.parts.clock, watched)
    stream.emit(TurnStarted(source="voice" if spoken else "text"))
    conversation = Conversation(2048)
    turn = Turn(players.parts, options or TurnOptions(), conversation, stream, spoken=spoken)
    return LoneTurn(turn, watched, conversation)


def _line(event: TurnEvent) -> str:
    match event:
        case Listening():
            return ""
        case TurnStarted(source=source):
            return f"start {source}"
        case PartialTranscript(text=text):
            return f"partial {text}"
        case FinalTranscript(text=text):
            return f"final {text}"
        case Status(stage=stage):
            return f"status {stage}"
        case StageStarted(stage=stage):
            return f"{stage} >"
        case StageFinished(metrics=metrics):
            return f"{metrics.stage} <"
        case TextDelta():
            return "text"
        case CardUpserted(card=card):
            return _card_line(card)
        case CardRemoved():
            return "card away"
        case SpeechStarted(text=text):
            return f"says {text}"
        case SpeechFinished(heard=heard):
            return f"heard {heard}"
        case TurnFailed(code=code):
            return f"failed {code}"
        case _:
            return event.type.removeprefix("Turn").lower()


def _card_line(card: object) -> str:
    match card:
        case QuestionCard(text=text, final=final):
            return f"question {text}{'!' if final else ''}"
        case AnswerCard(finished=finished, stopped=stopped):
            return "answer stopped" if stopped else "answer done" if finished else "answer"
        case ErrorCard(code=code):
            return f"error {code}"
        case _:
            return f"notice {getattr(card, 'card_id', '').partition('-')[2]}"
