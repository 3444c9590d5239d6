"""Puts together what reads watts and degrees, accounts for joules, and decides which devices may run.

Why it exists: accounts look at the hosts of the backends, and backends are measured with the accounts. One of them has
to be made first; `Hosting` is what the accounts know of backends that come later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AsyncExitStack

from app.aio.clock import SystemClock
from app.bootstrap.runtimes import RuntimeServices, put_runtimes_together
from app.contracts.calibration import Measurement
from app.contracts.devices import Device
from app.contracts.errors import SottoError
from app.contracts.events import SystemEvent
from app.pipeline.ordering import seconds_of
from app.power.energy.accounts import Accounts
from app.power.energy.comparison import MeasuredSpeeds
from app.power.energy.days import FILE, Days
from app.power.energy.model import model_in_force
from app.power.governor.limits import limits_in_force
from app.power.sampler import Sampler
from app.power.sensors.hosts import ProcessHosts
from app.power.sensors.opening import open_sensors
from app.power.sensors.sample import Sensors
from app.power.service import PowerService
from app.settings.limits import Limits
from app.settings.paths import Paths, asset
from app.settings.profiles import ProfileStore
from app.settings.store import SettingsStore


class Hosting:
    """The backends, for those who were made before them: nothing until `attach`."""

    def __init__(self) -> None:
        self._runtimes: RuntimeServices | None = None

    def attach(self, runtimes: RuntimeServices) -> None:
        """Say which they are."""
        self._runtimes = runtimes

    def pid(self, backend_id: str) -> int:
        """The process of a backend's host, 0 while it has none."""
        if self._runtimes is None:
            return 0
        built = self._runtimes.backends.built()
        return next((runtime.host.pid for runtime in built if runtime.backend.backend_id == backend_id), 0)

    def loading(self) -> bool:
        """Whether a host is loading its model now."""
        return self._runtimes is not None and any(one.host.loading for one in self._runtimes.backends.built())

    def answering(self) -> frozenset[Device]:
        """Devices of this machine that can answer now; the processor where nobody knows."""
        if self._runtimes is None:
            return frozenset({Device.CPU})
        serving = self._runtimes.backends.serving("text_generation")
        return frozenset(backend.device for backend in serving) - {Device.REMOTE} or frozenset({Device.CPU})

    def measurements(self) -> Iterable[Measurement]:
        """Everything that was measured of backends and still holds."""
        if self._runtimes is None:
            return
        kept = self._runtimes.measurements
        for one in kept.all():
            if kept.exactly(one.backend_id, one.power_source) is one:
                yield one


def put_power_together(
    paths: Paths,
    settings: SettingsStore,
    limits: Callable[[], Limits],
    hosting: Hosting,
    *,
    publish: Callable[[SystemEvent], None] = lambda _event: None,
    sensors: Sensors | None = None,
) -> tuple[PowerService, tuple[str, ...]]:
    """Make everything; nothing is read yet.

    Args:
        paths: Where the person's device table and the days lie.
        settings: What they set over the profile's limits.
        limits: Those of the profile.
        hosting: The backends, attached later.
        publish: Takes what is to be told.
        sensors: What is looked at; those of this system by default.

    Returns:
        The service, and what is wrong with the person's own device table.
    """
    clock = SystemClock()
    model, problems = model_in_force(paths.power_file)
    sensors = sensors or open_sensors()
    days = Days(paths.machine_dir / FILE, clock)
    hosts = ProcessHosts(hosting.pid)
    speeds = MeasuredSpeeds(hosting.measurements, seconds_of)
    service = PowerService(
        Sampler(sensors, clock),
        Accounts(sensors.counters, model, hosts, clock, speeds=speeds, days=days, loading=hosting.loading),
        model,
        limits=lambda: limits_in_force(limits(), settings),
        days=days,
        clock=clock,
        publish=publish,
        usable=hosting.answering,
    )
    return service, problems


def open_machine(
    paths: Paths,
    settings: SettingsStore,
    limits: Callable[[], Limits],
    stack: AsyncExitStack,
    *,
    publish: Callable[[SystemEvent], None] = lambda _event: None,
    lasting: bool = True,
) -> tuple[RuntimeServices, PowerService, tuple[str, ...]]:
    """The backends of this machine and its power; ``stack`` takes them apart. What is wrong comes with them."""
    hosting = Hosting()
    power, problems = put_power_together(paths, settings, limits, hosting, publish=publish)
    stack.push_async_callback(power.aclose)
    runtimes = put_runtimes_together(paths, settings, power, publish=publish, lasting=lasting)
    stack.push_async_callback(runtimes.aclose)
    hosting.attach(runtimes)
    return runtimes, power, (*runtimes.problems, *problems)


def limits_of_active(paths: Paths, settings: SettingsStore) -> Limits:
    """Those of the profile in the settings, for commands that need no profile; the usual ones where it is wrong."""
    try:
        return ProfileStore(asset("profiles"), paths.profiles_dir).load(settings.text("profile.active")).limits
    except SottoError:
        return Limits()
