"""A timer that counts by itself: no event comes for a second that passes, and one nobody looks at is not counted."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime

from PySide6.QtCore import Property, QObject, Signal, Slot
from PySide6.QtQml import QmlElement

from app.assistant.card_words import TIMER_WORDS, clock, remaining_s, timer_name
from app.contracts.cards import AnyCard
from app.contracts.skill_cards import TimerCard, TimerState
from ui.viewmodels.card_view import CardView

QML_IMPORT_NAME = "Sotto.ViewModels"
QML_IMPORT_MAJOR_VERSION = 1

_LEFT = (TimerState.RUNNING, TimerState.PAUSED)
_SOONEST_MS = 20
"""A step is never shorter, so that one that comes a little early is not taken twice."""
_DAY_S = 86_400.0
_MINUTE_S = 60.0


@QmlElement
class TimerView(CardView):
    """A timer, an alarm or a reminder.

    Args:
        card: Its first revision.
        now: Seconds since the epoch.
    """

    revised = Signal()
    ticked = Signal()

    def __init__(self, card: AnyCard, parent: QObject | None = None, *, now: Callable[[], float] = time.time) -> None:
        self._now = now
        super().__init__(card, parent)

    def _set_up(self) -> None:
        self.changed.connect(self.revised)
        self.changed.connect(self.ticked)

    def _get_title(self) -> str:
        return timer_name(self._timer())

    def _get_big(self) -> str:
        """The large figures: what is left, or when an alarm rings."""
        card = self._timer()
        if card.state is TimerState.RINGING:
            return "Now"
        if card.state in (TimerState.DONE, TimerState.CANCELLED):
            return ""
        if card.what == "timer" or card.state is TimerState.PAUSED:
            return clock(remaining_s(card, self._now()))
        return f"{datetime.fromtimestamp(card.due_at).astimezone():%H:%M}"

    def _get_note(self) -> str:
        """Beside it: the state, the day, the whole length, how often."""
        card = self._timer()
        parts = [TIMER_WORDS[card.state].capitalize()]
        if card.what == "timer":
            parts.append(f"of {clock(card.duration_s)}" if card.duration_s and not parts[0] else "")
        elif card.state is TimerState.RUNNING:
            due, now = (datetime.fromtimestamp(at).astimezone() for at in (card.due_at, self._now()))
            days = (due.date() - now.date()).days
            away = _away(card.due_at - self._now())
            parts += [{0: "today", 1: "tomorrow"}.get(days, f"{due:%A, %d %B}"), away]
        return " · ".join(part for part in (*parts, card.repeats) if part)

    def _get_share(self) -> float:
        card = self._timer()
        if card.what != "timer" or card.duration_s <= 0.0 or card.state not in _LEFT:
            return -1.0
        return min(1.0, remaining_s(card, self._now()) / card.duration_s)

    def _get_state(self) -> str:
        return self._timer().state.value

    def _is_counting(self) -> bool:
        return self._timer().state is TimerState.RUNNING

    title = Property(str, _get_title, notify=revised)
    big = Property(str, _get_big, notify=ticked)
    note = Property(str, _get_note, notify=ticked)
    share = Property(float, _get_share, notify=ticked)
    state = Property(str, _get_state, notify=revised)
    counting = Property(bool, _is_counting, notify=revised)

    @Slot(result=int)
    def tick(self) -> int:
        """Show what is left now; returns the milliseconds until it looks different."""
        self.ticked.emit()
        card = self._timer()
        left = remaining_s(card, self._now())
        step_s = _MINUTE_S if card.what != "timer" and left > _MINUTE_S else 1.0
        return max(_SOONEST_MS, int(left % step_s * 1000.0) + 2)

    def _timer(self) -> TimerCard:
        card = self.card
        assert isinstance(card, TimerCard)
        return card


def _away(left_s: float) -> str:
    """How far off an alarm is: to the minute until the last one, a begun minute counting whole; a day on, nothing."""
    if left_s >= _DAY_S:
        return ""
    if left_s <= _MINUTE_S:
        return f"in {max(0, -int(-left_s // 1))} s"
    hours, minutes = divmod(-int(-left_s // _MINUTE_S), 60)
    return "in " + " ".join([f"{hours} h"] * bool(hours) + [f"{minutes} min"] * bool(minutes))
