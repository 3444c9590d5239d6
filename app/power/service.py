"""Watts, degrees and joules of this machine, and what may run on it: sensors, accounts and governor in one.

Why it exists: the three need the same look at the sensors at the same moment, and none may look on its own. Sensors are
read once a second while somebody watches, while something works and for a little while after it; now and then while a
device rests, since only a look tells when it may work again; and at no other time.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from datetime import datetime

from app.aio.tasks import TaskOwner
from app.contracts.devices import Device
from app.contracts.energy import Comparison, DeviceReading, Energy, EnergyAccount, GovernorVerdict
from app.contracts.events import EnergyToday, GovernorDecided, SensorReadings, SystemEvent
from app.contracts.ports import Clock, EnergySpan, TurnEnergy
from app.power.energy.accounts import Accounts
from app.power.energy.days import Days
from app.power.energy.model import PowerModel
from app.power.governor.live import LiveGovernor
from app.power.governor.view import View
from app.power.sampler import Sampler
from app.power.sensors.estimating import with_estimates
from app.power.sensors.sample import Counters, Sample
from app.settings.limits import Limits

log = logging.getLogger(__name__)

LINGER_S = 15.0
"""Sensors are read for so long after the last work: what the machine takes doing nothing is learnt then."""
RESTING_LOOK_S = (10.0, 60.0)
"""Seconds between two looks while a device rests and nobody watches: at first, and when it has rested for long."""
READY_S = 0.1
"""Work that begins waits no longer for the first look: it takes milliseconds, but a driver may hang."""


class PowerService:
    """Implements `app.contracts.ports.PowerMonitor`, `Governor` and `PowerWatch`.

    Args:
        sampler: Looks at the sensors; closed with this.
        accounts: Shares the joules out.
        model: Watts of devices without a sensor.
        limits: What the governor keeps to, asked at every look.
        days: The joules of each day; closed with this.
        usable: Devices that can answer, asked at every look.
        clock: Time.
        publish: Takes `SensorReadings`, `GovernorDecided` and `EnergyToday`.
    """

    def __init__(
        self,
        sampler: Sampler,
        accounts: Accounts,
        model: PowerModel,
        *,
        limits: Callable[[], Limits],
        days: Days,
        clock: Clock,
        publish: Callable[[SystemEvent], None],
        usable: Callable[[], frozenset[Device]],
    ) -> None:
        self._sampler = sampler
        self._accounts = accounts
        self._model = model
        self._days = days
        self._clock = clock
        self._publish = publish
        self._usable = usable
        self._governor = LiveGovernor(limits, on_change=self._decided)
        self._overrides: dict[Device, bool] = {}
        self._watchers = 0
        self._turns = 0
        self._worked_at = float("-inf")
        self._readings: tuple[DeviceReading, ...] = ()
        self._stop: Callable[[], None] | None = None
        self._looking_since = 0.0
        self._looked = asyncio.Event()
        self._tasks = TaskOwner()
        self._patient = False

    # PowerMonitor

    def readings(self) -> tuple[DeviceReading, ...]:
        """The newest look at each device; empty before the first."""
        return self._readings

    def energy(self, device: Device, busy_s: float) -> Energy:
        """Joules above idle for seconds of work, by the device model."""
        return self._accounts.energy(device, busy_s)

    def span(self, stage: str, backend_id: str, device: Device, busy: Callable[[], float]) -> EnergySpan:
        """Begin to count a stage; sensors are read from now on."""
        self._works()
        return self._accounts.span(stage, backend_id, device, busy)

    def turn(self, turn_id: str) -> TurnEnergy:
        """Begin to count a turn; its end is published as `EnergyToday`."""
        self._turns += 1
        self._governor.turn_begins()
        self._works()
        return _Turn(self._accounts.turn(turn_id), self._turn_ended)

    # Governor

    def verdict(self) -> GovernorVerdict:
        """What was decided at the last look."""
        return self._governor.verdict()

    async def ready(self) -> None:
        """Read sensors from now on, and wait for the first look."""
        self._works()
        left_s = self._looking_since + READY_S - self._clock.monotonic()
        if left_s > 0.0:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._looked.wait(), left_s)

    # PowerWatch

    def watch(self) -> Callable[[], None]:
        """Have the readings published once a second, and what today took at once; returns how to end that."""
        self._watchers += 1
        self._look_on()
        self._tell_today()
        watching = True

        def end() -> None:
            nonlocal watching
            self._watchers -= watching
            watching = False

        return end

    def override(self, device: Device, allowed: bool | None) -> None:
        """The person's own word on a device, from the next look on, which is taken now."""
        if allowed is None:
            self._overrides.pop(device, None)
        else:
            self._overrides[device] = allowed
        self._tasks.start(self._look_once(), "look at the sensors")

    async def aclose(self) -> None:
        """Stop looking and let the sensors go."""
        if self._stop is not None:
            self._stop()
            self._stop = None
        await self._tasks.aclose()
        await self._sampler.aclose()
        await self._days.aclose()

    def _works(self) -> None:
        self._worked_at = self._clock.monotonic()
        self._look_on()

    def _look_on(self) -> None:
        if self._stop is None:
            self._looking_since = self._clock.monotonic()
            self._looked.clear()
            self._stop = self._sampler.subscribe(self._took)

    def _took(self, sample: Sample) -> None:
        """Everything that follows from one look."""
        self._accounts.took(sample)
        filled = with_estimates(sample, self._model)
        self._readings = filled.readings
        self._governor.look(self._view(filled))
        self._looked.set()
        if self._watchers:
            self._publish(SensorReadings(readings=filled.readings, battery=filled.battery))
        now = self._clock.monotonic()
        if self._turns or self._accounts.open_spans:
            self._worked_at = now
        if self._stop is not None and not self._watchers and now - self._worked_at > LINGER_S:
            self._stop()
            self._stop = None
        if self._stop is None and self._rests() and not self._patient:
            self._patient = True
            self._tasks.start(self._look_patiently(), "look whether a device may work again")

    def _view(self, sample: Sample) -> View:
        now = datetime.now()
        return View(
            at_s=sample.counters.at_s,
            minute_of_day=now.hour * 60 + now.minute,
            readings=sample.readings,
            battery=sample.battery,
            spent_turn_j=self._accounts.spent_in_turn_j,
            spent_hour_j=self._accounts.spent_in_hour_j(),
            watts_of_ours=self._accounts.watts_of_ours,
            overrides=dict(self._overrides),
            usable=self._usable(),
        )

    def _rests(self) -> bool:
        """Whether a device rests that only another look can let work again."""
        return any(rest.device not in self._overrides for rest in self._governor.verdict().rests)

    async def _look_once(self) -> None:
        """Look now. Where that fails nothing is known of the devices; the person's word on them counts all the same."""
        try:
            self._took(await self._sampler.once())
        except Exception as error:  # noqa: BLE001 - whatever a driver does
            log.warning("the sensors cannot be read: %s", error)
            self._governor.look(self._view(Sample(Counters(self._clock.monotonic()), ())))

    async def _look_patiently(self) -> None:
        """Look now and then until nothing rests, or until somebody looks every second."""
        pause_s, longest_s = RESTING_LOOK_S
        try:
            while self._stop is None and self._rests():
                await self._clock.sleep(pause_s)
                pause_s = min(longest_s, pause_s * 1.25)
                if self._stop is None:
                    await self._look_once()
        finally:
            self._patient = False

    def _decided(self, verdict: GovernorVerdict) -> None:
        allowed = tuple(device for device in Device if device in verdict.allowed)
        self._publish(
            GovernorDecided(
                allowed=allowed,
                reason=verdict.reason,
                rests=verdict.rests,
                max_tokens=verdict.max_tokens,
                joules=verdict.joules,
            )
        )

    def _turn_ended(self) -> None:
        self._turns -= 1
        self._tell_today()

    def _tell_today(self) -> None:
        day = self._days.today()
        energy = day.energy
        self._publish(
            EnergyToday(
                day=day.day,
                turns=day.turns,
                joules=energy.joules,
                provenance=energy.provenance,
                devices=day.by_device(),
                saved_joules=day.saved_joules,
            )
        )


class _Turn:
    """A counted turn whose end is told once."""

    def __init__(self, counted: TurnEnergy, ended: Callable[[], None]) -> None:
        self._counted = counted
        self._ended = ended
        self._open = True

    def end(self) -> tuple[EnergyAccount, tuple[Comparison, ...]]:
        result = self._counted.end()
        if self._open:
            self._open = False
            self._ended()
        return result
