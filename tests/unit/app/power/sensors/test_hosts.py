"""What hosts have worked: with their children, across restarts, on graphics of several drivers."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from app.power.sensors.hosts import ProcessHosts
from app.power.sensors.processes import LinuxProcesses, Processes, PsutilProcesses
from app.power.sensors.sample import HostWork

CORES = 4
TICKS = os.sysconf("SC_CLK_TCK")


class Kernel:
    def __init__(self, root: Path) -> None:
        self.root = root
        self.at_s = 0.0
        self.pids: dict[str, int] = {"a": 60}
        self.write("stat", "cpu  0 0 0 0\n" + "".join(f"cpu{core} 0 0 0 0\n" for core in range(CORES)))
        self.hosts = ProcessHosts(lambda name: self.pids.get(name, 0), root, clock=lambda: self.at_s)

    def write(self, path: str, text: str) -> None:
        at = self.root / "proc" / path
        at.parent.mkdir(parents=True, exist_ok=True)
        at.write_text(text)

    def process(
        self, pid: int, own_s: float, *, waited_s: float = 0.0, began: int = 77, children: str = "", state: str = "S"
    ) -> None:
        used, waited = int(own_s * TICKS), int(waited_s * TICKS)
        fields = f"{state} 1 1 1 0 -1 0 0 0 0 0 {used} 0 {waited} 0 20 0 1 0 {began} 0 0"
        self.write(f"{pid}/stat", f"{pid} (a (b) c) {fields}\n")
        self.write(f"{pid}/task/{pid}/children", children)

    def ended(self, pid: int) -> None:
        (self.root / f"proc/{pid}/stat").unlink()

    def client(self, pid: int, file: int, **said: object) -> None:
        lines = {"drm-driver": "i915", "drm-pdev": "0000:00:02.0", "drm-client-id": file}
        lines |= {key.replace("_", "-"): value for key, value in said.items()}
        self.write(f"{pid}/fdinfo/{file}", "".join(f"{key}:\t{value}\n" for key, value in lines.items()))

    def work(self) -> HostWork:
        work = self.hosts.work("a")
        assert work is not None
        return work


@pytest.fixture
def kernel(tmp_path: Path) -> Kernel:
    return Kernel(tmp_path)


def test_seconds_of_the_whole_processor(kernel: Kernel) -> None:
    kernel.process(60, 8.0)
    assert kernel.work() == HostWork(2.0)


def test_children_count_while_they_live_and_after(kernel: Kernel) -> None:
    kernel.process(60, 4.0, children="61 ")
    kernel.process(61, 8.0, children="62 ")
    kernel.process(62, 4.0)
    assert kernel.work().cpu_s == 4.0
    kernel.process(61, 8.0, waited_s=4.0)
    kernel.ended(62)
    assert kernel.work().cpu_s == 4.0
    kernel.process(60, 4.0, waited_s=12.0)
    kernel.ended(61)
    assert kernel.work().cpu_s == 4.0


def test_a_new_child_counts_whole_within_a_second(kernel: Kernel) -> None:
    kernel.process(60, 4.0)
    assert kernel.work().cpu_s == 1.0
    kernel.process(60, 4.0, children="61 ")
    kernel.process(61, 8.0)
    kernel.at_s += 1.0
    assert kernel.work().cpu_s == 3.0


def test_a_child_nobody_has_waited_for_takes_nothing_back(kernel: Kernel) -> None:
    kernel.process(60, 4.0, children="61 ")
    kernel.process(61, 8.0)
    before = kernel.work().cpu_s
    kernel.process(60, 4.4)
    kernel.ended(61)
    assert kernel.work().cpu_s == before


def test_one_that_is_not_running(kernel: Kernel) -> None:
    assert kernel.hosts.work("b") is None
    assert kernel.hosts.work("a") is None
    kernel.process(60, 1.0, state="Z")
    assert kernel.hosts.work("a") is None


def test_a_host_that_was_started_again_goes_on(kernel: Kernel) -> None:
    kernel.process(60, 8.0)
    kernel.work()
    kernel.pids["a"] = 70
    assert kernel.hosts.work("a") is None
    kernel.process(70, 4.0)
    assert kernel.work().cpu_s == 3.0


def test_a_number_that_is_used_again_is_another_process(kernel: Kernel) -> None:
    kernel.process(60, 8.0, began=1)
    kernel.work()
    kernel.process(60, 2.0, began=2)
    assert kernel.work().cpu_s == 2.5


def test_nanoseconds_on_graphics(kernel: Kernel) -> None:
    kernel.process(60, 0.0, children="61 ")
    kernel.process(61, 0.0)
    kernel.client(
        60, 3, drm_engine_render="1000000000 ns", drm_engine_copy="400000000 ns", drm_engine_capacity_render="1"
    )
    kernel.client(61, 4, drm_engine_compute="500000000 ns")
    assert kernel.work().graphics_s == pytest.approx(1.5)


def test_one_client_behind_two_files_counts_once(kernel: Kernel) -> None:
    kernel.process(60, 0.0)
    kernel.client(60, 3, drm_client_id=9, drm_engine_render="1000000000 ns")
    kernel.client(60, 4, drm_client_id=9, drm_engine_render="1000000000 ns")
    assert kernel.work().graphics_s == pytest.approx(1.0)


def test_a_client_that_closed_keeps_what_it_did(kernel: Kernel) -> None:
    kernel.process(60, 0.0)
    kernel.client(60, 3, drm_engine_render="1000000000 ns")
    kernel.work()
    (kernel.root / "proc/60/fdinfo/3").unlink()
    kernel.client(60, 4, drm_engine_render="500000000 ns")
    assert kernel.work().graphics_s == pytest.approx(1.5)


def test_cycles_of_all_that_have_passed(kernel: Kernel) -> None:
    kernel.process(60, 0.0)
    kernel.client(60, 3, drm_driver="xe", drm_cycles_ccs=1000, drm_total_cycles_ccs=10_000)
    assert kernel.work().graphics_s == 0.0
    kernel.at_s = 2.0
    kernel.client(60, 3, drm_driver="xe", drm_cycles_ccs=1500, drm_total_cycles_ccs=12_000)
    assert kernel.work().graphics_s == pytest.approx(0.5)
    kernel.client(60, 3, drm_driver="xe", drm_cycles_ccs=0, drm_total_cycles_ccs=0)
    kernel.at_s = 3.0
    assert kernel.work().graphics_s == pytest.approx(0.5)


def test_an_npu_is_no_graphics(kernel: Kernel) -> None:
    kernel.process(60, 0.0)
    kernel.client(60, 3, drm_driver="intel_vpu", drm_engine_npu="900 ns")
    assert kernel.work().graphics_s is None


def test_a_driver_that_does_not_count(kernel: Kernel) -> None:
    kernel.process(60, 0.0)
    kernel.client(60, 3, drm_driver="nouveau")
    assert kernel.work().graphics_s is None


def test_a_host_that_begins_to_use_graphics_is_seen_within_seconds(kernel: Kernel) -> None:
    kernel.process(60, 0.0)
    kernel.write("60/fdinfo/0", "pos:\t0\n")
    assert kernel.work().graphics_s is None
    kernel.client(60, 3, drm_engine_render="1000000000 ns")
    kernel.at_s = 5.0
    assert kernel.work().graphics_s == pytest.approx(1.0)


def test_our_own_process() -> None:
    hosts = ProcessHosts(lambda _: 0)
    before = hosts.work("")
    end = time.process_time() + 0.02
    while time.process_time() < end:
        pass
    after = hosts.work("")
    assert before is not None
    assert after is not None
    cores = os.cpu_count() or 1
    assert after.cpu_s - before.cpu_s >= 0.02 / cores


@pytest.mark.parametrize("processes", [LinuxProcesses(), PsutilProcesses()])
def test_a_real_child(processes: Processes) -> None:
    burn = """if True:
        import subprocess, sys, time
        inner = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
        while time.process_time() < 0.05: pass
        print("done", flush=True)
        input()
        inner.communicate(b"\\n")
    """
    child = subprocess.Popen([sys.executable, "-c", burn], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert child.stdout is not None
        assert child.stdout.readline() == "done\n"
        assert len(processes.children(child.pid)) == 1
        hosts = ProcessHosts(lambda _: child.pid, processes=processes)
        work = hosts.work("a")
        assert work is not None
        assert work.cpu_s * processes.cores() >= 0.05 - 0.02  # psutil counts in ticks
    finally:
        child.communicate("\n")
    assert hosts.work("a") is None


def test_psutil_knows_no_such_process() -> None:
    processes = PsutilProcesses()
    assert processes.lived(2**22 + 1) is None
    assert list(processes.children(2**22 + 1)) == []
