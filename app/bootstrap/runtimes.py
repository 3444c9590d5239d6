"""Puts the backends of this machine together: devices, installed models, the person's servers, and who watches loads.

Why it exists: the window, the terminal's commands and the pipelines must all see the same backends. Making this touches
no device, loads no library and starts nothing; `RuntimeServices.start` begins what goes on in the background.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from app.aio.lease import CpuLease
from app.aio.tasks import TaskOwner
from app.contracts.calibration import Measurement
from app.contracts.devices import Backend, Device, Presence
from app.contracts.errors import SottoError
from app.contracts.events import HostChanged, Notice, SystemEvent
from app.contracts.ports import Machine, PowerMonitor, Runtime
from app.settings.consent import Consent
from app.settings.paths import Paths
from app.settings.secrets import KeyringSecrets
from app.settings.servers import ServersFile
from app.settings.store import SettingsStore
from models.backends import Backends
from models.calibration.due import open_measurements
from models.calibration.job import CalibrationJob, Watch
from models.calibration.measuring import measure
from models.calibration.store import Measurements
from models.compiled.blobs import CompiledModels
from models.compiled.gate import CompileGate
from models.devices.machine import SystemMachine
from models.devices.selftest import SelfTest
from models.devices.witness import Witness
from models.memory import ram
from models.recipes import RECIPES
from models.recipes.recipe import Recipe
from models.recipes.voices import EXPERIMENT
from models.residency import Residency, ResidencyOptions, pinned_ids
from models.servers import Servers
from models.store.store import Store

log = logging.getLogger(__name__)

Publish = Callable[[SystemEvent], None]


@dataclass(frozen=True, slots=True)
class RuntimeServices:
    """What was put together.

    Attributes:
        backends: Every backend.
        machine: The devices.
        store: The installed models.
        measurements: How fast each backend was found to be.
        problems: What is wrong in the person's file of servers.
    """

    backends: Backends
    machine: SystemMachine
    store: Store
    measurements: Measurements
    residency: Residency
    compiling: CompileGate
    calibration: CalibrationJob
    problems: tuple[str, ...]
    _publish: Publish
    _tasks: TaskOwner

    def start(self) -> None:
        """Look for devices if that has to be done, and measure what has not been measured, all in the background."""
        if self.machine.stale:
            self._tasks.start(self._look(), "look for devices")
        self._tasks.start(self.calibration.run(), "calibration")

    async def aclose(self) -> None:
        """End what goes on in the background, then every host."""
        await self._tasks.aclose()
        await self.compiling.aclose()
        await self.residency.aclose()
        await self.backends.aclose()

    async def _look(self) -> None:
        """Look, and say what was found: the tiers are chosen once, at the start."""
        before = self.machine.look()
        try:
            found = await self.machine.refresh()
        except SottoError as error:
            log.warning("the devices could not be looked for: %s", error)
            return
        known = {device.device for device in before if device.presence is Presence.READY}
        names = [info.name for info in found if info.presence is Presence.READY and info.device not in known]
        if names:
            message = f"Models can run on {' and '.join(names)} too."
            remedy = "It is used after the next start of Sotto."
            self._publish(Notice(level="info", code="devices-found", message=message, remedy=remedy))


def put_runtimes_together(
    paths: Paths,
    settings: SettingsStore,
    power: PowerMonitor,
    *,
    publish: Publish = lambda _event: None,
    lease: CpuLease | None = None,
    lasting: bool = True,
) -> RuntimeServices:
    """Make everything. ``aclose`` of what is returned takes it apart; ``lasting`` as `CompileGate` takes it."""
    lease = lease or CpuLease()
    machine = SystemMachine(paths.machine_dir)
    residency = Residency(lambda: _residency_options(settings), on_event=publish)
    compiling = CompileGate(
        CompiledModels(paths.compiled_dir),
        machine=machine,
        enabled=lambda: settings.flag("models.compile"),
        threads=lease.threads,
        on_event=publish,
        lasting=lasting,
    )
    store = Store(paths.models_dir)
    watchers = _Watchers(paths, machine, compiling, residency, publish)
    servers = _servers(paths, settings)
    backends = Backends(
        lease,
        on_event=watchers.saw,
        cache_dir=paths.cache_dir,
        machine=machine,
        library=store,
        gates=watchers.gates,
        cache_for=compiling.cache_for,
        recipes=lambda: _recipes(settings),
        held_back=servers.why_not,
    )
    watchers.attach(backends)
    for server in servers.open(tuple(backends.entries)):
        backends.add(server, revision=servers.revision(server.backend.backend_id))
    measurements = open_measurements(paths.machine_dir, backends, machine)
    calibration = CalibrationJob(
        backends,
        measurements,
        _measuring(backends, measurements, power),
        publish,
        Watch(enabled=lambda: settings.flag("models.calibrate")),
    )
    tasks = TaskOwner()
    return RuntimeServices(
        backends, machine, store, measurements, residency, compiling, calibration, servers.problems, publish, tasks
    )


class _Watchers:
    """Those who have a word in every load: made before the backends, told about them afterwards."""

    def __init__(
        self, paths: Paths, machine: Machine, compiling: CompileGate, residency: Residency, publish: Publish
    ) -> None:
        self._compiling = compiling
        self._residency = residency
        self._publish = publish
        self._backends: Backends | None = None
        self_test = SelfTest(paths.machine_dir, machine=machine, revision=self._revision, peer=self._peer)
        # What failed is refused first; room is made last, right before loading.
        self.gates = (self_test, compiling, Witness(), residency)

    def attach(self, backends: Backends) -> None:
        """Say whose loads they watch."""
        self._backends = backends
        self._compiling.attach(backends)
        self._residency.attach(backends)

    def saw(self, event: HostChanged) -> None:
        """Pass on what becomes of a host."""
        self._publish(event)
        self._residency.saw(event)

    def _revision(self, backend_id: str) -> str:
        assert self._backends is not None
        return self._backends.revision(backend_id)

    def _peer(self, backend: Backend) -> Runtime | None:
        """The same model on the processor, None where there is none, or no room for it."""
        backends = self._backends
        assert backends is not None
        port = backends.entries[backend.backend_id].port
        for key, entry in backends.entries.items():
            same = entry.port is port and entry.backend.model == backend.model
            if same and entry.backend.device is Device.CPU and not backends.why_not(key):
                runtime = backends.build(key)
                return runtime if self._residency.size(runtime) < ram().available else None
        return None


def _servers(paths: Paths, settings: SettingsStore) -> Servers:
    return Servers(
        ServersFile(paths.servers_file),
        Consent(paths.machine_dir),
        KeyringSecrets(),
        offline=lambda: settings.flag("network.offline"),
    )


def _residency_options(settings: SettingsStore) -> ResidencyOptions:
    return ResidencyOptions(
        memory_gb=settings.number("models.memory_gb"),
        keep_s=settings.number("models.keep_s"),
        pinned=pinned_ids(settings.text("models.pinned")),
    )


def _recipes(settings: SettingsStore) -> tuple[Recipe, ...]:
    return (*RECIPES, *EXPERIMENT) if settings.flag("models.npu_voice_experiment") else RECIPES


def _measuring(
    backends: Backends, store: Measurements, power: PowerMonitor
) -> Callable[[str, Callable[[int, int], None]], Awaitable[Measurement]]:
    def one(backend_id: str, on_step: Callable[[int, int], None]) -> Awaitable[Measurement]:
        return measure(
            backends.build(backend_id),
            power,
            revision=store.revision(backend_id),
            power_source=store.source,
            on_step=on_step,
        )

    return one
