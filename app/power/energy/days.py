"""What the turns of each day took, in one small file: joules by device, and what was saved.

It holds no words and nothing of what was asked: dates, counts and joules. So it outlives the deleting of the history;
whoever wants it gone deletes the file.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from app.aio.tasks import TaskOwner
from app.contracts.devices import Device
from app.contracts.energy import Comparison, DeviceEnergy, Energy, EnergyAccount, Provenance, added
from app.contracts.errors import SottoError
from app.contracts.ports import Clock
from app.settings.files import as_number, write_whole

log = logging.getLogger(__name__)

FILE = "energy.json"
"""Its name in `Paths.machine_dir`."""
MOST_DAYS = 400
"""Older days are dropped."""
_VERSION = 1


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
        self._days: dict[str, Day] | None = None
        self._unsaved = False
        self._tasks = TaskOwner()
        self._saving: asyncio.Task[None] | None = None

    def turn_ended(self, account: EnergyAccount, comparisons: tuple[Comparison, ...]) -> None:
        """A turn ends now. The file is written beside the event loop soon after; several turns in one go."""
        days = self._known()
        before = self.today()
        devices = dict(before.devices)
        for one in account.devices:
            devices[one.device] = added([devices[one.device], one.energy] if one.device in devices else [one.energy])
        on_gpu = next((one.joules for one in comparisons if one.device is Device.GPU), account.stages)
        days[before.day] = Day(before.day, before.turns + 1, devices, before.saved_joules + on_gpu - account.stages)
        for old in sorted(days)[:-MOST_DAYS]:
            del days[old]
        self._unsaved = True
        if self._saving is None or self._saving.done():
            self._saving = self._tasks.start(self._save(), name="write energy of days")

    def today(self) -> Day:
        """The day it is now."""
        name = datetime.fromtimestamp(self._clock.time()).astimezone().date().isoformat()
        return self._known().get(name, Day(name))

    def all(self) -> tuple[Day, ...]:
        """Every day with a turn, the oldest first."""
        known = self._known()
        return tuple(known[name] for name in sorted(known))

    async def aclose(self) -> None:
        """Wait until everything is written."""
        if self._saving is not None:
            await asyncio.wait([self._saving])
        await self._tasks.aclose()

    async def _save(self) -> None:
        while self._unsaved:
            self._unsaved = False
            content = {"version": _VERSION, "days": {day.day: _written(day) for day in self.all()}}
            try:
                await asyncio.to_thread(write_whole, self._path, json.dumps(content, indent=1))
            except SottoError as error:
                log.warning("what today's turns took was not written down: %s", error)

    def _known(self) -> dict[str, Day]:
        if self._days is None:
            self._days = self._read()
        return self._days

    def _read(self) -> dict[str, Day]:
        """The file; one that is damaged is put aside and begun anew."""
        try:
            return _days(json.loads(self._path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return {}
        except OSError as error:
            log.warning("what earlier days took cannot be read: %r", error)
            return {}
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            aside = self._path.with_suffix(".damaged.json")
            try:
                self._path.replace(aside)
            except OSError:
                aside = self._path
            log.warning(
                "what earlier days took is damaged and begun anew; it was put aside as %s: %r", aside.name, error
            )
            return {}


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
