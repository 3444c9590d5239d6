"""What holds for the accounts whatever happens: begins, ends, looks, moves, deaths and missing meters, in any order."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.contracts.devices import Device
from app.contracts.energy import Energy, Provenance
from app.contracts.ports import EnergySpan
from app.power.energy.accounts import Accounts
from app.power.sensors.sample import HostWork, Meter
from tests.helpers.metering import MODEL, Metered

BACKENDS = ("stt", "llm", "tts")
LOCAL = (Device.NPU, Device.IGPU, Device.GPU, Device.CPU)
METERS = {"package-0": (Device.CPU,), "uncore": (Device.IGPU,), "npu": (Device.NPU,), "nvml:0": (Device.GPU,)}

share = st.floats(0.0, 1.0)
acts = st.lists(
    st.one_of(
        st.tuples(
            st.just("pass"),
            st.floats(0.001, 3.0),
            st.lists(st.floats(0.0, 200.0), min_size=4, max_size=4),
            st.lists(share, min_size=4, max_size=4),
            st.lists(share, min_size=3, max_size=3),
        ),
        st.tuples(st.just("begin"), st.sampled_from(BACKENDS), st.sampled_from(list(Device))),
        st.tuples(st.just("end"), st.integers(0, 9)),
        st.tuples(st.just("ask"), st.integers(0, 9)),
        st.tuples(st.just("move"), st.integers(0, 9), st.sampled_from(list(Device))),
        st.tuples(st.just("tick")),
        st.tuples(st.just("die"), st.sampled_from(BACKENDS)),
    ),
    max_size=40,
)


@dataclass
class Story:
    """A machine, its accounts, and the spans that were begun."""

    machine: Metered
    accounts: Accounts
    spans: list[tuple[EnergySpan, set[Device]]]

    def play(self, act: tuple) -> None:  # type: ignore[type-arg]
        match act:
            case ("pass", seconds, watts, busy, work):
                self.machine.pass_by(
                    seconds,
                    watts={
                        name: drawn for name, drawn in zip(METERS, watts, strict=True) if name in self.machine.meters
                    },
                    busy=dict(zip(LOCAL, busy, strict=True)),
                    work=dict(zip(BACKENDS, work, strict=True)),
                )
            case ("begin", backend, device):
                began = self.machine.now
                span = self.accounts.span("s", backend, device, lambda: (self.machine.now - began) / 2)
                self.spans.append((span, {device}))
            case ("tick",):
                self.accounts.took(self.machine.sample())
            case ("die", backend):
                self.machine.hosts[backend] = None
            case (what, number, *rest) if number < len(self.spans):
                span, devices = self.spans[number]
                if what == "end":
                    span.end()
                elif what == "ask":
                    assert span.so_far().joules >= 0.0
                else:
                    span.ran_on(rest[0])
                    devices.add(rest[0])


def story(meters: dict[str, tuple[Device, ...]]) -> Story:
    machine = Metered(hosts={"llm": HostWork(3.0)}, busy_s=dict.fromkeys(LOCAL, 0.0))
    for name, devices in meters.items():
        machine.with_meter(name, *devices)
    return Story(machine, Accounts(machine.counters, MODEL, machine, machine), [])


def counted(meters: dict[str, Meter]) -> float:
    return sum(meter.joules for meter in meters.values())


@settings(max_examples=60, deadline=None)
@given(acts)
def test_every_joule_of_the_meters_is_accounted_for_once(told: list[tuple]) -> None:  # type: ignore[type-arg]
    happens = story(METERS)
    before = counted(happens.machine.meters)
    turn = happens.accounts.turn("t")
    for act in told:
        happens.play(act)
    account, _ = turn.end()
    assert account.total == pytest.approx(counted(happens.machine.meters) - before, abs=1e-6)
    assert account.stages + account.shared + account.idle == pytest.approx(account.total, abs=1e-6)
    assert min(account.stages, account.shared, account.idle) >= 0.0
    assert account.provenance in (Provenance.MEASURED, Provenance.UNAVAILABLE)
    assert sum(one.energy.joules for one in account.devices) == pytest.approx(account.stages, abs=1e-6)


@settings(max_examples=60, deadline=None)
@given(acts)
def test_the_stages_of_a_turn_are_the_sum_of_its_spans(told: list[tuple]) -> None:  # type: ignore[type-arg]
    happens = story(METERS)
    turn = happens.accounts.turn("t")
    for act in told:
        if act[0] != "move":  # what was told of a span that has ended stays, though others move later
            happens.play(act)
    spent = [span.end().joules for span, _ in happens.spans]
    account, _ = turn.end()
    assert sum(spent) == pytest.approx(account.stages, abs=1e-6)
    assert all(joules >= 0.0 for joules in spent)


@settings(max_examples=60, deadline=None)
@given(acts, st.sets(st.sampled_from(sorted(METERS))))
def test_an_estimate_is_never_called_measured(told: list[tuple], there: set[str]) -> None:  # type: ignore[type-arg]
    happens = story({name: METERS[name] for name in sorted(there)})
    metered = {device for name in there for device in METERS[name]}
    turn = happens.accounts.turn("t")
    for act in told:
        happens.play(act)
    energies = [(span.end(), devices) for span, devices in happens.spans]
    account, comparisons = turn.end()
    for energy, devices in energies:
        assert energy.provenance is not Provenance.MEASURED or devices & metered
        assert energy.joules >= 0.0
        if devices == {Device.REMOTE}:
            assert energy == Energy(0.0, Provenance.UNAVAILABLE)
    for one in account.devices:
        assert (one.energy.provenance is Provenance.MEASURED) == (one.device in metered)
    assert account.stages + account.shared + account.idle == pytest.approx(account.total, abs=1e-6)
    assert min(account.total, account.stages, account.shared, account.idle) >= 0.0
    assert all(one.joules >= 0.0 and one.method for one in comparisons)


@settings(max_examples=60, deadline=None)
@given(st.permutations(range(3)), st.permutations(range(3)), st.lists(share, min_size=3, max_size=3))
def test_the_order_of_what_happens_at_one_moment_does_not_matter(
    begins: list[int], ends: list[int], work: list[float]
) -> None:
    happens = story(METERS)
    spans = {number: happens.accounts.span("s", BACKENDS[number], LOCAL[number + 1], lambda: 0.0) for number in begins}
    happens.machine.pass_by(
        1.0,
        watts=dict.fromkeys(METERS, 30.0),
        busy=dict.fromkeys(LOCAL, 0.7),
        work=dict(zip(BACKENDS, work, strict=True)),
        graphics=dict(zip(BACKENDS, work, strict=True)),
    )
    found = {number: spans[number].end().joules for number in ends}
    again = story(METERS)
    plain = [again.accounts.span("s", BACKENDS[number], LOCAL[number + 1], lambda: 0.0) for number in range(3)]
    again.machine.pass_by(
        1.0,
        watts=dict.fromkeys(METERS, 30.0),
        busy=dict.fromkeys(LOCAL, 0.7),
        work=dict(zip(BACKENDS, work, strict=True)),
        graphics=dict(zip(BACKENDS, work, strict=True)),
    )
    assert [found[number] for number in range(3)] == [pytest.approx(span.end().joules) for span in plain]
