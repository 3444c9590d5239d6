"""What the buttons of a card do: copy, replay, edit, and the one action a notice offers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtQml import QmlElement

from ui.viewmodels.composer import ComposerViewModel
from ui.viewmodels.conversation import ConversationModel

QML_IMPORT_NAME = "Sotto.ViewModels"
QML_IMPORT_MAJOR_VERSION = 1


class Doer(Protocol):
    """What card buttons ask of the assistant."""

    def replay(self, turn_id: str) -> None:
        """Speak an answer again."""

    def act(self, card_id: str, action: str) -> None:
        """Do what a card's button says."""


@QmlElement
class CardActions(QObject):
    """Buttons of cards, each by the card's id.

    Args:
        conversation: Where the cards are.
        composer: Takes a question that is to be edited.
        doer: The assistant.
        copy_text: Puts text on the clipboard.
    """

    copied = Signal(str)

    def __init__(
        self,
        conversation: ConversationModel,
        composer: ComposerViewModel,
        doer: Doer,
        copy_text: Callable[[str], None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._conversation = conversation
        self._composer = composer
        self._doer = doer
        self._copy_text = copy_text

    @Slot(str)
    def copy(self, card_id: str) -> None:
        """Copy a card's words."""
        row = self._conversation.find(card_id)
        if row is not None and row.text:
            self._copy_text(row.text)
            self.copied.emit(card_id)

    @Slot(str)
    def replay(self, card_id: str) -> None:
        """Speak the answer on a card again."""
        row = self._conversation.find(card_id)
        if row is not None and row.card.turn_id:
            self._doer.replay(row.card.turn_id)

    @Slot(str)
    def edit(self, card_id: str) -> None:
        """Put the question on a card into the text field."""
        row = self._conversation.find(card_id)
        if row is not None:
            self._composer.edit(row.text)

    @Slot(str, str)
    def act(self, card_id: str, action: str) -> None:
        """Press a notice's button; it can be pressed once."""
        if action:
            self._conversation.acted(card_id)
            self._doer.act(card_id, action)
