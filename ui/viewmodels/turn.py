"""What the assistant is doing right now, and the key.

Why it exists: the ring, the status line and the button all show one state. It follows the events of the newest turn
alone, so the end of an older turn that arrives late cannot make the window look idle.
"""

from __future__ import annotations

import time
from enum import StrEnum
from typing import Protocol

from PySide6.QtCore import Property, QObject, QTimer, Signal, Slot
from PySide6.QtQml import QmlElement

from app.assistant.push_to_talk import HOLD_S
from ui.viewmodels.stages import StageStripModel

QML_IMPORT_NAME = "Sotto.ViewModels"
QML_IMPORT_MAJOR_VERSION = 1

QUIET_DBFS = -55.0
LOUD_DBFS = -12.0
REPEAT_MS = 15
"""A key that is down again so soon never was up: X tells a held key's repetition as up and down, and Qt does not always
recognise the pair."""
NOTICE_MS = 10_000
"""So long a passing remark stays, unless a turn begins before."""
LEVEL_STEPS = 24
"""The ring has this many sizes: a change too small to see is no reason to paint."""


class TurnState(StrEnum):
    """What the window shows the assistant doing."""

    IDLE = "idle"
    LISTENING = "listening"
    THINKING = "thinking"
    SPEAKING = "speaking"


class Key(Protocol):
    """What the push-to-talk key drives."""

    def press(self) -> None:
        """The key went down."""

    def release(self) -> None:
        """The key went up."""

    def cancel(self) -> None:
        """Stop everything."""


def level_of(dbfs: float) -> float:
    """Loudness in dBFS as a level in [0, 1], in `LEVEL_STEPS` steps."""
    share = (dbfs - QUIET_DBFS) / (LOUD_DBFS - QUIET_DBFS)
    return round(min(1.0, max(0.0, share)) * LEVEL_STEPS) / LEVEL_STEPS


@QmlElement
class TurnViewModel(QObject):
    """State, level, status line and stage strip of the newest turn, and what the key does."""

    stateChanged = Signal()
    levelChanged = Signal()
    heldChanged = Signal()
    captionChanged = Signal()
    statusChanged = Signal()

    def __init__(self, key: Key, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._key = key
        self._state = TurnState.IDLE
        self._level = 0.0
        self._held = False
        self._pressed_at = 0.0
        self._letting_go = False
        self._partial = ""
        self._question_shown = False
        self._status = ""
        self._background = ""
        self._remark = ""
        self._progress: float | None = None
        self.strip = StageStripModel(self)
        self.turn_id = ""
        self._going_up = QTimer(self)
        self._going_up.setSingleShot(True)
        self._going_up.setInterval(REPEAT_MS)
        self._going_up.timeout.connect(self._key.release)
        self._remark_over = QTimer(self)
        self._remark_over.setSingleShot(True)
        self._remark_over.setInterval(NOTICE_MS)
        self._remark_over.timeout.connect(self._drop_remark)

    def _get_state(self) -> str:
        return self._state.value

    def _is_idle(self) -> bool:
        return self._state is TurnState.IDLE

    def _is_listening(self) -> bool:
        return self._state is TurnState.LISTENING

    def _is_thinking(self) -> bool:
        return self._state is TurnState.THINKING

    def _is_speaking(self) -> bool:
        return self._state is TurnState.SPEAKING

    def _get_level(self) -> float:
        return self._level

    def _get_held(self) -> bool:
        return self._held

    def _is_letting_go(self) -> bool:
        return self._letting_go

    def _get_caption(self) -> str:
        return "" if self._question_shown else self._partial

    def _get_status(self) -> str:
        return self._status or self._remark or self._background

    def _get_progress(self) -> float:
        return -1.0 if self._progress is None else self._progress

    def _get_stages(self) -> StageStripModel:
        return self.strip

    state = Property(str, _get_state, notify=stateChanged)
    idle = Property(bool, _is_idle, notify=stateChanged)
    listening = Property(bool, _is_listening, notify=stateChanged)
    thinking = Property(bool, _is_thinking, notify=stateChanged)
    speaking = Property(bool, _is_speaking, notify=stateChanged)
    level = Property(float, _get_level, notify=levelChanged)
    held = Property(bool, _get_held, notify=heldChanged)
    lettingGo = Property(bool, _is_letting_go, notify=heldChanged)
    caption = Property(str, _get_caption, notify=captionChanged)
    status = Property(str, _get_status, notify=statusChanged)
    progress = Property(float, _get_progress, notify=statusChanged)
    stages = Property(StageStripModel, _get_stages, constant=True)

    @property
    def listening_now(self) -> bool:
        """True while the newest turn is being spoken."""
        return self._is_listening()

    @Slot()
    def keyDown(self) -> None:
        """The key went down on the keyboard."""
        if self._going_up.isActive():
            self._going_up.stop()
            self._set_held(held=True)
        else:
            self.press()

    @Slot()
    def keyUp(self) -> None:
        """The key went up on the keyboard: shown at once, acted on when it stays up."""
        if self._held:
            self._letting_go = time.monotonic() - self._pressed_at >= HOLD_S
            self._set_held(held=False)
            self._going_up.start()

    @Slot()
    def press(self) -> None:
        """The key or the button went down. A second press without a release between them is a repeat."""
        if not self._held:
            self._pressed_at = time.monotonic()
            self._set_held(held=True)
            self._key.press()

    @Slot()
    def release(self) -> None:
        """The key or the button went up, or the window lost the keyboard."""
        if self._held:
            self._set_held(held=False)
            self._key.release()

    @Slot()
    def tap(self) -> None:
        """Pressed and let go at once, as a screen reader does."""
        self.press()
        self.release()

    @Slot()
    def stop(self) -> None:
        """Stop everything that goes on."""
        self._going_up.stop()
        self._set_held(held=False)
        self._key.cancel()

    def begin(self, turn_id: str, state: TurnState) -> None:
        """A new turn is the newest one from now on."""
        self.turn_id = turn_id
        self._drop_remark()
        self._question_shown = False
        self.show_partial("")
        self.strip.clear()
        self.show_status("")
        self.show_level(0.0)
        self.enter(state)

    def end(self) -> None:
        """The newest turn is over."""
        self.strip.drop_unfinished()
        self.show_partial("")
        self.show_status("")
        self.show_level(0.0)
        self.enter(TurnState.IDLE)

    def enter(self, state: TurnState) -> None:
        """Go to a state."""
        if state is not self._state:
            self._state = state
            self.stateChanged.emit()
        if self._letting_go:
            self._letting_go = False
            self.heldChanged.emit()

    def show_level(self, level: float) -> None:
        """Show a level in [0, 1]."""
        if level != self._level:
            self._level = level
            self.levelChanged.emit()

    def show_partial(self, text: str) -> None:
        """Show the words so far; in the line only until the question's card shows them."""
        if text != self._partial:
            self._partial = text
            self.captionChanged.emit()

    def question_shown(self) -> None:
        """The newest turn's question is on the canvas now."""
        if not self._question_shown:
            self._question_shown = True
            self.captionChanged.emit()

    def show_status(self, message: str, progress: float | None = None) -> None:
        """Show a line about the newest turn; empty goes back to what happens in the background."""
        if (message, progress) != (self._status, self._progress):
            self._status, self._progress = message, progress
            self.statusChanged.emit()

    def show_background(self, message: str) -> None:
        """Show a line about what happens outside turns while no turn has anything to say."""
        if message != self._background:
            self._background = message
            self.statusChanged.emit()

    def show_remark(self, message: str) -> None:
        """Show a line that is said once, as what a button did, for a while."""
        self._remark = message
        self._remark_over.start()
        self.statusChanged.emit()

    def _drop_remark(self) -> None:
        self._remark_over.stop()
        if self._remark:
            self._remark = ""
            self.statusChanged.emit()

    def _set_held(self, *, held: bool) -> None:
        if held is not self._held:
            self._held = held
            self._letting_go = self._letting_go and not held
            self.heldChanged.emit()
