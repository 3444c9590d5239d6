"""Three machines over some minutes: what their sensors read, what the governor makes of it, and the turn that ran.

Why it exists: whoever draws the power panel needs readings that belong together: a card gets warm while answers run on
it, rests, and cools down. The readings are real ones of the trees in `tests/data/power`, whose files are changed
second by second, and the decisions are the governor's own.
"""

from __future__ import annotations

import functools
import math
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.contracts.devices import Device
from app.contracts.energy import DeviceEnergy, Energy, GovernorVerdict, Provenance
from app.contracts.events import (
    EnergyToday,
    GovernorDecided,
    HostChanged,
    SensorReadings,
    SystemEvent,
    TurnEvent,
    TurnStarted,
)
from app.power.energy.model import shipped_model
from app.power.governor.live import LiveGovernor
from app.power.governor.view import View
from app.power.sensors.estimating import with_estimates
from app.power.sensors.graphics_card import CardLook
from app.settings.limits import Limits, OnBattery
from tests.helpers.machines import laid_out
from tests.helpers.power_machines import PowerMachine
from tests.helpers.turns import (
    EARS,
    EARS_ON_CPU,
    LARGE,
    LARGER_ON_CPU,
    MIDDLE,
    SMALL,
    SMALL_ON_CPU,
    climbing,
    plain,
    question_of,
    stamped,
)

SECONDS = 170
"""So many seconds are watched."""
ANSWERS = ((38, 5), (96, 6), (146, 16))
"""Seconds at which answers began, and how long they took."""
CARD_RESTS_AT = 155
"""The second at which the governor has the hot card rest; what it did is done by the graphics in the processor then."""
GRAPHICS = "/sys/bus/pci/devices/0000:00:02.0/drm"
CARD = "/sys/bus/pci/devices/0000:01:00.0"
RAPL = "/sys/class/powercap"


@dataclass(frozen=True, slots=True)
class Level:
    """What goes on in a machine during one second: watts, shares in [0, 1], degrees Celsius.

    Attributes:
        cpu_w: Of the processor alone.
        cpu: Its work.
        igpu_w: Of the graphics in it.
        igpu: Their work.
        npu_w: Of the NPU in it.
        npu: Its work.
        degrees: Of the processor.
        gpu_w: Of the graphics card.
        gpu: Its work.
        gpu_degrees: Its temperature.
    """

    cpu_w: float = 3.0
    cpu: float = 0.05
    igpu_w: float = 0.5
    igpu: float = 0.0
    npu_w: float = 0.1
    npu: float = 0.0
    degrees: float = 45.0
    gpu_w: float = 9.0
    gpu: float = 0.0
    gpu_degrees: float = 46.0


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine, second by second.

    Attributes:
        folder: Its tree's, in `tests/data/power`.
        level: What goes on in it at a second.
        around: What else is reported: hosts, the day.
        turn: The newest turn, told why something had to rest.
        on_battery: What the profile says about it.
    """

    folder: str
    level: Callable[[int], Level]
    around: tuple[SystemEvent, ...]
    turn: Callable[[str], Sequence[tuple[float, TurnEvent]]]
    on_battery: OnBattery = OnBattery.AS_IS

    def events(self) -> Iterator[TurnEvent | SystemEvent]:
        """Some minutes of readings and decisions, then a turn."""
        yield from self.around
        told = watched(self)
        yield from told
        reasons = [event.reason for event in told if isinstance(event, GovernorDecided)]
        began, *rest = stamped(self.turn("".join(reasons[-1:])), "scene")
        spoken = isinstance(began, TurnStarted) and began.source == "voice"
        yield from (began, question_of("scene", spoken=spoken), *rest)


@functools.cache
def watched(machine: Machine) -> tuple[SystemEvent, ...]:
    """What the sensors and the governor report of a machine, in order."""
    told: list[SystemEvent] = []

    def decided(verdict: GovernorVerdict) -> None:
        allowed = tuple(device for device in Device if device in verdict.allowed)
        told.append(
            GovernorDecided(allowed=allowed, reason=verdict.reason, rests=verdict.rests, max_tokens=verdict.max_tokens)
        )

    governor = LiveGovernor(lambda: Limits(on_battery=machine.on_battery), on_change=decided)
    with tempfile.TemporaryDirectory() as folder:
        root, card = Path(folder), Card()
        there = PowerMachine(machine.folder, root, card)
        files = Changing(root)
        for second in range(SECONDS):
            level = machine.level(second)
            there.at_s = 100.0 + second
            card.pass_second(level)
            files.pass_second(level)
            sample = with_estimates(there.sensors.sample(), shipped_model())
            told.append(SensorReadings(at_s=1e6 + second, readings=sample.readings, battery=sample.battery))
            governor.look(View(at_s=there.at_s, readings=sample.readings, battery=sample.battery))
        there.sensors.close()
    return tuple(told)


class Card:
    """Implements `app.power.sensors.graphics_card.CardReader` for a card whose seconds somebody else lets pass."""

    def __init__(self) -> None:
        self._level = Level()
        self._joules = 0.0

    def pass_second(self, level: Level) -> None:
        """One second goes by."""
        self._level = level
        self._joules += level.gpu_w

    def look(self, pci: str, *, keep_open: bool) -> CardLook | None:
        """What it says now."""
        del pci, keep_open
        level = self._level
        return CardLook(
            "NVIDIA GeForce RTX 4060 Laptop GPU",
            watts=level.gpu_w,
            joules=self._joules,
            temperature_c=level.gpu_degrees,
            slows_at_c=87.0,
            busy=level.gpu,
            memory_bytes=5_600_000_000,
            frequency_mhz=1980.0 if level.gpu else 210.0,
            throttled=False,
        )

    def joules(self, pci: str) -> float | None:
        """What it has taken."""
        del pci
        return self._joules

    def why_not(self, pci: str) -> str:
        """It always answers."""
        del pci
        return ""

    def close(self) -> None:
        """It holds nothing."""


class Changing:
    """The files of a machine that change from second to second; one the machine does not have is not made."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._spent = {"package": 1000.0, "uncore": 50.0, "npu": 10.0}
        self._busy_s = {"cpu": 10.0, "igpu": 1.0, "npu": 5.0}
        self._seconds = 100.0
        stat = root / "proc/stat"
        self._cores = stat.read_text(encoding="utf-8").count("cpu") - 1

    def pass_second(self, level: Level) -> None:
        """One second goes by."""
        self._seconds += 1.0
        self._spent["package"] += level.cpu_w + level.igpu_w + level.npu_w
        self._spent["uncore"] += level.igpu_w
        self._spent["npu"] += level.npu_w
        for name, share in (("cpu", level.cpu), ("igpu", level.igpu), ("npu", level.npu)):
            self._busy_s[name] += share
        laid_out("\n".join(line for line in self._lines(level) if self._has(line)), self._root)

    def _has(self, line: str) -> bool:
        return (self._root / line.split()[0].lstrip("/")).exists()

    def _lines(self, level: Level) -> Sequence[str]:
        ticks = round(self._busy_s["cpu"] * self._cores * 100)
        idle = round(self._seconds * self._cores * 100) - ticks
        cores = "".join(f"\\ncpu{core} 0 0 0 0 0 0 0 0 0 0" for core in range(self._cores))
        raw, telemetry_c = round(self._spent["npu"] * 2**14), round(level.degrees)
        asleep_ms = round((self._seconds - self._busy_s["igpu"]) * 1000)
        npu = "/sys/bus/pci/devices/0000:00:0b.0"
        return (
            f"/proc/stat = cpu  {ticks} 0 0 {idle} 0 0 0 0 0 0{cores}",
            f"{RAPL}/intel-rapl:0/energy_uj = {round(self._spent['package'] * 1e6)}",
            f"{RAPL}/intel-rapl:0:1/energy_uj = {round(self._spent['uncore'] * 1e6)}",
            f"/sys/class/intel_pmt/telem1/telem @ size=4096 0x628=0x{raw:016x} 0x98=0x{telemetry_c << 40:016x}",
            f"{npu}/npu_busy_time_us = {round(self._busy_s['npu'] * 1e6)}",
            f"{npu}/npu_current_frequency_mhz = {1400 if level.npu else 0}",
            f"{GRAPHICS}/card1/gt/gt0/rc6_residency_ms = {asleep_ms}",
            f"{GRAPHICS}/card1/gt/gt0/rps_act_freq_mhz = {1850 if level.igpu else 300}",
            f"{GRAPHICS}/card1/gt/gt0/throttle_reason_status = 0",
            f"{GRAPHICS}/card1/gt/gt1/rc6_residency_ms = {round(self._seconds * 1000)}",
            f"{CARD}/power/control = on",
            f"{GRAPHICS}/card0/gt/gt0/rc6_residency_ms = {asleep_ms}",
            f"{GRAPHICS}/card0/gt/gt0/rps_act_freq_mhz = {1500 if level.igpu else 300}",
            f"/sys/class/thermal/thermal_zone6/temp = {round(level.degrees * 1000)}",
            f"/sys/class/thermal/thermal_zone9/temp = {round(level.degrees * 1000)}",
        )


def work(second: int, until: int = SECONDS) -> float:
    """How busy answers keep a device, in [0, 1]."""
    shares = (min(1.0, (second - at) / 2.0) for at, lasted in ANSWERS if at <= second < min(at + lasted, until))
    return max(shares, default=0.0)


@functools.cache
def heat(second: int, cool_s: float, until: int = SECONDS) -> float:
    """How warm they have made it, in [0, 1]: quickly up, slowly down."""
    if second <= 0:
        return 0.0
    warm = heat(second - 1, cool_s, until)
    return warm + (1.0 - warm) * 0.25 * work(second, until) - warm / cool_s


def ripple(second: int) -> float:
    """What else goes on, in [0, 1]."""
    return 0.5 + 0.3 * math.sin(second * 0.9) + 0.2 * math.sin(second * 2.3)


def _of_vm(second: int) -> Level:
    return Level(cpu=0.03 + 0.05 * ripple(second) + 0.85 * work(second))


def _of_meteor_lake(second: int) -> Level:
    npu, cpu = work(second), 0.04 + 0.05 * ripple(second) + 0.15 * work(second)
    return Level(
        cpu_w=2.4 + 20.0 * cpu,
        cpu=cpu,
        npu_w=0.1 + 2.2 * npu,
        npu=0.9 * npu,
        degrees=46.0 + 16.0 * heat(second, 40.0) + 2.0 * ripple(second),
    )


def _of_rtx(second: int) -> Level:
    card, cpu = work(second, CARD_RESTS_AT), 0.05 + 0.06 * ripple(second) + 0.2 * work(second)
    graphics = work(second) - card
    return Level(
        cpu_w=5.0 + 34.0 * cpu,
        cpu=cpu,
        igpu_w=1.0 + 12.0 * graphics,
        igpu=0.05 + 0.85 * graphics,
        degrees=52.0 + 20.0 * heat(second, 60.0) + 2.0 * ripple(second),
        gpu_w=9.0 + 71.0 * card,
        gpu=0.97 * card,
        gpu_degrees=47.0 + 40.0 * heat(second, 70.0, CARD_RESTS_AT),
    )


def _day(
    turns: int, joules: float, saved: float, provenance: Provenance, *devices: tuple[Device, float]
) -> EnergyToday:
    shares = tuple(DeviceEnergy(device, Energy(amount, provenance)) for device, amount in devices)
    return EnergyToday(
        day="2026-11-21", turns=turns, joules=joules, provenance=provenance, devices=shares, saved_joules=saved
    )


def _loaded(*backends: str) -> tuple[HostChanged, ...]:
    return tuple(HostChanged(backend=backend, state="warm") for backend in backends)


PLAIN_VM = Machine(
    "plain-vm",
    _of_vm,
    (
        *_loaded("moonshine-cpu", "llama-cpu"),
        _day(9, 71.0, 402.0, Provenance.ESTIMATE, (Device.CPU, 71.0)),
    ),
    lambda _: plain(),
)
METEOR_LAKE = Machine(
    "meteor-lake",
    _of_meteor_lake,
    (
        *_loaded("openvino-whisper-npu", "openvino-npu", "llama-cpu:qwen2.5-1.5b"),
        _day(14, 83.0, 1060.0, Provenance.ESTIMATE, (Device.NPU, 52.0), (Device.CPU, 31.0)),
    ),
    lambda _: climbing(EARS, (SMALL, LARGER_ON_CPU), 9.6),
    on_battery=OnBattery.FRUGAL,
)
RTX_LAPTOP = Machine(
    "laptop-rtx",
    _of_rtx,
    (
        *_loaded("openvino-igpu", "llama-gpu:qwen2.5-7b"),
        _day(31, 2140.0, 1290.0, Provenance.ESTIMATE, (Device.GPU, 1400.0), (Device.IGPU, 540.0), (Device.CPU, 200.0)),
    ),
    lambda reason: climbing(EARS_ON_CPU, (SMALL_ON_CPU, LARGE, MIDDLE), 41.6, reason),
)
"""A plain virtual machine; Meteor Lake on battery; a laptop with an RTX card that rests."""
