"""What a verdict on devices holds for: this hardware, these drivers, these libraries, this user's rights.

Why it exists: a verdict outlives the process that made it, and must end with what it was made from. Everything here is
read in milliseconds from files; nothing is loaded and no device is touched.
"""

from __future__ import annotations

import platform
from collections.abc import Mapping

from app.power.hardware.tree import Tree
from models.devices.libraries import builds_of_llama
from models.devices.names import DISTRIBUTIONS
from models.libraries import version_of

Stamp = Mapping[str, str]

_DRIVER_FILES = (
    "/usr/lib/x86_64-linux-gnu/libze_intel_vpu.so.1",
    "/usr/lib/x86_64-linux-gnu/libze_intel_npu.so.1",
    "/usr/lib/x86_64-linux-gnu/libnpu_driver_compiler.so",
    "/usr/lib/x86_64-linux-gnu/libze_loader.so.1",
    "/usr/lib/x86_64-linux-gnu/libze_intel_gpu.so.1",
    "/usr/lib/x86_64-linux-gnu/intel-opencl/libigdrcl.so",
    "/usr/lib/x86_64-linux-gnu/libcuda.so.1",
    "/usr/lib/x86_64-linux-gnu/libvulkan.so.1",
    "/usr/lib64/libze_intel_vpu.so.1",
    "/usr/lib64/libze_intel_npu.so.1",
    "/usr/lib64/libze_loader.so.1",
    "/usr/lib64/libze_intel_gpu.so.1",
    "/usr/lib64/intel-opencl/libigdrcl.so",
    "/usr/lib64/libcuda.so.1",
    "/usr/lib64/libvulkan.so.1",
)
"""Where the parts of drivers that programs load lie on Debian, Ubuntu, Fedora and openSUSE."""
_VENDOR_FILES = ("/etc/OpenCL/vendors/*.icd", "/usr/share/vulkan/icd.d/*.json")


def stamp_of(tree: Tree) -> Stamp:
    """What is true now of everything a verdict depends on."""
    stamp = {f"library {name}": version_of(distribution) for name, distribution in DISTRIBUTIONS.items()}
    stamp["build llama.cpp"] = " ".join(sorted(builds_of_llama()))
    stamp["system"] = f"{platform.system()} {platform.release()} {platform.machine()}"
    for piece in tree.read():
        rights = " ".join(f"{node.path}={'open' if node.open else 'shut'}" for node in piece.nodes)
        about = (piece.vendor, piece.product, piece.driver, piece.driver_version, rights)
        stamp[f"device {piece.pci}"] = " ".join(filter(None, about))
    for path in (*_DRIVER_FILES, *tree.matching(*_VENDOR_FILES)):
        identity = tree.identity(path)
        if identity:
            stamp[f"file {path}"] = identity
    return stamp


def changed(before: Stamp, now: Stamp) -> tuple[str, ...]:
    """What differs, by its name."""
    return tuple(sorted(key for key in before.keys() | now.keys() if before.get(key) != now.get(key)))
