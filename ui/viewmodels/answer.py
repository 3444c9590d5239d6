"""The text of one answer with the confidence and the tier of every stretch, growing while it is written.

Why it exists: a token arrives every few milliseconds. The list of cards must not be told each time; only the painter of
this one answer is, and it learns where the new text begins.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from PySide6.QtCore import Property, QObject, Signal
from PySide6.QtQml import QmlElement

from app.contracts.cards import AnswerSpan, first_characters
from app.contracts.devices import Tier
from ui.viewmodels.confidence import Shade, shade_of

QML_IMPORT_NAME = "Sotto.ViewModels"
QML_IMPORT_MAJOR_VERSION = 1


def utf16_length(text: str) -> int:
    """Length in the units Qt counts characters in; an emoji takes two."""
    return len(text) + sum(character > "\uffff" for character in text)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Neighbouring text of one confidence and one tier. Positions are in UTF-16 units."""

    start: int
    length: int
    confidence: float | None
    tier: Tier

    @property
    def end(self) -> int:
        """Position after the last unit."""
        return self.start + self.length

    @property
    def note(self) -> str:
        """What the tooltip says; nothing of what no model wrote."""
        if not self.tier.backend_id:
            return ""
        source = f"{self.tier.backend_id} · {self.tier.model}" if self.tier.model else self.tier.backend_id
        return source if self.confidence is None else f"{self.confidence:.2f} confidence · {source}"


@dataclass(frozen=True, slots=True)
class ShadeRun:
    """Neighbouring text of one class, for the painter. Positions are in UTF-16 units."""

    start: int
    end: int
    shade: Shade


@QmlElement
class AnswerDocument(QObject):
    """One answer's text. `appended` says that text was added at the end, `replaced` that it is another text now."""

    textChanged = Signal()
    appended = Signal()
    replaced = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._text = ""
        self._units = 0
        self._spans: list[AnswerSpan] = []
        self._stretches: list[Stretch] = []
        self._runs: list[ShadeRun] = []

    def plain_text(self) -> str:
        """The whole text."""
        return self._text

    def _confidence_note(self) -> str:
        counts = [(sum(run.shade is shade for run in self._runs), shade.name.lower()) for shade in Shade if shade]
        return ", ".join(f"{count} {name} passage{'s'[: count != 1]}" for count, name in counts if count)

    text = Property(str, plain_text, notify=textChanged)
    confidenceNote = Property(str, _confidence_note, notify=textChanged)

    @property
    def stretches(self) -> tuple[Stretch, ...]:
        """The text by confidence and tier, in order."""
        return tuple(self._stretches)

    def runs_between(self, start: int, end: int) -> list[ShadeRun]:
        """Runs that are not plain and touch ``start`` to ``end``, cut to it."""
        found: list[ShadeRun] = []
        for run in reversed(self._runs):
            if run.end <= start:
                break
            if run.start < end and run.shade is not Shade.PLAIN:
                found.append(ShadeRun(max(run.start, start), min(run.end, end), run.shade))
        found.reverse()
        return found

    def stretch_at(self, position: int) -> Stretch | None:
        """The stretch that holds a position, None outside the text."""
        for stretch in reversed(self._stretches):
            if stretch.start <= position:
                return stretch if position < stretch.end else None
        return None

    def append(self, text: str, confidence: float | None, tier: Tier) -> None:
        """Add new text at the end."""
        if text:
            self._add(AnswerSpan(text=text, confidence=confidence, tier=tier))
            self.appended.emit()
            self.textChanged.emit()

    def take_back(self, kept: int) -> None:
        """Drop everything behind the first ``kept`` characters."""
        self.settle(first_characters(self._spans, kept))

    def settle(self, spans: Iterable[AnswerSpan]) -> None:
        """Take the text as a card gives it. What is shown already stays untouched where it is the same."""
        wanted = [span for span in spans if span.text]
        if _merged(wanted) == _merged(self._spans):
            return
        self._text, self._units = "", 0
        self._spans, self._stretches, self._runs = [], [], []
        for span in wanted:
            self._add(span)
        self.replaced.emit()
        self.textChanged.emit()

    def _add(self, span: AnswerSpan) -> None:
        start, length = self._units, utf16_length(span.text)
        self._text += span.text
        self._units += length
        self._spans.append(span)
        last = self._stretches[-1] if self._stretches else None
        if last is not None and (last.confidence, last.tier) == (span.confidence, span.tier):
            self._stretches[-1] = Stretch(last.start, last.length + length, last.confidence, last.tier)
        else:
            self._stretches.append(Stretch(start, length, span.confidence, span.tier))
        shade = shade_of(span.confidence)
        if self._runs and self._runs[-1].shade is shade:
            self._runs[-1] = ShadeRun(self._runs[-1].start, start + length, shade)
        else:
            self._runs.append(ShadeRun(start, start + length, shade))


def _merged(spans: Iterable[AnswerSpan]) -> list[tuple[str, float | None, Tier]]:
    """Spans with neighbours of the same confidence and tier joined, however they were cut."""
    merged: list[tuple[str, float | None, Tier]] = []
    for span in spans:
        if merged and merged[-1][1:] == (span.confidence, span.tier):
            merged[-1] = (merged[-1][0] + span.text, span.confidence, span.tier)
        else:
            merged.append((span.text, span.confidence, span.tier))
    return merged
