"""Where a model runs, and which backend put it there."""

from __future__ import annotations

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
class Backend:
    """A runtime on a device, for instance ``moonshine-cpu``, with the model it serves.

    Attributes:
        backend_id: ``<runtime>-<device>``, unique in the registry.
        runtime: The model library behind the port, for instance ``llama.cpp``.
        device: The device that was asked for.
        model: The model's catalogue name, for instance ``smollm2-135m-instruct-q4_1``.
    """

    backend_id: str
    runtime: str
    device: Device
    model: str


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
