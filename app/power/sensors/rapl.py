"""The processor's energy counters (RAPL), of Intel's and AMD's processors alike.

A *package* counts everything in it. Its part ``uncore`` counts the graphics of Intel's chips for laptops and desktops;
the NPU sits in the package too, and has a counter of its own only in the processor's telemetry. Parts that have a
counter are taken off the package's, so nothing is counted twice. Not used: ``core``, which is a part of what remains;
``dram``, which is no processor; ``psys``, which is the whole machine with its screen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.contracts.devices import DEVICE_WORDS, Device
from app.power.sensors.files import Files
from app.power.sensors.rates import Remainder, Rising
from app.power.sensors.sample import Meter

_FOLDER = "/sys/class/powercap"
_CONTROLS = ("intel-rapl", "intel-rapl-mmio")
"""By the processor's registers and, where these are shut, through memory: the same counters, so only one is used."""
_MOST_W = 1000.0
_UJ = 1e-6
REMEDY = f"sudo chown $USER {_FOLDER}/intel-rapl*/energy_uj"
"""Until the next start, and for this user alone: the counter can give away what other programs compute."""


@dataclass(slots=True)
class _Counter:
    """One domain's counter.

    Attributes:
        path: Its file.
        rising: Its sum, J.
        joules: Its sum at the last look, None when it could not be read then.
    """

    path: str
    rising: Rising
    joules: float | None = None


class Whole:
    """The counter of a whole chip: what has a counter of its own is taken off."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._rest = Remainder()
        self._counted: frozenset[Device] = frozenset()

    def meter(self, joules: float, source: str, inside: frozenset[Device], apart: Mapping[Device, float]) -> Meter:
        """The meter of what remains.

        Args:
            joules: What the whole chip has taken.
            source: Where that was read.
            inside: What the chip holds besides the processor.
            apart: What of it is counted apart, and its joules.
        """
        parts = {device: apart[device] for device in sorted(inside & apart.keys())}
        counted = frozenset({Device.CPU, *inside} - parts.keys())
        if counted != self._counted:
            self._counted = counted
            self._rest.skip()
        left = self._rest.took(joules, sum(parts.values()))
        words = "".join(f", less that of the {DEVICE_WORDS[device].noun}" for device in parts)
        return Meter(self._name, counted, left, f"{source}{words}")


class _Package:
    """One package: the counter of the whole, that of its graphics, and what is left."""

    def __init__(self, name: str, counter: _Counter) -> None:
        self.name, self.counter = name, counter
        self.uncore: _Counter | None = None
        self.whole = Whole(name)


class Rapl:
    """The packages of this machine.

    Args:
        files: The kernel's files.
    """

    def __init__(self, files: Files) -> None:
        self._files = files
        self._packages: list[_Package] = []
        self._known: dict[str, _Package] = {}
        self._counters: dict[str, _Counter] = {}

    def find(self) -> None:
        """Look for them. Those known before keep their sums."""
        self._packages = []
        for control in _CONTROLS:
            entries = self._files.names(_FOLDER, f"{control}:")
            named = {entry: self._files.text(f"{_FOLDER}/{entry}/name") for entry in entries}
            for top, name in named.items():
                if top.count(":") == 1 and name.startswith("package-"):
                    self._packages.append(self._package(name, top, named))
            if self._packages:
                return

    @property
    def present(self) -> bool:
        """Whether the processor counts its energy at all."""
        return bool(self._packages)

    @property
    def denied(self) -> bool:
        """Whether it does and this user may not read it."""
        return any(self._files.denied(package.counter.path) for package in self._packages)

    def skip(self) -> None:
        """The machine has slept: what the counters did meanwhile does not count."""
        for counter in self._counters.values():
            counter.rising.skip()

    def meters(self, at_s: float, inside: frozenset[Device], apart: Mapping[Device, float]) -> Sequence[Meter]:
        """The counters that can be read, overlaps taken off.

        Args:
            at_s: Monotonic seconds.
            inside: What the first package holds besides the processor: integrated graphics, an NPU.
            apart: What of it others count, and its joules; these are not among the meters given.
        """
        found: list[Meter] = []
        for number, package in enumerate(self._packages):
            joules = self._read(package.counter, at_s)
            if joules is None:
                continue
            within, taken = (inside, dict(apart)) if number == 0 else (frozenset[Device](), dict[Device, float]())
            uncore = self._read(package.uncore, at_s) if package.uncore else None
            if uncore is not None and package.uncore is not None and Device.IGPU in within - taken.keys():
                taken[Device.IGPU] = uncore
                found.append(Meter("uncore", frozenset({Device.IGPU}), uncore, package.uncore.path))
            found.append(package.whole.meter(joules, package.counter.path, within, taken))
        return found

    def _package(self, name: str, top: str, named: Mapping[str, str]) -> _Package:
        package = self._known.setdefault(name, _Package(name, self._counter(top)))
        package.counter = self._counter(top)
        within = [entry for entry, domain in named.items() if entry.startswith(f"{top}:") and domain == "uncore"]
        package.uncore = self._counter(within[0]) if within else None
        return package

    def _counter(self, entry: str) -> _Counter:
        path = f"{_FOLDER}/{entry}/energy_uj"
        if path not in self._counters:
            span = (self._files.count(f"{_FOLDER}/{entry}/max_energy_range_uj") or 0) * _UJ
            self._counters[path] = _Counter(path, Rising(_MOST_W, span))
        return self._counters[path]

    def _read(self, counter: _Counter, at_s: float) -> float | None:
        """Its sum; None where it may not be read, and where it stands at 0: some chips have one that never counts."""
        raw = self._files.count(counter.path)
        if not raw and counter.joules is None:
            return None
        if raw is not None:
            counter.joules = counter.rising.took(raw * _UJ, at_s)
        return counter.joules if raw is not None else None
