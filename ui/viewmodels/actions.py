"""What the buttons of a card do: copy, replay, edit, and whatever the card itself offers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtQml import QmlElement

from app.contracts.cards import NoticeCard
from ui.viewmodels.composer import ComposerViewModel
from ui.viewmodels.conversation import ConversationModel
from ui.viewmodels.dialogue_cards import ClarificationView

QML_IMPORT_NAME = "Sotto.ViewModels"
QML_IMPORT_MAJOR_VERSION = 1

WEB = ("https://", "http://")


class Doer(Protocol):
    """What card buttons ask of the assistant."""

    def replay(self, turn_id: str) -> None:
        """Speak an answer again."""

    def act(self, card_id: str, action: str, text: str = "") -> None:
        """Do what a card's button says; ``text`` belongs to it."""


@QmlElement
class CardActions(QObject):
    """Buttons of cards, each by the card's id.

    Args:
        conversation: Where the cards are.
        composer: Takes a question that is to be edited.
        doer: The assistant.
        copy_text: Puts text on the clipboard.
        open_link: Opens an address in the browser, None for nowhere.
    """

    copied = Signal(str)

    def __init__(
        self,
        conversation: ConversationModel,
        composer: ComposerViewModel,
        doer: Doer,
        copy_text: Callable[[str], None],
        open_link: Callable[[str], None] | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._conversation = conversation
        self._composer = composer
        self._doer = doer
        self._copy_text = copy_text
        self._open_link = open_link

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
        """Press a button of a card, and show at once what is plain of it. That of a notice can be pressed once."""
        row = self._conversation.find(card_id)
        if not action or not self._conversation.expect(card_id, action):
            return
        if row is not None and isinstance(row.card, NoticeCard) and row.card.action == action:
            self._conversation.acted(card_id)
        self._doer.act(card_id, action)

    @Slot(int, result=bool)
    def answer(self, number: int) -> bool:
        """Give the newest waiting question the answer with a number from 1; returns False when there is none such."""
        row = self._conversation.waiting()
        view = row.view if row is not None else None
        action = view.numbered(number) if isinstance(view, ClarificationView) else ""
        if row is None or not action:
            return False
        self.act(row.card.card_id, action)
        return True

    @Slot(str, str)
    def save(self, card_id: str, text: str) -> None:
        """Have the text that was edited on a card kept."""
        self._doer.act(card_id, "save", text)

    @Slot(str)
    def follow(self, link: str) -> None:
        """Open an address that was shown; nothing but a web page is ever opened."""
        if self._open_link is not None and link.startswith(WEB):
            self._open_link(link)
