"""Intel's graphics by the files of the kernel's drivers i915 and xe.

Both count how long each part of the chip (``gt``) was idle; the busiest says how busy the device is. Cards have energy
counters and temperatures of their own; what sits in the processor is counted and measured there. How much memory is
taken is only known of this program's own processes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from app.contracts.devices import Device
from app.contracts.energy import DeviceReading, Quantity, measured, unavailable
from app.power.sensors.files import Files
from app.power.sensors.part import Context
from app.power.sensors.rates import FIRST_LOOK, Rates, Rising, Worked
from app.power.sensors.sample import Meter

_HOT = ("thermal", "prochot", "ratl", "vr_thermalert")
_MOST_W = 1000.0
_MICRO, _MILLI = 1e-6, 1e-3


@dataclass(slots=True)
class _Gt:
    """One part of the chip: its files, and how long it has worked."""

    idle_ms: str
    clock: str
    slowed: tuple[str, ...]
    worked: Worked = field(default_factory=Worked)


class IntelGraphics:
    """What an Intel graphics processor that may be asked tells.

    Args:
        files: The kernel's files.
        device: Integrated or a card.
        folder: The device's folder below ``/sys/bus/pci/devices``.
    """

    tells_at_once = False

    def __init__(self, files: Files, device: Device, folder: str) -> None:
        self._files = files
        self._device = device
        self._folder = folder
        self._gts: dict[str, _Gt] = {}
        self._energy_path = self._heat_path = ""
        self._energy = Rising(_MOST_W)
        self._rates = Rates()
        self._joules: float | None = None
        self._worked_s = 0.0
        self.worked_s: float | None = None

    def find(self) -> None:
        """Look for its files; parts known before keep their sums."""
        found = {gt.idle_ms: gt for gt in (*self._of_xe(), *self._of_i915())}
        self._gts = {path: self._gts.get(path, gt) for path, gt in found.items()}
        self._energy_path = self._heat_path = ""
        for chip in self._files.names(f"{self._folder}/hwmon", "hwmon"):
            at = f"{self._folder}/hwmon/{chip}"
            if "_gt" in self._files.text(f"{at}/name"):  # i915 counts each part of a card once more
                continue
            self._energy_path = self._first(f"{at}/energy1_input", f"{at}/energy2_input") or self._energy_path
            self._heat_path = self._first(f"{at}/temp2_input", f"{at}/temp1_input") or self._heat_path

    def count(self, at_s: float) -> None:
        """Read the idle times and the energy."""
        steps = []
        for gt in self._gts.values():
            idle, before = self._files.count(gt.idle_ms), gt.worked.total
            if idle is not None:
                steps.append(gt.worked.took(idle * _MILLI, at_s) - before)
        self._worked_s += max(steps, default=0.0)
        self.worked_s = self._worked_s if steps else None
        energy = self._files.count(self._energy_path) if self._energy_path else None
        self._joules = None if energy is None else self._energy.took(energy * _MICRO, at_s)

    def skip(self) -> None:
        """It sleeps or has slept: what its counters do until the next look does not count."""
        for gt in self._gts.values():
            gt.worked.skip()
        self._energy.skip()
        self._rates = Rates()

    def look(self, context: Context) -> DeviceReading:
        """Everything its driver tells."""
        celsius = self._files.number(self._heat_path) if self._heat_path else None
        limit = self._files.count(self._heat_path.replace("_input", "_crit")) if self._heat_path else None
        own = celsius is not None
        integrated = self._device is Device.IGPU
        heat = context.processor_c if integrated else unavailable("This driver does not tell the card's temperature.")
        return DeviceReading(
            self._device,
            "Intel graphics",
            self._watts(context.at_s),
            measured(celsius * _MILLI, self._heat_path) if celsius is not None else heat,
            self._busy(context.at_s),
            self._memory(context),
            self._frequency(),
            self._throttled(),
            limit * _MILLI if own and limit else context.processor_slows_at_c if integrated and not own else None,
        )

    def meters(self) -> Sequence[Meter]:
        """The energy counter of a card."""
        if self._joules is None or self._device is Device.IGPU:
            return ()
        name = f"card:{self._folder.rpartition('/')[2]}"
        return (Meter(name, frozenset({self._device}), self._joules, self._energy_path),)

    def _watts(self, at_s: float) -> Quantity:
        if self._joules is None:
            return unavailable("This driver does not count the energy of its graphics.")
        watts = self._rates.per_s("joules", self._joules, at_s)
        return unavailable(FIRST_LOOK) if watts is None else measured(watts, self._energy_path)

    def _busy(self, at_s: float) -> Quantity:
        if self.worked_s is None:
            return unavailable("This kernel does not count how long the graphics are idle.")
        share = self._rates.per_s("worked", self.worked_s, at_s)
        if share is None:
            return unavailable(FIRST_LOOK)
        return measured(min(1.0, share), next(iter(self._gts)))

    def _memory(self, context: Context) -> Quantity:
        taken = context.resident.get(self._folder.rpartition("/")[2])
        if taken is None:
            return unavailable("The kernel tells memory of these graphics only by process, and none of ours uses them.")
        return measured(float(taken), "/proc/*/fdinfo of this program's own processes")

    def _frequency(self) -> Quantity:
        clocks = {gt.clock: clock for gt in self._gts.values() if (clock := self._files.count(gt.clock)) is not None}
        if not clocks:
            return unavailable("This kernel does not show the clock of the graphics.")
        fastest = max(clocks, key=lambda path: clocks[path])
        return measured(float(clocks[fastest]), fastest)

    def _throttled(self) -> bool | None:
        states = [
            state for gt in self._gts.values() for path in gt.slowed if (state := self._files.count(path)) is not None
        ]
        return any(states) if states else None

    def _of_xe(self) -> Iterator[_Gt]:
        for tile in self._files.names(self._folder, "tile"):
            for name in self._files.names(f"{self._folder}/{tile}", "gt"):
                at = f"{self._folder}/{tile}/{name}"
                slowed = self._reasons(f"{at}/freq0/throttle/reason_", f"{at}/freq0/throttle/status")
                yield _Gt(f"{at}/gtidle/idle_residency_ms", f"{at}/freq0/act_freq", slowed)

    def _of_i915(self) -> Iterator[_Gt]:
        for card in self._files.names(f"{self._folder}/drm", "card"):
            top = f"{self._folder}/drm/{card}"
            parts = [f"{top}/gt/{name}" for name in self._files.names(f"{top}/gt", "gt")]
            for at in parts:
                slowed = self._reasons(f"{at}/throttle_reason_", f"{at}/throttle_reason_status")
                yield _Gt(f"{at}/rc6_residency_ms", f"{at}/rps_act_freq_mhz", slowed)
            if not parts and self._files.exists(f"{top}/power/rc6_residency_ms"):  # before Linux 5.18
                yield _Gt(f"{top}/power/rc6_residency_ms", f"{top}/gt_act_freq_mhz", ())

    def _reasons(self, beginning: str, any_reason: str) -> tuple[str, ...]:
        """The files of reasons that are heat; the ordinary power limit is one, too, and not meant."""
        paths = tuple(path for name in _HOT if self._files.exists(path := f"{beginning}{name}"))
        return paths or ((any_reason,) if self._files.exists(any_reason) else ())

    def _first(self, *paths: str) -> str:
        return next((path for path in paths if self._files.exists(path)), "")
