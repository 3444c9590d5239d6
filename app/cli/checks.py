"""The checks of `sotto doctor`: each looks at one thing and says how it came out. None of them changes anything."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil

from app.cli import probes
from app.cli.display import reachable_display
from app.cli.findings import Finding, State
from app.contracts.devices import DEVICE_WORDS, Device, DeviceInfo, Presence
from app.contracts.errors import AlreadyRunning, SottoError
from app.memory.look import look
from app.memory.migrations import SCHEMA_VERSION
from app.memory.notebook import MIGRATIONS as NOTEBOOK_MIGRATIONS
from app.settings.instance import InstanceLock
from app.settings.paths import Paths, asset
from app.settings.profiles import ProfileStore
from app.settings.store import SettingsStore
from models.compiled.blobs import CompiledModels
from models.devices.machine import SystemMachine
from models.devices.selftest import read as read_selftests

Check = Callable[[Paths], Iterator[Finding]]

PYTHONS = ((3, 11), (3, 13))
ROOM_BYTES = 500 * 1024**2
MEMORY_BYTES = 1024**3
_DEVICE_TROUBLES = frozenset({Presence.NO_DRIVER, Presence.NO_PERMISSION, Presence.BROKEN})
"""What a person can mend; a device that sleeps, or that nothing drives, needs no mending."""
_APT = "sudo apt-get install -y --no-remove --no-install-recommends"


def python(_paths: Paths) -> Iterator[Finding]:
    """The interpreter's version."""
    lowest, highest = PYTHONS
    fits = lowest <= sys.version_info[:2] <= highest
    wanted = f"Sotto needs {lowest[0]}.{lowest[1]} to {highest[0]}.{highest[1]}"
    yield Finding(
        "python",
        "Python",
        State.OK if fits else State.MISSING,
        platform.python_version() if fits else f"{platform.python_version()}; {wanted}.",
        "" if fits else "make clean run",
        needed=True,
    )


def machine(_paths: Paths) -> Iterator[Finding]:
    """Processor cores and memory."""
    cores = os.cpu_count() or 1
    yield Finding(
        "processor",
        "Processor",
        State.OK if cores > 1 else State.WARNING,
        f"{cores} cores" if cores > 1 else "One core: speech and text take turns, and answers come late.",
    )
    memory = psutil.virtual_memory()
    enough = memory.available >= MEMORY_BYTES
    free = f"{memory.available / 1024**3:.1f} of {memory.total / 1024**3:.1f} GiB free"
    yield Finding(
        "memory",
        "Memory",
        State.OK if enough else State.WARNING,
        free,
        "" if enough else "Close other programs: the models of the embedded default need about 1 GiB.",
    )


def system_libraries(_paths: Paths) -> Iterator[Finding]:
    """The shared libraries that the wheels expect of the system."""
    title = "System libraries"
    if sys.platform != "linux":
        return
    answer = probes.ask("libraries")
    missing = answer.fields.get("missing", [])
    if answer.error or not isinstance(missing, list):
        yield Finding("libraries", title, State.WARNING, f"They could not be looked at: {answer.error}.")
    elif missing:
        packages = probes.library_packages()
        names = " ".join(dict.fromkeys(packages[str(name)] for name in missing))
        remedy = f"{_APT} {names}" if shutil.which("apt-get") else "Install them with the system's package manager."
        yield Finding("libraries", title, State.WARNING, f"Missing: {', '.join(map(str, missing))}", remedy)
    else:
        yield Finding("libraries", title, State.OK, "All there")


def window(_paths: Paths) -> Iterator[Finding]:
    """Qt, and a display to open a window on."""
    answer = probes.ask("qt")
    if answer.error:
        yield Finding("qt", "Window library", State.MISSING, f"Qt cannot be loaded: {answer.error}", "make run")
    else:
        yield Finding("qt", "Window library", State.OK, f"Qt {answer.fields.get('version')}")
    display = reachable_display()
    yield Finding(
        "display",
        "Display",
        State.OK if display else State.WARNING,
        display or "No display can be reached, so the window cannot open; the terminal commands work.",
        "" if display else 'sotto ask "What is the capital of France?"',
    )


def sound(_paths: Paths) -> Iterator[Finding]:
    """The sound library, the sound server, microphones and speakers."""
    answer = probes.ask("sound")
    if answer.error:
        remedy = str(answer.fields.get("remedy", ""))
        yield Finding("sound", "Sound", State.WARNING, answer.error, remedy)
        return
    for key, title, without in (
        ("inputs", "Microphones", "None, so speaking is not possible; typing and recordings are."),
        ("outputs", "Speakers", "None, so answers are shown and not spoken."),
    ):
        names = answer.fields.get(key)
        found = ", ".join(map(str, names)) if isinstance(names, list) else ""
        state = State.OK if found else State.WARNING
        remedy = "" if found else "Plug one in, and look whether the sound server runs: pactl info"
        yield Finding(title.lower(), title, state, found or without, remedy)


def folders(paths: Paths) -> Iterator[Finding]:
    """Whether what has to be kept can be written, and whether there is room."""
    for name, title, folder in (
        ("data-folder", "Data folder", paths.data_dir),
        ("config-folder", "Settings folder", paths.config_dir),
        ("cache-folder", "Cache folder", paths.cache_dir),
    ):
        standing = existing(folder)
        if not os.access(standing, os.W_OK | os.X_OK):
            yield Finding(
                name,
                title,
                State.WARNING,
                f"{standing} cannot be written: nothing is remembered from one start to the next.",
                "SOTTO_HOME=/a/folder/you/can/write sotto",
            )
            continue
        free = shutil.disk_usage(standing).free
        room = free >= ROOM_BYTES
        yield Finding(
            name,
            title,
            State.OK if room else State.WARNING,
            f"{folder} ({free / 1024**3:.1f} GiB free)",
            "" if room else f"Make room on the disk of {standing}.",
        )


def existing(folder: Path) -> Path:
    """The folder itself, or the nearest one above it that exists: that is where it would be made."""
    return next((place for place in (folder, *folder.parents) if place.exists()), Path("/"))


def settings(paths: Paths) -> Iterator[Finding]:
    """The settings file."""
    title = "Settings"
    store = SettingsStore(paths.settings_file)
    store.load()
    if store.problems:
        yield Finding("settings", title, State.WARNING, "; ".join(store.problems), f"Edit {paths.settings_file}")
    else:
        there = paths.settings_file.exists()
        yield Finding("settings", title, State.OK, str(paths.settings_file) if there else "All at their defaults")


def database(paths: Paths) -> Iterator[Finding]:
    """The history, read without touching it."""
    yield _kept("database", "History", paths.database, SCHEMA_VERSION)


def notebook(paths: Paths) -> Iterator[Finding]:
    """What skills keep, read without touching it."""
    yield _kept("notebook", "Notebook", paths.notebook, len(NOTEBOOK_MIGRATIONS))


def _kept(name: str, title: str, path: Path, newest: int) -> Finding:
    """How one of the databases stands, of which this Sotto knows the schema ``newest``."""
    if not path.exists():
        return Finding(name, title, State.OK, "Empty so far")
    seen = look(path)
    if seen.damage:
        aside = f"mv '{path}' '{path}.damaged'"
        return Finding(name, title, State.WARNING, f"{path} is damaged: {seen.damage}", aside)
    if seen.version > newest:
        newer = f"{path} was written by a newer Sotto."
        return Finding(name, title, State.WARNING, newer, "Update Sotto, or move the file away.")
    return Finding(name, title, State.OK, f"{path} (schema {seen.version})")


def instance(paths: Paths) -> Iterator[Finding]:
    """Whether a window is open already."""
    title = "Open window"
    if not paths.runtime_dir.is_dir():
        yield Finding("instance", title, State.OK, "None")
        return
    lock = InstanceLock(paths.runtime_dir)
    try:
        lock.acquire()
    except AlreadyRunning:
        yield Finding("instance", title, State.OK, "One; a second start says so and leaves")
    except SottoError as error:
        yield Finding("instance", title, State.WARNING, error.message, error.remedy)
    else:
        lock.release()
        yield Finding("instance", title, State.OK, "None")


def devices(paths: Paths) -> Iterator[Finding]:
    """What the last look at the devices found; none is looked at now, since that takes seconds."""
    known = SystemMachine(paths.machine_dir)
    if known.stale:
        changed = (
            "Drivers or libraries have changed since the last look" if known.why_stale else "Nobody has looked yet"
        )
        detail = f"{changed}, so models run on the processor."
        yield Finding("devices", "Devices", State.WARNING, detail, "sotto devices")
        return
    for info in known.look():
        if info.device is Device.CPU or info.presence is Presence.ABSENT:
            continue
        name = info.name or DEVICE_WORDS[info.device].noun
        wrong = info.presence in _DEVICE_TROUBLES
        title = DEVICE_WORDS[info.device].title
        detail = f"{name}: {info.reason}" if info.reason else f"{name} ({_runtimes_on(info)})"
        yield Finding(
            f"device-{info.device}", title, State.WARNING if wrong else State.OK, detail, info.remedy if wrong else ""
        )
    others = sum(info.presence is not Presence.ABSENT for info in known.look())
    if others == 1:
        yield Finding("devices", "Devices", State.OK, "The processor alone")
    for backend_id, verdict in sorted(read_selftests(paths.machine_dir).items()):
        if not verdict.passed:
            detail = f"{backend_id} failed: {verdict.trouble}."
            yield Finding("self-test", "Self-test", State.WARNING, detail, "Update the driver, then: sotto devices")
    for failure in CompiledModels(paths.compiled_dir).failures():
        yield Finding("compile", "Compiling", State.WARNING, failure, "Update the driver, then: sotto devices")


def _runtimes_on(info: DeviceInfo) -> str:
    return ", ".join(f"{support.runtime} as {support.target}" for support in info.runtimes if support.usable)


def profiles(paths: Paths) -> Iterator[Finding]:
    """The profile files, the chosen one first of all."""
    title = "Profiles"
    store = ProfileStore(asset("profiles"), paths.profiles_dir)
    chosen = SettingsStore(paths.settings_file)
    chosen.load()
    active = chosen.text("profile.active")
    found, problems = store.list()
    if active not in {profile.profile_id for profile in found}:
        detail = "; ".join((f"The chosen profile {active!r} cannot be used", *problems))
        yield Finding("profiles", title, State.WARNING, detail, "sotto profiles use starter")
    elif problems:
        yield Finding("profiles", title, State.WARNING, "; ".join(problems), f"Edit the file in {paths.profiles_dir}")
    else:
        names = ", ".join(profile.profile_id for profile in found)
        yield Finding("profiles", title, State.OK, f"{active} is chosen; there are {names}")
