"""One Qt application for the whole test session, its messages, and its event loop.

Qt allows one application object per process and never a second, so everything that needs one shares this. It is made
with the platform on its command line and not in the environment, where child processes of other tests would find it.
"""

from __future__ import annotations

import asyncio
import atexit
import functools
import sys
from collections.abc import Awaitable, Callable, Iterator
from typing import TypeVar

import pytest
import qasync
from PySide6.QtCore import QtMsgType, qInstallMessageHandler
from PySide6.QtGui import QGuiApplication

from ui.platform import create_application

T = TypeVar("T")

HARMLESS = (QtMsgType.QtDebugMsg, QtMsgType.QtInfoMsg)


@pytest.fixture(scope="session")
def qt_app() -> QGuiApplication:
    """The application, without a screen."""
    existing = QGuiApplication.instance()
    if isinstance(existing, QGuiApplication):
        return existing
    return create_application(["sotto", "-platform", "offscreen"])


@pytest.fixture
def qt_messages(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What Qt complained of, and what was raised in a slot; anything left in it at the end fails the test."""
    said: list[str] = []
    monkeypatch.setattr(
        sys, "excepthook", lambda kind, error, trace: said.append(f"{kind.__name__} in a slot: {error}")
    )
    before = qInstallMessageHandler(lambda kind, context, text: None if kind in HARMLESS else said.append(text))
    yield said
    qInstallMessageHandler(before)
    assert said == [], said


@functools.cache
def _shared_loop(application: QGuiApplication) -> qasync.QEventLoop:
    loop = qasync.QEventLoop(application)
    atexit.register(loop.close)
    return loop


@pytest.fixture(scope="session")
def qt_loop(qt_app: QGuiApplication) -> qasync.QEventLoop:
    """Qt and asyncio on one loop, as in the real window; one for every folder of tests."""
    return _shared_loop(qt_app)


@pytest.fixture
def drive(qt_loop: qasync.QEventLoop, qt_messages: list[str]) -> Callable[[Callable[[], Awaitable[T]]], T]:
    """Runs a coroutine function on the loop of Qt and gives its result."""

    def run(scenario: Callable[[], Awaitable[T]]) -> T:
        asyncio.set_event_loop(qt_loop)
        try:
            return qt_loop.run_until_complete(scenario())
        finally:
            asyncio.set_event_loop(None)

    return run


async def until(condition: Callable[[], object], seconds: float = 10.0) -> None:
    """Let the loop run until something holds."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - a property of a window has no event to wait for
            await asyncio.sleep(0.005)
