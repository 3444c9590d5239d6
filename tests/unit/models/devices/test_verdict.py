"""Machines in small: what the bus lists, what the libraries say, and what follows."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.contracts.devices import Device, DeviceInfo, Presence
from app.power.hardware.tree import Power, Tree
from models.devices.answers import Answer, Seen
from models.devices.children import Wanted
from models.devices.names import LLAMA, NVML, OPENVINO, WHISPER
from models.devices.processor import processor
from models.devices.verdict import judge
from tests.helpers.machines import materialised

HEAD = "user anna\ngroups anna render\ncpu-name Test\ncpu-flags avx2\ncpu-cores 0 1\n"
BUILT_FOR_CPU = Answer(LLAMA, "1", (Seen("CPU", Device.CPU),), "This build of llama.cpp is for the processor alone.")


def _pci(address: str, number: str, vendor: str, product: str, driver: str = "", *more: str) -> str:
    where = f"/sys/bus/pci/devices/{address}"
    lines = [f"{where}/class = 0x{number}00", f"{where}/vendor = 0x{vendor}", f"{where}/device = 0x{product}"]
    if driver:
        lines.append(f"{where}/driver -> ../../drivers/{driver}")
    return "\n".join((*lines, *(f"{where}/{line}" for line in more))) + "\n"


def _nvidia(address: str = "0000:01:00.0", status: str = "active") -> str:
    return _pci(address, "0300", "10de", "2786", "nvidia", f"power/runtime_status = {status}")


def _tree(tmp_path: Path, *pieces: str) -> Tree:
    return materialised(HEAD + "".join(pieces), tmp_path / "root")


def _judge(tree: Tree, *answers: Answer) -> list[DeviceInfo]:
    found = judge(tree, tree.read(), answers, processor(tree))
    return [info for info in found if info.device is not Device.CPU and info.presence is not Presence.ABSENT]


FILES = "/dev/nvidiactl : root root 666\n"
RENDER = "/dev/dri/renderD128 : root render 660\n"


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        (_pci("0000:00:02.0", "0300", "8086", "7d55", "xe"), Device.IGPU),
        (_pci("0000:03:00.0", "0300", "8086", "e20b", "xe"), Device.GPU),
        (_pci("0000:c4:00.0", "0380", "1002", "150e", "amdgpu"), Device.IGPU),
        (_pci("0000:03:00.0", "0300", "1002", "744c", "amdgpu", "board_info = type : cem"), Device.GPU),
        (_pci("0000:01:00.0", "0302", "10de", "28e0"), Device.GPU),
        (_pci("0000:00:0b.0", "1200", "8086", "643e"), Device.NPU),
        (_pci("0000:c5:00.1", "1180", "1022", "17f0"), Device.NPU),
    ],
)
def test_each_piece_of_hardware_is_of_its_kind(line: str, kind: Device, tmp_path: Path) -> None:
    (piece,) = _tree(tmp_path, line).read()
    assert piece.device is kind


@pytest.mark.parametrize(
    "line",
    [
        _pci("0000:03:00.0", "0300", "1a03", "2000", "ast"),  # a server's display chip
        _pci("0000:5e:00.0", "1200", "8086", "09c4"),  # an FPGA card
        _pci("0000:00:08.0", "1180", "8086", "9a11"),  # a signal processor
        _pci("0000:00:14.0", "0c03", "8086", "7e7d", "xhci_hcd"),
    ],
)
def test_what_no_model_could_run_on_is_not_listed(line: str, tmp_path: Path) -> None:
    assert _tree(tmp_path, line).read() == ()


@pytest.mark.parametrize(
    ("status", "power"),
    [
        ("active", Power.AWAKE),
        ("unsupported", Power.AWAKE),
        ("resuming", Power.AWAKE),
        ("suspended", Power.ASLEEP),
        ("suspending", Power.ASLEEP),
    ],
)
def test_whether_it_sleeps_is_read_without_asking_it(status: str, power: Power, tmp_path: Path) -> None:
    tree = _tree(tmp_path, _nvidia(status=status))
    (piece,) = tree.read()
    assert piece.power is power
    wanted = Wanted.by(tree.read(), listed=True)
    assert (wanted.nvidia_awake, wanted.nvidia_asleep) == (power is Power.AWAKE, power is Power.ASLEEP)


def test_one_of_two_nvidia_cards_asleep_keeps_both_from_being_asked(tmp_path: Path) -> None:
    tree = _tree(tmp_path, _nvidia(), _nvidia("0000:02:00.0", "suspended"), FILES)
    wanted = Wanted.by(tree.read(), listed=True)
    assert not wanted.nvidia_awake
    assert {info.presence for info in _judge(tree, BUILT_FOR_CPU)} == {Presence.ASLEEP}


def test_a_sleeping_card_of_amd_is_not_asked_either(tmp_path: Path) -> None:
    card = _pci("0000:03:00.0", "0300", "1002", "744c", "amdgpu", "board_info = x", "power/runtime_status = suspended")
    tree = _tree(tmp_path, card)
    assert Wanted.by(tree.read(), listed=True).amd_asleep
    (info,) = _judge(tree, BUILT_FOR_CPU)
    assert info.presence is Presence.ASLEEP
    assert "sotto devices" in info.remedy


def test_a_driver_that_does_not_answer_is_told_in_its_words(tmp_path: Path) -> None:
    silent = Answer(NVML, "13", trouble="NVIDIA's driver does not answer: Driver/library version mismatch.")
    (info,) = _judge(_tree(tmp_path, _nvidia(), FILES), BUILT_FOR_CPU, silent)
    assert info.presence is Presence.NO_DRIVER
    assert "version mismatch" in info.reason
    assert info.remedy == "sudo reboot"


def test_a_container_without_the_cards_files_is_told_so(tmp_path: Path) -> None:
    silent = Answer(NVML, "13", trouble="NVIDIA's driver does not answer: NVML Shared Library Not Found.")
    (info,) = _judge(_tree(tmp_path, _nvidia()), BUILT_FOR_CPU, silent)
    assert info.presence is Presence.NO_DRIVER
    assert "container" in info.reason


def test_a_card_with_its_driver_needs_a_llama_cpp_that_was_built_for_it(tmp_path: Path) -> None:
    nvml = Answer(NVML, "13", (Seen("nvml:0", Device.GPU, "RTX", "575", "0000:01:00.0"),))
    (info,) = _judge(_tree(tmp_path, _nvidia(), FILES), BUILT_FOR_CPU, nvml)
    assert (info.presence, info.name, info.driver) == (Presence.NO_DRIVER, "RTX", "575")
    assert "-DGGML_CUDA=on" in info.remedy


def test_speech_recognition_lacks_one_package(tmp_path: Path) -> None:
    nvml = Answer(NVML, "13", (Seen("nvml:0", Device.GPU, "RTX", "575", "0000:01:00.0"),))
    whisper = Answer(WHISPER, "1", (Seen("CUDA0", Device.GPU, trouble="libcublas.so.12 is not there."),))
    (info,) = _judge(_tree(tmp_path, _nvidia(), FILES), BUILT_FOR_CPU, whisper, nvml)
    assert info.presence is Presence.NO_DRIVER
    assert info.remedy == "python -m pip install nvidia-cublas-cu12"


def test_two_cards_are_told_apart_by_their_address(tmp_path: Path) -> None:
    tree = _tree(tmp_path, _nvidia("0000:01:00.0"), _nvidia("0000:02:00.0"), FILES)
    llama = Answer(
        LLAMA,
        "1",
        (
            Seen("CUDA0", Device.GPU, "second", pci="0000:02:00.0"),
            Seen("CUDA1", Device.GPU, "first", pci="0000:01:00.0"),
        ),
    )
    whisper = Answer(WHISPER, "1", (Seen("CUDA0", Device.GPU), Seen("CUDA1", Device.GPU)))
    nvml = Answer(NVML, "13", (Seen("nvml:0", Device.GPU), Seen("nvml:1", Device.GPU)))
    found = _judge(tree, llama, whisper, nvml)
    targets = {
        dict(info.facts)["address"]: [(support.runtime, support.target) for support in info.runtimes] for info in found
    }
    assert targets == {
        "0000:01:00.0": [(LLAMA, "CUDA1"), (WHISPER, "CUDA0")],
        "0000:02:00.0": [(LLAMA, "CUDA0"), (WHISPER, "CUDA1")],
    }


def test_one_card_behind_two_interfaces_is_one_card(tmp_path: Path) -> None:
    nvml = Answer(NVML, "13", (Seen("nvml:0", Device.GPU, pci="0000:01:00.0"),))
    llama = Answer(
        LLAMA,
        "1",
        (
            Seen("CUDA0", Device.GPU, "RTX", pci="0000:01:00.0"),
            Seen("Vulkan0", Device.GPU, "RTX", pci="0000:01:00.0"),
        ),
    )
    (info,) = _judge(_tree(tmp_path, _nvidia(), FILES), llama, nvml)
    (support,) = info.runtimes
    assert support.target == "CUDA0"


def test_libraries_that_give_no_address_are_matched_by_kind_and_maker(tmp_path: Path) -> None:
    graphics = _pci("0000:00:02.0", "0300", "8086", "a7a0", "i915", "drm/renderD128/")
    tree = _tree(tmp_path, graphics, _nvidia(), FILES, RENDER)
    openvino = Answer(OPENVINO, "1", (Seen("GPU.0", Device.IGPU, "Iris"),))
    llama = Answer(LLAMA, "1", (Seen("CUDA0", Device.GPU, "RTX"),))
    found = _judge(tree, openvino, llama, Answer(NVML, "13", (Seen("nvml:0", Device.GPU),)))
    assert [(info.device, info.name, info.presence) for info in found] == [
        (Device.IGPU, "Iris", Presence.READY),
        (Device.GPU, "RTX", Presence.READY),
    ]


def test_graphics_whose_installed_driver_does_not_know_them(tmp_path: Path) -> None:
    graphics = _pci("0000:00:02.0", "0300", "8086", "1912", "i915", "drm/renderD128/")
    icd = "/etc/OpenCL/vendors/intel.icd = libigdrcl.so\n/usr/bin/apt-get = \n"
    (info,) = _judge(_tree(tmp_path, graphics, RENDER, icd), Answer(OPENVINO, "1"), BUILT_FOR_CPU)
    assert "does not know this device" in info.reason
    assert "--only-upgrade" in info.remedy


def test_without_apt_the_packages_are_named_in_words(tmp_path: Path) -> None:
    graphics = _pci("0000:00:02.0", "0300", "8086", "7d55", "xe", "drm/renderD128/")
    (info,) = _judge(_tree(tmp_path, graphics, RENDER), Answer(OPENVINO, "1"), BUILT_FOR_CPU)
    assert info.remedy == "Install what Debian calls intel-opencl-icd with the system's package manager."


@pytest.mark.parametrize(
    ("line", "remedy"),
    [
        (_pci("0000:00:0b.0", "1200", "8086", "643e"), "sudo modprobe intel_vpu"),
        (_pci("0000:00:0b.0", "1200", "8086", "643e", "intel_vpu"), "sudo dmesg | grep intel_vpu"),
        (_pci("0000:c4:00.0", "0380", "1002", "150e"), "sudo modprobe amdgpu"),
    ],
)
def test_what_the_kernel_could_not_start(line: str, remedy: str, tmp_path: Path) -> None:
    (info,) = _judge(_tree(tmp_path, line), Answer(OPENVINO, "1"), BUILT_FOR_CPU)
    assert (info.presence, info.remedy) == (Presence.NO_DRIVER, remedy)


def test_a_file_that_belongs_to_root_alone_needs_no_group(tmp_path: Path) -> None:
    npu = _pci("0000:00:0b.0", "1200", "8086", "643e", "intel_vpu", "accel/accel0/")
    (info,) = _judge(_tree(tmp_path, npu, "/dev/accel/accel0 : root root 600\n"), Answer(OPENVINO, "1"))
    assert (info.presence, info.remedy) == (Presence.NO_PERMISSION, "ls -l /dev/accel/accel0")


class TestWithoutATree:
    """Windows and macOS: the libraries are all there is."""

    def test_what_they_list_is_there(self, tmp_path: Path) -> None:
        openvino = Answer(
            OPENVINO, "1", (Seen("NPU", Device.NPU, "AI Boost", "32.0"), Seen("GPU.0", Device.IGPU, "Arc"))
        )
        llama = Answer(LLAMA, "1", (Seen("Metal", Device.GPU, "Apple M3"),))
        found = _judge(Tree(tmp_path), openvino, llama)
        assert [(info.device, info.name, info.presence) for info in found] == [
            (Device.NPU, "AI Boost", Presence.READY),
            (Device.IGPU, "Arc", Presence.READY),
            (Device.GPU, "Apple M3", Presence.READY),
        ]

    def test_what_they_do_not_list_is_not_claimed_to_be_absent_from_the_machine(self, tmp_path: Path) -> None:
        found = judge(Tree(tmp_path), (), (Answer(OPENVINO, "1"),), processor(Tree(tmp_path)))
        assert {info.reason for info in found if info.device is Device.NPU} == {
            "No library here finds one that it can use."
        }

    def test_a_crash_is_no_absence(self, tmp_path: Path) -> None:
        crashed = Answer(OPENVINO, trouble="it ended", ended=(Device.NPU,))
        found = _judge(Tree(tmp_path), crashed)
        assert [(info.device, info.presence) for info in found] == [(Device.NPU, Presence.BROKEN)]


def test_the_processor_says_which_runtimes_are_not_installed(tmp_path: Path) -> None:
    tree = _tree(tmp_path)
    missing = Answer(OPENVINO, trouble="OpenVINO is not installed.")
    (cpu,) = (info for info in judge(tree, (), (missing, BUILT_FOR_CPU), processor(tree)) if info.device is Device.CPU)
    assert [(support.runtime, support.usable, support.reason) for support in cpu.runtimes] == [
        (OPENVINO, False, "OpenVINO is not installed."),
        (LLAMA, True, ""),
    ]
