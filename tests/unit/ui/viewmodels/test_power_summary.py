from __future__ import annotations

import pytest

from app.contracts.devices import Device
from app.contracts.energy import BatteryReading, Comparison, Energy, Provenance, measured
from app.contracts.events import EnergyToday
from app.contracts.metrics import TurnMetrics
from tests.helpers.power_readings import hot_card, laptop, metrics, plain_vm
from ui.viewmodels.power_summary import PowerSummary, absent_line, battery_line


@pytest.fixture
def summary(qt_messages: list[str]) -> PowerSummary:
    return PowerSummary()


def day(turns: int = 12, joules: float = 48.2, saved: float = 81.0) -> EnergyToday:
    return EnergyToday(day="2026-01-02", turns=turns, joules=joules, provenance=Provenance.ESTIMATE, saved_joules=saved)


def test_before_the_first_turn_there_is_nothing_to_say(summary: PowerSummary) -> None:
    summary.day(day(turns=0, joules=0.0, saved=0.0))
    assert (summary.property("compact"), summary.property("saved")) == ("", "")
    assert summary.property("spoken") == "Power and heat"
    assert summary.turn.property("origin") == "Unavailable. No turn has been counted yet."


def test_the_turn_and_the_day(summary: PowerSummary) -> None:
    summary.turn_over(metrics(3.14, saved=0.61))
    assert (summary.property("compact"), summary.property("compactShort")) == ("≈ 3.1 J", "≈ 3.1 J")
    summary.day(day())
    assert summary.property("compact") == "≈ 3.1 J · ≈ 48 J today"
    assert summary.property("spoken") == "Power and heat. Last turn: 3.1 J, estimate. Today: 48 J, estimate"
    assert summary.property("saved") == (
        "Last turn ≈ 61 % less than all on the GPU\nToday ≈ 81 J less than all on the GPU"
    )
    assert "busy time" in summary.property("method")
    assert "13 mWh" in summary.today.property("origin")
    assert "other work" in summary.turn.property("origin")


def test_what_was_not_saved_is_said_as_well(summary: PowerSummary) -> None:
    more = Comparison(Device.GPU, 2.0, -0.12, "By the table.")
    summary.turn_over(TurnMetrics(energy=Energy(2.24, Provenance.MEASURED), compared=(more,)))
    summary.day(day(saved=-3.0))
    assert summary.property("compactShort") == "2.2 J"
    assert summary.property("saved") == (
        "Last turn ≈ 12 % more than all on the GPU\nToday ≈ 3.0 J more than all on the GPU"
    )


@pytest.mark.parametrize("uncounted", [None, TurnMetrics(), TurnMetrics(energy=Energy(0.0, Provenance.UNAVAILABLE))])
def test_a_turn_nobody_counted_does_not_show_what_the_one_before_took(
    summary: PowerSummary, uncounted: TurnMetrics | None
) -> None:
    summary.turn_over(metrics())
    assert summary.property("compact") == "≈ 3.1 J"
    summary.turn_over(uncounted)
    assert (summary.property("compact"), summary.property("saved"), summary.property("method")) == ("", "", "")
    summary.day(day(saved=0.0))
    assert summary.property("compactShort") == "≈ 48 J today"


def test_the_watts_of_all_devices_together(summary: PowerSummary) -> None:
    summary.read(laptop().readings, None)
    assert summary.now.said == "Now: 15 W, estimate"
    assert summary.now.property("origin") == "Estimate: the sum of NPU, iGPU, CPU."
    summary.read(hot_card().readings, None)
    assert summary.now.said == "Now: 79 W, measured"
    summary.read([], None)
    assert summary.now.said == "Now: unavailable"


@pytest.mark.parametrize(
    ("battery", "line"),
    [
        (None, ""),
        (BatteryReading(100.0, on_mains=True), "On mains, 100 %"),
        (BatteryReading(None, on_mains=None), "Battery"),
        (
            BatteryReading(64.0, on_mains=False, watts=measured(11.2, "x"), left_s=15_010.0),
            "On battery, 64 % · 11 W for the whole machine · 4 h 10 min left",
        ),
    ],
)
def test_the_battery_in_a_line(battery: BatteryReading | None, line: str) -> None:
    assert battery_line(battery).replace("\u00a0", " ") == line


def test_what_a_machine_does_not_have_is_one_sentence() -> None:
    assert absent_line([Device.NPU, Device.IGPU, Device.GPU, Device.REMOTE]) == (
        "This machine is without an NPU, integrated graphics or a graphics card."
    )
    assert absent_line([Device.GPU]) == "This machine is without a graphics card."
    assert absent_line([Device.REMOTE]) == ""


def test_steady_readings_tell_nothing(summary: PowerSummary) -> None:
    told: list[str] = []
    summary.read(laptop().readings, laptop().battery)
    for signal in (summary.batteryChanged, summary.absentChanged, summary.compactChanged, summary.now.changed):
        signal.connect(lambda: told.append("told"))
    for _ in range(3):
        summary.read(laptop().readings, laptop().battery)
    assert told == []
    summary.read(plain_vm().readings, None, [Device.GPU])
    assert len(told) == 3


def test_devices_that_rest_are_told_at_once(summary: PowerSummary) -> None:
    summary.warn(["GPU"])
    assert summary.property("alert") == "GPU rests"
    summary.warn(["iGPU", "GPU"])
    assert summary.property("alert") == "iGPU and GPU rest"
    summary.warn(["NPU", "iGPU", "GPU"])
    assert summary.property("alert") == "3 devices rest"
    summary.warn([])
    assert summary.property("alert") == ""
