"""Shows the events of a turn in a terminal, to a person or to a script. It knows nothing but the events."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod

from app.cli.cards import CardPile, said_outside_turns
from app.cli.console import Console, printable, report
from app.cli.shades import Shading, colours_wanted
from app.cli.wording import energy_line, turn_line
from app.contracts.capabilities import ConfidenceSource
from app.contracts.cards import AnswerCard, AnyCard, NoticeCard
from app.contracts.devices import Device
from app.contracts.errors import SottoError
from app.contracts.events import (
    CardChanged,
    CardRemoved,
    CardUpserted,
    Complete,
    DownloadProgress,
    Escalated,
    Event,
    FailedOver,
    FinalTranscript,
    GovernorDecided,
    HostChanged,
    JobProgress,
    Listening,
    Notice,
    PartialTranscript,
    QuestionAsked,
    Retrying,
    Status,
    SystemEvent,
    TextDelta,
    TextReplaced,
    TurnCancelled,
    TurnEvent,
    TurnFailed,
    TurnFinished,
    TurnStarted,
)
from app.contracts.metrics import TurnMetrics
from app.contracts.wire import to_line
from app.power.energy.wording import whereabouts_in_words

_BARS = " ▁▂▃▄▅▆▇█"
_QUIETEST_DBFS = -60.0


class View(ABC):
    """What a command shows its events with. Nothing here raises: see `app.cli.console`."""

    def __init__(self, console: Console) -> None:
        self._console = console

    @abstractmethod
    def show(self, event: TurnEvent | SystemEvent) -> None:
        """Show one event."""

    def prompt(self, text: str) -> None:
        """Tell the person what can be done now."""
        self._console.live(text)

    def prompt_line(self, text: str) -> None:
        """Tell the person that a line can be typed now; nothing takes its place until a turn begins."""
        self._console.live(text, tail=True)

    def fail(self, error: SottoError) -> int:
        """Show a failure that no turn has reported; returns the exit code."""
        return report(self._console, error)


class TextView(View):
    """For people: the transcript and the answer on standard output, everything else around them on standard error.

    Args:
        console: Where to write.
        labelled: Say who speaks. A typed question whose answer goes into a file or a pipe gets the bare text.
        stats: After a turn, say also where every joule went and how what was saved was computed.
        hold: Write the answer once it is whole; what is refined on the way is not written twice.
    """

    def __init__(self, console: Console, *, labelled: bool, stats: bool = False, hold: bool = False) -> None:
        super().__init__(console)
        self._hold = hold
        self._shading = Shading() if colours_wanted(terminal=console.out_is_terminal) else None
        self._labelled = labelled
        self._stats = stats
        self._may_run: tuple[frozenset[Device], int | None] = (frozenset(Device), None)
        self._answering = False
        self._shown = ""
        self._status = ""
        self._pile = CardPile()
        self._asked = ""

    def prompt_line(self, text: str) -> None:
        """Show it, and keep it before the cursor."""
        super().prompt_line(text)
        self._asked = text

    def show(self, event: TurnEvent | SystemEvent) -> None:
        """Show one event; those a person has no use for are passed over."""
        if isinstance(event, TurnStarted):
            self._asked = ""
        if self._asked and isinstance(event, HostChanged | JobProgress | DownloadProgress):
            return
        self._show(event)
        if self._asked:
            self._console.live(self._asked)

    def _show(self, event: TurnEvent | SystemEvent) -> None:
        match event:
            case TurnStarted():
                self._answering = False
                self._shown = ""
                self._status = ""
                self._pile.clear()
            case Listening(level=level):
                self._console.live(f"● {_meter(level)} Speak; Space or Enter when you are done")
            case PartialTranscript(text=text):
                self._console.live(f"● {printable(text)}", tail=True)
            case FinalTranscript(text=text):
                self._console.write(f"You: {printable(text)}\n")
            case Status(message=message, progress=progress):
                self._show_status(message, progress)
            case TextDelta(text=text, confidence=confidence, stage="") if not self._hold:
                self._show_text(text, confidence)
            case TextReplaced(kept=kept, reason=reason, stage="") if not self._hold:
                self._take_back(kept, reason)
            case CardUpserted(card=card):
                self._show_card(card)
            case CardRemoved(card_id=card_id):
                self._pile.remove(card_id)
            case Complete() | QuestionAsked():
                self._show_pile()
            case Retrying() | FailedOver() | Escalated():
                self._show_detour(event)
            case TurnFinished(metrics=metrics):
                self._show_pile()
                self._show_cost(metrics)
            case TurnFailed(message=message, remedy=remedy):
                self._console.end_line()
                self._console.say(printable(f"sotto: {message} {remedy}".rstrip()))
            case TurnCancelled(reason=reason):
                self._console.end_line()
                self._console.say(printable(reason) or "Stopped.")
            case GovernorDecided():
                self._show_decision(event)
            case HostChanged() | JobProgress() | DownloadProgress() | Notice() | CardChanged():
                self._show_system(event)
            case _:
                pass

    def _show_status(self, message: str, progress: float | None) -> None:
        shown = printable(message) if progress is None else f"{printable(message)} {progress:.0%}"
        if self._console.err_is_terminal:
            self._console.live(shown)
        elif message != self._status:
            self._console.say(shown)
        self._status = message

    def _show_text(self, text: str, confidence: float | None = None) -> None:
        if not self._answering:
            self._answering = True
            if self._labelled:
                self._console.write("Sotto: ")
        self._shown += text
        text = printable(text)
        self._console.write(text if self._shading is None else self._shading(text, confidence))

    def _take_back(self, kept: int, reason: str) -> None:
        """What stands in a terminal cannot be unwritten: say so, and write again what still holds."""
        self._console.end_line()
        self._console.say(printable(f"Taken back: {reason}"))
        text, self._shown, self._answering = self._shown[:kept], "", False
        if text:
            self._show_text(text)

    def _show_card(self, card: AnyCard) -> None:
        if self._pile.take(card):
            return
        if isinstance(card, NoticeCard):
            self._console.say(printable(card.message))
        elif isinstance(card, AnswerCard) and card.finished and not self._answering and card.text:
            self._show_text(card.text)
        if isinstance(card, AnswerCard) and card.finished and (self._stats or self._console.out_is_terminal):
            self._show_standing(card)

    def _show_standing(self, card: AnswerCard) -> None:
        """How far an answer in stages has come, and how far it is to be trusted."""
        if card.stage and card.confidence is not None and card.confidence_source is not ConfidenceSource.RULE:
            self._console.end_line()
            refined = f", refined {card.refined} times" if card.refined > 1 else ", refined" * card.refined
            self._console.say(
                printable(f"{card.stage}: confidence {card.confidence:.2f} ({card.confidence_source}){refined}")
            )

    def _show_pile(self) -> None:
        lines = self._pile.lines()
        if lines:
            self._console.end_line()
            self._console.write("".join(f"{line}\n" for line in lines))

    def _show_detour(self, event: Retrying | FailedOver | Escalated) -> None:
        match event:
            case Retrying(attempt=attempt, of=of, delay_ms=delay_ms, code=code) if delay_ms > 0:
                self._console.say(f"Retry {attempt}/{of} in {delay_ms:.0f} ms… ({code})")
            case Retrying(attempt=attempt, of=of, code=code):
                self._console.say(f"Trying again ({code}, attempt {attempt} of {of})")
            case FailedOver(from_backend=before, to_backend=after, reason=reason):
                self._console.say(f"Going on with {after} instead of {before}: {printable(reason)}")
            case Escalated(to_tier=tier, reason=reason):
                self._console.say(f"Asking {tier.model} as well: {printable(reason)}")

    def _show_cost(self, metrics: TurnMetrics) -> None:
        self._console.end_line()
        for line in (turn_line(metrics), energy_line(metrics), *(whereabouts_in_words(metrics) if self._stats else ())):
            if line:
                self._console.say(line)

    def _show_decision(self, event: GovernorDecided) -> None:
        """A line when other devices may run than before, or answers are of another length; never for a reason alone."""
        may_run = (frozenset(event.allowed), event.max_tokens)
        if may_run != self._may_run:
            self._may_run = may_run
            self._console.say(printable(event.reason) or "Nothing is held back any more.")

    def _show_system(self, event: HostChanged | JobProgress | DownloadProgress | Notice | CardChanged) -> None:
        match event:
            case HostChanged(state="starting", backend=backend):
                self._console.live(f"Starting {backend}…")
            case JobProgress(message=message, done=False):
                self._console.live(printable(message))
            case DownloadProgress(download_id=name, received_bytes=received, total_bytes=total) if total:
                self._console.live(f"Downloading {name} {received / total:.0%}")
            case Notice(level="warning", message=message, remedy=remedy):
                self._console.say(printable(f"{message} {remedy}".rstrip()))
            case CardChanged(card=card) if line := said_outside_turns(card, time.time()):
                self._console.say(printable(line))
            case _:
                pass


class JsonView(View):
    """For scripts: every event of a turn as one line of JSON on standard output, the form of `app.contracts.wire`."""

    def show(self, event: TurnEvent | SystemEvent) -> None:
        """Write a turn's event; warnings of the system and failures also reach the person, on standard error."""
        if isinstance(event, Event):
            self._console.write(to_line(event) + "\n")
        if isinstance(event, TurnFailed) or (isinstance(event, Notice) and event.level == "warning"):
            self._console.say(printable(f"sotto: {event.message} {event.remedy}".rstrip()))

    def fail(self, error: SottoError) -> int:
        """A failure outside a turn is a `TurnFailed` without a turn, so that a script need look in one place only."""
        failed = TurnFailed(
            code=error.code, message=error.message, remedy=error.remedy, exit_code=error.exit_code, seq=0
        )
        self.show(failed)
        return error.exit_code


def view_for(
    console: Console, *, as_json: bool, labelled: bool = True, stats: bool = False, hold: bool = False
) -> View:
    """The view a command was asked for."""
    return JsonView(console) if as_json else TextView(console, labelled=labelled, stats=stats, hold=hold)


def _meter(level_dbfs: float) -> str:
    """Loudness as one bar."""
    share = min(1.0, max(0.0, 1.0 - level_dbfs / _QUIETEST_DBFS))
    return _BARS[round(share * (len(_BARS) - 1))]
