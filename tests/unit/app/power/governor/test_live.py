from __future__ import annotations

from app.contracts.devices import Device
from app.contracts.energy import DeviceReading, GovernorVerdict, measured
from app.power.governor.live import LiveGovernor
from app.power.governor.view import View
from app.settings.limits import Limits


def view(at_s: float, gpu_c: float, **more: float) -> View:
    readings = tuple(
        DeviceReading(device, temperature_c=measured(degrees, "script"), slows_at_c=90.0)
        for device, degrees in ((Device.CPU, 50.0), (Device.GPU, gpu_c))
    )
    return View(at_s, readings=readings, **more)  # type: ignore[arg-type]


def test_changes_are_told_and_nothing_else() -> None:
    told: list[GovernorVerdict] = []
    governor = LiveGovernor(lambda: Limits(joules_per_turn=50.0), on_change=told.append)
    assert governor.verdict() == GovernorVerdict(frozenset(Device))
    governor.look(view(0.0, 50.0))
    assert governor.look(view(1.0, 50.0, spent_turn_j=20.0)).joules == 30.0
    assert told == [], "what a turn may still take is no news"
    assert governor.look(view(2.0, 92.0)) == governor.verdict()
    governor.look(view(3.0, 91.0))
    governor.look(view(40.0, 60.0))
    assert [[rest.device for rest in verdict.rests] for verdict in told] == [[Device.GPU], []]


def test_a_turn_that_begins_has_all_the_joules_of_a_turn() -> None:
    governor = LiveGovernor(lambda: Limits(joules_per_turn=50.0, joules_per_hour=70.0), on_change=lambda verdict: None)
    governor.turn_begins()
    assert governor.verdict().joules is None, "nothing is known before the first look"
    governor.look(view(0.0, 50.0, spent_turn_j=48.0, spent_hour_j=10.0))
    assert governor.verdict().joules == 2.0
    governor.turn_begins()
    assert governor.verdict().joules == 50.0
    governor.look(view(1.0, 50.0, spent_turn_j=0.0, spent_hour_j=60.0))
    governor.turn_begins()
    assert governor.verdict().joules == 10.0


def test_other_limits_count_from_the_next_look_on() -> None:
    limits = [Limits()]
    governor = LiveGovernor(lambda: limits[0], on_change=lambda verdict: None)
    governor.look(view(0.0, 95.0))
    assert Device.GPU not in governor.verdict().allowed
    limits[0] = Limits(governs=False)
    assert governor.look(view(1.0, 95.0)).allowed == frozenset(Device)
