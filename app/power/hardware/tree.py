"""The processors of this machine as Linux itself lists them, whatever any driver or library says.

Why it exists: a library cannot tell "there is none" from "you may not open it" or "its driver is missing". The system's
own tree can, and reading the few files named here neither needs a permission nor wakes a device: no value is read that
the kernel would have to ask the device for. Elsewhere than on Linux the tree is empty.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from app.contracts.devices import Device
from app.power.hardware.access import Access, Node, UserAccess

INTEL, AMD, NVIDIA = "8086", "1002", "10de"
_AMD_PROCESSORS = "1022"
_DISPLAY = ("0300", "0302", "0380")
_ACCELERATOR = "1200"
_SIGNAL_PROCESSING = "1180"
_RYZEN_AI = ("1502", "17f0")
"""AMD's NPUs are listed as signal processing controllers: Phoenix and Strix."""


class Power(StrEnum):
    """Whether a device may be touched."""

    AWAKE = "awake"
    ASLEEP = "asleep"


@dataclass(frozen=True, slots=True)
class Hardware:
    """One processor as the PCI bus lists it.

    Attributes:
        device: Which kind.
        vendor: PCI vendor, four hexadecimal digits.
        product: PCI product, likewise.
        pci: Its address.
        driver: The kernel's module behind it, empty when there is none.
        driver_version: As that module says, empty when it does not.
        power: Whether it sleeps.
        nodes: The files through which it is reached.
    """

    device: Device
    vendor: str
    product: str
    pci: str
    driver: str = ""
    driver_version: str = ""
    power: Power = Power.AWAKE
    nodes: tuple[Node, ...] = ()

    @property
    def shut(self) -> Node | None:
        """A node that may not be opened when none may; None when one may, or when there is none."""
        return self.nodes[0] if self.nodes and not any(node.open for node in self.nodes) else None


class Tree:
    """The parts of a Linux file system that tell of processors.

    Args:
        root: Where it lies; another than ``/`` for a recorded machine.
        access: Who may open what.
    """

    def __init__(self, root: Path = Path("/"), access: Access | None = None) -> None:
        self._root = root
        self._access = access or UserAccess(root)

    @property
    def readable(self) -> bool:
        """Whether there is such a tree at all: not on Windows or macOS."""
        return self._at("/sys/bus/pci/devices").is_dir()

    def read(self) -> tuple[Hardware, ...]:
        """Every processor that a model could conceivably run on, in the order of their addresses."""
        if not self.readable:
            return ()
        entries = sorted(self._at("/sys/bus/pci/devices").iterdir())
        found = (self._hardware(entry) for entry in entries)
        return tuple(hardware for hardware in found if hardware is not None)

    def text(self, path: str) -> str:
        """What a small file holds, without space around it; empty when it cannot be read."""
        try:
            return self._at(path).read_text(encoding="utf-8", errors="replace").strip()
        except OSError:
            return ""

    def exists(self, path: str) -> bool:
        """Whether something is there."""
        return self._at(path).exists()

    def matching(self, *patterns: str) -> tuple[str, ...]:
        """Paths that match, as the machine itself would write them."""
        found = (path for pattern in patterns for path in self._root.glob(pattern.lstrip("/")))
        return tuple(sorted(f"/{path.relative_to(self._root).as_posix()}" for path in found))

    def identity(self, path: str) -> str:
        """What changes when a file is replaced: its real name, size and time."""
        try:
            real = self._at(path).resolve()
            about = real.stat()
        except OSError:
            return ""
        return f"{real.name} {about.st_size} {about.st_mtime_ns}"

    def _at(self, path: str) -> Path:
        return self._root / path.lstrip("/")

    def _hardware(self, entry: Path) -> Hardware | None:
        where = f"/sys/bus/pci/devices/{entry.name}"
        number = self.text(f"{where}/class").removeprefix("0x")[:4]
        vendor = self.text(f"{where}/vendor").removeprefix("0x")
        product = self.text(f"{where}/device").removeprefix("0x")
        driver = self._driver(where)
        intels = number == _ACCELERATOR and vendor == INTEL and (driver == "intel_vpu" or _on_first_bus(entry.name))
        amds = number == _SIGNAL_PROCESSING and vendor == _AMD_PROCESSORS and product in _RYZEN_AI
        if number in _DISPLAY and vendor in (INTEL, AMD, NVIDIA):
            kind = Device.IGPU if self._integrated(vendor, where, entry.name) else Device.GPU
        elif intels or amds or driver == "amdxdna":
            kind = Device.NPU
        else:
            return None
        asleep = self.text(f"{where}/power/runtime_status") in ("suspended", "suspending")
        return Hardware(
            device=kind,
            vendor=vendor,
            product=product,
            pci=entry.name,
            driver=driver,
            driver_version=self.text(f"/sys/module/{driver}/version") if driver else "",
            power=Power.ASLEEP if asleep else Power.AWAKE,
            nodes=self._nodes(where, vendor),
        )

    def _driver(self, where: str) -> str:
        try:
            return os.readlink(self._at(f"{where}/driver")).rpartition("/")[2]
        except OSError:
            return ""

    def _integrated(self, vendor: str, where: str, address: str) -> bool:
        """Intel's sit on the first bus; AMD's cards, and only they, say which board they are."""
        if vendor == AMD:
            return not self.exists(f"{where}/board_info")
        return vendor == INTEL and _on_first_bus(address)

    def _nodes(self, where: str, vendor: str) -> tuple[Node, ...]:
        paths = [f"/dev/accel/{name}" for name in self._names(f"{where}/accel", "accel")]
        if vendor == NVIDIA:
            paths += [path for path in ("/dev/nvidiactl",) if self.exists(path)]
        else:
            paths += [f"/dev/dri/{name}" for name in self._names(f"{where}/drm", "renderD")]
        return tuple(self._access.node(path) for path in paths)

    def _names(self, folder: str, beginning: str) -> Sequence[str]:
        try:
            return sorted(path.name for path in self._at(folder).iterdir() if path.name.startswith(beginning))
        except OSError:
            return ()


def _on_first_bus(address: str) -> bool:
    """Whether it is part of the processor's own chip; Intel's cards, its FPGAs among them, are on later buses."""
    return address.split(":")[-2:-1] == ["00"]
