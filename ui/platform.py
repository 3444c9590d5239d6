"""What has to be settled before and around Qt: the environment, the application object, its messages.

Why it exists: Qt reads some of its settings from the environment when it is loaded, so they are made here, in one
place, before the first window is.
"""

from __future__ import annotations

import atexit
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QMessageLogContext, QtMsgType, qInstallMessageHandler
from PySide6.QtGui import QFont, QFontDatabase, QFontInfo, QGuiApplication, QIcon

log = logging.getLogger("ui.qt")

RENDER_NODES = Path("/dev/dri")
PLAIN_FONTS = frozenset({"DejaVu Sans", "Bitstream Vera Sans", "Sans Serif"})
"""What a system without a chosen font falls back to."""
BETTER_FONTS = ("Inter", "Adwaita Sans", "Cantarell", "Noto Sans", "Ubuntu", "Roboto", "Open Sans", "Liberation Sans")
"""Taken instead where they are installed."""

_LEVELS = {
    QtMsgType.QtDebugMsg: logging.DEBUG,
    QtMsgType.QtInfoMsg: logging.INFO,
    QtMsgType.QtWarningMsg: logging.WARNING,
    QtMsgType.QtCriticalMsg: logging.ERROR,
    QtMsgType.QtFatalMsg: logging.CRITICAL,
}


def prepare_environment() -> None:
    """Set what Qt reads from the environment. Call it before the application object is made.

    What the person set already stays. Without a graphics processor the software renderer is both faster and lighter;
    drawing stays on the thread of the event loop, where painted items can run Python.
    """
    if not has_gpu():
        os.environ.setdefault("QT_QUICK_BACKEND", "software")
    os.environ.setdefault("QSG_RENDER_LOOP", "basic")


def has_gpu() -> bool:
    """True when something can draw in hardware. Only Linux can say; elsewhere every desktop has one."""
    return not sys.platform.startswith("linux") or any(RENDER_NODES.glob("renderD*"))


def create_application(arguments: Sequence[str], icon: Path | None = None) -> QGuiApplication:
    """Make the application object: its name, its icon and its font.

    Args:
        arguments: Of the command line, the program's name first; Qt takes its own out of them.
        icon: The application's icon, None for none.
    """
    prepare_environment()
    application = QGuiApplication(list(arguments))
    application.setApplicationName("Sotto")
    application.setDesktopFileName("sotto")
    application.setQuitOnLastWindowClosed(False)
    if icon is not None:
        application.setWindowIcon(QIcon(str(icon)))
    application.setFont(fitting_font(application.font()))
    return application


def fitting_font(font: QFont) -> QFont:
    """The desktop's own font; where it chose none, the best of those installed."""
    if QFontInfo(font).family() not in PLAIN_FONTS:
        return font
    installed = set(QFontDatabase.families())
    better = next((family for family in BETTER_FONTS if family in installed), None)
    if better is None:
        return font
    chosen = QFont(font)
    chosen.setFamilies([better, *font.families()])
    return chosen


def route_qt_messages() -> None:
    """Have what Qt says written to the log instead of the terminal, as long as there is an interpreter to do so.

    Qt still speaks while the process ends, when no Python can run any more.
    """
    qInstallMessageHandler(_to_log)
    atexit.register(qInstallMessageHandler, None)


def _to_log(kind: QtMsgType, context: QMessageLogContext, message: str) -> None:
    place = f" ({context.file}:{context.line})" if context.file else ""
    log.log(_LEVELS.get(kind, logging.WARNING), "%s%s", message, place)
