"""Opens the window: Qt and asyncio on one loop, over the services that `core` put together.

The only module of `app` that knows Qt. Terminal commands never import it, so they run where Qt's libraries are missing.
"""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import qasync
from PySide6.QtGui import QGuiApplication

from app.bootstrap.core import CoreOptions, Services, open_services
from app.bootstrap.demo import open_demo
from app.contracts.ports import AudioDevices, PowerWatch
from app.settings.instance import InstanceLock
from app.settings.paths import Paths, asset
from app.settings.store import SettingsStore
from ui.bridge import AssistantLike
from ui.platform import create_application, route_qt_messages
from ui.shell import Shell, Voices, create_window


@dataclass(frozen=True, slots=True)
class Desktop:
    """The open window and what is behind it, as a driver sees it.

    Attributes:
        services: What `core` put together.
        shell: The window.
        visible_at: Monotonic seconds of its first frame.
    """

    services: Services
    shell: Shell
    visible_at: float


Driver = Callable[[Desktop], Awaitable[None]]


def run(options: CoreOptions, *, driver: Driver | None = None) -> int:
    """Open the window and stay until it is closed; returns the exit code.

    Args:
        options: What lies behind the window.
        driver: Runs beside the window, which closes when it returns: how benchmarks and tests drive the real thing.

    Raises:
        AlreadyRunning: Another window of this person is open.
        StorageError: The folders cannot be made.
        Unavailable: The window could not be made.
    """

    async def real(stack: AsyncExitStack, closed: asyncio.Event) -> None:
        services = await stack.enter_async_context(open_services(options))
        stack.callback(services.devices.subscribe(services.assistant.publish))
        behind = _Behind(
            services.assistant, services.settings, services.devices, services.voices, services.start, services.power
        )
        shell, visible_at = await _show(behind, options.paths, stack, closed)
        if driver is not None:
            await driver(Desktop(services, shell, visible_at))
            closed.set()

    options.paths.ensure()
    with InstanceLock(options.paths.runtime_dir):
        return _run_qt(real)


def run_demo(paths: Paths) -> int:
    """Open the window on scripted fakes of everything, and stay until it is closed; returns the exit code.

    Raises:
        Unavailable: The window could not be made.
    """

    async def show_demo(stack: AsyncExitStack, closed: asyncio.Event) -> None:
        settings = SettingsStore(paths.settings_file)
        settings.load()
        assistant, parts, power, start = open_demo(stack)
        behind = _Behind(assistant, settings, parts.devices, parts.text_to_speech, start, power)
        await _show(behind, paths, stack, closed, demo=True)

    return _run_qt(show_demo)


@dataclass(frozen=True, slots=True)
class _Behind:
    """What stands behind a window, real or scripted; ``start`` does what takes time, ``power`` reads the sensors."""

    assistant: AssistantLike
    settings: SettingsStore
    devices: AudioDevices
    voices: Voices
    start: Callable[[], Awaitable[None]]
    power: PowerWatch | None = None


Open = Callable[[AsyncExitStack, asyncio.Event], Coroutine[Any, Any, None]]


def _run_qt(open_window: Open) -> int:
    route_qt_messages()
    application = create_application(sys.argv[:1], asset("icons/sotto.svg"))
    with qasync.QEventLoop(application) as loop:
        loop.run_until_complete(_stay(open_window, application))
    return 0


async def _stay(open_window: Open, application: QGuiApplication) -> None:
    """Keep everything open until the window is closed, then take it apart in order."""
    closed = asyncio.Event()
    application.aboutToQuit.connect(closed.set)
    async with AsyncExitStack() as stack:
        stack.enter_context(_ended_by_signals(closed))
        opening = asyncio.create_task(open_window(stack, closed), name="open window")
        waiting = asyncio.create_task(closed.wait(), name="window closed")
        await asyncio.wait((opening, waiting), return_when=asyncio.FIRST_EXCEPTION)
        if opening.done():
            opening.result()
        await waiting
        opening.cancel()
        await asyncio.gather(opening, return_exceptions=True)


async def _show(
    behind: _Behind, paths: Paths, stack: AsyncExitStack, closed: asyncio.Event, *, demo: bool = False
) -> tuple[Shell, float]:
    """Show the window first, then do everything that takes time; returns it with the moment of its first frame."""
    shell = create_window(
        behind.assistant,
        behind.settings,
        behind.devices,
        voices=behind.voices,
        power=behind.power,
        demo=demo,
        state_file=paths.data_dir / "window.json",
    )
    stack.push_async_callback(shell.aclose)
    shell.on_closed(closed.set)
    first_frame: asyncio.Future[float] = asyncio.get_running_loop().create_future()
    shell.first_frame_after(first_frame.set_result)
    shell.show()
    visible_at = await first_frame
    await behind.start()
    await shell.refresh()
    return shell, visible_at


@contextmanager
def _ended_by_signals(closed: asyncio.Event) -> Iterator[None]:
    """Let Ctrl+C and SIGTERM close the window in good order.

    Python runs a signal handler only when its interpreter does, which under an idle Qt loop may be never: the wake-up
    socket makes the loop turn.
    """
    loop = asyncio.get_running_loop()
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    theirs.setblocking(False)
    loop.add_reader(ours.fileno(), lambda: _drain(ours))
    before_wakeup = signal.set_wakeup_fd(theirs.fileno())
    before = {number: signal.signal(number, lambda *_: closed.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(before_wakeup)
        loop.remove_reader(ours.fileno())
        ours.close()
        theirs.close()


def _drain(reader: socket.socket) -> None:
    reader.recv(4096)
