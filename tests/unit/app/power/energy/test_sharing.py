"""How what the meters counted is shared out."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.contracts.devices import Device
from app.power.energy.sharing import Flow, Split, Stretch, Worked, split
from tests.helpers.metering import MODEL

CPU, NPU, IGPU, GPU, REMOTE = Device.CPU, Device.NPU, Device.IGPU, Device.GPU, Device.REMOTE


def flow(active: float, *devices: Device, idle: float = 0.0) -> Flow:
    return Flow(frozenset(devices), active, idle)


def worked(
    key: int, backend: str = "", *, cpu_s: float | None = None, graphics_s: float | None = None, busy_s: float = 0.0
) -> Worked:
    return Worked(key, backend or f"b{key}", cpu_s, graphics_s, busy_s)


def joules(found: Split) -> dict[int, float]:
    return {key: pytest.approx(part.joules) for key, part in found.parts.items()}


def test_a_package_is_shared_by_the_processor_time_of_the_hosts_and_the_rest_is_nobodys() -> None:
    stretch = Stretch(1.0, (flow(20.0, CPU, idle=3.0),), {CPU: 0.8}, (worked(0, cpu_s=0.2), worked(1, cpu_s=0.4)))
    found = split(stretch, {0: CPU, 1: CPU}, MODEL)
    assert joules(found) == {0: 5.0, 1: 10.0}
    assert (found.shared, found.idle, found.modelled) == (pytest.approx(5.0), 3.0, 0.0)
    assert all(part.measured for part in found.parts.values())


def test_the_work_of_all_is_never_less_than_that_of_the_spans() -> None:
    stretch = Stretch(1.0, (flow(20.0, CPU),), {CPU: 0.1}, (worked(0, cpu_s=0.2), worked(1, cpu_s=0.2)))
    found = split(stretch, {0: CPU, 1: CPU}, MODEL)
    assert joules(found) == {0: 10.0, 1: 10.0}
    assert found.shared == pytest.approx(0.0)


def test_work_that_goes_on_all_the_time_belongs_to_idling_and_takes_no_part() -> None:
    spans = (worked(0, cpu_s=0.2),)
    found = split(Stretch(1.0, (flow(8.0, CPU, idle=5.0),), {CPU: 0.3}, spans, {CPU: 0.1}), {0: CPU}, MODEL)
    assert joules(found) == {0: 8.0}
    modelled = split(Stretch(1.0, (), {CPU: 0.3}, spans, {CPU: 0.1}), {0: CPU}, MODEL)
    assert joules(modelled) == {0: 4.0}
    assert modelled.shared == pytest.approx(2.0)


def test_where_one_meter_counts_two_devices_their_seconds_weigh_as_much_as_they_draw() -> None:
    spans = (worked(0, cpu_s=0.5), worked(1, graphics_s=0.5))
    found = split(Stretch(1.0, (flow(30.0, CPU, IGPU),), {CPU: 0.5, IGPU: 0.5}, spans), {0: CPU, 1: IGPU}, MODEL)
    assert joules(found) == {0: 20.0, 1: 10.0}


def test_two_spans_of_one_host_share_its_work_by_what_they_say() -> None:
    spans = (worked(0, "one", cpu_s=0.6, busy_s=0.2), worked(1, "one", cpu_s=0.6, busy_s=0.1))
    found = split(Stretch(1.0, (flow(12.0, CPU),), {CPU: 0.6}, spans), {0: CPU, 1: CPU}, MODEL)
    assert joules(found) == {0: 8.0, 1: 4.0}
    silent = (worked(0, "one", cpu_s=0.6), worked(1, "one", cpu_s=0.6))
    found = split(Stretch(1.0, (flow(12.0, CPU),), {CPU: 0.6}, silent), {0: CPU, 1: CPU}, MODEL)
    assert joules(found) == {0: 6.0, 1: 6.0}


def test_an_npu_counts_for_itself() -> None:
    found = split(Stretch(1.0, (flow(2.0, NPU),), {NPU: 0.3}, (worked(0, cpu_s=0.9),)), {0: NPU}, MODEL)
    assert joules(found) == {0: 2.0}
    found = split(Stretch(1.0, (flow(2.0, NPU),), {}, (worked(0, busy_s=0.4),)), {0: NPU}, MODEL)
    assert joules(found) == {0: 2.0}


def test_a_graphics_card_whose_driver_counts_no_hosts_goes_by_what_the_span_says() -> None:
    found = split(Stretch(1.0, (flow(40.0, GPU),), {GPU: 0.8}, (worked(0, cpu_s=0.1, busy_s=0.4),)), {0: GPU}, MODEL)
    assert joules(found) == {0: 20.0}
    assert found.shared == pytest.approx(20.0)


def test_a_device_without_a_meter_gets_one_from_the_model() -> None:
    found = split(Stretch(2.0, (), {CPU: 1.0}, (worked(0, cpu_s=0.5),)), {0: CPU}, MODEL)
    assert joules(found) == {0: 10.0}
    assert (found.shared, found.idle, found.modelled) == (pytest.approx(10.0), 4.0, 24.0)
    assert not found.parts[0].measured
    assert not found.metered


def test_without_any_counter_the_model_goes_by_what_spans_say_and_no_device_works_more_than_all_the_time() -> None:
    found = split(Stretch(1.0, (), {}, (worked(0, busy_s=0.5),)), {0: CPU}, MODEL)
    assert joules(found) == {0: 10.0}
    found = split(Stretch(1.0, (), {}, (worked(0, busy_s=1.0), worked(1, busy_s=1.0))), {0: CPU, 1: CPU}, MODEL)
    assert joules(found) == {0: 10.0, 1: 10.0}


def test_the_devices_of_other_meters_stay_estimates() -> None:
    spans = (worked(0, cpu_s=0.5), worked(1, busy_s=0.5))
    found = split(Stretch(1.0, (flow(10.0, CPU),), {CPU: 0.5}, spans), {0: CPU, 1: NPU}, MODEL)
    assert joules(found) == {0: 10.0, 1: 1.0}
    assert (found.parts[0].measured, found.parts[1].measured) == (True, False)
    assert found.modelled == pytest.approx(1.0)


def test_a_server_takes_nothing_of_ours() -> None:
    found = split(Stretch(1.0, (flow(10.0, CPU),), {CPU: 0.5}, (worked(0, busy_s=1.0),)), {0: REMOTE}, MODEL)
    assert joules(found) == {0: 0.0}
    assert (found.shared, found.parts[0].measured) == (10.0, False)


share = st.floats(0.0, 1.0)
maybe = st.none() | share
spans = st.lists(
    st.tuples(st.sampled_from(["a", "b", "c"]), st.sampled_from(list(Device)), maybe, maybe, share), max_size=6
)
meters = st.lists(
    st.tuples(st.frozensets(st.sampled_from([CPU, NPU, IGPU, GPU])), st.floats(0.0, 500.0), st.floats(0.0, 50.0)),
    max_size=4,
)
busy = st.dictionaries(st.sampled_from([CPU, NPU, IGPU, GPU]), share)


@given(spans, meters, busy, busy, st.randoms(use_true_random=False))
def test_nothing_is_made_or_lost_whatever_was_seen_and_in_whatever_order(
    given_spans: list[tuple[str, Device, float | None, float | None, float]],
    given_meters: list[tuple[frozenset[Device], float, float]],
    given_busy: dict[Device, float],
    usual: dict[Device, float],
    chance: object,
) -> None:
    flows = tuple(Flow(devices, active, idle) for devices, active, idle in given_meters)
    all_spans = [
        Worked(key, backend, cpu_s, graphics_s, busy_s)
        for key, (backend, _, cpu_s, graphics_s, busy_s) in enumerate(given_spans)
    ]
    devices = {key: device for key, (_, device, *_) in enumerate(given_spans)}
    found = split(Stretch(1.0, flows, given_busy, tuple(all_spans), usual), devices, MODEL)
    counted = sum(active + idle for _, active, idle in given_meters)
    parts = sum(part.joules for part in found.parts.values())
    measured_total = parts + found.shared + found.idle - found.modelled
    assert math.isclose(measured_total, counted, abs_tol=1e-6)
    assert min([found.shared, found.idle, *(part.joules for part in found.parts.values())]) >= 0.0
    metered = {device for names, _, _ in given_meters for device in names}
    assert all(part.measured == (devices[key] in metered) for key, part in found.parts.items())
    chance.shuffle(all_spans)  # type: ignore[attr-defined]
    again = split(Stretch(1.0, flows[::-1], given_busy, tuple(all_spans), usual), devices, MODEL)
    assert {key: pytest.approx(part.joules, abs=1e-9) for key, part in found.parts.items()} == {
        key: part.joules for key, part in again.parts.items()
    }
