"""What QML sees of one card: its newest revision, what the person has just done to it, and its buttons.

Why it exists: a card comes again with every change. The object stays the same for as long as the card is shown, so the
delegate stays as well, and tells only the parts that differ.
"""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Property, QObject, QTimer, Signal, Slot
from PySide6.QtQml import QmlElement

from app.contracts.card import CardAction, Emphasis
from app.contracts.cards import AnyCard
from ui.viewmodels.hopes import hoped
from ui.viewmodels.keyed import KeyedModel

QML_IMPORT_NAME = "Sotto.ViewModels"
QML_IMPORT_MAJOR_VERSION = 1

MOST_BUTTONS = 3
"""More than these are never on a card; with more actions the last of them opens the menu of the rest."""
PATIENCE_MS = 4000
"""How long a guess is shown when the assistant says nothing about it."""
OF_PARTS = frozenset({"answer", "check", "choose", "rate", "remove", "save", "set-done", "swap"})
"""Actions that belong to a part of a card, which has a place of its own for them."""
BUTTON_FACTS = ("command", "label", "primary", "quiet")


@dataclass(frozen=True, slots=True)
class Button:
    """A button of a card; ``command`` is what the assistant is told."""

    command: str
    label: str
    primary: bool = False
    quiet: bool = False


def buttons_of(actions: tuple[CardAction, ...]) -> list[Button]:
    """What the actions of a whole card look like, in order."""
    return [
        Button(each.action, each.label, each.emphasis is Emphasis.PRIMARY, each.emphasis is Emphasis.QUIET)
        for each in actions
        if each.action.partition(":")[0] not in OF_PARTS
    ]


@QmlElement
class CardView(QObject):
    """One card. `changed` says that something about the whole card is different now; lists in it tell for themselves.

    Args:
        card: Its first revision.
    """

    changed = Signal()

    def __init__(self, card: AnyCard, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._known = card
        self._card = card
        self._hopes: list[str] = []
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.setInterval(PATIENCE_MS)
        self._patience.timeout.connect(self._give_up)
        self._buttons = KeyedModel(BUTTON_FACTS, self)
        self._more = KeyedModel(BUTTON_FACTS, self)
        self._set_up()
        self._take(card)

    @property
    def card(self) -> AnyCard:
        """The card as it is shown."""
        return self._card

    @property
    def sent(self) -> bool:
        """Something the person did has not been confirmed yet."""
        return bool(self._hopes)

    def _get_buttons(self) -> KeyedModel:
        return self._buttons

    def _get_more(self) -> KeyedModel:
        return self._more

    def _is_overfull(self) -> bool:
        return bool(self._more.items)

    def _is_usable(self) -> bool:
        return bool(self._card.actions)

    buttons = Property(KeyedModel, _get_buttons, constant=True)
    more = Property(KeyedModel, _get_more, constant=True)
    overfull = Property(bool, _is_overfull, notify=changed)
    usable = Property(bool, _is_usable, notify=changed)

    def show(self, card: AnyCard) -> None:
        """Show a newer revision. What the person did since the last one is still shown upon it."""
        self._known = card
        del self._hopes[:1]
        self._settle()

    def expect(self, action: str) -> bool:
        """Show what an action will do, if that is known; returns False when the same was asked for just now."""
        after = hoped(self._card, action)
        if after is None:
            return not (self._hopes and self._hopes[-1] == action)
        if after == self._card:
            return False
        self._hopes.append(action)
        self._patience.start()
        self._show(after)
        return True

    def _set_up(self) -> None:
        """Make the lists of a kind of card, and have its own signal follow `changed`; before the first `_take`.

        A property cannot tell its changes by a signal that its class has inherited.
        """

    def _take(self, card: AnyCard) -> None:
        """Fill the lists; a kind that has some of its own adds them."""
        buttons = buttons_of(card.actions)
        shown = len(buttons) if len(buttons) <= MOST_BUTTONS else MOST_BUTTONS - 1
        self._buttons.show(buttons[:shown])
        self._more.show(buttons[shown:])

    def _show(self, card: AnyCard) -> None:
        if card != self._card:
            self._card = card
            self._take(card)
            self.changed.emit()

    def _settle(self) -> None:
        card = self._known
        for action in self._hopes:
            card = hoped(card, action) or card
        if not self._hopes:
            self._patience.stop()
        self._show(card)

    @Slot()  # without it every card would get a type description of its own, and QML mixes them up once one is gone
    def _give_up(self) -> None:
        self._hopes.clear()
        self._settle()
