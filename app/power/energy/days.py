"""What the turns of each day took, in one small file: joules by device, and what was saved.

It holds no words and nothing of what was asked: dates, counts and joules. So it outlives the deleting of the history;
whoever wants it gone deletes the file. The window and a command may both write it: each adds its turns to what the file
holds by then.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from app.aio.tasks import TaskOwner
from app.contracts.devices import Device
from app.contracts.energy import Comparison, DeviceEnergy, Energy, EnergyAccount, Provenance, added
from app.contracts.errors import StorageError
from app.contracts.ports import Clock
from app.settings.files import as_number, write_whole
from app.settings.locks import file_lock

log = logging.getLogger(__name__)

FILE = "energy.json"
"""Its name in `Paths.machine_dir`."""
MOST_DAYS = 400
"""Older days are dropped."""
_VERSION = 1
_LOCK_TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True)
class Day:
    """What the turns that ended on one local day took.

    Attributes:
        day: Its date, ISO 8601.
        turns: How many.
        devices: Joules of their stages by device.
        saved_joules: Against all on the graphics card; negative when it took more.
    """

    day: str
    turns: int = 0
    devices: Mapping[Device, Energy] = field(default_factory=dict)
    saved_joules: float = 0.0

    @property
    def energy(self) -> Energy:
        """All of it: measured only when everything was."""
        return added(self.devices.values())

    def by_device(self) -> tuple[DeviceEnergy, ...]:
        """Joules of each device that worked, in their order."""
        return tuple(DeviceEnergy(device, self.devices[device]) for device in Device if device in self.devices)


class Days:
    """The days of this machine.

    Args:
        path: The file; need not exist. It is read when it is first needed.
        clock: Says which day it is.
    """

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = path
        self._clock = clock
        self._saved: dict[str, Day] | None = None
        self._unsaved: list[Day] = []
        self._tasks = TaskOwner()
        self._saving: asyncio.Task[None] | None = None

    def turn_ended(self, account: EnergyAccount, comparisons: tuple[Comparison, ...]) -> None:
        """A turn ends now. The file is written beside the event loop soon after; several turns in one go."""
        devices = {one.device: one.energy for one in account.devices}
        on_gpu = next((one.joules for one in comparisons if one.device is Device.GPU), account.stages)
        self._unsaved.append(Day(self._now(), 1, devices, on_gpu - account.stages))
        if self._saving is None or self._saving.done():
            self._saving = self._tasks.start(self._save(), name="write energy of days")

    def today(self) -> Day:
        """The day it is now."""
        name = self._now()
        return next((day for day in self.all() if day.day == name), Day(name))

    def all(self) -> tuple[Day, ...]:
        """Every day with a turn, the oldest first."""
        if self._saved is None:
            try:
                self._saved = self._read()
            except OSError as error:
                log.warning("what earlier days took cannot be read: %r", error)
                self._saved = {}
        return tuple(_with(self._saved, self._unsaved).values())

    async def aclose(self) -> None:
        """Wait until everything is written."""
        if self._saving is not None:
            await asyncio.wait([self._saving])
        await self._tasks.aclose()

    def _now(self) -> str:
        return datetime.fromtimestamp(self._clock.time()).astimezone().date().isoformat()

    async def _save(self) -> None:
        """Write down what is not; what cannot be written is tried again with the next turn."""
        while self._unsaved:
            turns = tuple(self._unsaved)
            try:
                self._saved = await asyncio.to_thread(self._add, turns)
            except (StorageError, OSError) as error:
                log.warning("what today's turns took was not written down: %s", error)
                return
            del self._unsaved[: len(turns)]

    def _add(self, turns: tuple[Day, ...]) -> dict[str, Day]:
        """Add turns to the file as it is now, whoever wrote it last; gives what it holds.

        Raises:
            OSError, StorageError: It cannot be read or written; it is as it was.
        """
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with file_lock(self._path.with_name(f".{self._path.name}.lock"), _LOCK_TIMEOUT_S):
            days = _with(self._read(), turns)
            content = {"version": _VERSION, "days": {day.day: _written(day) for day in days.values()}}
            write_whole(self._path, json.dumps(content, indent=1))
        return days

    def _read(self) -> dict[str, Day]:
        """The file; one that is damaged is put aside and begun anew.

        Raises:
            OSError: It is there and cannot be read.
        """
        try:
            return _days(json.loads(self._path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return {}
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            aside = self._path.with_suffix(".damaged.json")
            self._path.replace(aside)
            log.warning(
                "what earlier days took is damaged and begun anew; it was put aside as %s: %r", aside.name, error
            )
            return {}


def _with(days: Mapping[str, Day], more: Iterable[Day]) -> dict[str, Day]:
    """All of them, those of one date added up, the oldest first and no more than are kept."""
    found = dict(days)
    for day in more:
        before = found.get(day.day, Day(day.day))
        devices = {
            device: added(one.devices[device] for one in (before, day) if device in one.devices)
            for device in Device
            if device in before.devices or device in day.devices
        }
        saved = before.saved_joules + day.saved_joules
        found[day.day] = Day(day.day, before.turns + day.turns, devices, saved)
    return {name: found[name] for name in sorted(found)[-MOST_DAYS:]}


def _written(day: Day) -> dict[str, object]:
    return {
        "turns": day.turns,
        "saved_joules": round(day.saved_joules, 3),
        "devices": {
            one.device.value: {"joules": round(one.energy.joules, 3), "provenance": one.energy.provenance.value}
            for one in day.by_device()
        },
    }


def _days(content: Any) -> dict[str, Day]:
    """The days of a file.

    Raises:
        AttributeError, KeyError, TypeError, ValueError: It was not written by this.
    """
    if content["version"] != _VERSION:
        raise ValueError(f"version {content['version']!r}")
    return {name: _day(name, entry) for name, entry in content["days"].items()}


def _day(name: str, entry: Any) -> Day:
    """A day as it was written.

    Raises:
        AttributeError, KeyError, TypeError, ValueError: It was not written by this.
    """
    date.fromisoformat(name)
    turns, devices = entry["turns"], entry["devices"]
    if not isinstance(turns, int) or isinstance(turns, bool) or turns < 0 or not isinstance(devices, dict):
        raise ValueError("not a day")
    read = {}
    for device, one in devices.items():
        read[Device(device)] = Energy(max(0.0, _number(one["joules"])), Provenance(one["provenance"]))
    return Day(name, turns, read, _number(entry["saved_joules"]))


def _number(value: object) -> float:
    number = as_number(value)
    if number is None:
        raise ValueError("not a number")
    return number
