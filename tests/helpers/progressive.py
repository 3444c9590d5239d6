"""A turn whose open question is answered in stages, over scripted language models, in virtual time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from app.assistant.assistant import Assistant
from app.assistant.conversation import Conversation
from app.assistant.inputs import typed
from app.assistant.parts import Stages, TurnOptions
from app.assistant.progressive.feedback import Feedback
from app.assistant.progressive.routing import SUFFICES
from app.assistant.progressive.satisfaction import Satisfaction
from app.assistant.stream import TurnStream
from app.assistant.turn import Question, Responded, Responder, Turn
from app.assistant.understanding.meaning import OPEN_QUESTION, Complexity, Understanding
from app.contracts.capabilities import ConfidenceSource
from app.contracts.cards import AnswerCard
from app.contracts.devices import Tier
from app.contracts.errors import SottoError
from app.contracts.events import (
    TURN_ENDS,
    CardChanged,
    CardUpserted,
    SpeechStarted,
    StageFailed,
    StageFinished,
    StageSkipped,
    StageStarted,
    TextDelta,
    TextReplaced,
    TurnEvent,
    TurnFailed,
    TurnFinished,
    TurnStarted,
)
from app.contracts.text import GenerationRequest
from app.memory.notebook import Notebook
from app.pipeline.tools import Judged
from models.fakes.llm import FakeTextGenerator
from tests.helpers.assistants import SILENT, Cast, Watched, cast
from tests.helpers.staged import NOON, Picnic, Scripted, wired
from tests.helpers.virtual_time import LoopClock

ASKED = "Why is the sky blue?"


def writer(backend_id: str, *answers: str, model: str = "", token_s: float = 0.02) -> FakeTextGenerator:
    """A model that writes fifty words a second."""
    made = FakeTextGenerator(answers, backend_id, LoopClock(), model=model or f"model of {backend_id}")
    made.token_s = token_s
    return made


class Ladder(Stages):
    """Scripted models, smallest first, and what their answers are worth.

    Args:
        models: The first one is that of the parts.
        worth: Calibrated confidence by model; without one the prior counts.
        threshold: From which confidence no further stage is asked.
    """

    def __init__(
        self, *models: FakeTextGenerator, worth: dict[str, float] | None = None, threshold: float = SUFFICES
    ) -> None:
        self.models = {model.backend.backend_id: model for model in models}
        self._worth = worth or {}
        self._threshold = threshold

    def tiers(self) -> Sequence[Tier]:
        return tuple(Tier(key, model.backend.model) for key, model in self.models.items())

    def named(self, name: str) -> Tier | None:
        return next((tier for tier in self.tiers() if name in (tier.backend_id, tier.model)), None)

    def text(self, tier: Tier) -> FakeTextGenerator:
        return self.models[tier.backend_id]

    def judge(self, tier: Tier, log_probs: Sequence[float], text: str) -> Judged:
        if tier.backend_id in self._worth:
            return Judged(self._worth[tier.backend_id], ConfidenceSource.CALIBRATED)
        return Judged(None, ConfidenceSource.NONE)

    def threshold(self, intent: str, complexity: Complexity) -> float:
        return self._threshold


class Taken(Responder):
    """Takes every question for an open one that needs so much thought."""

    def __init__(self, complexity: Complexity) -> None:
        self._complexity = complexity

    def hear(self, text: str) -> None:
        pass

    async def respond(self, turn: Turn, question: Question) -> Responded:
        meaning = Understanding(question.text, OPEN_QUESTION, complexity=self._complexity)
        return Responded(answered=False, meaning=meaning)


@dataclass
class Answered:
    """One turn in stages, what it reported and what was heard."""

    watched: Watched
    error: SottoError | None
    players: Cast
    shown: str = ""
    events: list[TurnEvent] = field(default_factory=list)

    @property
    def lines(self) -> list[str]:
        """A line for each event that tells of stages, cards and speech; text in a row in one."""
        lines: list[str] = []
        for event in self.events:
            line = _line(event)
            if line.startswith("+ ") and lines and lines[-1].startswith("+ "):
                lines[-1] += line[2:]
            elif line:
                lines.append(line)
        return lines

    @property
    def heard(self) -> list[str]:
        """The spoken sentences, in order."""
        return [event.text for event in self.events if isinstance(event, SpeechStarted)]

    @property
    def answer(self) -> AnswerCard:
        """The card at the end."""
        return self.watched.answer("lone")


async def answered(
    ladder: Ladder,
    complexity: Complexity = Complexity.SIMPLE,
    *,
    options: TurnOptions = SILENT,
    text: FakeTextGenerator | None = None,
    meddle: Callable[[Turn], None] = lambda _turn: None,
) -> Answered:
    """Ask once; the text that the events add up to is checked against the card."""
    players = cast(text=text or next(iter(ladder.models.values())))
    players.parts = replace(players.parts, stages=ladder)
    watched = Watched()
    stream = TurnStream("lone", players.parts.clock, watched)
    stream.emit(TurnStarted(source="text"))
    turn = Turn(players.parts, options, Conversation(2048), stream, spoken=False, responder=Taken(complexity))
    meddle(turn)
    error = await turn.run(typed(ASKED))
    watched.check()
    done = Answered(watched, error, players, events=watched.of("lone"))
    for event in done.events:
        if isinstance(event, TextDelta):
            done.shown += event.text
        elif isinstance(event, TextReplaced):
            done.shown = done.shown[: event.kept]
    assert done.answer.text == done.shown
    return done


def asked_of(model: FakeTextGenerator, number: int = -1) -> GenerationRequest:
    """What a model was asked."""
    return model.requests[number]


def _line(event: TurnEvent) -> str:
    match event:
        case StageStarted(stage=stage):
            return f"{stage} <"
        case StageFinished(metrics=metrics):
            return f"{metrics.stage} >"
        case StageFailed(stage=stage, code=code):
            return f"{stage} failed {code}"
        case StageSkipped(stage=stage):
            return f"{stage} skipped"
        case TextDelta(text=text):
            return f"+ {text}"
        case TextReplaced(kept=kept):
            return f"keep {kept}"
        case CardUpserted(card=AnswerCard() as card):
            worth = "" if card.confidence is None else f" {card.confidence:.2f}"
            return f"card {card.stage or '-'}{worth} r{card.refined}{' done' if card.finished else ''}"
        case CardUpserted(card=card) if card.kind == "notice":
            return "notice"
        case TurnFinished():
            return "finished"
        case TurnFailed(code=code):
            return f"failed {code}"
        case _:
            return ""


@dataclass
class Conversing:
    """An assistant in stages that can be told what is thought of its answers."""

    assistant: Assistant
    watched: Watched
    satisfaction: Satisfaction
    ladder: Ladder

    async def ask(self, text: str) -> str:
        """Ask, wait for the end of the turn, and give its id."""
        turn_id = self.assistant.ask(text)
        await self.watched.until(lambda: any(isinstance(event, TURN_ENDS) for event in self.watched.of(turn_id)))
        return turn_id

    def card(self, turn_id: str) -> AnswerCard:
        """The answer of a turn as it is shown now."""
        cards = [event.card for event in self.watched.events if isinstance(event, CardUpserted | CardChanged)]
        return [card for card in cards if isinstance(card, AnswerCard) and card.turn_id == turn_id][-1]


@asynccontextmanager
async def conversing(
    folder: Path, ladder: Ladder, known: dict[str, tuple[str, str, float]]
) -> AsyncIterator[Conversing]:
    """An assistant with the skill `Picnic`, whose ratings are kept in a notebook."""
    players = cast(text=next(iter(ladder.models.values())))
    players.parts = replace(players.parts, stages=ladder)
    notebook = Notebook(folder / "notebook.db")
    satisfaction = Satisfaction(notebook, lambda: NOON)
    async with wired(
        folder,
        players,
        (Picnic(),),
        Scripted(known),
        notebook,
        feedback=lambda publish: Feedback(satisfaction, lambda: "synthesis", publish),
    ) as (assistant, _, watched):
        yield Conversing(assistant, watched, satisfaction, ladder)
