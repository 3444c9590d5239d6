"""What every engine asks of OpenVINO in the same way: which device a target is, and its errors as ours.

The library itself is imported by the engines' own packages and handed in.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from app.contracts.devices import Device
from app.contracts.errors import RuntimeFault, Unavailable
from models.openvino.target import NPU_ON_CPU, is_npu, npu_ran


def find_device(core: Any, target: str) -> Device:
    """What a target really is.

    Args:
        core: An ``openvino.Core``.
        target: As `models.openvino.target` has it.

    Raises:
        Unavailable: It is not usable on this machine, or is none of OpenVINO's (``device-missing``).
    """
    if not (target.startswith(("CPU", "GPU")) or is_npu(target)):
        raise Unavailable(f"OpenVINO does not run on {target}, only on CPU, GPU and NPU.", code="device-missing")
    listed = core.available_devices
    if is_npu(target):
        usable, kind = target == NPU_ON_CPU or _has_npu(core), npu_ran(target)
    else:
        usable = target in listed or any(name.startswith(f"{target}.") for name in listed)
        kind = Device.CPU if target == "CPU" else Device.GPU
    if not usable:
        raise Unavailable(
            f"OpenVINO finds no {target} here, only {', '.join(listed)}.",
            code="device-missing",
            remedy="`sotto devices` says why.",
        )
    if kind is Device.GPU and "INTEGRATED" in str(core.get_property(target, "DEVICE_TYPE")):
        return Device.IGPU
    return kind


@contextmanager
def translated(what: str, remedy: str = "Install the model again.", *, code: str = "") -> Iterator[None]:
    """Turn what the library raises inside the block into one sentence.

    Args:
        what: What failed, for instance "OpenVINO could not generate".
        remedy: What to do about it.
        code: Of the error.

    Raises:
        RuntimeFault: With the last line of what the library said.
    """
    try:
        yield
    except (RuntimeError, ValueError, TypeError) as error:
        raise RuntimeFault(f"{what}: {reason_of(error)}", code=code, remedy=remedy) from error


def reason_of(error: Exception) -> str:
    """The last line of what the library said; what is before it is where in its source that was."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else "no reason given"


def _has_npu(core: Any) -> bool:
    """Whether there is an NPU; the library's other lists of devices are made of names that may not work."""
    try:
        return bool(core.get_property("NPU", "AVAILABLE_DEVICES"))
    except RuntimeError:  # this build has no plugin for it
        return False
