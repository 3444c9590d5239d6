"""The one thing to do about a device that cannot be used, in words and as a command.

Why it exists: each of the ways a device can be out of reach has its own remedy, and people must not be sent to install
a driver when all they lack is a group. Packages are those of Debian and of the vendors.
"""

from __future__ import annotations

from dataclasses import dataclass

from app.contracts.devices import Device, Presence
from app.power.hardware.access import Node
from app.power.hardware.tree import AMD, INTEL, NVIDIA, Hardware, Tree

_NPU_PACKAGES = "intel-driver-compiler-npu intel-fw-npu intel-level-zero-npu"
_INTEL_GPU_PACKAGES = "intel-opencl-icd"
_APT = "sudo apt-get install -y"
_NPU_DRIVER = ("/usr/lib/x86_64-linux-gnu/libze_intel_[nv]pu.so*", "/usr/lib64/libze_intel_[nv]pu.so*")
_OPENCL_DRIVER = ("/etc/OpenCL/vendors/intel*.icd",)
_LLAMA = {
    NVIDIA: 'CMAKE_ARGS="-DGGML_CUDA=on" python -m pip install --force-reinstall --no-cache-dir llama-cpp-python',
    AMD: 'CMAKE_ARGS="-DGGML_VULKAN=on" python -m pip install --force-reinstall --no-cache-dir llama-cpp-python',
}
CUBLAS_PACKAGE = "python -m pip install nvidia-cublas-cu12"


@dataclass(frozen=True, slots=True)
class Advice:
    """What is wrong with a device, and what to do.

    Attributes:
        presence: What the look came to.
        reason: One sentence.
        remedy: One command, or one thing to do; empty when nothing helps.
    """

    presence: Presence
    reason: str
    remedy: str = ""


def no_kernel_driver(hardware: Hardware, tree: Tree) -> Advice:
    """The kernel has no driver for it, or the wrong one."""
    if hardware.vendor == NVIDIA:
        wrong = f"the kernel's {hardware.driver} cannot compute" if hardware.driver else "no driver is loaded for it"
        ubuntu = tree.exists("/usr/bin/ubuntu-drivers")
        remedy = "sudo ubuntu-drivers install" if ubuntu else _install("nvidia-driver", tree)
        return Advice(Presence.NO_DRIVER, f"NVIDIA's driver is missing: {wrong}.", remedy)
    module = {Device.NPU: "intel_vpu"}.get(hardware.device, "amdgpu" if hardware.vendor == AMD else "i915")
    return Advice(
        Presence.NO_DRIVER,
        f"The kernel has loaded no driver for it; {module} is the one that belongs to it.",
        f"sudo modprobe {module}",
    )


def no_node(hardware: Hardware) -> Advice:
    """The kernel's driver is loaded and offers no file to reach the device by."""
    return Advice(
        Presence.NO_DRIVER,
        f"The kernel's driver {hardware.driver} did not start it; its firmware may be missing.",
        f"sudo dmesg | grep {hardware.driver}",
    )


def no_permission(node: Node) -> Advice:
    """This user may not open it."""
    if node.joined:
        return Advice(
            Presence.NO_PERMISSION,
            f"You are in the group {node.group}, but this session is older than that.",
            "Log out and in again.",
        )
    if not node.group or node.group == "root":
        return Advice(
            Presence.NO_PERMISSION,
            f"{node.path} is closed to everybody but root; a rule of the system makes it so.",
            f"ls -l {node.path}",
        )
    return Advice(
        Presence.NO_PERMISSION,
        f"{node.path} belongs to the group {node.group}, and you are not in it. "
        "After the command, log out and in again.",
        f"sudo usermod -aG {node.group} $USER",
    )


def no_user_space(hardware: Hardware, tree: Tree) -> Advice:
    """The kernel can reach it, no runtime can."""
    if hardware.device is Device.NPU:
        if tree.matching(*_NPU_DRIVER):
            reason = "Its driver for programs is installed, but OpenVINO does not see it: their versions may not fit."
            return Advice(Presence.NO_DRIVER, reason, _install(_NPU_PACKAGES, tree, upgrade=True))
        return Advice(
            Presence.NO_DRIVER,
            "Its driver for programs is missing. Where the system does not carry the packages, they are among the "
            "releases of Intel's linux-npu-driver.",
            _install(_NPU_PACKAGES, tree),
        )
    if hardware.vendor == INTEL:
        if tree.matching(*_OPENCL_DRIVER):
            reason = (
                "Its driver for programs is installed, but does not know this device: it may be too old or too new."
            )
            return Advice(Presence.NO_DRIVER, reason, _install(_INTEL_GPU_PACKAGES, tree, upgrade=True))
        reason = "Its driver for programs is missing: OpenVINO reaches it through OpenCL."
        return Advice(Presence.NO_DRIVER, reason, _install(_INTEL_GPU_PACKAGES, tree))
    return Advice(
        Presence.NO_DRIVER,
        "Its driver is there, but the llama.cpp that is installed was built without it.",
        _LLAMA[NVIDIA if hardware.vendor == NVIDIA else AMD],
    )


def no_nvidia_files() -> Advice:
    """The kernel's driver is loaded, and the files to reach it by are missing."""
    return Advice(
        Presence.NO_DRIVER,
        "Its files below /dev are missing. A container has to be given them; elsewhere the command makes them.",
        "sudo nvidia-modprobe -u -c=0",
    )


def silent_driver(reason: str) -> Advice:
    """The driver is there and does not answer."""
    return Advice(
        Presence.NO_DRIVER,
        f"{reason} After an update of the driver the machine has to be started again.",
        "sudo reboot",
    )


def no_cublas(trouble: str) -> Advice:
    """Speech recognition could use it, with one more package."""
    return Advice(Presence.NO_DRIVER, trouble, CUBLAS_PACKAGE)


def asleep(hardware: Hardware) -> Advice:
    """It sleeps."""
    return Advice(
        Presence.ASLEEP,
        "It sleeps, and nothing was asked of it, since asking would wake it.",
        "nvidia-smi && sotto devices"
        if hardware.vendor == NVIDIA
        else "Run `sotto devices` while another program uses it.",
    )


def unsupported(hardware: Hardware) -> Advice:
    """No runtime of ours drives it."""
    if hardware.device is Device.NPU:
        return Advice(Presence.UNSUPPORTED, "OpenVINO does not drive AMD's NPU; Sotto reports it and does not use it.")
    return Advice(Presence.UNSUPPORTED, "No runtime of Sotto's drives it.")


def broken(device: Device, vendor: str, tree: Tree) -> Advice:
    """Looking at it ended the process that looked."""
    if vendor == NVIDIA:
        remedy = "Update NVIDIA's driver, start the machine again, then run `sotto devices`."
    elif not tree.readable:
        remedy = "Update its driver, then run `sotto devices`."
    elif device is Device.NPU:
        remedy = _install(_NPU_PACKAGES, tree, upgrade=True)
    else:
        remedy = _install(f"{_INTEL_GPU_PACKAGES} libigc2 libigdfcl2", tree, upgrade=True)
    return Advice(Presence.BROKEN, "Looking at it ended the process that looked; its driver is at fault.", remedy)


def unknown_absence() -> Advice:
    """Nothing but the libraries can be asked here, and none lists one."""
    return Advice(Presence.ABSENT, "No library here finds one that it can use.")


def _install(packages: str, tree: Tree, *, upgrade: bool = False) -> str:
    """The command for packages, by Debian's names; in words where the system has another way."""
    if tree.exists("/usr/bin/apt-get"):
        return f"{_APT} --only-upgrade {packages}" if upgrade else f"{_APT} {packages}"
    return f"{'Update' if upgrade else 'Install'} what Debian calls {packages} with the system's package manager."
