"""Tells when the window can be seen and when it cannot: hidden, minimised, or covered as far as the desktop says so.

Why it exists: gauges nobody can see must cost nothing, and Qt tells only the window itself whether it is exposed.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QWindow

_TELLING = frozenset(
    {QEvent.Type.Expose, QEvent.Type.Show, QEvent.Type.Hide, QEvent.Type.WindowStateChange, QEvent.Type.Close}
)


class Exposure(QObject):
    """Watches one window, which owns it.

    Args:
        window: Which.
        listener: Told True or False at every change.
    """

    def __init__(self, window: QWindow, listener: Callable[[bool], None]) -> None:
        super().__init__(window)
        self._window = window
        self._listener = listener
        self._exposed = False
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: ARG002 - the signature is Qt's
        """Look at what may change it; every event goes on to the window."""
        if event.type() in _TELLING:
            self._look()
        return False

    def _look(self) -> None:
        window = self._window
        exposed = window.isExposed() and window.isVisible() and window.visibility() is not QWindow.Visibility.Minimized
        if exposed is not self._exposed:
            self._exposed = exposed
            self._listener(exposed)
