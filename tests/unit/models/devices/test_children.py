"""The children themselves: those that answer, crash, hang and talk nonsense."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from app.contracts.devices import Device
from models.devices import children, probe
from models.devices.answers import Answer
from models.devices.children import Wanted, ask, run
from models.devices.names import LLAMA, NVML, OPENVINO, WHISPER
from tests.helpers.waiting import until

CRASH = "import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n"
HANG = "import time\ntime.sleep(60)\n"
WELL = """\
class Core:
    def get_property(self, target, name):
        import os, signal
        if target == "NPU" and CRASHES:
            os.kill(os.getpid(), signal.SIGSEGV)
        if name == "AVAILABLE_DEVICES":
            return {"CPU": [""], "GPU": ["0", "1"], "NPU": ["4000"]}[target]
        if name == "DEVICE_TYPE":
            return "Type.INTEGRATED" if target == "GPU.0" else "Type.DISCRETE"
        if name == "FULL_DEVICE_NAME":
            return f"the {target}"
        raise RuntimeError("there is no such property")
"""


def _plant(monkeypatch: pytest.MonkeyPatch, folder: Path, name: str, text: str) -> None:
    (folder / f"{name}.py").write_text(text, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(folder))


def _of(answers: tuple[Answer, ...], library: str) -> Answer:
    (answer,) = (answer for answer in answers if answer.library == library)
    return answer


async def test_the_real_libraries_know_the_processor() -> None:
    answers = await ask(Wanted())
    assert {answer.library for answer in answers} == {OPENVINO, LLAMA, WHISPER}
    for answer in answers:
        assert answer.ended == ()
        if answer.version:
            assert [seen.device for seen in answer.of(Device.CPU)] == [Device.CPU]


async def test_a_library_that_ends_its_process_costs_its_own_answer(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _plant(monkeypatch, tmp_path, "ctranslate2", CRASH)
    answers = await ask(Wanted())
    crashed = _of(answers, WHISPER)
    assert crashed.ended == (Device.GPU,)
    assert crashed.trouble == "It was asked for devices, and it ended with SIGSEGV."
    assert _of(answers, OPENVINO).ended == ()


async def test_openvino_is_asked_plugin_by_plugin_when_it_ended_the_process(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _plant(monkeypatch, tmp_path, "openvino", f"CRASHES = True\n{WELL}")
    answer = _of(await ask(Wanted()), OPENVINO)
    assert answer.ended == (Device.NPU,)
    assert [(seen.target, seen.device) for seen in answer.seen] == [
        ("CPU", Device.CPU),
        ("GPU.0", Device.IGPU),
        ("GPU.1", Device.GPU),
    ]


async def test_properties_a_driver_lacks_are_left_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _plant(monkeypatch, tmp_path, "openvino", f"CRASHES = False\n{WELL}")
    (npu,) = _of(await ask(Wanted()), OPENVINO).of(Device.NPU)
    assert (npu.target, npu.name, npu.driver, npu.facts) == ("NPU", "the NPU", "", ())


async def test_a_library_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _plant(monkeypatch, tmp_path, "ctranslate2", HANG)
    monkeypatch.setattr(children, "builds_of_llama", lambda: frozenset({"cuda"}))
    crashed = _of(await ask(Wanted(), timeout_s=3.0), WHISPER)
    assert crashed.ended == (Device.GPU,)
    assert "no answer within 3 s" in crashed.trouble


async def test_what_a_library_prints_does_not_spoil_its_answer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    counting = "import os\nprint('hello')\nos.write(1, b'hello')\ndef get_cuda_device_count(): return 1\n"
    _plant(monkeypatch, tmp_path, "ctranslate2", counting)
    (card,) = _of(await ask(Wanted()), WHISPER).of(Device.GPU)
    assert card.target == "CUDA0"
    assert card.trouble.endswith("CTranslate2 computes with it.")  # this machine has no cuBLAS


async def test_a_missing_library_is_an_answer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _plant(monkeypatch, tmp_path, "openvino", "raise ModuleNotFoundError('openvino')\n")
    answer = _of(await ask(Wanted()), OPENVINO)
    assert answer.trouble == "OpenVINO is not installed."
    assert answer.seen == ()


async def test_what_would_wake_a_graphics_card_is_not_asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    marker = tmp_path / "woken"
    wakes = f"open({str(marker)!r}, 'w').close()\n"
    for name in ("ctranslate2", "llama_cpp", "pynvml"):
        _plant(monkeypatch, tmp_path, name, wakes)
    monkeypatch.setattr(children, "builds_of_llama", lambda: frozenset({"cuda"}))
    answers = await ask(Wanted(nvidia_asleep=True))
    assert not marker.exists()
    assert {answer.library for answer in answers} == {OPENVINO, LLAMA, WHISPER}
    for library in (LLAMA, WHISPER):
        answer = _of(answers, library)
        assert "would wake" in answer.trouble
        assert [seen.device for seen in answer.seen] == [Device.CPU]  # it runs there all the same


async def test_opencl_leaves_a_sleeping_card_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    vendors = tmp_path / "vendors"
    vendors.mkdir()
    for name in ("intel.icd", "nvidia.icd", "amdocl64.icd"):
        (vendors / name).write_text("library.so\n", encoding="utf-8")
    monkeypatch.setattr(children, "_VENDORS", vendors)
    _plant(
        monkeypatch,
        tmp_path,
        "openvino",
        "import os\nraise RuntimeError(' '.join(sorted(os.listdir(os.environ['OCL_ICD_VENDORS']))))\n",
    )
    assert _of(await ask(Wanted(nvidia_asleep=True)), OPENVINO).trouble == "OpenVINO cannot be loaded: intel.icd."


async def test_without_a_driver_nvidia_says_so() -> None:
    answer = _of(await ask(Wanted(nvidia_awake=True)), NVML)
    if answer.seen:
        pytest.skip("this machine has an NVIDIA GPU")
    assert "does not answer" in answer.trouble
    assert answer.ended == ()


async def test_a_child_that_cannot_be_started_is_an_answer(tmp_path: Path) -> None:
    heard = await run((str(tmp_path / "missing"),), {}, 1.0)
    assert heard.error.startswith("it could not be started")
    assert not heard.ended


async def test_nonsense_is_an_answer() -> None:
    heard = await run((sys.executable, "-c", "print('[1'"), {}, 20.0)
    assert heard.error == "it said nothing that can be read"


def test_a_frozen_program_starts_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert probe.command("openvino") == (sys.executable, probe.PROBE_FLAG, "openvino")


FAKE_NVML = """\
import pathlib
class NVMLError(Exception): pass
class Memory: total = 8 * 1024**3
class Pci: busId = "00000000:01:00.0"
class Process:
    def __init__(self, pid): self.pid = pid
def nvmlInit(): pass
def nvmlShutdown(): pathlib.Path(MARKER).touch()
def nvmlSystemGetDriverVersion(): return "575.64"
def nvmlDeviceGetCount(): return 2
def nvmlDeviceGetHandleByIndex(index):
    if index == 1: raise NVMLError("GPU is lost")
    return index
def nvmlDeviceGetName(handle): return b"NVIDIA GeForce RTX 4060 Laptop GPU"
def nvmlDeviceGetMemoryInfo(handle): return Memory
def nvmlDeviceGetPciInfo(handle): return Pci
def nvmlDeviceGetCudaComputeCapability(handle): raise NVMLError("Not Supported")
def nvmlDeviceGetComputeRunningProcesses(handle): return [Process(20), Process(10)]
"""


async def test_what_an_nvidia_driver_does_not_support_is_left_out(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    marker = tmp_path / "closed"
    _plant(monkeypatch, tmp_path, "pynvml", f"MARKER = {str(marker)!r}\n{FAKE_NVML}")
    (seen,) = _of(await ask(Wanted(nvidia_awake=True)), NVML).seen
    assert (seen.name, seen.driver, seen.pci) == ("NVIDIA GeForce RTX 4060 Laptop GPU", "575.64", "0000:01:00.0")
    assert seen.facts == (("memory", "8.0 GiB"),)
    assert marker.exists()  # holding it open would keep the card awake


async def test_the_processes_of_nvidias_driver(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    text = FAKE_NVML.replace("return 2", "return 1")
    _plant(monkeypatch, tmp_path, "pynvml", f"MARKER = {str(tmp_path / 'closed')!r}\n{text}")
    assert await children.computing_on_nvidia() == {10, 20}


async def test_a_driver_that_does_not_tell_its_processes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _plant(monkeypatch, tmp_path, "pynvml", f"MARKER = {str(tmp_path / 'closed')!r}\n{FAKE_NVML}")
    assert await children.computing_on_nvidia() is None


async def test_one_who_stops_waiting_leaves_no_child(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    started = tmp_path / "started"
    _plant(monkeypatch, tmp_path, "ctranslate2", f"open({str(started)!r}, 'w').close()\n{HANG}")
    looking = asyncio.create_task(ask(Wanted()))
    await until(started.exists)
    looking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await looking  # and no child is left, which every test is held to
