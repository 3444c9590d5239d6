"""The cards on the canvas: turns in the order they began, cards within a turn by priority."""

from __future__ import annotations

import bisect
from collections import deque

from PySide6.QtCore import (
    Property,
    QAbstractListModel,
    QByteArray,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Signal,
    Slot,
)
from PySide6.QtQml import QmlElement

from app.contracts.cards import AnswerCard, AnyCard, QuestionCard
from app.contracts.devices import Device, Tier
from app.contracts.metrics import TurnMetrics
from app.contracts.skill_cards import SKILL_CARDS
from ui.viewmodels.answer import AnswerDocument
from ui.viewmodels.card_views import view_of
from ui.viewmodels.dialogue_cards import ClarificationView, PrePlanView
from ui.viewmodels.rows import FACTS, Row

QML_IMPORT_NAME = "Sotto.ViewModels"
QML_IMPORT_MAJOR_VERSION = 1

MAX_TURNS = 200
"""Older turns leave the canvas; the history keeps them."""

MAX_GONE = 32
"""So many of the objects behind cards that are gone are kept: a delegate that waits to be used again still has one."""

Index = QModelIndex | QPersistentModelIndex
NO_INDEX = QModelIndex()


FIRST_ROLE = int(Qt.ItemDataRole.UserRole) + 1
ROLES: dict[str, int] = {name: FIRST_ROLE + number for number, name in enumerate(FACTS)}
"""Role numbers by the names delegates require."""
_READERS = {ROLES[name]: read for name, read in FACTS.items()}


@QmlElement
class ConversationModel(QAbstractListModel):
    """The list of cards. Rows come, change, move and go one by one; the list is never reset."""

    countChanged = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: list[Row] = []
        self._turns: dict[str, int] = {}
        self._next_order = 0
        self._arrivals = 0
        self._gone: deque[QObject] = deque()

    def _count(self) -> int:
        return len(self._rows)

    def _head_row(self) -> int:
        """First row of the newest turn when it has cards to look at from the top; -1 when its end is what counts."""
        if not self._rows:
            return -1
        newest = self._rows[-1].turn_order
        head = bisect.bisect_left([row.turn_order for row in self._rows], newest)
        return head if any(isinstance(row.card, SKILL_CARDS) for row in self._rows[head:]) else -1

    def _entry_row(self) -> int:
        """Where the keyboard comes to: the first card to work with in the newest turn, else the last one."""
        head = self._head_row()
        rows = range(head, len(self._rows)) if head >= 0 else range(0)
        return next((row for row in rows if isinstance(self._rows[row].card, SKILL_CARDS)), len(self._rows) - 1)

    count = Property(int, _count, notify=countChanged)
    headRow = Property(int, _head_row, notify=countChanged)
    entryRow = Property(int, _entry_row, notify=countChanged)

    @Slot(int, result=bool)
    def is_settled(self, row: int) -> bool:
        """True for a question or a proposal that has had its answer."""
        view = self._rows[row].view if 0 <= row < len(self._rows) else None
        return isinstance(view, ClarificationView | PrePlanView) and not view.numbered(1)

    def rowCount(self, parent: Index = NO_INDEX) -> int:
        """Number of cards."""
        return 0 if parent.isValid() else len(self._rows)

    def roleNames(self) -> dict[int, QByteArray]:
        """Names of the roles as delegates require them."""
        return {role: QByteArray(name.encode()) for name, role in ROLES.items()}

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """One fact about one card."""
        if not index.isValid() or not 0 <= index.row() < len(self._rows) or role not in _READERS:
            return None
        return _READERS[role](self._rows[index.row()])

    def row_of(self, card_id: str) -> int:
        """Row of a card, -1 when it is not there."""
        return next((number for number, row in enumerate(self._rows) if row.card.card_id == card_id), -1)

    def find(self, card_id: str) -> Row | None:
        """A card's row as data, None when it is not there."""
        number = self.row_of(card_id)
        return self._rows[number] if number >= 0 else None

    def has(self, turn_id: str, kind: type[AnyCard]) -> bool:
        """True when a turn shows a card of this kind."""
        return any(row.card.turn_id == turn_id and isinstance(row.card, kind) for row in self._rows)

    def begin_turn(self, turn_id: str) -> None:
        """Give a turn its place, after all that began before it."""
        self._order_of(turn_id)
        self._forget_oldest()

    def upsert(self, card: AnyCard) -> None:
        """Show a card, or its newer revision; an older revision than the one shown is ignored."""
        number = self.row_of(card.card_id)
        if number < 0:
            number = self._adoptable(card)
        if number < 0:
            self._insert(card)
        elif card.revision >= self._rows[number].card.revision:
            self._revise(number, card)

    def remove(self, card_id: str) -> None:
        """Take a card away."""
        number = self.row_of(card_id)
        if number >= 0:
            self._remove_row(number)

    def append_text(self, turn_id: str, text: str, confidence: float | None, tier: Tier) -> None:
        """Add new text to a turn's open answer; one is opened when there is none yet."""
        number = self._open_answer(turn_id)
        if number < 0:
            self._insert(AnswerCard(card_id=_provisional(turn_id), turn_id=turn_id, priority=90, revision=0))
            number = self.row_of(_provisional(turn_id))
        row = self._rows[number]
        if row.document is None:
            return
        first = row.tier != tier
        row.document.append(text, confidence, tier)
        self._tell(number, *(("text", "badge", "badgeDetail") if first else ("text",)))

    def take_back_text(self, turn_id: str, kept: int) -> None:
        """Drop what a turn's open answer says behind its first ``kept`` characters."""
        number = self._open_answer(turn_id)
        document = self._rows[number].document if number >= 0 else None
        if document is not None:
            document.take_back(kept)
            self._tell(number, "text")

    def ran_on(self, turn_id: str, device: Device) -> None:
        """Say where a turn's answer really runs."""
        for number, row in enumerate(self._rows):
            if row.card.turn_id == turn_id and row.document is not None and row.ran is not device:
                row.ran = device
                self._tell(number, "badge", "badgeDetail")

    def writing_over(self, turn_id: str) -> None:
        """Say that a turn's answer grows no more, though it may still be spoken."""
        number = self._open_answer(turn_id)
        if number >= 0:
            self._rows[number].writing = False
            self._tell(number, "writing")

    def end_turn(self, turn_id: str) -> None:
        """The turn is over: nothing grows any more, and a question without a word is taken away."""
        for number in range(len(self._rows) - 1, -1, -1):
            row = self._rows[number]
            if row.card.turn_id != turn_id:
                continue
            if isinstance(row.card, QuestionCard) and not row.card.text:
                self._remove_row(number)
                continue
            row.writing = False
            row.over = True
            self._tell(number, "writing", "over")

    def took(self, turn_id: str, metrics: TurnMetrics) -> None:
        """Say what a turn took, on its answer."""
        for number, row in enumerate(self._rows):
            if row.card.turn_id == turn_id and row.document is not None:
                row.took = metrics
                self._tell(number, "joules", "joulesDetail")

    def acted(self, card_id: str) -> None:
        """A card's button was pressed: it is offered once."""
        number = self.row_of(card_id)
        if number >= 0:
            self._rows[number].acted = True
            self._tell(number, "action", "actionLabel")

    def expect(self, card_id: str, action: str) -> bool:
        """Show at once what an action will do to a card; returns False when it has just been asked for."""
        row = self.find(card_id)
        return row is None or row.view is None or row.view.expect(action)

    def waiting(self) -> Row | None:
        """The newest question that waits for an answer."""
        waiting = (
            row for row in reversed(self._rows) if isinstance(row.view, ClarificationView) and row.view.numbered(1)
        )
        return next(waiting, None)

    def _insert(self, card: AnyCard) -> None:
        self._arrivals += 1
        group = card.turn_id or f"card {card.card_id}"
        row = Row(card, self._order_of(group), self._arrivals)
        if not isinstance(card, QuestionCard):
            row.view = view_of(card, self)
        if isinstance(card, AnswerCard):
            row.document = AnswerDocument(self)
            row.document.settle(card.spans)
            row.writing = not card.finished
            row.over = card.finished
        number = bisect.bisect([other.place for other in self._rows], row.place)
        self.beginInsertRows(NO_INDEX, number, number)
        self._rows.insert(number, row)
        self.endInsertRows()
        self.countChanged.emit()

    def _revise(self, number: int, card: AnyCard) -> None:
        row = self._rows[number]
        before = [read(row) for read in FACTS.values()]
        if card.turn_id != row.card.turn_id:  # asked for again, or it calls by itself: it comes to where one looks
            row.turn_order = self._order_of(card.turn_id or f"card {card.card_id} {card.revision}")
        row.card = card
        row.acted = False
        if row.view is not None:
            row.view.show(card)
        if isinstance(card, AnswerCard) and row.document is not None:
            if card.finished or card.spans:
                row.document.settle(card.spans)
            row.writing = row.writing and not card.finished
        changed = [name for name, old in zip(FACTS, before, strict=True) if FACTS[name](row) != old]
        if changed:
            self._tell(number, *changed)
        others = [other.place for other in self._rows if other is not row]
        target = bisect.bisect(others, row.place)
        if target != number:
            self.beginMoveRows(NO_INDEX, number, number, NO_INDEX, target if target < number else target + 1)
            self._rows.insert(target, self._rows.pop(number))
            self.endMoveRows()

    def _remove_row(self, number: int) -> None:
        self.beginRemoveRows(NO_INDEX, number, number)
        row = self._rows.pop(number)
        self.endRemoveRows()
        self._gone.extend(shown for shown in (row.document, row.view) if shown is not None)
        while len(self._gone) > MAX_GONE:
            self._gone.popleft().deleteLater()
        self.countChanged.emit()

    def _tell(self, number: int, *names: str) -> None:
        index = self.index(number)
        self.dataChanged.emit(index, index, [ROLES[name] for name in names])

    def _open_answer(self, turn_id: str) -> int:
        for number in range(len(self._rows) - 1, -1, -1):
            row = self._rows[number]
            if row.card.turn_id == turn_id and isinstance(row.card, AnswerCard) and not row.card.finished:
                return number
        return -1

    def _adoptable(self, card: AnyCard) -> int:
        """Row of the answer that was opened for text that came before its card."""
        return self.row_of(_provisional(card.turn_id)) if isinstance(card, AnswerCard) else -1

    def _order_of(self, group: str) -> int:
        if group not in self._turns:
            self._turns[group] = self._next_order
            self._next_order += 1
        return self._turns[group]

    def _forget_oldest(self) -> None:
        limit = self._next_order - MAX_TURNS
        while self._rows and self._rows[0].turn_order < limit:
            self._remove_row(0)
        while len(self._turns) > MAX_TURNS:
            del self._turns[next(iter(self._turns))]


def _provisional(turn_id: str) -> str:
    return f"{turn_id} answer to come"
