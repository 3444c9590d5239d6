"""What is being typed, and the last question for editing it and sending it again."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Property, QObject, Signal, Slot
from PySide6.QtQml import QmlElement

QML_IMPORT_NAME = "Sotto.ViewModels"
QML_IMPORT_MAJOR_VERSION = 1

MAX_QUESTION = 8_000
"""Characters; a question that would not fit any window is cut here and not in a model."""


@QmlElement
class ComposerViewModel(QObject):
    """The text field.

    Args:
        ask: Answers a typed question.
    """

    textChanged = Signal()
    focusRequested = Signal()

    def __init__(self, ask: Callable[[str], object], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._ask = ask
        self._text = ""
        self._last = ""

    def _get_text(self) -> str:
        return self._text

    def _set_text(self, text: str) -> None:
        cut = text[:MAX_QUESTION]
        if cut != self._text or cut != text:
            self._text = cut
            self.textChanged.emit()

    def _can_send(self) -> bool:
        return bool(self._text.strip())

    text = Property(str, _get_text, _set_text, notify=textChanged)
    canSend = Property(bool, _can_send, notify=textChanged)

    @Slot()
    def send(self) -> None:
        """Ask what is typed; nothing happens while there is nothing but space."""
        question = self._text.strip()
        if question:
            self._set_text("")
            self._ask(question)

    @Slot(result=bool)
    def recall(self) -> bool:
        """Put the last question into the empty field; returns False when the field or the memory has none to give."""
        if self._text or not self._last:
            return False
        self.edit(self._last)
        return True

    @Slot(str)
    def typed(self, text: str) -> None:
        """Go on with a key that was typed while the field did not have the keyboard."""
        self._set_text(self._text + text)
        self.focusRequested.emit()

    def edit(self, text: str) -> None:
        """Put a question into the field to be changed and sent again."""
        self._set_text(text)
        self.focusRequested.emit()

    def remember(self, question: str) -> None:
        """The newest question, typed or spoken."""
        if question.strip():
            self._last = question
