"""Which view model shows which kind of card."""

from __future__ import annotations

from PySide6.QtCore import QObject

from app.contracts.cards import AnswerCard, AnyCard
from app.contracts.skill_cards import (
    AlternativesCard,
    ClarificationCard,
    JobCard,
    ListCard,
    PrePlanCard,
    RoutineCard,
    SessionPlanCard,
    SourcesCard,
    StatusCard,
    TimerCard,
)
from ui.viewmodels.answer_view import AnswerView
from ui.viewmodels.card_view import CardView
from ui.viewmodels.dialogue_cards import ClarificationView, PrePlanView, StatusView
from ui.viewmodels.list_cards import ItemListView, SourcesView
from ui.viewmodels.session_cards import AlternativesView, SessionPlanView
from ui.viewmodels.timer_card import TimerView
from ui.viewmodels.work_cards import JobView, RoutineView

VIEWS: dict[type[AnyCard], type[CardView]] = {
    AlternativesCard: AlternativesView,
    AnswerCard: AnswerView,
    ClarificationCard: ClarificationView,
    JobCard: JobView,
    ListCard: ItemListView,
    PrePlanCard: PrePlanView,
    RoutineCard: RoutineView,
    SessionPlanCard: SessionPlanView,
    SourcesCard: SourcesView,
    StatusCard: StatusView,
    TimerCard: TimerView,
}
"""Kinds that are not in it have nothing but buttons."""


def view_of(card: AnyCard, parent: QObject) -> CardView:
    """What QML sees of a card."""
    return VIEWS.get(type(card), CardView)(card, parent)
