"""Shares out what the meters counted between two looks: to the stages that worked, to others, and to idling.

Why it exists: a meter counts a whole package, and several stages, other programs and the idle machine are all in it.
How that is divided is arithmetic on what was seen and nothing else, so it stands alone, as a pure function. It is
called again for a stretch that is over when it turns out that a stage ran elsewhere than was thought.

The rules. What a meter counted above idle belongs to whoever worked on the devices it counts, by the seconds they
worked; where one meter counts several devices, a second weighs as much as its device takes above idle by the model. A
stage works as long as its host does: by the host's processor time, by its time on the integrated or discrete graphics
where the driver tells, by the NPU's busy time, else by what the stage says itself. All work is that of the device's own
counter, less what it does while the machine idles, never less than that of the stages; what the stages do not come up
for is `shared`. Two stages of one host share its work. A device that nobody meters gets a meter from the model: idle
watts, and those above idle for the share of time it was busy. Whatever is divided that way, nothing is made and nothing
is lost.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from app.contracts.devices import Device
from app.power.energy.model import PowerModel

Key = int
"""Names a span."""
_LOCAL = tuple(device for device in Device if device is not Device.REMOTE)


@dataclass(frozen=True, slots=True)
class Flow:
    """What one meter counted in a stretch, joules."""

    devices: frozenset[Device]
    active: float
    idle: float
    measured: bool = True


@dataclass(frozen=True, slots=True)
class Worked:
    """What one span's host worked in a stretch, seconds.

    Attributes:
        key: Which span.
        backend_id: Whose host.
        cpu_s: Of the whole processor; None where nobody can tell.
        graphics_s: Of its graphics processor; likewise.
        busy_s: What the span says of itself.
    """

    key: Key
    backend_id: str
    cpu_s: float | None
    graphics_s: float | None
    busy_s: float


@dataclass(frozen=True, slots=True)
class Stretch:
    """What was seen between two looks.

    Attributes:
        seconds: Between them.
        flows: What each meter counted.
        busy_s: Seconds each device worked for anybody; without those nobody can tell of.
        worked: One for every span that was open.
        usual_s: How much of ``busy_s`` belongs to idling, since the meters' idle was learnt with it.
    """

    seconds: float
    flows: tuple[Flow, ...]
    busy_s: Mapping[Device, float]
    worked: tuple[Worked, ...]
    usual_s: Mapping[Device, float] = field(default_factory=dict)


@dataclass(slots=True)
class Part:
    """One span's part of a stretch: where, joules, and whether all of it came from meters."""

    device: Device
    joules: float = 0.0
    measured: bool = True


@dataclass(slots=True)
class Split:
    """A stretch, shared out. The parts, ``shared`` and ``idle`` together are all that was counted.

    Attributes:
        parts: By span.
        shared: Above idle, and nobody's of ours, J.
        idle: What the devices would have taken doing nothing, J.
        modelled: How much of it all comes from the model and not from a meter, J.
        metered: At least one meter was read.
    """

    parts: dict[Key, Part] = field(default_factory=dict)
    shared: float = 0.0
    idle: float = 0.0
    modelled: float = 0.0
    metered: bool = False


def split(stretch: Stretch, devices: Mapping[Key, Device], model: PowerModel) -> Split:
    """Share out a stretch.

    Args:
        stretch: What was seen.
        devices: Where each of its spans ran.
        model: Weighs devices against each other, and stands in for missing meters.
    """
    work: dict[Device, _Work] = {device: _work_on(device, stretch, devices) for device in _LOCAL}
    metered = frozenset(device for flow in stretch.flows for device in flow.devices)
    parts = {
        one.key: Part(devices[one.key], measured=devices[one.key] in metered)
        for one in sorted(stretch.worked, key=lambda one: one.key)
    }
    result = Split(parts, metered=bool(stretch.flows))
    for flow in (*stretch.flows, *_modelled(stretch, work, metered, model)):
        _pour(flow, work, parts, model, result)
    return result


@dataclass(frozen=True, slots=True)
class _Work:
    """Seconds of work on one device.

    Attributes:
        of_spans: Of each span.
        counted: Of the device, as far as counters tell.
        total: Of everybody, never less than that of the spans.
        unusual: The same without what belongs to idling.
    """

    of_spans: Mapping[Key, float]
    counted: float
    total: float
    unusual: float

    def all(self, *, measured: bool) -> float:
        """What is shared out: of a meter only what it counted above idle, and so without what belongs to idling."""
        return self.unusual if measured else self.total


def _pour(flow: Flow, work: Mapping[Device, _Work], parts: Mapping[Key, Part], model: PowerModel, into: Split) -> None:
    """Share out one meter."""
    into.idle += flow.idle
    if not flow.measured:
        into.modelled += flow.idle + flow.active
    left = flow.active
    weight = sum(work[device].all(measured=flow.measured) * model.above_w(device) for device in flow.devices)
    if weight > 0.0:
        for device in sorted(flow.devices):
            for key, seconds in work[device].of_spans.items():
                joules = min(left, flow.active * seconds * model.above_w(device) / weight)
                parts[key].joules += joules
                left -= joules
    into.shared += left


def _modelled(
    stretch: Stretch, work: Mapping[Device, _Work], metered: frozenset[Device], model: PowerModel
) -> Iterator[Flow]:
    """Meters by the model for the devices that have none: those that are known to be awake or to work."""
    for device, done in work.items():
        if device in metered or device not in model.devices or not (device in stretch.busy_s or done.of_spans):
            continue
        active = model.above_w(device) * min(done.counted, stretch.seconds)
        yield Flow(frozenset((device,)), active, model.idle_w(device) * stretch.seconds, measured=False)


def _work_on(device: Device, stretch: Stretch, devices: Mapping[Key, Device]) -> _Work:
    """Who worked how long on a device."""
    hosts: dict[str, list[Worked]] = {}
    for one in sorted(stretch.worked, key=lambda one: one.key):
        if devices[one.key] is device:
            hosts.setdefault(one.backend_id, []).append(one)
    busy = stretch.busy_s.get(device)
    of_spans: dict[Key, float] = {}
    by_host = said = 0.0
    for spans in hosts.values():
        seconds = _of_host(device, spans[0])
        if seconds is None:
            seconds = min(stretch.seconds, sum(one.busy_s for one in spans))
            said += seconds
        else:
            seconds = min(stretch.seconds, seconds)
            by_host += seconds
        of_spans.update(_among(spans, seconds))
    if device is Device.NPU and busy is not None:
        of_spans = _among([one for spans in hosts.values() for one in spans], busy)
        return _Work(of_spans, busy, busy, busy)
    counted = by_host + said if busy is None else max(busy, by_host)
    unusual = max(0.0, (busy or 0.0) - stretch.usual_s.get(device, 0.0))
    return _Work(of_spans, counted, max(busy or 0.0, by_host + said), max(unusual, by_host + said))


def _of_host(device: Device, one: Worked) -> float | None:
    """Seconds a host worked on a device by its own counters, None where there are none."""
    if device is Device.CPU:
        return one.cpu_s
    return one.graphics_s if device in (Device.IGPU, Device.GPU) else None


def _among(spans: list[Worked], seconds: float) -> dict[Key, float]:
    """Divide work among spans by what they say of themselves; equally when none says anything."""
    said = sum(one.busy_s for one in spans)
    if said <= 0.0:
        return {one.key: seconds / len(spans) for one in spans}
    return {one.key: seconds * one.busy_s / said for one in spans}
