from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from qasync import QEventLoop

from app.contracts.devices import Device
from app.contracts.energy import Rest
from app.contracts.events import (
    GovernorDecided,
    StageStarted,
    TurnCancelled,
    TurnEvent,
    TurnFailed,
    TurnFinished,
)
from tests.helpers.power_readings import NotedPower, laptop, metrics
from tests.helpers.qt import until
from ui.viewmodels.power import SILENT, PowerViewModel

EVERY = tuple(Device)
COOL = tuple(device for device in Device if device is not Device.GPU)


class Panel:
    """The view model, whoever reads its sensors, and the clipboard."""

    def __init__(self, power: NotedPower | None) -> None:
        self.power = power
        self.copied: list[str] = []
        self.model = PowerViewModel(power, self.copied.append)

    def look(self, name: str) -> object:
        return self.model.property(name)

    def state(self, device: Device) -> tuple[object, object]:
        lane = self.model.lanes.lane(device)
        return lane.property("state"), lane.property("note")


@pytest.fixture
def panel(qt_loop: QEventLoop, qt_messages: list[str]) -> Panel:
    return Panel(NotedPower())


def test_it_watches_only_while_it_can_be_seen(panel: Panel) -> None:
    model, power = panel.model, panel.power
    model.show_exposed(True)
    model.setProperty("open", True)
    assert (model.opened, model.watching, power.watchers) == (True, False, 0)
    model.setProperty("inView", True)
    assert (model.watching, power.watchers) == (True, 1)
    model.show_exposed(False)
    assert (model.watching, power.watchers) == (False, 0)
    model.show_exposed(True)
    assert power.watchers == 1
    model.setProperty("inView", False)
    assert power.watchers == 0
    model.setProperty("inView", True)
    model.close()
    model.close()
    assert (power.watchers, power.begun) == (0, 3)


def test_without_sensors_it_says_so(qt_messages: list[str]) -> None:
    panel = Panel(None)
    panel.model.show_exposed(True)
    panel.model.setProperty("inView", True)
    panel.model.override("gpu", "use")
    assert panel.look("notice") == "Nothing reads watts or degrees here."
    assert not panel.model.watching


def test_readings_that_stop_are_told(drive: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ui.viewmodels.power.PATIENCE_MS", 1)

    async def scenario() -> None:
        panel = Panel(NotedPower())
        panel.model.show_exposed(True)
        panel.model.setProperty("inView", True)
        for _ in range(2):
            panel.model.hear(laptop())
            assert panel.look("notice") == ""
            await until(lambda: panel.look("notice") == SILENT)

    drive(scenario)


def test_readings_fill_lanes_charts_and_figures(panel: Panel) -> None:
    assert panel.look("notice") == "The first reading comes in a second."
    panel.model.setProperty("inView", True)
    panel.model.hear(replace(laptop(), at_s=100.0))
    panel.model.hear(replace(laptop(), at_s=104.0))
    assert panel.look("notice") == ""
    assert panel.model.lanes.rowCount() == 3
    watts = panel.model.watts.lines
    assert [line.device for line in watts] == [Device.NPU, Device.IGPU, Device.CPU]
    assert [value is None for value in watts[0].values[-5:]] == [False, True, True, True, False]
    assert panel.model.summary.property("battery").startswith("On battery, 64 %")


def test_what_is_read_while_nobody_looks_is_shown_when_somebody_does(panel: Panel) -> None:
    told: list[str] = []
    panel.model.setProperty("inView", False)
    panel.model.watts.moved.connect(lambda: told.append("moved"))
    for second in range(3):
        panel.model.hear(laptop(float(second)))
    assert told == []
    panel.model.setProperty("inView", True)
    assert [len([value for value in line.values if value is not None]) for line in panel.model.watts.lines] == [3, 3, 3]


def test_a_clock_that_goes_back_makes_no_gap(panel: Panel) -> None:
    panel.model.setProperty("inView", True)
    panel.model.hear(replace(laptop(), at_s=100.0))
    panel.model.hear(replace(laptop(), at_s=50.0))
    assert None not in panel.model.watts.lines[0].values[-2:]


def test_the_governor_rests_a_device_and_lets_it_work_again(panel: Panel) -> None:
    hot = "It is at 84 °C."
    panel.model.hear(GovernorDecided(allowed=COOL, reason=hot, rests=(Rest(Device.GPU, hot),)))
    assert panel.state(Device.GPU) == ("Resting", hot)
    assert panel.model.summary.property("alert") == "GPU rests"
    assert panel.look("held") == ""
    panel.model.hear(GovernorDecided(allowed=COOL, reason="It is late."))
    assert panel.state(Device.GPU) == ("Resting", "It is late.")
    panel.model.hear(GovernorDecided(allowed=EVERY, reason="On battery.", max_tokens=120))
    assert panel.state(Device.GPU) == ("", "")
    assert panel.look("held") == "On battery. Answers have at most 120 tokens."
    panel.model.hear(GovernorDecided(allowed=EVERY, reason=""))
    assert panel.look("held") == ""


def test_the_persons_own_word(panel: Panel) -> None:
    for word in ("use", "rest", ""):
        panel.model.override("gpu", word)
    assert panel.power.overrides == [(Device.GPU, True), (Device.GPU, False), (Device.GPU, None)]
    assert panel.state(Device.GPU) == ("", "")


@pytest.mark.parametrize(
    "end", [TurnCancelled(turn_id="u", after_ms=5.0), TurnFailed(turn_id="u", code="c", message="m")]
)
def test_a_turn_that_did_not_end_well_is_the_last_one_too(panel: Panel, end: TurnEvent) -> None:
    panel.model.hear(TurnFinished(turn_id="t", metrics=metrics()))
    assert panel.model.summary.property("compact") == "≈ 3.1 J"
    panel.model.hear(end)
    assert panel.model.summary.property("compact") == ""


def test_turns_are_shown_where_they_run_and_what_they_took(panel: Panel) -> None:
    panel.model.hear(StageStarted(turn_id="t", stage="answer", backend="llama-cpu"))
    cpu = panel.model.lanes.lane(Device.CPU)
    assert cpu.property("running") == "Answer · llama-cpu"
    panel.model.hear(TurnFinished(turn_id="t", metrics=metrics()))
    assert cpu.property("running") == ""
    assert panel.model.summary.property("compact") == "≈ 3.1 J"


def test_a_command_can_be_copied(panel: Panel) -> None:
    said: list[str] = []
    panel.model.copied.connect(said.append)
    panel.model.copy("sudo true")
    assert panel.copied == said == ["sudo true"]


def test_opening_is_told_once(panel: Panel) -> None:
    told: list[str] = []
    panel.model.openChanged.connect(lambda: told.append("open"))
    panel.model.show_open(True)
    panel.model.show_open(True)
    panel.model.setProperty("open", False)
    assert told == ["open", "open"]
