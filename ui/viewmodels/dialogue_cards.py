"""The cards of a conversation with the stages: what is being done, what is asked, what is going to be done."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Property, Signal, Slot
from PySide6.QtQml import QmlElement

from app.assistant.card_words import PRE_PLAN_WORDS, estimate_of
from app.contracts.cards import AnyCard
from app.contracts.skill_cards import ClarificationCard, PrePlanCard, PrePlanState, StatusCard
from ui.viewmodels.card_view import CardView
from ui.viewmodels.keyed import KeyedModel

QML_IMPORT_NAME = "Sotto.ViewModels"
QML_IMPORT_MAJOR_VERSION = 1


@QmlElement
class StatusView(CardView):
    """What is being done."""

    revised = Signal()

    def _set_up(self) -> None:
        self.changed.connect(self.revised)

    def _get_message(self) -> str:
        return self._status().message

    def _get_progress(self) -> float:
        progress = self._status().progress
        return -1.0 if progress is None else min(1.0, max(0.0, progress))

    message = Property(str, _get_message, notify=revised)
    progress = Property(float, _get_progress, notify=revised)

    def _status(self) -> StatusCard:
        card = self.card
        assert isinstance(card, StatusCard)
        return card


@dataclass(frozen=True, slots=True)
class ChoiceFacts:
    """One answer: ``number`` is the key that gives it, 0 for none; ``taken`` says that it was given."""

    command: str
    label: str
    number: int
    preset: bool
    taken: bool


@QmlElement
class ClarificationView(CardView):
    """A question and its likely answers."""

    revised = Signal()

    def _set_up(self) -> None:
        self.changed.connect(self.revised)
        self._choices = KeyedModel(("command", "label", "number", "preset", "taken"), self)

    def _get_question(self) -> str:
        return self._asked().question

    def _get_choices(self) -> KeyedModel:
        return self._choices

    def _is_waiting(self) -> bool:
        card = self._asked()
        return not card.chosen and not card.expired

    def _get_note(self) -> str:
        card = self._asked()
        if card.chosen:
            return ""
        if card.expired:
            return "No longer waiting for an answer"
        return "Or say it, or type it below" if card.free else ""

    def _get_other(self) -> str:
        card = self._asked()
        return card.chosen if card.chosen not in {choice.label for choice in card.choices} else ""

    question = Property(str, _get_question, notify=revised)
    choices = Property(KeyedModel, _get_choices, constant=True)
    waiting = Property(bool, _is_waiting, notify=revised)
    note = Property(str, _get_note, notify=revised)
    other = Property(str, _get_other, notify=revised)

    @Slot(int, result=str)
    def numbered(self, number: int) -> str:
        """The action of the choice with a number from 1; 0 is the one taken unless another is. Empty for none."""
        if not self._is_waiting():
            return ""
        found = (
            choice
            for choice in self._choices.items
            if isinstance(choice, ChoiceFacts) and (choice.number == number if number else choice.preset)
        )
        return next((choice.command for choice in found), "")

    def _take(self, card: AnyCard) -> None:
        super()._take(card)
        assert isinstance(card, ClarificationCard)
        self._choices.show(
            ChoiceFacts(
                command=f"answer:{choice.value}",
                label=choice.label,
                number=number if number <= 9 else 0,
                preset=choice.default,
                taken=choice.label == card.chosen,
            )
            for number, choice in enumerate(card.choices, 1)
        )

    def _asked(self) -> ClarificationCard:
        card = self.card
        assert isinstance(card, ClarificationCard)
        return card


@QmlElement
class PrePlanView(CardView):
    """What is going to be done."""

    revised = Signal()

    def _set_up(self) -> None:
        self.changed.connect(self.revised)

    def _get_sentence(self) -> str:
        return self._plan().sentence

    def _get_preview(self) -> str:
        return "\n".join(self._plan().preview)

    def _get_estimate(self) -> str:
        return estimate_of(self._plan()) if self._is_waiting() else ""

    def _is_waiting(self) -> bool:
        return self._plan().state is PrePlanState.WAITING

    def _is_weighty(self) -> bool:
        return self._plan().weighty

    def _get_outcome(self) -> str:
        return PRE_PLAN_WORDS[self._plan().state]

    sentence = Property(str, _get_sentence, notify=revised)
    preview = Property(str, _get_preview, notify=revised)
    estimate = Property(str, _get_estimate, notify=revised)
    waiting = Property(bool, _is_waiting, notify=revised)
    weighty = Property(bool, _is_weighty, notify=revised)
    outcome = Property(str, _get_outcome, notify=revised)

    @Slot(int, result=str)
    def numbered(self, number: int) -> str:
        """The action of the button with a number from 1; 0 is the main one. Empty for none."""
        actions = [each.action for each in self.card.actions]
        place = max(0, number - 1)
        return actions[place] if self._is_waiting() and place < len(actions) else ""

    def _plan(self) -> PrePlanCard:
        card = self.card
        assert isinstance(card, PrePlanCard)
        return card
