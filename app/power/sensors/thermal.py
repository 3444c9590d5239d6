"""How hot the processor is, when it would slow itself down, and whether it does.

Only zones of the processor are read: asking others may run the firmware's own programs, which takes long. A zone's
trip points say what happens at which temperature: at a ``passive`` one the system slows the processor down, at an
``active`` one only a fan starts, at a ``hot`` or ``critical`` one the system acts to protect itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from app.power.sensors.files import Files
from app.power.sensors.rates import LATE_S

_ZONES, _CHIPS, _PROCESSORS = "/sys/class/thermal", "/sys/class/hwmon", "/sys/devices/system/cpu"
_TYPES = ("x86_pkg_temp", "TCPU", "TCPU_PCI", "cpu-thermal", "cpu_thermal", "soc_thermal")
_DRIVERS = ("coretemp", "k10temp", "zenpower")
_LABELS = ("Package id 0", "Tdie", "Tctl", "Tccd1")
_SANE_TRIP_C = (50.0, 130.0)
_SANE_C = (-40.0, 150.0)


@dataclass(frozen=True, slots=True)
class Heat:
    """A temperature, degrees Celsius, and the file it was read from."""

    celsius: float
    source: str


class ProcessorHeat:
    """The processor's temperature and its throttle counters.

    Args:
        files: The kernel's files.

    Attributes:
        slows_at_c: The temperature at which it slows down, degrees Celsius; None where nothing tells it.
    """

    def __init__(self, files: Files) -> None:
        self._files = files
        self._path = ""
        self._source = ""
        self._counts: tuple[str, ...] = ()
        self._last: tuple[dict[str, int], float] = {}, 0.0
        self.slows_at_c: float | None = None

    def find(self) -> None:
        """Look for the files."""
        zones = self._zones()
        inputs = dict(self._inputs())
        zone = next((zones[kind] for kind in _TYPES if kind in zones), "")
        self._path, self._source = (f"{zone}/temp", f"{zone}/temp") if zone else ("", "")
        if self._celsius(self._path) is None:
            label = next((label for label in _LABELS if label in inputs), next(iter(inputs), ""))
            self._path = self._source = inputs.get(label, "")
        self.slows_at_c = self._trip(zones, inputs)
        cores = [name for name in self._files.names(_PROCESSORS, "cpu") if name[3:].isdigit()]
        counts = [
            f"{_PROCESSORS}/{core}/thermal_throttle/{which}_throttle_count"
            for core in cores
            for which in (("package", "core") if core == "cpu0" else ("core",))
        ]
        self._counts = tuple(path for path in counts if self._files.exists(path))

    def look(self) -> Heat | None:
        """The temperature now; None where nothing tells it."""
        celsius = self._celsius(self._path)
        return None if celsius is None else Heat(celsius, self._source)

    def throttled(self, at_s: float) -> bool | None:
        """Whether it has slowed itself down since the last look; None where that is not counted.

        None also at the first look and after a long pause: what happened then says nothing of now.
        """
        counts = {path: count for path in self._counts if (count := self._files.number(path)) is not None}
        (last, when), self._last = self._last, (counts, at_s)
        common = last.keys() & counts.keys()
        recent = bool(common) and at_s - when <= LATE_S
        return any(counts[path] > last[path] for path in common) if recent else None

    def _celsius(self, path: str) -> float | None:
        thousandths = self._files.number(path) if path else None
        celsius = None if thousandths is None else thousandths / 1000
        return celsius if celsius is not None and celsius != 0 and _SANE_C[0] < celsius < _SANE_C[1] else None

    def _zones(self) -> dict[str, str]:
        """The processor's zones by their type, the first of each."""
        zones: dict[str, str] = {}
        for name in self._files.names(_ZONES, "thermal_zone"):
            kind = self._files.text(f"{_ZONES}/{name}/type")
            if kind in _TYPES:
                zones.setdefault(kind, f"{_ZONES}/{name}")
        return zones

    def _inputs(self) -> Iterator[tuple[str, str]]:
        """The processor's own sensors: label and file."""
        for name in self._files.names(_CHIPS, "hwmon"):
            chip = f"{_CHIPS}/{name}"
            if self._files.text(f"{chip}/name") not in _DRIVERS:
                continue
            for entry in self._files.names(chip, "temp"):
                if entry.endswith("_input"):
                    label = self._files.text(f"{chip}/{entry.replace('_input', '_label')}")
                    yield label or entry, f"{chip}/{entry}"

    def _trip(self, zones: dict[str, str], inputs: dict[str, str]) -> float | None:
        """Where the system slows it down; else where it does so itself; else where the system would act."""
        trips = [trip for zone in zones.values() for trip in self._trips(zone)]
        passive = [celsius for kind, celsius in trips if kind == "passive"]
        if passive:
            return min(passive)
        crits = [self._files.number(path.replace("_input", "_crit")) for path in inputs.values()]
        own = [crit / 1000 for crit in crits if crit is not None and _sane(crit / 1000)]
        if own:
            return min(own)
        for kind in ("hot", "critical"):
            last = [celsius for said, celsius in trips if said == kind]
            if last:
                return min(last)
        return None

    def _trips(self, zone: str) -> Iterator[tuple[str, float]]:
        for entry in self._files.names(zone, "trip_point_"):
            if entry.endswith("_type"):
                thousandths = self._files.number(f"{zone}/{entry.removesuffix('_type')}_temp")
                if thousandths is not None and _sane(thousandths / 1000):
                    yield self._files.text(f"{zone}/{entry}"), thousandths / 1000


def _sane(celsius: float) -> bool:
    """Whether a trip point is one: some stand at 0 or below until a program sets them."""
    return _SANE_TRIP_C[0] <= celsius <= _SANE_TRIP_C[1]
