"""Turns looks at the counters into stretches: what meters, devices, hosts and spans did from one look to the next.

Why it exists: counters come and go, hosts end in the middle and begin again at nothing, machines sleep. All of that is
settled here, so that who shares out joules sees only what was done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from app.contracts.devices import Device
from app.contracts.energy import DeviceReading
from app.power.energy.baseline import Baseline
from app.power.energy.model import PowerModel
from app.power.energy.sharing import Flow, Key, Stretch, Worked
from app.power.sensors.sample import Counters, Hosts, HostWork

LONGEST_S = 120.0
"""Between two looks at one a second, and at every stage's begin and end, more has not passed: the machine slept. So
much of it counts where a counter does not say better."""
MOST_W = 2000.0
"""A meter that counted faster was set anew by something, for instance by sleep; that stretch of it is not believed."""
_MOST_AHEAD_S = 0.2
"""Of work; a busy machine may pause us for so long between reading its own counters and those of the hosts."""
_NOTHING = HostWork(0.0)
_LEARN_S = (0.5, 60.0)
"""How long a look without work must and may be to say something about idling."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A look, and what became of each counter since the one before. ``stretch`` is None when no time has passed.

    ``ahead_s`` is how much later than the processor's own counter those of the hosts were read, in seconds of work.
    """

    counters: Counters
    stretch: Stretch | None
    hosts: Mapping[str, HostWork] = field(default_factory=dict)
    said: Mapping[Key, float] = field(default_factory=dict)
    ahead_s: float = 0.0


@dataclass(frozen=True, slots=True)
class _Followed:
    """A span that is open."""

    backend_id: str
    busy: Callable[[], float]


class Looks:
    """Keeps what was seen last.

    Args:
        model: Tells what devices take idle, until that has been learnt.
        hosts: The processes of backends.
    """

    def __init__(self, model: PowerModel, hosts: Hosts) -> None:
        self._model = model
        self._hosts = hosts
        self._baseline = Baseline()
        self._followed: dict[Key, _Followed] = {}
        self._last: Counters | None = None
        self._of_hosts: dict[str, HostWork] = {}
        self._said: dict[Key, float] = {}
        self._asleep: frozenset[Device] = frozenset()
        self._ahead_s = 0.0

    @property
    def at_s(self) -> float:
        """Time of the last look on the counters' own clock, minus infinity before the first."""
        return float("-inf") if self._last is None else self._last.at_s

    def metered(self, device: Device) -> bool:
        """Whether the last look found a meter of a device."""
        return self._last is not None and any(device in meter.devices for meter in self._last.meters)

    def slept(self, readings: Iterable[DeviceReading]) -> None:
        """What the last whole look said: a device that sleeps takes nothing, whatever its model says of idling."""
        self._asleep = frozenset(one.device for one in readings if one.asleep or not one.present)

    def follow(self, key: Key, backend_id: str, busy: Callable[[], float]) -> None:
        """A span begins at the last look."""
        if all(one.backend_id != backend_id for one in self._followed.values()):
            now = self._hosts.work(backend_id)
            self._of_hosts[backend_id] = now or self._of_hosts.get(backend_id, _NOTHING)
        self._followed[key] = _Followed(backend_id, busy)
        self._said[key] = busy()

    def leave(self, key: Key) -> None:
        """A span has ended at the last look."""
        del self._followed[key], self._said[key]

    def see(self, counters: Counters) -> Seen:
        """What has become since the last look. Nothing is kept of it until `keep`."""
        last = self._last
        if last is None or counters.at_s <= last.at_s:
            return Seen(last or counters, None, {}, self._said, self._ahead_s)
        passed_s = counters.at_s - last.at_s
        seconds = min(passed_s, LONGEST_S)
        names = dict.fromkeys(one.backend_id for one in self._followed.values())
        hosts = {name: work for name in names if (work := self._hosts.work(name)) is not None}
        said = {key: max(self._said[key], one.busy()) for key, one in self._followed.items()}
        busy_s = self._busy_s(last, counters, seconds)
        ahead_s = self._ahead_s
        if Device.CPU in busy_s:
            ours_s = sum(max(0.0, work.cpu_s - self._of_hosts[name].cpu_s) for name, work in hosts.items())
            ahead_s = min(_MOST_AHEAD_S, max(0.0, ours_s - busy_s[Device.CPU]))
        stretch = Stretch(
            seconds,
            tuple(self._flows(last, counters, passed_s)),
            busy_s,
            tuple(
                self._worked(key, one.backend_id, hosts.get(one.backend_id), said[key] - self._said[key], seconds)
                for key, one in self._followed.items()
            ),
            {device: self._baseline.rate(_busy(device), 0.0) * seconds for device in counters.busy_s},
        )
        return Seen(counters, stretch, hosts, said, ahead_s)

    def keep(self, seen: Seen, *, idling: bool) -> None:
        """From now on this was the last look. Of one in which we were ``idling`` is learnt what that takes."""
        if idling and self._last is not None:
            self._learn(self._last, seen.counters)
        self._last, self._said, self._ahead_s = seen.counters, dict(seen.said), seen.ahead_s
        self._of_hosts.update(seen.hosts)

    def _busy_s(self, last: Counters, now: Counters, seconds: float) -> dict[Device, float]:
        """How long each device worked. What hosts were ahead by at the last look was counted there already."""
        grown = {device: busy_s - last.busy_s[device] for device, busy_s in now.busy_s.items() if device in last.busy_s}
        if Device.CPU in grown:
            grown[Device.CPU] -= self._ahead_s
        return {
            device: min(seconds, max(0.0, busy_s))
            for device, busy_s in grown.items()
            if busy_s > 0.0 or device not in self._asleep
        }

    def _learn(self, last: Counters, now: Counters) -> None:
        seconds = now.at_s - last.at_s
        if not _LEARN_S[0] <= seconds <= _LEARN_S[1]:
            return
        before = {meter.name: meter.joules for meter in last.meters}
        for meter in now.meters:
            watts = (meter.joules - before.get(meter.name, float("inf"))) / seconds
            if 0.0 <= watts <= MOST_W:
                self._baseline.learn(meter.name, watts)
        for device, busy_s in now.busy_s.items():
            if device in last.busy_s:
                self._baseline.learn(_busy(device), (busy_s - last.busy_s[device]) / seconds)

    def _flows(self, last: Counters, now: Counters, seconds: float) -> Iterator[Flow]:
        """What the meters counted that were there at both looks."""
        before = {meter.name: meter.joules for meter in last.meters}
        for meter in now.meters:
            if meter.name not in before:
                continue
            joules = max(0.0, meter.joules - before[meter.name])
            if joules > MOST_W * seconds:
                continue
            assumed = sum(self._model.idle_w(device) for device in meter.devices)
            idle = min(joules, self._baseline.rate(meter.name, assumed) * seconds)
            yield Flow(meter.devices, joules - idle, idle)

    def _worked(self, key: Key, backend_id: str, now: HostWork | None, busy_s: float, seconds: float) -> Worked:
        """What a host did. One that has ended says nothing; one that began anew may begin at nothing."""
        if now is None:
            return Worked(key, backend_id, None, None, min(busy_s, LONGEST_S))
        before = self._of_hosts[backend_id]
        if now.cpu_s < before.cpu_s:
            before = _NOTHING
        graphics_s = None
        if now.graphics_s:  # nothing at all: what it uses counts for nobody, as with NVIDIA's driver
            graphics_s = min(seconds, max(0.0, now.graphics_s - (before.graphics_s or 0.0)))
        return Worked(key, backend_id, min(seconds, now.cpu_s - before.cpu_s), graphics_s, min(busy_s, LONGEST_S))


def _busy(device: Device) -> str:
    """What the baseline calls how busy a device is; no meter is called so."""
    return f"busy {device}"
