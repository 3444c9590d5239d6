"""What the last look found, kept on disk with what it holds for.

Why it exists: looking costs seconds and child processes, starting must not. A file that is damaged, of another format
or from another state of the machine is as good as none: the question is asked again.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from app.contracts.devices import Device, DeviceInfo, Presence, RuntimeSupport
from app.settings.files import write_whole
from models.devices.stamp import Stamp

log = logging.getLogger(__name__)

FILE = "devices.json"
_FORMAT = 1


@dataclass(frozen=True, slots=True)
class Look:
    """One look at the machine.

    Attributes:
        at_s: Seconds since the epoch.
        stamp: What it holds for.
        devices: What was found.
    """

    at_s: float
    stamp: Stamp
    devices: tuple[DeviceInfo, ...]


def read(folder: Path) -> Look | None:
    """The last look; None when there was none, or its file cannot be used."""
    try:
        fields = json.loads((folder / FILE).read_text(encoding="utf-8"))
        return _look(fields)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        log.warning("what was known of the devices cannot be used, they are looked at again: %s", error)
        return None


def write(folder: Path, look: Look) -> None:
    """Keep a look.

    Raises:
        StorageError: It cannot be written.
    """
    fields = {
        "format": _FORMAT,
        "at_s": look.at_s,
        "stamp": dict(look.stamp),
        "devices": [device_fields(info) for info in look.devices],
    }
    write_whole(folder / FILE, json.dumps(fields, indent=1) + "\n")


def device_fields(info: DeviceInfo) -> dict[str, object]:
    """A device as JSON, the same in the file and in ``sotto devices --json``."""
    return {
        "device": info.device.value,
        "name": info.name,
        "presence": info.presence.value,
        "reason": info.reason,
        "remedy": info.remedy,
        "driver": info.driver,
        "runtimes": [
            {
                "runtime": support.runtime,
                "usable": support.usable,
                "target": support.target,
                "version": support.version,
                "reason": support.reason,
            }
            for support in info.runtimes
        ],
        "facts": dict(info.facts),
    }


def _look(fields: object) -> Look:
    if not isinstance(fields, Mapping) or fields.get("format") != _FORMAT:
        raise ValueError("it has another format")
    at_s, stamp, devices = fields["at_s"], fields["stamp"], fields["devices"]
    if isinstance(at_s, bool) or not isinstance(at_s, int | float):
        raise TypeError("at_s is no number")
    if not isinstance(stamp, Mapping) or not isinstance(devices, list):
        raise TypeError("stamp or devices are missing")
    return Look(float(at_s), {str(key): str(value) for key, value in stamp.items()}, tuple(map(_device, devices)))


def _device(fields: Mapping[str, object]) -> DeviceInfo:
    runtimes, facts = fields["runtimes"], fields["facts"]
    if not isinstance(runtimes, list) or not isinstance(facts, Mapping):
        raise TypeError("runtimes or facts are missing")
    return DeviceInfo(
        device=Device(_text(fields, "device")),
        name=_text(fields, "name"),
        presence=Presence(_text(fields, "presence")),
        reason=_text(fields, "reason"),
        remedy=_text(fields, "remedy"),
        driver=_text(fields, "driver"),
        runtimes=tuple(map(_support, runtimes)),
        facts=tuple((str(key), str(value)) for key, value in facts.items()),
    )


def _support(fields: Mapping[str, object]) -> RuntimeSupport:
    return RuntimeSupport(
        runtime=_text(fields, "runtime"),
        usable=fields["usable"] is True,
        target=_text(fields, "target"),
        version=_text(fields, "version"),
        reason=_text(fields, "reason"),
    )


def _text(fields: Mapping[str, object], key: str) -> str:
    value = fields[key]
    if not isinstance(value, str):
        raise TypeError(f"{key} is no text")
    return value
