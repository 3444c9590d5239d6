"""The NPUs and graphics processors of a machine, each with what can be read of it by its maker and its driver."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from app.contracts.devices import Device
from app.contracts.energy import DeviceReading, unavailable
from app.power.hardware.tree import AMD, INTEL, NVIDIA, Hardware, Tree
from app.power.sensors.amd_graphics import AmdGraphics
from app.power.sensors.amd_metrics import AmdMetrics
from app.power.sensors.files import Files
from app.power.sensors.graphics import GraphicsPart, NvidiaGraphics
from app.power.sensors.graphics_card import CardReader
from app.power.sensors.intel_graphics import IntelGraphics
from app.power.sensors.npu import IntelNpu, RyzenNpu
from app.power.sensors.part import Context, Part
from app.power.sensors.pmt import NpuTelemetry
from app.power.sensors.sample import Meter

_MAKERS = {INTEL: "Intel", AMD: "AMD", NVIDIA: "NVIDIA"}


class Parts:
    """All of them, in the order of their addresses.

    Args:
        tree: The processors of the machine.
        files: Its files.
        nvidia: Who asks NVIDIA's driver; None where nobody can.
    """

    def __init__(self, tree: Tree, files: Files, nvidia: CardReader | None) -> None:
        self._tree = tree
        self._files = files
        self._nvidia = nvidia
        self._telemetry = NpuTelemetry(files)
        self._metrics: dict[str, AmdMetrics] = {}
        self._chips: list[AmdGraphics] = []
        self._known: dict[tuple[str, str], Part] = {}
        self._parts: tuple[Part, ...] = ()

    def __iter__(self) -> Iterator[Part]:
        return iter(self._parts)

    @property
    def graphics(self) -> bool:
        """Whether there are graphics that can be asked."""
        return any(isinstance(part, GraphicsPart) for part in self._parts)

    def find(self) -> None:
        """Look for them. Those known before keep their sums."""
        hardware = self._tree.read()
        found = []
        for one in hardware:
            key = (one.pci, one.driver)
            if key not in self._known:
                self._known[key] = self._part(one, hardware)
            found.append(self._known[key])
        self._parts = tuple(found)
        for part in found:
            part.find()

    def skip(self) -> None:
        """The machine has slept: what counters did meanwhile does not count."""
        for part in self._parts:
            part.skip()

    def plan(self, at_s: float, used: frozenset[str]) -> Sequence[Callable[[], None]]:
        """Have all decide what they ask at the next look; gives what must be asked of libraries before it."""
        asked = [part.plan(at_s, used) for part in self._parts if isinstance(part, GraphicsPart)]
        return [question for question in asked if question is not None]

    def chip(self, at_s: float) -> tuple[float, str] | None:
        """What AMD's graphics say their whole chip has taken, J, and where they say it."""
        return next((told for chip in self._chips if (told := chip.chip(at_s)) is not None), None)

    def _part(self, one: Hardware, hardware: Sequence[Hardware]) -> Part:
        folder = f"/sys/bus/pci/devices/{one.pci}"
        if one.device is Device.NPU and one.driver == "intel_vpu":
            first = next(other.pci for other in hardware if other.driver == "intel_vpu") == one.pci
            return IntelNpu(self._files, folder, self._telemetry if first else None)
        if one.device is Device.NPU and one.driver == "amdxdna":
            chip = next((x.pci for x in hardware if x.device is Device.IGPU and x.driver == "amdgpu"), None)
            return RyzenNpu(self._files, folder, None if chip is None else self._table(chip))
        if one.driver in ("i915", "xe"):
            intel = IntelGraphics(self._files, one.device, folder)
            return GraphicsPart(self._files, one.device, folder, intel, "Intel graphics")
        if one.driver == "amdgpu":
            amd = AmdGraphics(self._files, one.device, folder, self._table(one.pci))
            if one.device is Device.IGPU:
                self._chips.append(amd)
            return GraphicsPart(self._files, one.device, folder, amd, "AMD graphics")
        if one.driver == "nvidia" and self._nvidia is not None:
            card = NvidiaGraphics(self._nvidia, folder)
            return GraphicsPart(self._files, one.device, folder, card, "NVIDIA graphics card", card)
        return Untold(one)

    def _table(self, pci: str) -> AmdMetrics:
        return self._metrics.setdefault(pci, AmdMetrics(self._files, f"/sys/bus/pci/devices/{pci}"))


class Untold:
    """Implements `Part` for a device whose driver tells nothing, or that has none.

    Args:
        hardware: Which.
    """

    worked_s = None

    def __init__(self, hardware: Hardware) -> None:
        self.device = hardware.device
        self._name = f"{_MAKERS.get(hardware.vendor, 'AMD')} {'NPU' if self.device is Device.NPU else 'graphics'}"
        self._why = unavailable(
            f"The driver {hardware.driver} tells nothing we can read." if hardware.driver else "It has no driver."
        )

    def find(self) -> None:
        """There is nothing to find."""

    def skip(self) -> None:
        """There is nothing to skip."""

    def count(self, at_s: float) -> None:
        """There is nothing to count."""

    def look(self, context: Context) -> DeviceReading:  # noqa: ARG002 - nothing depends on the moment
        """That it is there."""
        why = self._why
        return DeviceReading(self.device, self._name, why, why, why, why, why)

    def meters(self) -> Sequence[Meter]:
        """None."""
        return ()
