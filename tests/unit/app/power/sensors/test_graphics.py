"""Graphics processors that no written machine has: cards of Intel and AMD, old kernels, memory of our own processes."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from app.contracts.devices import Device
from app.power.sensors.graphics_card import CardLook
from app.power.sensors.linux import LinuxSensors
from app.power.sensors.sample import Sample
from tests.helpers.machines import laid_out
from tests.helpers.power_machines import RecordedCard, WatchedFiles

CARD = "/sys/bus/pci/devices/0000:03:00.0"
INTEGRATED = "/sys/bus/pci/devices/0000:00:02.0"


def pci(at: str, vendor: str, driver: str, control: str = "on") -> str:
    return (
        f"{at}/class = 0x030000\n{at}/vendor = 0x{vendor}\n{at}/device = 0x0001\n{at}/driver -> ../x/{driver}\n"
        f"{at}/power/runtime_status = active\n{at}/power/control = {control}\n"
    )


class Machine:
    def __init__(self, root: Path, listing: str) -> None:
        self.root = root
        laid_out(listing, root)
        self.files = WatchedFiles(root)
        self.at_s = 0.0
        self.sensors = LinuxSensors(root, files=self.files, clock=lambda: self.at_s, pid=50)

    def after(self, seconds: float, **values: object) -> Sample:
        self.at_s += seconds
        for path, value in values.items():
            (self.root / path[1:]).write_text(f"{value}\n")
        return self.sensors.sample()


ARC = pci(CARD, "8086", "xe") + (
    f"{CARD}/hwmon/hwmon2/energy1_input = 100000000\n{CARD}/hwmon/hwmon2/energy2_input = 90000000\n"
    f"{CARD}/hwmon/hwmon2/temp2_input = 61000\n{CARD}/hwmon/hwmon2/temp2_crit = 105000\n"
    f"{CARD}/hwmon/hwmon2/temp3_input = 70000\n{CARD}/tile0/gt0/gtidle/idle_residency_ms = 0\n"
    f"{CARD}/tile0/gt0/freq0/act_freq = 2050\n{CARD}/tile0/gt0/freq0/throttle/status = 0\n"
)


def test_intels_card(tmp_path: Path) -> None:
    machine = Machine(tmp_path, ARC)
    machine.after(0)
    sample = machine.after(
        1.0, **{f"{CARD}/hwmon/hwmon2/energy1_input": 145_000_000, f"{CARD}/tile0/gt0/gtidle/idle_residency_ms": 250}
    )
    reading = sample.of(Device.GPU)
    assert reading.watts.value == pytest.approx(45.0)
    assert (reading.temperature_c.value, reading.slows_at_c) == (61.0, 105.0)
    assert reading.busy.value == pytest.approx(0.75)
    assert reading.throttled is False
    assert [(meter.name, set(meter.devices)) for meter in sample.counters.meters] == [
        ("card:0000:03:00.0", {Device.GPU})
    ]


def test_what_a_card_that_is_kept_awake_took_while_nobody_looked_is_known_at_once(tmp_path: Path) -> None:
    machine = Machine(tmp_path, ARC)
    machine.after(0)
    (tmp_path / f"{CARD}/hwmon/hwmon2/energy1_input"[1:]).write_text("700000000")
    machine.at_s += 60
    (meter,) = machine.sensors.counters().meters
    assert meter.joules == pytest.approx(600.0)
    (meter,) = machine.after(0.1).counters.meters
    assert meter.joules == pytest.approx(600.0)


def test_an_idle_card_of_intels_is_asked_twice_and_then_left_alone(tmp_path: Path) -> None:
    machine = Machine(tmp_path, ARC.replace("control = on", "control = auto"))
    idle = f"{CARD}/tile0/gt0/gtidle/idle_residency_ms"
    asked = []
    for second in range(65):
        machine.files.read.clear()
        machine.after(1.0, **{idle: second * 1000})
        asked.append(idle in machine.files.read)
    looks = [second for second, was in enumerate(asked) if was]
    assert looks == [0, 1, 31, 32, 62, 63]


def test_what_others_keep_busy_is_followed(tmp_path: Path) -> None:
    machine = Machine(tmp_path, ARC.replace("control = on", "control = auto"))
    idle = f"{CARD}/tile0/gt0/gtidle/idle_residency_ms"
    shares = [machine.after(1.0, **{idle: second * 500}).of(Device.GPU).busy.value for second in range(5)]
    assert shares == [None, 0.5, 0.5, 0.5, 0.5]


def test_counters_between_looks_do_not_wake_what_fell_asleep(tmp_path: Path) -> None:
    machine = Machine(tmp_path, ARC)
    machine.after(0)
    (tmp_path / CARD[1:] / "power/runtime_status").write_text("suspended\n")
    machine.files.read.clear()
    machine.at_s += 0.5
    machine.sensors.counters()
    assert [path for path in machine.files.read if path.startswith(CARD)] == [f"{CARD}/power/runtime_status"]


def test_sleep_is_not_work(tmp_path: Path) -> None:
    machine = Machine(tmp_path, ARC)
    status, idle = f"{CARD}/power/runtime_status", f"{CARD}/tile0/gt0/gtidle/idle_residency_ms"
    machine.after(0)
    machine.after(1.0, **{idle: 1000})
    for _ in range(4):
        machine.after(1.0, **{status: "suspended"})
    machine.after(1.0, **{status: "active"})
    sample = machine.after(1.0, **{idle: 2000})
    assert sample.counters.busy_s[Device.GPU] == pytest.approx(0.0)
    assert sample.of(Device.GPU).busy.value == pytest.approx(0.0)


def test_amds_card(tmp_path: Path) -> None:
    at = f"{CARD}/hwmon/hwmon3"
    machine = Machine(
        tmp_path,
        pci(CARD, "1002", "amdgpu")
        + f"{CARD}/board_info = type : cem\n{CARD}/gpu_busy_percent = 40\n{CARD}/mem_info_vram_used = 1073741824\n"
        f"{CARD}/mem_info_gtt_used = 999\n{at}/power1_average = 100000000\n{at}/temp1_label = edge\n"
        f"{at}/temp1_input = 60000\n{at}/temp1_crit = 100000\n{at}/temp2_label = junction\n{at}/temp2_input = 75000\n"
        f"{at}/temp2_crit = 110000\n{at}/freq1_input = 2400000000\n{CARD}/product_name = AMD Radeon RX 7800 XT\n",
    )
    machine.after(0)
    sample = machine.after(1.0)
    reading = sample.of(Device.GPU)
    assert reading.name == "AMD Radeon RX 7800 XT"
    assert (reading.watts.value, reading.busy.value, reading.memory_bytes.value) == (100.0, 0.4, 2**30)
    assert (reading.temperature_c.value, reading.slows_at_c) == (75.0, 110.0)
    assert reading.frequency_mhz.value == 2400.0
    assert sample.counters.meters[0].joules == pytest.approx(100.0)
    assert sample.counters.busy_s[Device.GPU] == pytest.approx(0.4)


def test_amds_older_chip_tells_only_the_whole(tmp_path: Path) -> None:
    machine = Machine(
        tmp_path, pci(INTEGRATED, "1002", "amdgpu") + f"{INTEGRATED}/hwmon/hwmon1/power1_input = 15000000\n"
    )
    machine.after(0)
    sample = machine.after(2.0)
    assert sample.of(Device.CPU).watts.value == pytest.approx(15.0)
    assert sample.of(Device.IGPU).watts.value is None
    assert [(meter.name, set(meter.devices)) for meter in sample.counters.meters] == [
        ("chip", {Device.CPU, Device.IGPU})
    ]


def test_i915_of_an_old_kernel(tmp_path: Path) -> None:
    top = f"{INTEGRATED}/drm/card2"
    machine = Machine(
        tmp_path,
        pci(INTEGRATED, "8086", "i915") + f"{top}/power/rc6_residency_ms = 0\n{top}/gt_act_freq_mhz = 700\n",
    )
    machine.after(0)
    reading = machine.after(1.0, **{f"{top}/power/rc6_residency_ms": 900}).of(Device.IGPU)
    assert reading.busy.value == pytest.approx(0.1)
    assert reading.frequency_mhz.value == 700.0
    assert reading.throttled is None


def test_the_busiest_of_two(tmp_path: Path) -> None:
    second = CARD.replace("03", "04")
    machine = Machine(
        tmp_path,
        "".join(
            pci(at, "1002", "amdgpu")
            + f"{at}/board_info = cem\n{at}/gpu_busy_percent = {busy}\n{at}/product_name = {busy}\n"
            for at, busy in ((CARD, 10), (second, 60))
        ),
    )
    assert machine.after(0).of(Device.GPU).name == "60"
    assert machine.after(1.0, **{f"{CARD}/gpu_busy_percent": 90}).of(Device.GPU).name == "10"


def test_memory_of_our_own_processes(tmp_path: Path) -> None:
    client = (
        "drm-driver: xe\\ndrm-pdev: 0000:00:02.0\\ndrm-client-id: {}\\n"
        "drm-resident-system: {} KiB\\ndrm-resident-stolen: 0"
    )
    machine = Machine(
        tmp_path,
        pci(INTEGRATED, "8086", "xe", "auto")
        + f"{INTEGRATED}/tile0/gt0/gtidle/idle_residency_ms = 0\n"
        + f"/proc/50/fdinfo/3 = {client.format(1, 1024)}\n/proc/50/fdinfo/4 = {client.format(1, 1024)}\n"
        + f"/proc/50/task/50/children = 51\n/proc/51/fdinfo/7 = {client.format(2, 2048)}\n/proc/51/fdinfo/0 = pos: 0\n",
    )
    assert machine.after(0).of(Device.IGPU).memory_bytes.value == 3072 * 1024


def test_what_we_use_ourselves_is_asked_every_time(tmp_path: Path) -> None:
    idle = f"{INTEGRATED}/tile0/gt0/gtidle/idle_residency_ms"
    machine = Machine(
        tmp_path,
        pci(INTEGRATED, "8086", "xe", "auto")
        + f"{idle} = 0\n/proc/50/fdinfo/3 = drm-driver: xe\\ndrm-pdev: 0000:00:02.0\\ndrm-client-id: 1\n",
    )
    for second in range(5):
        machine.files.read.clear()
        machine.after(1.0, **{idle: second * 1000})
        assert idle in machine.files.read


def test_a_card_of_nvidias_is_in_use_by_a_host_and_not_by_our_asking(tmp_path: Path) -> None:
    card = RecordedCard()
    laid_out(
        pci(CARD, "10de", "nvidia", "auto")
        + "/proc/50/task/50/children = 51\n/proc/50/fd/9 -> /dev/nvidia0\n/proc/51/fd/1 -> /dev/null\n",
        tmp_path,
    )
    at_s = 0.0
    sensors = LinuxSensors(tmp_path, nvidia=card, clock=lambda: at_s, pid=50)
    for second in range(10):
        at_s = float(second)
        sensors.sample()
    assert card.looks == [False]
    (tmp_path / "proc/51/fd/2").symlink_to("/dev/nvidia0")
    for second in range(10, 14):
        at_s = float(second)
        sensors.sample()
    assert card.looks == [False] + [True] * 4


def test_a_library_that_hangs_does_not_keep_the_counters_waiting(tmp_path: Path) -> None:
    class Hanging(RecordedCard):
        def look(self, pci: str, *, keep_open: bool) -> CardLook | None:
            asked.set()
            assert answered.wait(10)
            return super().look(pci, keep_open=keep_open)

    asked, answered = threading.Event(), threading.Event()
    laid_out(pci(CARD, "10de", "nvidia"), tmp_path)
    sensors = LinuxSensors(tmp_path, nvidia=Hanging(), pid=50)
    with ThreadPoolExecutor(1) as pool:
        sample = pool.submit(sensors.sample)
        assert asked.wait(10)
        assert sensors.counters().meters == ()
        answered.set()
        assert sample.result(10).of(Device.GPU).watts.value == 9.5


def test_the_part_of_the_chip_that_works_now_counts(tmp_path: Path) -> None:
    machine = Machine(tmp_path, ARC + f"{CARD}/tile0/gt1/gtidle/idle_residency_ms = 0\n")
    compute, media = (f"{CARD}/tile0/{gt}/gtidle/idle_residency_ms" for gt in ("gt0", "gt1"))
    machine.after(0)
    for second in range(1, 11):
        machine.after(1.0, **{compute: second * 1000})  # only the media engine works
    assert machine.after(1.0, **{media: 1000}).of(Device.GPU).busy.value == pytest.approx(1.0)
    (tmp_path / media[1:]).unlink()
    machine.sensors.close()
    sample = machine.after(1.0)
    assert sample.counters.busy_s[Device.GPU] == pytest.approx(12.0)


def test_cards_keep_their_meters_when_another_is_plugged_in(tmp_path: Path) -> None:
    laid_out(pci("/sys/bus/pci/devices/0000:c1:00.0", "10de", "nvidia"), tmp_path)
    now = 0.0
    sensors = LinuxSensors(tmp_path, nvidia=RecordedCard(), clock=lambda: now, pid=50)
    assert [meter.name for meter in sensors.sample().counters.meters] == ["nvml:0000:c1:00.0"]
    laid_out(pci(CARD, "10de", "nvidia"), tmp_path)
    now = 61.0
    assert [meter.name for meter in sensors.sample().counters.meters] == ["nvml:0000:03:00.0", "nvml:0000:c1:00.0"]


def test_i915s_card_counts_once(tmp_path: Path) -> None:
    at = f"{CARD}/hwmon/hwmon"
    machine = Machine(
        tmp_path,
        pci(CARD, "8086", "i915") + f"{at}2/name = i915\n{at}2/energy1_input = 5000000\n"
        f"{at}3/name = i915_gt0\n{at}3/energy1_input = 1000000\n",
    )
    machine.after(0)
    sample = machine.after(1.0, **{f"{at}2/energy1_input": 25_000_000, f"{at}3/energy1_input": 11_000_000})
    assert sample.of(Device.GPU).watts.value == pytest.approx(20.0)


@pytest.mark.parametrize(("vendor", "driver"), [("1002", "amdgpu"), ("8086", "xe")])
def test_of_a_sleeping_card_only_names_are_read(tmp_path: Path, vendor: str, driver: str) -> None:
    at = f"{CARD}/hwmon/hwmon3"
    machine = Machine(
        tmp_path,
        pci(CARD, vendor, driver, "auto")
        + f"{CARD}/board_info = cem\n{CARD}/gpu_busy_percent = 1\n{CARD}/gpu_metrics @ size=264\n"
        f"{at}/name = {driver}\n{at}/power1_average = 1\n{at}/energy1_input = 1\n"
        f"{at}/temp1_label = edge\n{at}/temp1_input = 1\n"
        f"{CARD}/tile0/gt0/gtidle/idle_residency_ms = 1\n{CARD}/drm/card1/card1-DP-1/dpms = Off\n",
    )
    for _ in range(3):
        assert machine.after(1.0, **{f"{CARD}/power/runtime_status": "suspended"}).of(Device.GPU).asleep
        machine.sensors.counters()
    names = {f"{CARD}/power/runtime_status", f"{CARD}/product_name", f"{at}/name", f"{at}/temp1_label"}
    assert {path for path in machine.files.read if path.startswith(CARD)} <= names
