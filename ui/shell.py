"""The window as the rest of the program holds it: made, shown, watched, closed.

Why it exists: `app.bootstrap.desktop` owns the application object and the event loop and should know nothing about QML.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtQml import QQmlApplicationEngine
from PySide6.QtQuick import QQuickWindow
from shiboken6 import delete, isValid

from app.aio.tasks import TaskOwner
from app.contracts.audio import Voice
from app.contracts.errors import SottoError, Unavailable
from app.contracts.events import AudioDevicesChanged
from app.contracts.ports import AudioDevices, PowerWatch
from app.settings.store import SettingsStore
from ui.bridge import AssistantLike, Bridge
from ui.exposure import Exposure
from ui.geometry import WindowSize, load_size, save_size
from ui.items.answer_text import AnswerText
from ui.items.drawing_picture import DrawingPicture
from ui.items.icon_picture import IconPicture
from ui.items.strip_chart import StripChart
from ui.network import refuse_network
from ui.viewmodels.actions import CardActions
from ui.viewmodels.composer import ComposerViewModel
from ui.viewmodels.conversation import ConversationModel
from ui.viewmodels.power import PowerViewModel
from ui.viewmodels.settings import SettingsViewModel
from ui.viewmodels.turn import TurnViewModel

log = logging.getLogger(__name__)

QML = Path(__file__).resolve().parent / "qml"
REGISTERED = (AnswerText, DrawingPicture, IconPicture, StripChart)
"""Types that QML makes itself; importing them is what registers them."""

FrameListener = Callable[[float], None]


class Voices(Protocol):
    """Whoever knows the voices that can be chosen."""

    async def voices(self) -> tuple[Voice, ...]:
        """All of them."""
        ...


class Shell:
    """The open window.

    Args:
        assistant: What the window drives.
        settings: The store of settings.
        devices: Microphones and speakers, None where nothing can be listed.
        voices: Voices, likewise.
        power: Reads the sensors while somebody looks, None where nothing does.
        demo: Say in the title that nothing here is real.
        state_file: Where the window's size is kept, None to forget it.

    Raises:
        Unavailable: The QML files are missing or damaged.
    """

    def __init__(
        self,
        assistant: AssistantLike,
        settings: SettingsStore,
        devices: AudioDevices | None = None,
        *,
        voices: Voices | None = None,
        power: PowerWatch | None = None,
        demo: bool = False,
        state_file: Path | None = None,
    ) -> None:
        self._devices = devices
        self._voices = voices
        self._state_file = state_file
        self._frame_listeners: list[FrameListener] = []
        self._closed_listeners: list[Callable[[], None]] = []
        self._tasks = TaskOwner(self._task_failed)
        self.conversation = ConversationModel()
        self.turn = TurnViewModel(assistant)
        self.composer = ComposerViewModel(assistant.ask)
        self.actions = CardActions(self.conversation, self.composer, assistant, _copy, _open_link)
        self.settings = SettingsViewModel(settings)
        self.settings.refreshRequested.connect(self._refresh)
        self.power = PowerViewModel(power, _copy)
        self.bridge = Bridge(self.conversation, self.turn, self.composer, self.power, self._devices_changed)
        self._engine = QQmlApplicationEngine()
        self._network = refuse_network(self._engine)
        self.window = self._load(demo=demo)
        self._restore()
        self._exposure = Exposure(self.window, self.power.show_exposed)
        self.window.visibleChanged.connect(self._visible_changed)
        self._unsubscribe = assistant.subscribe(self.bridge)

    @property
    def theme(self) -> QObject:
        """The colours and sizes in use."""
        theme = self._engine.singletonInstance("Sotto.Theme", "Theme")
        assert isinstance(theme, QObject)
        return theme

    def show(self) -> None:
        """Show the window, or bring it to the front."""
        if self.window.isVisible():
            self.window.raise_()
        self.window.show()
        self.window.requestActivate()

    def on_closed(self, listener: Callable[[], None]) -> None:
        """Have ``listener`` called when the person closes the window."""
        self._closed_listeners.append(listener)

    def on_frame_swapped(self, listener: FrameListener) -> Callable[[], None]:
        """Have the monotonic time of every frame that reached the screen; returns how to end that."""
        if not self._frame_listeners:
            self.window.frameSwapped.connect(self._frame_swapped, Qt.ConnectionType.DirectConnection)
        self._frame_listeners.append(listener)

        def unsubscribe() -> None:
            if listener in self._frame_listeners:
                self._frame_listeners.remove(listener)
                if not self._frame_listeners:
                    self.window.frameSwapped.disconnect(self._frame_swapped)

        return unsubscribe

    def first_frame_after(self, listener: FrameListener) -> None:
        """Have the monotonic time of the next frame that reaches the screen, once."""

        def once(at: float) -> None:
            unsubscribe()
            listener(at)

        unsubscribe = self.on_frame_swapped(once)

    def close(self) -> None:
        """Take the window away and hear of no more events. May be called twice."""
        self._unsubscribe()
        self.settings.close()
        self.power.close()
        self._closed_listeners.clear()
        if isValid(self.window):
            self.window.close()

    async def aclose(self) -> None:
        """Close, end what the window had going, and take its items apart while everything they show is still there."""
        self.close()
        await self._tasks.aclose()
        if isValid(self.window):
            delete(self.window)
            # Items that had left the window already, and wait for the loop to take them away.
            QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
            delete(self._engine)

    async def refresh(self) -> None:
        """Ask for the devices and voices of this moment."""
        if self._devices is not None:
            self.settings.show_devices(await self._devices.inputs(), await self._devices.outputs())
        if self._voices is not None:
            self.settings.show_voices(await self._voices.voices())

    def _load(self, *, demo: bool) -> QQuickWindow:
        engine = self._engine
        engine.addImportPath(str(QML))
        engine.setInitialProperties(
            {
                "conversation": self.conversation,
                "turn": self.turn,
                "composer": self.composer,
                "actions": self.actions,
                "settings": self.settings,
                "power": self.power,
                "demo": demo,
            }
        )
        engine.load(QUrl.fromLocalFile(str(QML / "Main.qml")))
        roots = engine.rootObjects()
        if not roots or not isinstance(roots[0], QQuickWindow):
            raise Unavailable("The window could not be made.", code="no-window", remedy="Install Sotto again.")
        return roots[0]

    def _restore(self) -> None:
        """Give the window the size it had, and open the panel that was open."""
        room = self.window.screen().availableSize()
        size = load_size(self._state_file).fitted(room.width(), room.height())
        self.window.resize(size.width, size.height)
        self.power.show_open(size.power)

    def _visible_changed(self, visible: bool) -> None:
        if not visible:
            save_size(self._state_file, WindowSize(self.window.width(), self.window.height(), self.power.opened))
            for listener in tuple(self._closed_listeners):
                listener()

    def _frame_swapped(self) -> None:
        at = time.monotonic()
        for listener in tuple(self._frame_listeners):
            listener(at)

    def _devices_changed(self, event: AudioDevicesChanged) -> None:
        self.settings.show_devices(event.inputs, event.outputs)

    def _refresh(self) -> None:
        self._tasks.start(self._refresh_quietly(), name="list devices")

    async def _refresh_quietly(self) -> None:
        """A list that cannot be had leaves the one that is shown."""
        try:
            await self.refresh()
        except SottoError as error:
            log.warning("devices and voices could not be listed: %s", error)

    def _task_failed(self, error: BaseException, name: str) -> None:
        log.error("task %s failed", name, exc_info=error)


def create_window(
    assistant: AssistantLike,
    settings: SettingsStore,
    devices: AudioDevices | None = None,
    *,
    voices: Voices | None = None,
    power: PowerWatch | None = None,
    demo: bool = False,
    state_file: Path | None = None,
) -> Shell:
    """Make the window, not yet shown. The application object and the event loop are there already.

    Raises:
        Unavailable: The QML files are missing or damaged.
    """
    return Shell(assistant, settings, devices, voices=voices, power=power, demo=demo, state_file=state_file)


def _open_link(link: str) -> None:
    QDesktopServices.openUrl(QUrl(link))


def _copy(text: str) -> None:
    QGuiApplication.clipboard().setText(text)
