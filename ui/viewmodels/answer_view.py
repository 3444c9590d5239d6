"""What stands around the words of an answer: who wrote it, how sure it is, and what the person thought of it."""

from __future__ import annotations

from PySide6.QtCore import Property, Signal
from PySide6.QtQml import QmlElement

from app.contracts.capabilities import ConfidenceSource
from app.contracts.cards import AnswerCard
from ui.viewmodels.card_view import CardView
from ui.viewmodels.confidence import shade_of

QML_IMPORT_NAME = "Sotto.ViewModels"
QML_IMPORT_MAJOR_VERSION = 1

SOURCE_WORDS = {
    ConfidenceSource.NONE: "",
    ConfidenceSource.RULE: "rule: computed, not guessed",
}
"""How a confidence is known, where its name does not say it."""
TIMES = {1: "once", 2: "twice"}


@QmlElement
class AnswerView(CardView):
    """An answer without its words, which `AnswerDocument` has."""

    revised = Signal()

    def _set_up(self) -> None:
        self.changed.connect(self.revised)

    @property
    def stage_words(self) -> str:
        """The stage that wrote it, as people write it."""
        return self._answer().stage.replace("_", " ").replace("-", " ").capitalize()

    def _get_sureness(self) -> str:
        """A percentage; empty where nobody knows, or nothing was guessed."""
        card = self._answer()
        if card.confidence is None or card.confidence_source is ConfidenceSource.RULE:
            return ""
        return f"{card.confidence:.0%}".replace("%", " %")

    def _get_sureness_detail(self) -> str:
        card = self._answer()
        if card.confidence is None:
            return ""
        source = SOURCE_WORDS.get(card.confidence_source, card.confidence_source.value.replace("-", " "))
        by = f", by {source}" if source else ""
        return f"{card.confidence:.0%} sure of the whole answer{by}".replace("%", " %")

    def _get_shade(self) -> int:
        return int(shade_of(self._answer().confidence))

    def _get_refined(self) -> int:
        return self._answer().refined

    def _get_refined_note(self) -> str:
        count = self._answer().refined
        times = TIMES.get(count, f"{count} times")
        return f"Refined {times} since the first answer" if count else ""

    def _get_rated(self) -> int:
        return self._answer().rated

    def _is_ratable(self) -> bool:
        """Thumbs are offered for what a model wrote in stages, not for what was computed."""
        card = self._answer()
        offered = any(each.action.partition(":")[0] == "rate" for each in card.actions)
        staged = bool(card.stage) and card.confidence_source is not ConfidenceSource.RULE
        return card.finished and bool(card.text) and (offered or staged)

    sureness = Property(str, _get_sureness, notify=revised)
    surenessDetail = Property(str, _get_sureness_detail, notify=revised)
    shade = Property(int, _get_shade, notify=revised)
    refined = Property(int, _get_refined, notify=revised)
    refinedNote = Property(str, _get_refined_note, notify=revised)
    rated = Property(int, _get_rated, notify=revised)
    ratable = Property(bool, _is_ratable, notify=revised)

    def _answer(self) -> AnswerCard:
        card = self.card
        assert isinstance(card, AnswerCard)
        return card
