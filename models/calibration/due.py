"""Which backends are worth measuring, and what their measurements depend on."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from app.contracts.devices import Backend, Device
from app.contracts.ports import Machine
from models.calibration.store import FILE, Measurements
from models.entries import driver_of
from models.hosted.base import HostedRuntime
from models.registry import Entry


class Fleet(Protocol):
    """The backends of this machine. Implemented by `models.backends.Backends`."""

    @property
    def entries(self) -> Mapping[str, Entry]:
        """Every backend there could be."""
        ...

    def backends(self) -> tuple[Backend, ...]:
        """Those that can be started now."""
        ...

    def built(self) -> tuple[HostedRuntime, ...]:
        """Those that have been asked for."""
        ...

    def revision(self, backend_id: str) -> str:
        """Of libraries and weights; raises `Unavailable` where there is no such backend."""
        ...


def measurable(fleet: Fleet) -> tuple[str, ...]:
    """Backends that run on this machine, one for each runtime, device, model and port. A server is never measured."""
    entries = fleet.entries
    found: dict[tuple[str, str, str, str], str] = {}
    for backend in fleet.backends():
        entry = entries.get(backend.backend_id)
        if entry is not None and backend.device is not Device.REMOTE:
            found.setdefault((backend.runtime, entry.target, backend.model, entry.port), backend.backend_id)
    return tuple(found.values())


def open_measurements(machine_dir: Path, fleet: Fleet, machine: Machine | None = None) -> Measurements:
    """What was measured on this machine; the version of the driver counts where one drives the device."""

    def revision_of(backend_id: str) -> str:
        revision = fleet.revision(backend_id)
        entry = fleet.entries.get(backend_id)
        driver = driver_of(entry, machine.look()) if entry is not None and machine is not None else ""
        return f"{revision}, driver {driver}" if driver else revision

    return Measurements(machine_dir / FILE, revision_of)
