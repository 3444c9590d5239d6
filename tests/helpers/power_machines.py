"""Machines of `tests/data/power`: their trees made real in a folder, changed step by step, and who may read them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

from app.contracts.energy import Quantity
from app.power.sensors.files import Files
from app.power.sensors.graphics_card import CardLook, CardReader
from app.power.sensors.linux import LinuxSensors
from app.power.sensors.sample import Sample
from tests.helpers.machines import Owner, laid_out, materialised

FOLDER = Path(__file__).resolve().parents[1] / "data" / "power"
NAMES = tuple(sorted(path.parent.name for path in FOLDER.glob("*/tree.txt")))


class WatchedFiles(Files):
    """Files of a recorded machine: remembers what was read, and keeps to whom files belong.

    Attributes:
        read: Every path that was read.
        owners: Whom files belong to; one that is not in it may be read.
        user: Who reads.
    """

    def __init__(self, root: Path, owners: dict[str, Owner] | None = None, user: str = "anna") -> None:
        super().__init__(root)
        self.read: list[str] = []
        self.owners = owners or {}
        self.user = user

    def block(self, path: str, size: int = 4096, offset: int = 0) -> bytes | None:
        self.read.append(path)
        return super().block(path, size, offset)

    def opened(self, path: str) -> int:
        owner = self.owners.get(path)
        if owner is not None and not (owner.mode >> (6 if owner.user == self.user else 0)) & 0o4:
            raise PermissionError(path)
        return super().opened(path)


class PowerMachine:
    """One of them, at its first moment.

    Args:
        name: Its folder's name.
        root: Where its tree is made.
        nvidia: Its card's library.

    Attributes:
        files: Its files.
        sensors: What is tested.
        at_s: Its time, seconds.
    """

    def __init__(self, name: str, root: Path, nvidia: CardReader | None = None) -> None:
        self._root = root
        listing = (FOLDER / name / "tree.txt").read_text(encoding="utf-8")
        tree = materialised(listing, root)
        owners = laid_out_owners(listing)
        self.files = WatchedFiles(root, owners)
        self.at_s = 100.0
        self.sensors = LinuxSensors(
            root, tree=tree, files=self.files, nvidia=nvidia, clock=lambda: self.at_s, pid=_NOBODY
        )
        self._steps = list(_steps((FOLDER / name / "steps.txt").read_text(encoding="utf-8")))

    def step(self) -> None:
        """The next moment."""
        seconds, listing = self._steps.pop(0)
        self.at_s += seconds
        laid_out(listing, self._root)

    def look(self) -> Sample:
        """A look now, and one after each step; gives the last."""
        sample = self.sensors.sample()
        while self._steps:
            self.step()
            sample = self.sensors.sample()
        return sample


class RecordedCard:
    """An idle card's library.

    Attributes:
        looks: When it was asked, and whether it could stay open.
        closed: How often it was let go.
        answer: What it says; None when it fails.
    """

    def __init__(self) -> None:
        self.looks: list[bool] = []
        self.closed = 0
        self.answer: CardLook | None = IDLE_CARD

    def look(self, pci: str, *, keep_open: bool) -> CardLook | None:
        self.looks.append(keep_open)
        return self.answer

    def joules(self, pci: str) -> float | None:
        return 9.5 * len(self.looks) if self.looks else None

    def why_not(self, pci: str) -> str:
        return "" if self.answer else "The library fails."

    def close(self) -> None:
        self.closed += 1


IDLE_CARD = CardLook(
    "NVIDIA GeForce RTX 4060 Laptop GPU",
    watts=9.5,
    temperature_c=45.0,
    slows_at_c=87.0,
    busy=0.0,
    memory_bytes=104857600,
    frequency_mhz=210.0,
    throttled=False,
)
_NOBODY = 999_999_999
"""A process that cannot be: recorded machines do not run this program."""


def laid_out_owners(listing: str) -> dict[str, Owner]:
    """Whom the files of a listing belong to."""
    owners = {}
    for line in listing.splitlines():
        path, _, rest = line.partition(" : ")
        if rest:
            user, group, mode = rest.split()
            owners[path] = Owner(user, group, int(mode, 8))
    return owners


def told(sample: Sample) -> str:
    """A whole look as lines, for comparing with what was written down."""
    return "\n".join((*_readings(sample), *_battery(sample), *_meters(sample))) + "\n"


def _readings(sample: Sample) -> Iterator[str]:
    for reading in sample.readings:
        states = (
            "" if reading.present else "absent",
            "asleep" if reading.asleep else "",
            {None: "", True: "throttled", False: "not throttled"}[reading.throttled],
            "" if reading.slows_at_c is None else f"slows at {reading.slows_at_c:g} C",
        )
        yield " | ".join(filter(None, (reading.device.value, reading.name, *states)))
        if reading.present:
            for field in fields(reading):
                value = getattr(reading, field.name)
                if isinstance(value, Quantity):
                    yield f"    {field.name}: {_quantity(value)}"
        else:
            yield f"    {reading.watts.reason}"


def _quantity(quantity: Quantity) -> str:
    if quantity.value is None:
        return " | ".join(filter(None, (quantity.provenance.value, quantity.reason, quantity.remedy)))
    figure = f"{round(quantity.value, 4):.12g}"
    return " | ".join(filter(None, (figure, quantity.provenance.value, quantity.source, quantity.reason)))


def _battery(sample: Sample) -> Iterator[str]:
    battery = sample.battery
    if battery is None:
        yield "no battery"
        return
    yield f"battery: {battery.percent} %, on mains: {battery.on_mains}, left: {battery.left_s} s"
    yield f"    watts: {_quantity(battery.watts)}"


def _meters(sample: Sample) -> Iterator[str]:
    for meter in sample.counters.meters:
        yield f"meter {meter.name} ({' '.join(sorted(meter.devices))}): {round(meter.joules, 4):g} J | {meter.source}"
    for device, seconds in sorted(sample.counters.busy_s.items()):
        yield f"worked {device}: {round(seconds, 4):g} s"


def _steps(text: str) -> Iterator[tuple[float, str]]:
    for step in text.split("after ")[1:]:
        seconds, _, listing = step.partition("\n")
        yield float(seconds), listing
