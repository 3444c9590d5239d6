from __future__ import annotations

from tests.helpers.qt import drive, qt_app, qt_loop, qt_messages

__all__ = ("drive", "qt_app", "qt_loop", "qt_messages")
