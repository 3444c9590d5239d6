"""Questions that are asked in a child process, because a bad library or driver may end the process that asks.

Each probe is run as ``sotto doctor --probe NAME`` and prints one JSON object; `ask` runs one and gives its answer.
"""

from __future__ import annotations

import asyncio
import ctypes
import importlib
import json
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from app.contracts.errors import SottoError
from app.settings.paths import asset
from models.host import launch
from models.quiet import refuse_telemetry

TIMEOUT_S = 60.0
LIBRARIES = "system/debian-libraries.txt"

JsonObject = dict[str, object]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a probe said.

    Attributes:
        fields: Its JSON object; empty when it failed.
        error: Why it failed, in a few words; empty when it did not.
    """

    fields: Mapping[str, object]
    error: str = ""


def ask(probe: str, *arguments: str, timeout_s: float = TIMEOUT_S) -> Answer:
    """Run a probe in a child process. A child that crashes, hangs or talks nonsense is an answer too."""
    start = [sys.executable] if getattr(sys, "frozen", False) else [sys.executable, "-P", "-m", "app"]
    environment = launch.environment() | {"QT_QPA_PLATFORM": "offscreen"}
    try:
        child = subprocess.run(
            [*start, "doctor", "--probe", probe, *arguments],
            env=environment,
            capture_output=True,
            timeout=timeout_s,
            stdin=subprocess.DEVNULL,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Answer({}, f"it did not answer within {timeout_s:.0f} s")
    except OSError as error:
        return Answer({}, f"it could not be started: {error.strerror}")
    if child.returncode < 0:
        return Answer({}, f"it crashed ({signal.Signals(-child.returncode).name})")
    lines = child.stdout.decode(errors="replace").strip().splitlines()
    try:
        fields = json.loads(lines[-1]) if lines else {}
    except ValueError:
        fields = {}
    if not isinstance(fields, dict) or not fields:
        last = child.stderr.decode(errors="replace").strip().splitlines()[-1:]
        return Answer({}, f"it failed: {''.join(last) or f'exit code {child.returncode}'}")
    return Answer(fields, str(fields.get("error", "")))


def library_packages() -> dict[str, str]:
    """The shared libraries that the wheels expect of a Debian system, and the package that carries each."""
    lines = asset(LIBRARIES).read_text(encoding="utf-8").splitlines()
    pairs = (line.split() for line in lines if line and not line.startswith("#"))
    return {name: packages.partition("|")[0] for name, packages in pairs}


def run_probe(name: str, arguments: list[str]) -> int:
    """Answer in a child process; returns its exit code."""
    refuse_telemetry()
    try:
        fields = PROBES[name](arguments)
    except SottoError as error:
        fields = {"error": error.message, "code": error.code, "remedy": error.remedy}
    print(json.dumps(fields))
    return 0


def _missing_libraries(_arguments: list[str]) -> JsonObject:
    """Try to load every shared library of the table."""
    missing = []
    for name in library_packages():
        try:
            ctypes.CDLL(name)
        except OSError:
            missing.append(name)
    return {"missing": missing}


def _qt(_arguments: list[str]) -> JsonObject:
    """Load what the window needs and open it on no screen at all."""
    try:
        for module in ("PySide6.QtQuick", "PySide6.QtQuickControls2", "PySide6.QtDBus", "qasync"):
            importlib.import_module(module)
        core = importlib.import_module("PySide6.QtCore")
        gui = importlib.import_module("PySide6.QtGui")
    except (ImportError, OSError) as error:
        return {"error": str(error)}
    application = gui.QGuiApplication([])
    return {"version": core.qVersion(), "platform": application.platformName()}


def _module(arguments: list[str]) -> JsonObject:
    """Import one library."""
    try:
        module = importlib.import_module(arguments[0])
    except (ImportError, OSError, RuntimeError) as error:
        return {"error": str(error)}
    return {"version": str(getattr(module, "__version__", ""))}


def _sound(_arguments: list[str]) -> JsonObject:
    """List microphones and speakers."""
    from app.audio.devices import SoundDevices  # the sound library is loaded in the child only
    from app.audio.portaudio import PortAudio

    async def listed() -> JsonObject:
        devices = SoundDevices(PortAudio())
        inputs, outputs = await devices.inputs(), await devices.outputs()
        return {"inputs": [device.name for device in inputs], "outputs": [device.name for device in outputs]}

    return asyncio.run(listed())


PROBES: Mapping[str, Callable[[list[str]], JsonObject]] = {
    "libraries": _missing_libraries,
    "qt": _qt,
    "module": _module,
    "sound": _sound,
}
"""Every probe by its name."""
