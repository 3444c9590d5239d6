"""The real window over the scripted assistant, and hands to use it with."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, QPoint, Qt
from PySide6.QtGui import QAccessible, QGuiApplication, QKeyEvent
from PySide6.QtQuick import QQuickItem
from PySide6.QtTest import QTest

from app.settings.store import SettingsStore
from tests.helpers.demo import DemoAssistant, DemoDevices
from tests.helpers.qt import until
from ui.shell import Shell, create_window
from ui.viewmodels.turn import TurnState


class WatchedAssistant(DemoAssistant):
    """The scripted assistant; it notes what the window asks of it."""

    def __init__(self, **options: object) -> None:
        super().__init__(**options)
        self.calls: list[str] = []

    def press(self) -> None:
        self.calls.append("press")
        super().press()

    def release(self) -> None:
        self.calls.append("release")
        super().release()

    def cancel(self) -> None:
        self.calls.append("cancel")
        super().cancel()

    def ask(self, text: str) -> str:
        self.calls.append(f"ask {text}")
        return super().ask(text)

    def replay(self, turn_id: str) -> None:
        self.calls.append(f"replay {turn_id}")
        super().replay(turn_id)

    def act(self, card_id: str, action: str, text: str = "") -> None:
        self.calls.append(f"act {card_id} {action}")
        super().act(card_id, action, text)


class Desk:
    """An open window and the person in front of it."""

    def __init__(self, shell: Shell, assistant: WatchedAssistant, settings: SettingsStore) -> None:
        self.shell = shell
        self.window = shell.window
        self.assistant = assistant
        self.settings = settings

    @property
    def focus_name(self) -> str:
        """What a screen reader says the keyboard is on."""
        return accessible_name(self.window.activeFocusItem())

    async def key(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        """Press a key and let it go."""
        await _by_hand(lambda: QTest.keyClick(self.window, key, modifiers))

    async def hold(self, key: Qt.Key) -> None:
        """Press a key."""
        await _by_hand(lambda: QTest.keyPress(self.window, key))

    async def let_go(self, key: Qt.Key) -> None:
        """Let a key go."""
        await _by_hand(lambda: QTest.keyRelease(self.window, key))

    def repeat(self, key: Qt.Key) -> None:
        """What a held key sends while it is held: it comes up and goes down again, marked as a repeat."""
        self.up_and_down(key, repeat=True)

    def up_and_down(self, key: Qt.Key, *, repeat: bool = False) -> None:
        """A key comes up and goes down again at once."""
        for kind in (QEvent.Type.KeyRelease, QEvent.Type.KeyPress):
            event = QKeyEvent(kind, key, Qt.KeyboardModifier.NoModifier, "", repeat)
            QGuiApplication.sendEvent(self.window, event)

    async def write(self, text: str) -> None:
        """Type."""
        for character in text:
            await _by_hand(lambda character=character: QTest.keyClick(self.window, character))

    def items(self, kind: str = "") -> list[QQuickItem]:
        """Visible items, of a QML or C++ type where one is named."""
        return [item for item in visible_items(self.window.contentItem()) if kind in ("", type_name(item))]

    def item(self, name: str) -> QQuickItem:
        """The visible item a screen reader calls by this name."""
        found = [item for item in self.items() if accessible_name(item) == name]
        assert found, f"nothing is called {name!r}; there are {sorted(self.names())}"
        return found[-1]

    def names(self) -> set[str]:
        """Everything a screen reader can name."""
        return {accessible_name(item) for item in self.items()} - {""}

    async def click(self, name: str) -> None:
        """Click on the middle of an item, once it is where it belongs."""
        await self.painted()
        await self.mouse(QTest.mouseClick, middle(self.item(name)))

    async def point(self, at: QPoint) -> None:
        """Move the pointer."""
        await _by_hand(lambda: QTest.mouseMove(self.window, at))

    async def mouse(self, gesture: Callable[..., None], at: QPoint) -> None:
        """Do something with the left button: one of QTest's mouse functions, at a place in the window."""
        none = Qt.KeyboardModifier.NoModifier
        await _by_hand(lambda: gesture(self.window, Qt.MouseButton.LeftButton, none, at))

    async def asked(self, *calls: str) -> None:
        """Wait until these are the last things the window asked of the assistant."""
        await until(lambda: tuple(self.assistant.calls[-len(calls) :]) == calls)

    async def state(self, state: TurnState) -> None:
        """Wait until the window shows a state."""
        await until(lambda: self.shell.turn.property("state") == state.value, 30.0)

    async def ask(self, text: str) -> None:
        """Ask, and wait until it has been answered."""
        self.assistant.ask(text)
        await self.state(TurnState.IDLE)
        await self.painted()

    async def painted(self) -> None:
        """Wait until what is there now is on the screen."""
        seen: list[float] = []
        self.shell.first_frame_after(seen.append)
        self.window.update()
        await until(lambda: seen)


@asynccontextmanager
async def open_desk(folder: Path, **options: object) -> AsyncIterator[Desk]:
    """Open the window; everything is gone again afterwards.

    Args:
        folder: For settings and the window's size.
        options: Of the scripted assistant; ``size`` is the window's, None for the remembered one, and ``power`` reads
            the sensors.
    """
    size = options.pop("size", (860, 760))
    power = options.pop("power", None)
    assistant = WatchedAssistant(**{"pace": 0.0, **options})
    settings = SettingsStore(folder / "settings.yaml")
    settings.load()
    devices = DemoDevices()
    shell = create_window(assistant, settings, devices, voices=devices, power=power, state_file=folder / "window.json")
    if size is not None:
        shell.window.resize(*size)
    shell.show()
    desk = Desk(shell, assistant, settings)
    await until(lambda: shell.window.isActive())
    await assistant.start()
    await desk.painted()
    try:
        yield desk
    finally:
        await assistant.aclose()
        await shell.aclose()


async def _by_hand(gesture: Callable[[], None]) -> None:
    """Do what QTest does outside of any task: it runs the event loop inside, which may not happen within a task."""
    loop = asyncio.get_running_loop()
    done = loop.create_future()

    def perform() -> None:
        gesture()
        done.set_result(None)

    loop.call_soon(perform)
    await done


def visible_items(root: QQuickItem) -> Iterator[QQuickItem]:
    """An item and everything visible in it."""
    for child in root.childItems():
        if child.isVisible() and child.opacity() > 0:
            yield child
            yield from visible_items(child)


def type_name(item: QObject) -> str:
    """The QML type's name."""
    return item.metaObject().className().partition("_QML")[0]


def accessible_name(item: QObject | None) -> str:
    """What a screen reader calls an item."""
    interface = QAccessible.queryAccessibleInterface(item) if item is not None else None
    return interface.text(QAccessible.Text.Name) if interface is not None else ""


def accessible_role(item: QObject) -> QAccessible.Role:
    """What a screen reader takes an item for."""
    interface = QAccessible.queryAccessibleInterface(item)
    return interface.role() if interface is not None else QAccessible.Role.NoRole


def middle(item: QQuickItem) -> QPoint:
    """The middle of an item, in the window."""
    return item.mapToScene(item.boundingRect().center()).toPoint()
