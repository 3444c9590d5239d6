"""The sensors of Linux against written machines: every figure, who may read what, and what is left alone."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from app.contracts.devices import Device
from app.contracts.energy import Provenance
from app.power.sensors.linux import LinuxSensors
from app.power.sensors.nvidia import NvidiaCards
from app.power.sensors.sample import Counters
from tests.helpers.fake_nvml import Card, FakeNvml
from tests.helpers.machines import Owner
from tests.helpers.power_machines import FOLDER, NAMES, PowerMachine, RecordedCard, told
from tests.helpers.power_trees import LivingTree

CARD = "/sys/bus/pci/devices/0000:01:00.0"
NPU = "/sys/bus/pci/devices/0000:00:0b.0"
GRAPHICS = "/sys/bus/pci/devices/0000:00:02.0"
RAPL = "/sys/class/powercap/intel-rapl:0"


def joules(counters: Counters) -> dict[str, float]:
    return {meter.name: meter.joules for meter in counters.meters}


def write(root: Path, path: str, text: str) -> None:
    (root / path.lstrip("/")).write_text(f"{text}\n")


def vanish(root: Path, path: str) -> None:
    """As the kernel does it: an open file gives nothing any more, and there is none to open."""
    write(root, path, "")
    (root / path.lstrip("/")).write_text("")
    (root / path.lstrip("/")).unlink()


@pytest.mark.parametrize("name", NAMES)
def test_every_figure_of_a_machine(name: str, tmp_path: Path) -> None:
    sample = PowerMachine(name, tmp_path, RecordedCard()).look()
    assert told(sample) == (FOLDER / name / "expected.txt").read_text(encoding="utf-8")
    assert [reading.device for reading in sample.readings] == list(Device)


@pytest.mark.parametrize("name", NAMES)
def test_unavailable_has_a_reason_and_measured_has_a_source(name: str, tmp_path: Path) -> None:
    machine = PowerMachine(name, tmp_path, RecordedCard())
    for sample in (machine.sensors.sample(), machine.look()):
        for reading in sample.readings:
            for figure in (
                reading.watts, reading.temperature_c, reading.busy, reading.memory_bytes, reading.frequency_mhz
            ):  # fmt: skip
                unknown = figure.provenance is Provenance.UNAVAILABLE
                assert unknown == (figure.value is None)
                assert bool(figure.reason) if unknown else bool(figure.source)


def test_a_sleeping_card_is_not_touched(tmp_path: Path) -> None:
    card = RecordedCard()
    machine = PowerMachine("laptop-rtx-asleep", tmp_path, card)
    machine.look()
    machine.sensors.counters()
    touched = {path for path in machine.files.read if path.startswith(CARD)}
    assert touched == {f"{CARD}/power/runtime_status"}
    assert card.looks == []


def test_a_sleeping_npu_is_asked_only_what_does_not_wake_it(tmp_path: Path) -> None:
    machine = PowerMachine("lunar-lake", tmp_path)
    machine.look()
    touched = {path.removeprefix(f"{NPU}/") for path in machine.files.read if path.startswith(NPU)}
    assert touched == {"npu_busy_time_us", "npu_memory_utilization", "power/runtime_status"}


def test_an_idle_card_that_may_sleep_is_asked_only_every_half_minute(tmp_path: Path) -> None:
    card = RecordedCard()
    machine = PowerMachine("laptop-rtx", tmp_path, card)
    for _ in range(61):
        machine.sensors.sample()
        machine.at_s += 1
    assert card.looks == [False] * 3  # and the library is let go each time


def test_a_card_with_a_screen_is_asked_every_time(tmp_path: Path) -> None:
    card = RecordedCard()
    machine = PowerMachine("laptop-rtx", tmp_path, card)
    write(tmp_path, f"{CARD}/drm/card1/card1-HDMI-A-1/dpms", "On")
    for _ in range(5):
        machine.sensors.sample()
        machine.at_s += 1
    assert card.looks == [True] * 5


def test_a_card_that_falls_asleep_is_let_go(tmp_path: Path) -> None:
    card = RecordedCard()
    machine = PowerMachine("laptop-rtx", tmp_path, card)
    write(tmp_path, f"{CARD}/power/control", "on")
    assert machine.sensors.sample().of(Device.GPU).watts.value == 9.5
    write(tmp_path, f"{CARD}/power/runtime_status", "suspended")
    machine.at_s += 1
    assert machine.sensors.sample().of(Device.GPU).asleep
    assert card.closed == 1
    assert len(card.looks) == 1


def test_a_card_that_sleeps_takes_nothing(tmp_path: Path) -> None:
    nvml, now = FakeNvml({"0000:01:00.0": Card(milliwatts=10_000, percent=0)}), 0.0
    machine = PowerMachine("laptop-rtx", tmp_path)
    sensors = LinuxSensors(
        tmp_path, files=machine.files, nvidia=NvidiaCards(lambda: nvml, lambda: now), clock=lambda: now, pid=1
    )
    told = []
    for second in range(40):
        now = float(second)
        if second == 11:
            write(tmp_path, f"{CARD}/power/runtime_status", "suspended")
        told.append(joules(sensors.sample().counters)["nvml:0000:01:00.0"])
    assert told[10:12] == [pytest.approx(100.0)] * 2
    assert told[-1] == told[11]


def test_a_library_that_fails_says_why(tmp_path: Path) -> None:
    card = RecordedCard()
    card.answer = None
    reading = PowerMachine("laptop-rtx", tmp_path, card).look().of(Device.GPU)
    assert reading.present
    assert reading.watts.reason == "The library fails."


def test_the_command_works_at_the_next_look(tmp_path: Path) -> None:
    machine = PowerMachine("panther-lake", tmp_path)
    assert machine.sensors.sample().of(Device.CPU).watts.remedy.startswith("sudo chown $USER")
    for domain in ("", ":0", ":1"):
        machine.files.owners[f"{RAPL}{domain}/energy_uj"] = Owner("anna", "root", 0o400)
    machine.sensors.sample()
    machine.at_s += 2
    write(tmp_path, f"{RAPL}/energy_uj", "70000000")
    write(tmp_path, f"{RAPL}:1/energy_uj", "13000000")
    sample = machine.sensors.sample()
    assert sample.of(Device.CPU).watts.value == pytest.approx(8.0)
    assert sample.of(Device.IGPU).watts.value == pytest.approx(2.0)


def test_the_package_counts_its_graphics_while_these_may_not_be_read(tmp_path: Path) -> None:
    machine = PowerMachine("meteor-lake", tmp_path)
    machine.files.owners[f"{RAPL}:1/energy_uj"] = Owner("root", "root", 0o400)
    sample = machine.look()
    assert [(meter.name, set(meter.devices)) for meter in sample.counters.meters] == [
        ("package-0", {Device.CPU, Device.IGPU}),
        ("npu", {Device.NPU}),
    ]
    assert sample.of(Device.CPU).watts.value == pytest.approx(19.5)
    assert sample.of(Device.IGPU).watts.value is None


def test_the_package_counts_the_npu_while_that_may_not_be_read(tmp_path: Path) -> None:
    machine = PowerMachine("meteor-lake", tmp_path)
    machine.files.owners["/sys/class/intel_pmt/telem1/telem"] = Owner("root", "root", 0o440)
    package = next(meter for meter in machine.look().counters.meters if meter.name == "package-0")
    assert package.devices == {Device.CPU, Device.NPU}
    assert package.joules == pytest.approx(36.0)


def test_a_meter_that_begins_to_be_read_makes_no_jump(tmp_path: Path) -> None:
    machine = PowerMachine("meteor-lake", tmp_path)
    uncore = f"{RAPL}:1/energy_uj"
    machine.files.owners[uncore] = Owner("root", "root", 0o400)
    machine.sensors.counters()
    machine.at_s += 1
    before = joules(machine.sensors.counters())
    machine.files.owners.pop(uncore)
    machine.at_s += 1
    after = joules(machine.sensors.counters())
    assert after["package-0"] == before["package-0"]
    assert after["uncore"] == 0.0


def test_one_that_stops_being_read_makes_none_either(tmp_path: Path) -> None:
    machine = PowerMachine("meteor-lake", tmp_path)
    before = joules(machine.look().counters)
    vanish(tmp_path, f"{RAPL}:1/energy_uj")
    machine.at_s += 1
    after = joules(machine.sensors.counters())
    assert "uncore" not in after
    assert after["package-0"] == before["package-0"]


def test_a_driver_that_is_loaded_anew_gives_no_jump(tmp_path: Path) -> None:
    machine = PowerMachine("meteor-lake", tmp_path)
    before = machine.look()
    vanish(tmp_path, f"{NPU}/npu_busy_time_us")
    machine.at_s += 1
    assert machine.sensors.sample().of(Device.NPU).busy.value is None
    write(tmp_path, f"{NPU}/npu_busy_time_us", "0")
    machine.at_s += 6
    machine.sensors.sample()
    write(tmp_path, f"{NPU}/npu_busy_time_us", "500000")
    machine.at_s += 1
    after = machine.sensors.sample()
    assert after.of(Device.NPU).busy.value == pytest.approx(0.5)
    assert after.counters.busy_s[Device.NPU] - before.counters.busy_s[Device.NPU] == pytest.approx(0.5)


def test_a_device_that_is_pulled_and_another_that_is_plugged_in(tmp_path: Path) -> None:
    machine = PowerMachine("meteor-lake", tmp_path)
    assert machine.look().of(Device.NPU).present
    vanish(tmp_path, f"{NPU}/npu_busy_time_us")
    machine.sensors.sample()
    for path in (tmp_path / NPU[1:]).rglob("*"):
        if not path.is_dir():
            path.unlink()
    (tmp_path / NPU[1:]).rename(tmp_path / "pulled")
    machine.at_s += 10
    assert not machine.sensors.sample().of(Device.NPU).present
    card = tmp_path / CARD[1:]
    card.mkdir()
    for name, text in {"class": "0x030000", "vendor": "0x10de", "device": "0x28e0"}.items():
        (card / name).write_text(text)
    machine.at_s += 61
    gpu = machine.sensors.sample().of(Device.GPU)
    assert gpu.present
    assert gpu.watts.reason == "It has no driver."


def test_a_machine_without_any_of_the_files(tmp_path: Path) -> None:
    sample = LinuxSensors(tmp_path, clock=lambda: 1.0, pid=1).sample()
    assert sample.battery is None
    assert sample.counters.meters == ()
    assert all(reading.watts.value is None and reading.watts.reason for reading in sample.readings)


@pytest.mark.parametrize(
    ("about", "remedy"), [("flags\t: fpu", "sudo modprobe intel_rapl_msr"), ("Features\t: fp asimd", "")]
)
def test_a_processor_whose_counters_nobody_shows(tmp_path: Path, about: str, remedy: str) -> None:
    (tmp_path / "proc").mkdir()
    write(tmp_path, "/proc/cpuinfo", about)
    watts = LinuxSensors(tmp_path, pid=1).sample().of(Device.CPU).watts
    assert watts.reason == "The kernel shows no energy counter for this processor."
    assert watts.remedy == remedy


def test_graphics_that_sleep_still_have_their_meter(tmp_path: Path) -> None:
    machine = PowerMachine("meteor-lake", tmp_path)
    write(tmp_path, f"{GRAPHICS}/power/runtime_status", "suspended")
    reading = machine.look().of(Device.IGPU)
    assert reading.asleep
    assert (reading.watts.value, reading.busy.value) == (pytest.approx(4.0), 0.0)


@pytest.mark.parametrize("content", [None, "", "garbage\n", "-1\n", "9" * 26, "9" * 4000, "cpu  9 x\n"])
@pytest.mark.parametrize("name", ["meteor-lake", "ryzen-ai"])
def test_no_file_can_break_a_look(tmp_path: Path, name: str, content: str | None) -> None:
    machine = PowerMachine(name, tmp_path, RecordedCard())
    machine.sensors.sample()
    for path in sorted(path for path in tmp_path.rglob("*") if path.is_file() and not path.is_symlink()):
        before = path.read_bytes()
        path.write_text(content or "")
        if content is None:
            path.unlink()
        machine.at_s += 61  # so that it is also found again
        sample = machine.sensors.sample()
        assert all(meter.joules >= 0 for meter in sample.counters.meters), path
        for reading in sample.readings:
            figures = (reading.watts, reading.busy, reading.memory_bytes, reading.frequency_mhz)
            assert all(figure.value is None or figure.value >= 0 for figure in figures), path
            assert reading.busy.value is None or reading.busy.value <= 1, path
        path.write_bytes(before)


def test_closed_sensors_go_on_where_they_were(tmp_path: Path) -> None:
    machine = PowerMachine("meteor-lake", tmp_path, RecordedCard())
    machine.sensors.sample()
    machine.step()
    machine.sensors.close()
    assert joules(machine.sensors.counters()) == pytest.approx({"uncore": 8.0, "package-0": 31.0, "npu": 5.0})


def test_what_the_counters_did_while_the_machine_slept_does_not_count(tmp_path: Path) -> None:
    tree, slept_s = LivingTree(tmp_path), 0.0
    sensors = LinuxSensors(tmp_path, clock=lambda: tree.catch_up() - slept_s, asleep_s=lambda: slept_s)
    sensors.sample()
    tree.advance(1.0, watts={"package-0": 5.0, "uncore": 1.0, "npu": 1.0})
    before = sensors.sample()
    assert before.of(Device.CPU).watts.value == pytest.approx(3.0)
    tree.advance(1801.0, watts={"package-0": 0.7, "uncore": 0.2, "npu": 0.2})
    slept_s += 1800.0
    woken = sensors.sample()
    assert joules(woken.counters) == joules(before.counters)
    assert all(woken.of(device).watts.value is None for device in (Device.CPU, Device.IGPU, Device.NPU))
    tree.advance(1.0)
    assert sensors.sample().of(Device.CPU).watts.value == pytest.approx(0.3, abs=0.001)


def test_a_battery_that_answers_slowly_does_not_keep_the_counters_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    LivingTree(tmp_path)
    sensors = LinuxSensors(tmp_path)
    gate, inside = threading.Event(), threading.Event()

    def slow(*_: object) -> None:
        inside.set()
        gate.wait(10)

    monkeypatch.setattr("app.power.sensors.battery.Batteries.look", slow)
    with ThreadPoolExecutor(2) as pool:
        looking = pool.submit(sensors.sample)
        assert inside.wait(10)
        assert pool.submit(sensors.counters).result(5).meters
        gate.set()
        assert looking.result(5).battery is None


def test_two_threads_look_at_once(tmp_path: Path) -> None:
    machine = PowerMachine("meteor-lake", tmp_path)

    def look() -> bool:
        for _ in range(50):
            machine.sensors.counters()
            machine.sensors.sample()
        return True

    with ThreadPoolExecutor(3) as pool:
        assert all(pool.map(lambda _: look(), range(3)))


def test_this_machine() -> None:
    sensors = LinuxSensors()
    first, second = sensors.sample(), sensors.counters()
    sensors.close()
    assert [reading.device for reading in first.readings] == list(Device)
    assert first.of(Device.CPU).present
    assert second.at_s >= first.counters.at_s
    assert second.busy_s[Device.CPU] >= first.counters.busy_s[Device.CPU]
