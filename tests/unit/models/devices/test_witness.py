from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from app.contracts.devices import Backend, Device, WarmUp
from app.contracts.errors import RuntimeFault
from app.contracts.ports import Runtime
from app.power.hardware.counters import Counters
from models.devices import witness as witness_module
from models.devices.witness import Statement, Witness
from models.host.supervisor import Host
from models.hosted.base import HostedRuntime
from models.hosted.llm import HostedTextGenerator
from tests.helpers.ports import capabilities

PID = 4711
FIRST_NAMESPACE = "pid:[4026531836]"


class Loaded(Host):
    """A host that says it has a process."""

    @property
    def pid(self) -> int:
        return PID


class Kernel:
    """The files of a kernel, below a folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.worked = 0

    def write(self, path: str, text: str) -> None:
        at = self.root / path
        at.parent.mkdir(parents=True, exist_ok=True)
        at.write_text(text, encoding="ascii")

    def link(self, path: str, target: str) -> None:
        at = self.root / path
        at.parent.mkdir(parents=True, exist_ok=True)
        at.symlink_to(target)

    def npu(self, busy_us: int) -> None:
        self.write("sys/class/accel/accel0/device/npu_busy_time_us", f"{busy_us}\n")

    def client(self, work: str, file: int = 5, pid: int = PID, driver: str = "xe") -> None:
        self.process(pid)
        self.write(
            f"proc/{pid}/fdinfo/{file}",
            f"pos:\t0\ndrm-driver:\t{driver}\ndrm-client-id:\t9\ndrm-pdev:\t0000:00:02.0\n{work}",
        )

    def process(self, pid: int = PID) -> None:
        for folder in ("fd", "fdinfo"):
            (self.root / f"proc/{pid}/{folder}").mkdir(parents=True, exist_ok=True)
        self.write(f"proc/{pid}/fdinfo/1", "pos:\t0\nflags:\t02\n")

    def witness(
        self, *, works: Callable[[], object] = lambda: None, computing: frozenset[int] | None = frozenset()
    ) -> Witness:
        async def work(_port: Runtime) -> None:
            self.worked += 1
            works()

        async def listed() -> frozenset[int] | None:
            return computing

        return Witness(counters=Counters(self.root), computing=listed, work=work)


@pytest.fixture
def kernel(tmp_path: Path) -> Kernel:
    return Kernel(tmp_path)


def _runtime(device: Device) -> HostedRuntime:
    backend = Backend(f"x-{device}:m", "openvino", device, "m")
    return HostedTextGenerator(Loaded("x", "models.fakes.engines:FakeLlmEngine"), backend, capabilities())


async def _heard(
    witness: Witness, device: Device, ran: Device | None = None, load: Callable[[], object] = lambda: None
) -> tuple[Device, Statement]:
    runtime = _runtime(device)
    await witness.before_load(runtime)
    load()
    warm = await witness.after_load(runtime, WarmUp(ran or device, 3.0))
    assert warm.load_ms == 3.0
    statement = witness.heard[runtime.backend.backend_id]
    assert statement.ran is warm.ran
    assert statement.asked is device
    return warm.ran, statement


async def test_an_npu_that_was_busy_while_loading_ran_it(kernel: Kernel) -> None:
    kernel.npu(1_000)
    ran, statement = await _heard(kernel.witness(), Device.NPU, load=lambda: kernel.npu(251_000))
    assert ran is Device.NPU
    assert statement.proven
    assert statement.how == "The NPU was busy for 250 ms."
    assert kernel.worked == 0


async def test_an_npu_that_is_busy_with_the_known_task_ran_it(kernel: Kernel) -> None:
    kernel.npu(1_000)
    ran, statement = await _heard(kernel.witness(works=lambda: kernel.npu(2_000)), Device.NPU)
    assert (ran, statement.proven, kernel.worked) == (Device.NPU, True, 1)


async def test_an_npu_that_did_nothing_did_not_run_it(kernel: Kernel) -> None:
    kernel.npu(1_000)
    ran, statement = await _heard(kernel.witness(), Device.NPU)
    assert (ran, statement.proven) == (Device.CPU, True)
    assert statement.how == "The NPU did nothing while the model worked."


async def test_without_a_counter_the_runtimes_word_is_kept_and_said_to_be_that(kernel: Kernel) -> None:
    ran, statement = await _heard(kernel.witness(), Device.NPU)
    assert (ran, statement.proven) == (Device.NPU, False)
    assert "does not count" in statement.how


async def test_a_runtime_that_says_the_processor_is_believed(kernel: Kernel) -> None:
    kernel.npu(1)
    ran, statement = await _heard(kernel.witness(), Device.NPU, ran=Device.CPU, load=lambda: kernel.npu(2))
    assert (ran, statement.how) == (Device.CPU, "Its runtime says so.")


@pytest.mark.parametrize("device", [Device.CPU, Device.REMOTE])
async def test_nothing_is_proven_of_the_processor_and_of_servers(device: Device, kernel: Kernel) -> None:
    witness, runtime = kernel.witness(), _runtime(device)
    await witness.before_load(runtime)
    assert await witness.after_load(runtime, WarmUp(device, 1.0)) == WarmUp(device, 1.0)
    assert witness.heard == {}


@pytest.mark.parametrize(
    "work", ["drm-engine-compute:\t{} ns\ndrm-engine-capacity-compute:\t2\n", "drm-cycles-ccs:\t{}\n"]
)
async def test_a_graphics_processor_that_worked_for_the_process_ran_it(work: str, kernel: Kernel) -> None:
    kernel.client(work.format(10))
    ran, statement = await _heard(kernel.witness(works=lambda: kernel.client(work.format(900))), Device.IGPU)
    assert (ran, statement.proven) == (Device.IGPU, True)


async def test_one_that_did_nothing_did_not(kernel: Kernel) -> None:
    kernel.client("drm-engine-compute:\t10 ns\n")
    ran, statement = await _heard(kernel.witness(), Device.IGPU)
    assert (ran, statement.proven) == (Device.CPU, True)


async def test_a_client_behind_two_files_is_counted_once(kernel: Kernel) -> None:
    kernel.client("drm-engine-compute:\t10 ns\n", file=5)
    kernel.client("drm-engine-compute:\t10 ns\n", file=6)
    graphics = Counters(kernel.root).graphics(PID)
    assert graphics is not None
    assert graphics.busy == 10


async def test_work_of_a_child_counts(kernel: Kernel) -> None:
    kernel.process()
    kernel.write(f"proc/{PID}/task/{PID}/children", "4712 ")
    kernel.client("drm-engine-compute:\t1 ns\n", pid=4712)
    ran, _ = await _heard(
        kernel.witness(works=lambda: kernel.client("drm-engine-compute:\t9 ns\n", pid=4712)), Device.IGPU
    )
    assert ran is Device.IGPU


async def test_a_process_without_a_graphics_processor_open_does_not_run_there(kernel: Kernel) -> None:
    kernel.process()
    ran, statement = await _heard(kernel.witness(), Device.GPU)
    assert (ran, statement.how) == (Device.CPU, "Its process has no graphics processor open.")


async def test_a_driver_that_does_not_count_leaves_the_word(kernel: Kernel) -> None:
    kernel.client("drm-memory-vram:\t10 KiB\n")
    ran, statement = await _heard(kernel.witness(), Device.IGPU)
    assert (ran, statement.proven) == (Device.IGPU, False)


async def test_where_nothing_can_be_read_the_word_is_kept(kernel: Kernel) -> None:
    ran, statement = await _heard(kernel.witness(), Device.GPU)
    assert (ran, statement.proven) == (Device.GPU, False)
    assert "does not show" in statement.how


def _nvidia(kernel: Kernel, namespace: str = FIRST_NAMESPACE) -> None:
    kernel.process()
    kernel.link(f"proc/{PID}/fd/7", "/dev/nvidiactl")
    kernel.link(f"proc/{PID}/fd/8", "/dev/nvidia0")
    kernel.link("proc/self/ns/pid", namespace)


@pytest.mark.parametrize(
    ("computing", "ran", "proven"),
    [
        (frozenset({12, PID}), Device.GPU, True),
        (frozenset({12}), Device.CPU, True),
        (None, Device.GPU, False),
    ],
)
async def test_nvidias_list_of_processes_decides(
    computing: frozenset[int] | None, ran: Device, proven: bool, kernel: Kernel
) -> None:
    _nvidia(kernel)
    found, statement = await _heard(kernel.witness(computing=computing), Device.GPU)
    assert (found, statement.proven) == (ran, proven)


async def test_in_a_container_the_list_proves_nothing(kernel: Kernel) -> None:
    _nvidia(kernel, "pid:[4026532001]")
    ran, statement = await _heard(kernel.witness(computing=frozenset({12})), Device.GPU)
    assert (ran, statement.proven) == (Device.GPU, False)
    assert "container" in statement.how


async def test_only_asking_the_driver_for_its_name_is_not_computing(kernel: Kernel) -> None:
    kernel.process()
    kernel.link(f"proc/{PID}/fd/7", "/dev/nvidiactl")
    assert Counters(kernel.root).holds_nvidia(PID) is False


async def test_a_known_task_that_fails_is_the_loads_failure(kernel: Kernel) -> None:
    def fail() -> None:
        raise RuntimeFault("garbage")

    kernel.npu(1)
    with pytest.raises(RuntimeFault):
        await _heard(kernel.witness(works=fail), Device.NPU)


async def test_a_known_task_that_hangs_ends(monkeypatch: pytest.MonkeyPatch, kernel: Kernel) -> None:
    async def hang(_port: Runtime) -> None:
        await asyncio.sleep(60)

    def none() -> Awaitable[frozenset[int] | None]:
        raise AssertionError

    monkeypatch.setattr(witness_module, "PATIENCE_S", 0.05)
    kernel.npu(1)
    witness = Witness(counters=Counters(kernel.root), computing=none, work=hang)
    ran, _ = await _heard(witness, Device.NPU)
    assert ran is Device.CPU


def test_the_real_kernel_is_read_without_an_error() -> None:
    import os

    counters = Counters()
    counters.npu_busy_us()
    assert counters.graphics(os.getpid()) is not None
    assert counters.holds_nvidia(os.getpid()) is False
    assert counters.children(os.getpid()) is not None
