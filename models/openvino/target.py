"""Names of OpenVINO's devices as recipes pass them on, and the one that stands for the NPU's software path.

Why it exists: the NPU's own pipelines can run on the processor, from the plain wheel and without an NPU. The contract
suites run them that way, and what an engine then reports as the device must be the processor.
"""

from __future__ import annotations

from collections.abc import Mapping

from app.contracts.devices import Device

NPU_ON_CPU = "NPU:CPU"
"""Target of the NPU's software path on the processor. No probe of a machine ever reports it: tests ask for it."""

_ON_CPU: Mapping[str, str] = {"NPUW_DEVICES": "CPU", "NPUW_ONLINE_PIPELINE": "NONE"}


def is_npu(target: str) -> bool:
    """Whether the NPU's pipelines are wanted, on the NPU itself or on the processor."""
    return target in ("NPU", NPU_ON_CPU)


def plugin(target: str) -> str:
    """The device name the library takes."""
    return "NPU" if target == NPU_ON_CPU else target


def software_path(target: str) -> Mapping[str, str]:
    """Properties that put the NPU's pipeline on the processor; none for every other target."""
    return _ON_CPU if target == NPU_ON_CPU else {}


def compiles_for(target: str) -> bool:
    """Whether compiled models are worth keeping: on the processor they only duplicate the weights."""
    return target.startswith(("NPU", "GPU"))


def npu_ran(target: str) -> Device:
    """Where an NPU pipeline that was loaded for a target runs."""
    return Device.CPU if target == NPU_ON_CPU else Device.NPU
