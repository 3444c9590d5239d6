"""Where a model runs, and which backend put it there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Device(StrEnum):
    """A place a model can run. What is reported is always what really ran, never only what was asked for."""

    NPU = "npu"
    IGPU = "igpu"
    GPU = "gpu"
    CPU = "cpu"
    REMOTE = "remote"


@dataclass(frozen=True, slots=True)
class DeviceWords:
    """What a kind of device is called.

    Attributes:
        title: At the beginning of a line: "Graphics card".
        noun: In a sentence, behind an article or its maker: "graphics card".
        one: What a machine has or lacks: "a graphics card".
        short: On a badge, and behind "on": "GPU".
    """

    title: str
    noun: str
    one: str
    short: str


DEVICE_WORDS: Mapping[Device, DeviceWords] = {
    Device.NPU: DeviceWords("NPU", "NPU", "an NPU", "NPU"),
    Device.IGPU: DeviceWords("Integrated graphics", "graphics processor", "integrated graphics", "iGPU"),
    Device.GPU: DeviceWords("Graphics card", "graphics card", "a graphics card", "GPU"),
    Device.CPU: DeviceWords("Processor", "processor", "a processor", "CPU"),
    Device.REMOTE: DeviceWords("Server", "server", "a server", "a server"),
}
"""The words for devices, everywhere a person reads them."""


@dataclass(frozen=True, slots=True)
class Backend:
    """A runtime on a device, for instance ``moonshine-cpu``, with the model it serves.

    Attributes:
        backend_id: ``<runtime>-<device>`` for the model that comes with the program, ``<runtime>-<device>:<model>`` for
            one that was installed; unique in the registry.
        runtime: The model library behind the port, for instance ``llama.cpp``.
        device: The device that was asked for.
        model: The model's catalogue name, for instance ``smollm2-135m-instruct-q4_1``.
    """

    backend_id: str
    runtime: str
    device: Device
    model: str


class Presence(StrEnum):
    """What a look at a device came to. Each has its own remedy, so they are never lumped together."""

    READY = "ready"
    """At least one runtime can use it now."""
    ABSENT = "absent"
    """This machine has none."""
    NO_DRIVER = "no-driver"
    """It is there, but what runtimes need to reach it is not installed."""
    NO_PERMISSION = "no-permission"
    """It is there, but this user may not open it."""
    ASLEEP = "asleep"
    """It is there and sleeps; nothing was asked of it, since asking would wake it."""
    UNSUPPORTED = "unsupported"
    """It is there, but no runtime of ours drives it."""
    BROKEN = "broken"
    """Looking at it ended the process that looked, or failed a self-test."""


@dataclass(frozen=True, slots=True)
class RuntimeSupport:
    """One runtime's word on one device.

    Attributes:
        runtime: For instance ``openvino``, ``llama.cpp``, ``faster-whisper``.
        usable: It lists the device and can be started on it.
        target: What the runtime calls it: ``NPU``, ``GPU.0``, ``CUDA0``, ``Vulkan1``, ``CPU``.
        version: Of the runtime.
        reason: Why it is not usable, one sentence; empty when it is.
    """

    runtime: str
    usable: bool
    target: str = ""
    version: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class DeviceInfo:
    """One device of this machine, or one it does not have.

    Attributes:
        device: Which kind; a machine may have several graphics processors, and each has its own entry.
        name: As its maker calls it; empty when it is not there.
        presence: What a look at it came to.
        reason: One sentence when it is not ready; empty when it is.
        remedy: The one command, or the one thing to do; empty when nothing helps.
        driver: Version of the driver, empty when unknown.
        runtimes: What each runtime says of it.
        facts: More that is worth showing, as (name, value): compiler version, memory, PCI address.
    """

    device: Device
    name: str
    presence: Presence
    reason: str = ""
    remedy: str = ""
    driver: str = ""
    runtimes: tuple[RuntimeSupport, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()

    def support(self, runtime: str) -> RuntimeSupport | None:
        """What one runtime says of it, None when it was not asked."""
        return next((support for support in self.runtimes if support.runtime == runtime), None)


@dataclass(frozen=True, slots=True)
class Tier:
    """One rung of an escalation path."""

    backend_id: str
    model: str


@dataclass(frozen=True, slots=True)
class WarmUp:
    """What loading a backend came to.

    Attributes:
        ran: The device the load proved, from evidence rather than from the request.
        load_ms: Milliseconds from the call until the backend could answer; 0 if it was warm already.
    """

    ran: Device
    load_ms: float
