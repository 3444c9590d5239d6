"""What was measured on this machine, in one file that is never exported.

Why it exists: measuring takes minutes, so it is done once for each version of weights and libraries and each source of
power. A file that is damaged costs nothing but measuring again.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import psutil

from app.contracts.calibration import Measurement, PowerSource
from app.contracts.devices import Device
from app.contracts.energy import Energy, Provenance
from app.contracts.errors import Unavailable
from app.settings.files import write_whole

log = logging.getLogger(__name__)

_VERSION = 1
FILE = "measurements.json"
"""Its name in `Paths.machine_dir`."""


def power_source() -> PowerSource:
    """What the machine runs on now; one without a battery runs on mains."""
    try:
        battery = psutil.sensors_battery()
    except (AttributeError, OSError):  # not everywhere, and not in every container
        return PowerSource.MAINS
    if battery is None or battery.power_plugged is not False:
        return PowerSource.MAINS
    return PowerSource.BATTERY


class Measurements:
    """Implements `app.contracts.ports.Calibrator`.

    Args:
        path: The file; need not exist.
        revision_of: What a backend's libraries and weights are now; raises `Unavailable` for one that is not there.
        source: What the machine runs on now.
    """

    def __init__(
        self,
        path: Path,
        revision_of: Callable[[str], str],
        source: Callable[[], PowerSource] = power_source,
    ) -> None:
        self._path = path
        self._revision_of = revision_of
        self._source = source
        self._read_at: tuple[int, int] | None = None
        self._kept: dict[tuple[str, PowerSource], Measurement] = {}

    def measured(self, backend_id: str) -> Measurement | None:
        """The newest measurement that still holds, on the power source of now where there is one; None for none."""
        self._read()
        now = self._source()
        ordered = sorted(PowerSource, key=lambda source: source is not now)
        return next((kept for source in ordered if (kept := self.exactly(backend_id, source)) is not None), None)

    def revision(self, backend_id: str) -> str:
        """What a measurement of a backend made now depends on; raises `Unavailable` for one that is not there."""
        return self._revision_of(backend_id)

    @property
    def source(self) -> PowerSource:
        """What the machine runs on now."""
        return self._source()

    def exactly(self, backend_id: str, source: PowerSource) -> Measurement | None:
        """The measurement on one power source, None when there is none or it no longer holds."""
        self._read()
        kept = self._kept.get((backend_id, source))
        if kept is None:
            return None
        try:
            return kept if kept.revision == self._revision_of(backend_id) else None
        except Unavailable:
            return None

    def all(self) -> tuple[Measurement, ...]:
        """Everything that was ever measured and not replaced, whether it still holds or not."""
        self._read()
        return tuple(self._kept.values())

    def keep(self, measurement: Measurement) -> None:
        """Keep a measurement in the place of the last one of its backend on its power source.

        Raises:
            StorageError: It cannot be written.
        """
        self._read()
        kept = {**self._kept, (measurement.backend_id, measurement.power_source): measurement}
        content = {"version": _VERSION, "measurements": [asdict(one) for one in kept.values()]}
        write_whole(self._path, json.dumps(content, indent=1))
        self._kept = kept
        self._read_at = self._stamp()

    def _read(self) -> None:
        """Read the file when it has changed: `sotto calibrate` may run beside the window."""
        stamp = self._stamp()
        if stamp == self._read_at:
            return
        self._read_at = stamp
        self._kept = {}
        if stamp is None:
            return
        try:
            content = json.loads(self._path.read_text(encoding="utf-8"))
            entries = content["measurements"] if content["version"] == _VERSION else []
            read = [_measurement(entry) for entry in entries]
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            log.warning("what was measured on this machine cannot be read and is measured anew: %r", error)
            return
        self._kept = {(one.backend_id, one.power_source): one for one in read}

    def _stamp(self) -> tuple[int, int] | None:
        try:
            status = self._path.stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_size


def _measurement(entry: dict[str, object]) -> Measurement:
    """A measurement as it was written.

    Raises:
        KeyError, TypeError, ValueError: It was not written by this.
    """
    energy = entry["energy"]
    return Measurement(
        backend_id=_text(entry["backend_id"]),
        model=_text(entry["model"]),
        ran=Device(_text(entry["ran"])),
        revision=_text(entry["revision"]),
        load_ms=_number(entry["load_ms"]),
        first_token_ms=_maybe(entry["first_token_ms"]),
        tokens_per_s=_maybe(entry["tokens_per_s"]),
        real_time_factor=_maybe(entry["real_time_factor"]),
        texts_per_s=_maybe(entry["texts_per_s"]),
        energy=_energy(energy),
        power_source=PowerSource(_text(entry["power_source"])),
        at_s=_number(entry["at_s"]),
    )


def _energy(value: object) -> Energy | None:
    match value:
        case None:
            return None
        case {"joules": int() | float() as joules, "provenance": str(provenance)}:
            return Energy(float(joules), Provenance(provenance))
        case _:
            raise ValueError("no energy")


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("no text")
    return value


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError("no number")
    return float(value)


def _maybe(value: object) -> float | None:
    return None if value is None else _number(value)
