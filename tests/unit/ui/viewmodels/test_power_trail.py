from __future__ import annotations

import pytest

from app.contracts.devices import Device
from app.contracts.energy import Quantity, estimated, measured, unavailable
from ui.viewmodels.power_trail import LENGTH_S, PowerTrail


@pytest.fixture
def trail(qt_messages: list[str]) -> PowerTrail:
    return PowerTrail("W", 1, 0.0, 5.0)


def count(trail: PowerTrail) -> list[int]:
    told: list[int] = []
    trail.moved.connect(lambda: told.append(1))
    return told


def test_one_value_a_second_and_no_more_than_three_minutes(trail: PowerTrail) -> None:
    for watts in range(LENGTH_S + 20):
        trail.add({Device.CPU: measured(float(watts), "x")})
    (line,) = trail.lines
    assert len(line.values) == LENGTH_S
    assert (line.values[0], line.values[-1]) == (20.0, LENGTH_S + 19.0)
    assert trail.top == 200.0


def test_what_was_not_read_is_a_gap(trail: PowerTrail) -> None:
    trail.add({Device.CPU: measured(1.0, "x"), Device.GPU: unavailable("asleep")})
    trail.add({Device.CPU: unavailable("no longer")})
    trail.add({Device.CPU: measured(2.0, "x")}, seconds=3)
    (line,) = trail.lines
    assert line.values[-5:] == (1.0, None, None, None, 2.0)


def test_the_newest_value_says_whether_the_line_is_an_estimate(trail: PowerTrail) -> None:
    trail.add({Device.CPU: measured(1.0, "x"), Device.NPU: estimated(1.0, "table")})
    assert [(line.device, line.estimate) for line in trail.lines] == [(Device.NPU, True), (Device.CPU, False)]
    trail.add({Device.CPU: estimated(1.0, "table")})
    assert trail.lines[1].estimate


def test_a_picture_that_stays_the_same_is_not_told(trail: PowerTrail) -> None:
    for _ in range(LENGTH_S):
        trail.add({Device.CPU: measured(4.0, "x")})
    told = count(trail)
    for nudge in (0.0, 0.01, -0.02):
        trail.add({Device.CPU: measured(4.0 + nudge, "x")})
    assert told == []
    trail.add({Device.CPU: measured(4.3, "x")})
    assert told == [1]


def test_a_device_that_is_silent_for_three_minutes_is_forgotten(trail: PowerTrail) -> None:
    trail.add({Device.GPU: measured(60.0, "x")})
    assert not trail.property("empty")
    assert trail.top == 100.0
    trail.add({Device.GPU: Quantity()}, seconds=4 * LENGTH_S)
    assert trail.lines == ()
    assert trail.property("empty")
    assert trail.top == 5.0
