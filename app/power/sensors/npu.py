"""NPUs: Intel's by its driver's files, AMD's by what the graphics of the same chip tell of it.

Intel's driver counts busy time without waking the NPU, and shows the frequency only while it works, which between two
bursts is 0: so the highest of the last seconds is shown. AMD's driver would have to be asked through the device itself,
and its questions wake it; on Strix and later chips the graphics driver's table tells the NPU's power and load anyway.
"""

from __future__ import annotations

from collections.abc import Sequence

from app.contracts.devices import Device
from app.contracts.energy import DeviceReading, Quantity, measured, unavailable
from app.power.sensors.amd_metrics import AmdMetrics
from app.power.sensors.files import Files
from app.power.sensors.part import ASLEEP, Context
from app.power.sensors.pmt import REMEDY, NpuTelemetry
from app.power.sensors.rates import FIRST_LOOK, Integral, Rates, Rising
from app.power.sensors.sample import Meter

_NO_COUNT = "This kernel does not count the NPU's work; Linux 6.11 and later do."
_BURST_S = 5.0
_MICRO = 1e-6


class IntelNpu:
    """Implements `Part` for Intel's NPU.

    Args:
        files: The kernel's files.
        folder: The device's folder below ``/sys/bus/pci/devices``.
        telemetry: Its power and heat; None where another NPU has them.
    """

    device = Device.NPU

    def __init__(self, files: Files, folder: str, telemetry: NpuTelemetry | None) -> None:
        self._files = files
        self._folder = folder
        self._telemetry = telemetry
        self._worked = Rising(1.5)
        self._rates = Rates()
        self._clocks: list[tuple[float, float]] = []
        self._joules: float | None = None
        self.worked_s: float | None = None

    def find(self) -> None:
        """Look for its telemetry."""
        if self._telemetry is not None:
            self._telemetry.find()

    def count(self, at_s: float) -> None:
        """Read the busy time and the energy."""
        busy = self._files.count(f"{self._folder}/npu_busy_time_us")
        self.worked_s = None if busy is None else self._worked.took(busy * _MICRO, at_s)
        self._joules = None if self._telemetry is None else self._telemetry.joules(at_s)

    def skip(self) -> None:
        """The machine has slept: what its counters did meanwhile does not count."""
        self._worked.skip()
        self._rates = Rates()
        if self._telemetry is not None:
            self._telemetry.skip()

    def look(self, context: Context) -> DeviceReading:
        """Everything its driver tells without being woken."""
        self.count(context.at_s)
        asleep = self._files.text(f"{self._folder}/power/runtime_status") in ("suspended", "suspending")
        used = self._files.count(f"{self._folder}/npu_memory_utilization")
        return DeviceReading(
            self.device,
            "Intel NPU",
            self._watts(context.at_s),
            self._temperature(),
            self._busy(context.at_s),
            unavailable(_NO_COUNT) if used is None else measured(float(used), f"{self._folder}/npu_memory_utilization"),
            self._frequency(context.at_s, asleep),
            asleep=asleep,
        )

    def meters(self) -> Sequence[Meter]:
        """Its telemetry's energy."""
        if self._joules is None or self._telemetry is None:
            return ()
        return (Meter("npu", frozenset({Device.NPU}), self._joules, self._telemetry.source),)

    def _watts(self, at_s: float) -> Quantity:
        if self._joules is None or self._telemetry is None:
            return self._untold("power")
        watts = self._rates.per_s("joules", self._joules, at_s)
        return unavailable(FIRST_LOOK) if watts is None else measured(watts, self._telemetry.source)

    def _temperature(self) -> Quantity:
        celsius = None if self._telemetry is None else self._telemetry.temperature_c()
        if celsius is None or self._telemetry is None:
            return self._untold("temperature")
        return measured(celsius, self._telemetry.source)

    def _untold(self, what: str) -> Quantity:
        if self._telemetry is not None and self._telemetry.denied:
            return unavailable(f"Only root may read the processor's telemetry, where the NPU's {what} is.", REMEDY)
        return unavailable(f"This processor's telemetry has no table we know the NPU's {what} in.")

    def _busy(self, at_s: float) -> Quantity:
        if self.worked_s is None:
            return unavailable(_NO_COUNT)
        share = self._rates.per_s("worked", self.worked_s, at_s)
        return (
            unavailable(FIRST_LOOK) if share is None else measured(min(1.0, share), f"{self._folder}/npu_busy_time_us")
        )

    def _frequency(self, at_s: float, asleep: bool) -> Quantity:
        path = f"{self._folder}/npu_current_frequency_mhz"
        now = None if asleep else self._files.count(path)
        recent = [(when, clock) for when, clock in self._clocks if at_s - when <= _BURST_S]
        self._clocks = [*recent, (at_s, float(now))] if now else recent
        if self._clocks:
            return measured(max(clock for _, clock in self._clocks), f"{path}, the highest of {_BURST_S:.0f} s")
        if asleep:
            return unavailable(ASLEEP)
        return unavailable("This kernel does not show the NPU's clock.") if now is None else measured(0.0, path)


class RyzenNpu:
    """Implements `Part` for AMD's NPU.

    Args:
        files: The kernel's files.
        folder: The device's folder below ``/sys/bus/pci/devices``.
        metrics: The table of the graphics on the same chip; None where these are not there.
    """

    device = Device.NPU

    def __init__(self, files: Files, folder: str, metrics: AmdMetrics | None) -> None:
        self._files = files
        self._folder = folder
        self._metrics = metrics
        self._energy = Integral()
        self._work = Integral()
        self._at_s = 0.0
        self.worked_s: float | None = None

    def find(self) -> None:
        """Its files are always the same."""

    def count(self, at_s: float) -> None:
        """What it has done by now if it went on as at the last look."""
        self._at_s = at_s
        self.worked_s = self._work.at(at_s)

    def skip(self) -> None:
        """It has no counters: what it does is added up by the clock, which stands still while the machine sleeps."""

    def look(self, context: Context) -> DeviceReading:
        """What the graphics tell of it; the NPU itself is not asked."""
        asleep = self._files.text(f"{self._folder}/power/runtime_status") in ("suspended", "suspending")
        table = self._metrics.look(context.at_s) if self._metrics is not None else None
        source = self._metrics.source if self._metrics is not None else ""
        unknown = unavailable("AMD's NPU tells this only when it is asked itself, which would wake it.")
        watts = busy = clock = unknown
        self._energy.took(table.npu_w if table is not None else None, context.at_s)
        self._work.took(table.npu_busy if table is not None else None, context.at_s)
        self.count(context.at_s)
        if table is not None and table.npu_w is not None:
            watts = measured(table.npu_w, source)
        if table is not None and table.npu_busy is not None:
            busy = measured(table.npu_busy, source)
        if table is not None and table.npu_mhz is not None:
            clock = measured(table.npu_mhz, source)
        return DeviceReading(self.device, "AMD NPU", watts, unknown, busy, unknown, clock, asleep=asleep)

    def meters(self) -> Sequence[Meter]:
        """Its watts, added up over time."""
        joules = self._energy.at(self._at_s)
        if joules is None or self._metrics is None:
            return ()
        return (Meter("npu", frozenset({Device.NPU}), joules, f"{self._metrics.source}, added up"),)
