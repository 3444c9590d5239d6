"""A recipe: how a runtime serves installed models on one kind of device."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from app.contracts.capabilities import Capabilities
from app.contracts.devices import Backend, Device, DeviceInfo, RuntimeSupport
from models.host.engine import JsonValue
from models.registry import Entry, Library, Port, Surroundings
from models.store.model import InstalledModel, ModelFormat


def _takes_all(_model: InstalledModel, _device: DeviceInfo) -> str:
    return ""


def _no_variables(_support: RuntimeSupport) -> Mapping[str, str]:
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How one runtime serves models of some formats on one kind of device.

    Attributes:
        name: First part of the ids of its backends: ``openvino`` makes ``openvino-npu:<model>``.
        runtime: As `RuntimeSupport.runtime` and `Backend.runtime` have it.
        device: Which kind.
        port: What its backends implement.
        formats: What it loads.
        engine: ``package.module:Class`` inside the host.
        operations: What the engine must answer for the port to work.
        libraries: What the engine imports.
        capabilities: Stated before it is loaded.
        options: The engine's constructor keywords.
        heavy: It computes on the processor for long enough to ask for the lease.
        refuses: Why a model does not suit a device, one sentence; empty when it does.
        environment: Variables its process is started with.
    """

    name: str
    runtime: str
    device: Device
    port: Port
    formats: tuple[ModelFormat, ...]
    engine: str
    operations: frozenset[str]
    libraries: tuple[Library, ...]
    capabilities: Callable[[InstalledModel], Capabilities]
    options: Callable[[Surroundings], Mapping[str, JsonValue]]
    heavy: bool
    refuses: Callable[[InstalledModel, DeviceInfo], str] = field(default=_takes_all)
    environment: Callable[[RuntimeSupport], Mapping[str, str]] = field(default=_no_variables)

    @property
    def prefix(self) -> str:
        """What the ids of its backends begin with."""
        return f"{self.name}-{self.device}"

    def backend_id(self, model: InstalledModel, *, embedded: bool) -> str:
        """The id of the backend that serves a model."""
        return self.prefix if embedded else f"{self.prefix}:{model.name}"

    def entry(self, model: InstalledModel, support: RuntimeSupport, *, embedded: bool = False) -> Entry:
        """The backend that serves a model on a device."""
        return Entry(
            backend=Backend(self.backend_id(model, embedded=embedded), self.runtime, self.device, model.name),
            port=self.port,
            engine=self.engine,
            operations=self.operations,
            libraries=self.libraries,
            capabilities=self.capabilities(model),
            heavy=self.heavy,
            options=self.options,
            installed=model,
            target=support.target,
            environment=self.environment(support),
        )
