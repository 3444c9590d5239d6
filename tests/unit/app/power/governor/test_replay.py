"""Traces through the governor: what it decides about known ones, and what holds for any."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.contracts.devices import Device
from app.contracts.energy import BatteryReading, DeviceReading, GovernorVerdict, measured, unavailable
from app.power.governor.deciding import decide
from app.power.governor.replay import replay
from app.power.governor.state import State
from app.power.governor.view import View
from app.power.trace import read_trace
from app.settings.limits import Limits, OnBattery, QuietHours
from tests.helpers.heating import FOLDER, RECORDED, TRACES, decisions, write_trace

LOCAL = (Device.NPU, Device.IGPU, Device.GPU, Device.CPU)


@pytest.mark.parametrize("name", TRACES)
def test_the_decisions_about_a_trace_are_those_of_the_golden_file(name: str) -> None:
    assert decisions(TRACES[name]) == (FOLDER / f"{name}.txt").read_text(encoding="utf-8")


def test_the_recorded_trace_gives_the_same_decisions_as_the_machine_it_comes_from(tmp_path: Path) -> None:
    file = FOLDER / f"{RECORDED}.jsonl"
    assert decisions(read_trace(file)) == (FOLDER / f"{RECORDED}.txt").read_text(encoding="utf-8")
    write_trace(TRACES[RECORDED], tmp_path / "again.jsonl")
    assert (tmp_path / "again.jsonl").read_bytes() == file.read_bytes()


def test_other_limits_and_the_persons_word_give_other_decisions() -> None:
    trace = TRACES[RECORDED]
    early = list(replay(trace, Limits(rest_under_trip_c=20.0)))
    usual = list(replay(trace, Limits()))
    assert early[1].after_s < usual[1].after_s
    assert len(list(replay(trace, Limits(), {Device.GPU: True}))) == 1


@dataclass(frozen=True)
class Moment:
    """One look of a random trace: seconds since the one before, and everything that is seen."""

    after_s: float
    temperatures: Mapping[Device, float | None]
    throttled: Mapping[Device, bool | None]
    battery: BatteryReading | None
    spent_hour_j: float
    watts: float
    minute: int


_temperatures = st.none() | st.floats(20.0, 110.0) | st.sampled_from([70.0, 72.0, 80.0, 82.0, 86.9, 87.0, 95.0])
_batteries = st.none() | st.builds(BatteryReading, st.none() | st.floats(0.0, 100.0), st.none() | st.booleans())


@st.composite
def traces(draw: st.DrawFn, *, come_and_go: bool = False) -> list[Moment]:
    """A machine with a processor and some of the others, which may come and go, looked at for a while."""
    there = (Device.CPU, *draw(st.sets(st.sampled_from(LOCAL[:3]))))
    others = dict.fromkeys(there[1:], _temperatures)
    moments = st.builds(
        Moment,
        st.sampled_from([1.0, 1.0, 1.0, 2.0, 9.7, 10.0, 31.0]),
        st.fixed_dictionaries({Device.CPU: _temperatures}, optional=others)
        if come_and_go
        else st.fixed_dictionaries({Device.CPU: _temperatures, **others}),
        st.fixed_dictionaries({device: st.none() | st.booleans() for device in there}),
        _batteries,
        st.floats(0.0, 3000.0),
        st.floats(0.0, 80.0),
        st.integers(0, 1439),
    )
    return draw(st.lists(moments, min_size=5, max_size=60))


limits = st.builds(
    Limits,
    governs=st.sampled_from([True, True, True, False]),
    rest_under_trip_c=st.floats(0.0, 40.0),
    warm_again_c=st.floats(1.0, 40.0),
    dwell_s=st.sampled_from([5.0, 30.0, 120.0]),
    battery_percent=st.floats(0.0, 100.0),
    on_battery=st.sampled_from(OnBattery),
    watts=st.none() | st.floats(5.0, 60.0),
    joules_per_hour=st.none() | st.floats(100.0, 3000.0),
    quiet_hours=st.none() | st.just(QuietHours(22 * 60, 7 * 60)),
)
usable = st.none() | st.frozensets(st.sampled_from(Device))
overrides = st.dictionaries(st.integers(0, 59), st.dictionaries(st.sampled_from(Device), st.booleans()), max_size=4)


def views(
    trace: list[Moment], said: Mapping[int, Mapping[Device, bool]], usable: frozenset[Device] | None = None
) -> list[View]:
    """What the governor sees; `said` is the person's word from a look on."""
    seen: list[View] = []
    at_s, word = 100.0, dict[Device, bool]()
    for number, moment in enumerate(trace):
        at_s += moment.after_s
        word = dict(said.get(number, word))
        readings = tuple(
            DeviceReading(
                device,
                temperature_c=unavailable("None.") if degrees is None else measured(degrees, "script"),
                throttled=moment.throttled[device],
                slows_at_c=87.0,
            )
            for device, degrees in moment.temperatures.items()
        )
        seen.append(
            View(
                at_s,
                moment.minute,
                readings,
                moment.battery,
                spent_hour_j=moment.spent_hour_j,
                watts_of_ours=moment.watts,
                overrides=word,
                usable=usable,
            )
        )
    return seen


def verdicts(seen: list[View], *kept: Limits) -> list[GovernorVerdict]:
    """What is decided; the person changes the limits on the way, when there are several."""
    state, found = State(), []
    for number, view in enumerate(seen):
        state, verdict = decide(state, view, kept[number * len(kept) // len(seen)])
        found.append(verdict)
    return found


@settings(max_examples=80, deadline=None)
@given(traces(), limits, usable)
def test_neither_a_device_nor_the_caps_change_twice_within_the_dwell_time(
    trace: list[Moment], kept: Limits, able: frozenset[Device] | None
) -> None:
    seen = views(trace, {}, able)
    changed: dict[Device, float] = {}
    before, capped, capped_at_s = frozenset(Device), (None, 0.0), -1e9
    for view, verdict in zip(seen, verdicts(seen, kept), strict=True):
        if (verdict.max_tokens, verdict.patience) != capped:
            assert view.at_s - capped_at_s >= kept.dwell_s
            capped, capped_at_s = (verdict.max_tokens, verdict.patience), view.at_s
        for device in before ^ verdict.allowed:
            assert view.at_s - changed.get(device, -1e9) >= kept.dwell_s
            changed[device] = view.at_s
        before = verdict.allowed


@settings(max_examples=80, deadline=None)
@given(traces(come_and_go=True), st.lists(limits, min_size=1, max_size=4), overrides, usable)
def test_what_holds_of_every_verdict(
    trace: list[Moment], kept: list[Limits], said: Mapping[int, Mapping[Device, bool]], able: frozenset[Device] | None
) -> None:
    seen = views(trace, said, able)
    found = verdicts(seen, *kept)
    assert found == verdicts(seen, *kept), "the same looks give the same decisions"
    for view, verdict in zip(seen, found, strict=True):
        resting = {rest.device for rest in verdict.rests}
        assert verdict.allowed == frozenset(Device) - resting, "a device rests or may be used"
        assert verdict.allowed & view.answering, "one of this machine that can answer may be used"
        assert view.answering <= {reading.device for reading in view.readings}
        assert all(rest.reason for rest in verdict.rests)
        held_back = bool(verdict.rests) or verdict.max_tokens is not None or verdict.patience > 0.0
        assert bool(verdict.reason) == held_back
        assert all(rest.reason in verdict.reason for rest in verdict.rests)
        assert 0.0 <= verdict.patience <= 1.0
        assert verdict.max_tokens is None or 1 <= verdict.max_tokens <= Limits().max_tokens
        assert all(use is not True or device in verdict.allowed for device, use in view.overrides.items())


@settings(max_examples=50, deadline=None)
@given(traces(), limits)
def test_what_cannot_be_read_rests_nothing_for_long(trace: list[Moment], kept: Limits) -> None:
    """After the trace every sensor is gone: whatever rested because of heat works again within minutes."""
    calm = replace(kept, watts=None, joules_per_hour=None, quiet_hours=None)
    seen = views(trace, {})
    blind = tuple(DeviceReading(reading.device) for reading in seen[-1].readings)
    end = seen[-1].at_s
    seen += [View(end + seconds, 720, blind) for seconds in range(10, 300, 10)]
    assert verdicts(seen, calm)[-1] == GovernorVerdict(frozenset(Device))
