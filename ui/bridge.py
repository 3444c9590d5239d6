"""Turns the one stream of events into what the view models show.

Why it exists: the window has exactly one listener. Everything on screen that comes from the assistant passes through
`Bridge.__call__`, so a test that plays events into it sees what a person would see. Nothing is decided here: an event
arrives, and the models that show it are told.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from app.contracts.cards import AnyCard, ErrorCard, NoticeCard, QuestionCard
from app.contracts.events import (
    AudioDevicesChanged,
    CardChanged,
    CardRemoved,
    CardUpserted,
    DeviceUsed,
    Escalated,
    FailedOver,
    FinalTranscript,
    HostChanged,
    JobProgress,
    Listening,
    Notice,
    PartialTranscript,
    Retrying,
    SpeechStarted,
    StageFinished,
    StageStarted,
    Status,
    SystemEvent,
    SystemEventBase,
    TextDelta,
    TextReplaced,
    TurnCancelled,
    TurnEvent,
    TurnFailed,
    TurnFinished,
    TurnStarted,
)
from ui.viewmodels.composer import ComposerViewModel
from ui.viewmodels.conversation import ConversationModel
from ui.viewmodels.power import PowerViewModel
from ui.viewmodels.turn import TurnState, TurnViewModel, level_of

Listener = Callable[[TurnEvent | SystemEvent], None]


class AssistantLike(Protocol):
    """What the window needs of an assistant. Everything is called on the event loop's thread and returns at once."""

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Have every event given to ``listener``; returns how to end that."""
        ...

    def press(self) -> None:
        """The key went down."""

    def release(self) -> None:
        """The key went up."""

    def cancel(self) -> None:
        """Stop everything."""

    def ask(self, text: str) -> str:
        """Answer a typed question; returns the turn's id."""
        ...

    def replay(self, turn_id: str) -> None:
        """Speak an answer again."""

    def act(self, card_id: str, action: str, text: str = "") -> None:
        """Do what a card's button says; ``text`` are words that belong to it, as an edited routine."""


class Bridge:
    """The window's listener.

    Args:
        conversation: Shows the cards.
        turn: Shows the newest turn.
        composer: Remembers the last question.
        power: Shows watts, degrees and joules, and what runs where.
        on_devices: Told when microphones or speakers come and go.
    """

    def __init__(
        self,
        conversation: ConversationModel,
        turn: TurnViewModel,
        composer: ComposerViewModel,
        power: PowerViewModel,
        on_devices: Callable[[AudioDevicesChanged], None],
    ) -> None:
        self._conversation = conversation
        self._turn = turn
        self._composer = composer
        self._power = power
        self._on_devices = on_devices
        self._loading: dict[str, str] = {}

    def __call__(self, event: TurnEvent | SystemEvent) -> None:
        """Show one event."""
        self._power.hear(event)
        if isinstance(event, SystemEventBase):
            self._system(event)
            return
        self._cards(event)
        if isinstance(event, TurnStarted):
            state = TurnState.LISTENING if event.source == "voice" else TurnState.THINKING
            self._turn.begin(event.turn_id, state)
        elif event.turn_id == self._turn.turn_id:
            self._newest_turn(event)

    def _cards(self, event: TurnEvent) -> None:
        """What the canvas shows, of whichever turn it is."""
        cards, turn_id = self._conversation, event.turn_id
        match event:
            case TurnStarted():
                cards.begin_turn(turn_id)
            case CardUpserted(card=card):
                self._card(card)
            case CardRemoved(card_id=card_id):
                cards.remove(card_id)
            case TextDelta(text=text, confidence=confidence, tier=tier, stage=""):
                cards.append_text(turn_id, text, confidence, tier)
            case TextReplaced(kept=kept, stage=""):
                cards.take_back_text(turn_id, kept)
            case DeviceUsed(stage="answer", ran=ran):
                cards.ran_on(turn_id, ran)
            case StageFinished(metrics=metrics) if metrics.stage == "answer":
                cards.writing_over(turn_id)
            case TurnFailed(code=code, message=message, remedy=remedy):
                if not cards.has(turn_id, ErrorCard):
                    cards.upsert(_error(turn_id, code, message, remedy))
                cards.end_turn(turn_id)
            case TurnFinished(metrics=metrics):
                cards.took(turn_id, metrics)
                cards.end_turn(turn_id)
            case TurnCancelled():
                cards.end_turn(turn_id)

    def _card(self, card: AnyCard) -> None:
        self._conversation.upsert(card)
        if isinstance(card, QuestionCard):
            self._composer.remember(card.text)
            if card.turn_id == self._turn.turn_id:
                self._turn.question_shown()

    def _newest_turn(self, event: TurnEvent) -> None:
        """The state, the ring, the status line and the stage strip."""
        turn, strip = self._turn, self._turn.strip
        match event:
            case Listening(level=level):
                turn.show_level(level_of(level))
            case PartialTranscript(text=text):
                turn.show_partial(text)
            case FinalTranscript():
                self._heard()
            case Status(stage=stage, message=message, progress=progress):
                if stage == "transcribe":
                    self._heard()
                turn.show_status(message, progress)
            case StageStarted(stage=stage, backend=backend):
                strip.started(stage, backend)
            case StageFinished(metrics=metrics):
                strip.finished(metrics)
                if metrics.stage == "transcribe":
                    self._heard()
            case DeviceUsed(stage=stage, ran=ran):
                strip.ran_on(stage, ran)
            case SpeechStarted():
                turn.show_status("Speaking…")
                turn.enter(TurnState.SPEAKING)
            case Retrying(attempt=attempt, of=of, delay_ms=delay_ms) if delay_ms > 0:
                turn.show_status(f"Retry {attempt}/{of} in {delay_ms:.0f} ms…")
            case Retrying(attempt=attempt, of=of):
                turn.show_status(f"Trying again ({attempt} of {of})…")
            case FailedOver(to_backend=to_backend, reason=reason):
                turn.show_status(f"Going on with {to_backend}: {reason}")
            case Escalated(to_tier=to_tier):
                turn.show_status(f"Asking {to_tier.model or to_tier.backend_id}, to be surer…")
            case TurnFinished(metrics=metrics):
                strip.settle(metrics.stages)
                turn.end()
            case TurnFailed() | TurnCancelled():
                turn.end()

    def _heard(self) -> None:
        """Nobody listens any more: the ring comes to rest."""
        self._turn.show_level(0.0)
        if self._turn.listening_now:
            self._turn.enter(TurnState.THINKING)

    def _system(self, event: SystemEvent) -> None:
        match event:
            case CardChanged(card=card):
                self._conversation.upsert(card)
            case AudioDevicesChanged():
                self._on_devices(event)
            case Notice(level=level, code=code, message=message, remedy=remedy):
                if level == "warning":
                    self._conversation.upsert(_notice(code, f"{message} {remedy}".strip()))
                else:
                    self._turn.show_remark(message)
            case HostChanged(backend=backend, state=state):
                self._background(f"host {backend}", f"Loading {backend}…" if state == "starting" else "")
            case JobProgress(job_id=job_id, name=name, message=message, done=done):
                self._background(f"job {job_id}", "" if done else f"{name}: {message}".removesuffix(": "))
            case _:
                pass

    def _background(self, what: str, line: str) -> None:
        """Show the oldest thing that still goes on, nothing when all is done."""
        self._loading.pop(what, None)
        if line:
            self._loading[what] = line
        self._turn.show_background(next(iter(self._loading.values()), ""))


def _error(turn_id: str, code: str, message: str, remedy: str) -> ErrorCard:
    return ErrorCard(
        card_id=f"{turn_id} failed", turn_id=turn_id, priority=80, code=code, message=message, remedy=remedy
    )


def _notice(code: str, message: str) -> NoticeCard:
    return NoticeCard(card_id=f"notice {code}", message=message)
