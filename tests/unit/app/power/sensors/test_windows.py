"""Windows' sensors, against its libraries' byte layouts: what a real Windows answers has never been seen here."""

from __future__ import annotations

import pytest

from app.contracts.devices import Device
from app.contracts.energy import Provenance
from app.power.sensors import windows as module
from app.power.sensors.nvidia import NvidiaCards
from app.power.sensors.sample import Sample
from app.power.sensors.windows import WindowsSensors
from app.power.sensors.windows_adapters import Adapter, adapters
from app.power.sensors.windows_energy import EnergyChannel, EnergyMeters, parse_measurement, parse_metadata
from app.power.sensors.windows_engines import DEDICATED, ENGINES, SHARED, EngineCounters, busy_by_adapter
from tests.helpers.fake_nvml import Card, FakeNvml
from tests.helpers.fake_windows import FakeAdapter, FakeWindows, measurement, metadata_v1, metadata_v2

RAPL = ("RAPL_Package0_PKG", "RAPL_Package0_PP0", "RAPL_Package0_PP1", "RAPL_Package0_DRAM")
IGPU, CARD, NPU = "0x00000000_0x0000c85a", "0x00000000_0x0000d001", "0x00000001_0x0000e002"
LAPTOP = [
    FakeAdapter(0b100011, "Intel(R) Arc(TM) Graphics", (0, 2, 0), 0xC85A),
    FakeAdapter(0b010001, "NVIDIA GeForce RTX 4060 Laptop GPU", (1, 0, 0), 0xD001),
    FakeAdapter(1 << 11, "Intel(R) AI Boost", (0, 11, 0), 0x1_0000_E002),
    FakeAdapter(0b000111, "Microsoft Basic Render Driver", (0, 0, 0), 0xF003),
]


def joules(count: float) -> int:
    """As a meter counts them: picowatt-hours."""
    return round(count / 3.6e-9)


class TestEnergyMeterInterface:
    def test_names_of_version_2_byte_by_byte(self) -> None:
        data = bytes.fromhex(
            "49004e00540045004c000000000000000000000000000000000000000000000000"[:64]
            + "5200410050004c00000000000000000000000000000000000000000000000000"
            + "0700"
            + "0200"
            + "00000000"
            + "0600"
            + "410042000000"
            + "00000000"
            + "0400"
            + "43000000"
        )
        assert parse_metadata(data, 2) == ("AB", "C")

    def test_what_a_meter_tells_of_itself(self) -> None:
        assert parse_metadata(metadata_v2(*RAPL), 2) == RAPL
        assert parse_metadata(metadata_v1("Battery rail"), 1) == ("Battery rail",)
        assert parse_metadata(metadata_v2(), 2) == ()

    def test_channels_of_an_unknown_unit_keep_their_place_and_lose_their_name(self) -> None:
        assert parse_metadata(metadata_v2("A", "B", "C", units={"B": 1}), 2) == ("A", "", "C")
        assert parse_metadata(metadata_v1("A", unit=1), 1) == ("",)

    @pytest.mark.parametrize("version", [1, 2])
    def test_an_answer_that_was_cut_off_is_refused_wherever_it_ends(self, version: int) -> None:
        whole = metadata_v2(*RAPL) if version == 2 else metadata_v1("Rail")
        for end in range(len(whole)):
            with pytest.raises(ValueError, match="ends at byte"):
                parse_metadata(whole[:end], version)
        with pytest.raises(ValueError, match="version 3"):
            parse_metadata(whole, 3)

    def test_picowatt_hours_are_joules(self) -> None:
        data = bytes.fromhex("0010a5d4e8000000" + "1122334455667788")  # 10**12 pWh, a watt-hour, and some time
        assert parse_measurement(data, 1) == (3600.0,)
        assert parse_measurement(measurement(0, 277_777_778), 2) == (0.0, pytest.approx(1.0))
        with pytest.raises(ValueError, match="ends at byte 16"):
            parse_measurement(data, 2)

    def test_meters_are_found_opened_read_and_closed(self) -> None:
        system = FakeWindows(metadata_v2(*RAPL), energies=tuple(map(joules, (10, 4, 3, 1))))
        meters = EnergyMeters(system.load)
        assert meters.read() == tuple(
            EnergyChannel(name, pytest.approx(j)) for name, j in zip(RAPL, (10, 4, 3, 1), strict=True)
        )
        assert meters.read()
        assert len(system.handles) == 1
        meters.close()
        assert system.handles == set()
        assert meters.read()
        meters.close()

    def test_no_meter_and_one_that_speaks_nonsense(self) -> None:
        assert EnergyMeters(FakeWindows().load).read() == ()
        broken = FakeWindows(metadata_v2(*RAPL)[:70])
        assert EnergyMeters(broken.load).read() == ()
        assert broken.handles == set()
        short = FakeWindows(metadata_v2(*RAPL), energies=(1, 2))
        assert EnergyMeters(short.load).read() == ()


class TestAdapters:
    def test_each_is_told_by_its_bits(self) -> None:
        system = FakeWindows(adapters=LAPTOP)
        assert adapters(system.load) == (
            Adapter(Device.IGPU, "Intel(R) Arc(TM) Graphics", IGPU, "0000:00:02.0"),
            Adapter(Device.GPU, "NVIDIA GeForce RTX 4060 Laptop GPU", CARD, "0000:01:00.0"),
            Adapter(Device.NPU, "Intel(R) AI Boost", NPU, "0000:00:0b.0"),
        )
        assert system.handles == set()

    @pytest.mark.parametrize(
        ("name", "bus", "device"),
        [
            ("Intel(R) UHD Graphics", 0, Device.IGPU),
            ("Intel(R) Arc(TM) A770 Graphics", 3, Device.GPU),
            ("AMD Radeon(TM) 890M Graphics", 0xC4, Device.IGPU),
            ("AMD Radeon RX 7800 XT", 3, Device.GPU),
        ],
    )
    def test_where_windows_does_not_say_integrated(self, name: str, bus: int, device: Device) -> None:
        (found,) = adapters(FakeWindows(adapters=[FakeAdapter(0b11, name, (bus, 0, 0), 1)]).load)
        assert found.device is device


class TestEngines:
    def test_an_adapter_is_as_busy_as_its_busiest_engine_over_all_processes(self) -> None:
        busy = busy_by_adapter(
            {
                f"pid_4_luid_{NPU}_phys_0_eng_0_engtype_Compute": 30.0,
                f"pid_88_luid_{NPU.upper().replace('X', 'x')}_phys_0_eng_0_engtype_Compute": 25.0,
                f"pid_88_luid_{NPU}_phys_0_eng_1_engtype_Copy": 40.0,
                f"pid_4_luid_{IGPU}_phys_0_eng_0_engtype_3D": 80.0,
                f"pid_5_luid_{IGPU}_phys_0_eng_0_engtype_3D": 80.0,
                "_Total": 99.0,
            }
        )
        assert busy == {NPU: pytest.approx(0.55), IGPU: 1.0}

    def test_counters_are_read_through_one_query(self) -> None:
        good, stale = f"pid_4_luid_{NPU}_phys_0_eng_0_engtype_Compute", f"pid_9_luid_{NPU}_phys_0_eng_0_engtype_Copy"
        system = FakeWindows(instances={ENGINES: {good: (12.5, 0), stale: (77.0, 0xC0000BBA)}})
        counters = EngineCounters(system.load)
        assert counters.read() == {ENGINES: {good: 12.5}, DEDICATED: {}, SHARED: {}}
        assert counters.read()[ENGINES] == {good: 12.5}
        assert system.queries == 1
        counters.close()
        counters.close()
        assert system.queries == 0


class Machine:
    """A laptop with Windows: Intel's graphics and NPU, an NVIDIA card, RAPL by the Energy Meter Interface."""

    def __init__(self) -> None:
        self.now, self.channels = 50.0, len(RAPL)
        self.nvml = FakeNvml({"0000:01:00.0": Card()})
        self.system = FakeWindows(
            metadata_v2(*RAPL),
            adapters=LAPTOP,
            instances={ENGINES: {}, DEDICATED: {}, SHARED: {}},
        )
        self.sensors = WindowsSensors(
            NvidiaCards(lambda: self.nvml, lambda: self.now), self.system.load, lambda: self.now
        )

    def look(self, *, package: float = 0.0, graphics: float = 0.0, **busy: float) -> Sample:
        """A second later; energies since the beginning, J, and loads of npu, igpu and gpu in per cent."""
        self.now += 1.0
        self.system.energies = (joules(package), 0, joules(graphics), 0)[: self.channels]
        luids = {"npu": NPU, "igpu": IGPU, "gpu": CARD}
        self.system.instances[ENGINES] = {
            f"pid_4_luid_{luids[name]}_phys_0_eng_0_engtype_Compute": (percent, 0) for name, percent in busy.items()
        }
        self.system.instances[SHARED] = {f"luid_{NPU}_phys_0": (104_857_600.0, 0)}
        return self.sensors.sample()


def test_a_whole_machine() -> None:
    machine = Machine()
    first = machine.look(package=5, graphics=1)
    assert first.of(Device.CPU).watts.provenance is Provenance.UNAVAILABLE
    look = machine.look(package=25, graphics=7, npu=50.0, igpu=20.0)
    assert look.of(Device.CPU).watts.value == pytest.approx(14.0)
    assert look.of(Device.CPU).watts.provenance is Provenance.MEASURED
    assert look.of(Device.IGPU).watts.value == pytest.approx(6.0)
    npu = look.of(Device.NPU)
    assert npu.name == "Intel(R) AI Boost"
    assert npu.watts.reason == "It is counted together with the processor."
    assert (npu.busy.value, npu.memory_bytes.value) == (0.5, 104_857_600.0)
    assert look.of(Device.REMOTE).present is False
    meters = {meter.name: (meter.devices, meter.joules) for meter in look.counters.meters}
    assert meters == {
        "package0": (frozenset({Device.CPU, Device.NPU}), pytest.approx(14.0)),
        "package0-graphics": (frozenset({Device.IGPU}), pytest.approx(6.0)),
    }
    assert look.counters.busy_s[Device.NPU] == pytest.approx(0.5)
    machine.sensors.close()
    assert (machine.system.handles, machine.system.queries) == (set(), 0)


def test_the_energy_is_read_between_looks_and_the_load_is_not() -> None:
    machine = Machine()
    machine.look(package=5)
    machine.look(package=9, npu=100.0)
    machine.system.energies = (joules(11), 0, 0, 0)
    counters = machine.sensors.counters()
    assert {meter.name: meter.joules for meter in counters.meters}["package0"] == pytest.approx(6.0)
    assert counters.busy_s[Device.NPU] == pytest.approx(1.0)


def test_a_card_that_does_nothing_is_not_asked() -> None:
    machine = Machine()
    for _ in range(3):
        gpu = machine.look().of(Device.GPU)
    assert machine.nvml.calls == []
    assert "asking would wake it" in gpu.watts.reason
    assert gpu.busy.value == 0.0
    gpu = machine.look(gpu=60.0).of(Device.GPU)
    assert (gpu.watts.value, gpu.temperature_c.value, gpu.slows_at_c) == (34.5, 61.0, 87.0)
    assert machine.nvml.is_open
    machine.look()
    assert not machine.nvml.is_open


def test_a_card_without_its_library_says_so() -> None:
    machine = Machine()
    machine.nvml.driver = False
    gpu = machine.look(gpu=60.0).of(Device.GPU)
    assert gpu.watts.reason == "NVIDIA's driver does not answer: NVML Shared Library Not Found."
    assert gpu.busy.value == 0.6


def test_a_desktop_without_meters_and_with_no_graphics_in_the_package() -> None:
    machine = Machine()
    machine.system.metadata, machine.channels = metadata_v2("RAPL_Package0_PKG"), 1
    machine.system.adapters = LAPTOP[:1]
    machine.look(package=1)
    look = machine.look(package=9)
    (meter,) = look.counters.meters
    assert meter.devices == {Device.CPU, Device.IGPU}
    machine = Machine()
    machine.system.metadata = b""
    assert machine.look().counters.meters == ()
    assert machine.look().of(Device.CPU).watts.provenance is Provenance.UNAVAILABLE


def test_elsewhere_there_is_no_such_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(module.ctypes, "WinDLL", raising=False)
    with pytest.raises(OSError, match="belongs to Windows"):
        WindowsSensors(NvidiaCards())
