"""The power panel in the window: when the sensors are read, what is painted, and that it fits at every size."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Q_ARG, QMetaObject, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtQuick import QQuickItem

from app.contracts.devices import Device
from app.contracts.energy import Provenance, Rest
from app.contracts.events import EnergyToday, GovernorDecided, HostChanged, SensorReadings, TurnFinished, TurnStarted
from tests.helpers.power_readings import (
    CARD_NAME,
    CHMOD,
    LONG_NAME,
    NotedPower,
    extremes,
    hot_card,
    laptop,
    metrics,
    plain_vm,
)
from tests.helpers.qt import until
from tests.helpers.window import Desk, open_desk
from ui.items.strip_chart import StripChart
from ui.viewmodels.power_trail import LENGTH_S

Key = Qt.Key
CTRL = Qt.KeyboardModifier.ControlModifier


async def open_panel(desk: Desk, event: SensorReadings | None = None) -> None:
    """Open the panel with the keyboard, and let one look at the sensors come."""
    await desk.key(Key.Key_P, CTRL)
    if event is not None:
        desk.assistant.publish(event)
    await desk.painted()


def lane(desk: Desk, title: str) -> str:
    """What a screen reader calls a lane."""
    return next(name for name in desk.names() if name.startswith(f"{title},"))


def charts(desk: Desk) -> list[StripChart]:
    """The charts that can be seen."""
    return [item for item in desk.items() if isinstance(item, StripChart)]


def in_sight(desk: Desk, item: QQuickItem) -> bool:
    """All of an item, or as much as there is room for, lies in the part of the panel that scrolls."""
    view = next(
        one for one in desk.items() if one.metaObject().className() == "QQuickFlickable" and one.isAncestorOf(item)
    )
    box, room = item.mapRectToScene(item.boundingRect()), view.mapRectToScene(view.boundingRect())
    return room.top() - 0.5 <= box.top() and box.bottom() <= room.bottom() + 0.5


def watched(**options: object) -> tuple[NotedPower, dict[str, object]]:
    """Somebody who reads sensors, and the options of a desk with them."""
    power = NotedPower()
    return power, {"power": power, **options}


def test_sensors_are_read_only_while_the_panel_can_be_seen(at_desk: Callable[..., None]) -> None:
    power, options = watched()

    async def scenario(desk: Desk) -> None:
        await desk.ask("Why is the sky blue?")
        assert power.begun == 0
        await open_panel(desk)
        assert power.watchers == 1
        await desk.key(Key.Key_Comma, CTRL)
        assert power.watchers == 0
        await desk.key(Key.Key_Comma, CTRL)
        assert power.watchers == 1
        desk.window.showMinimized()
        await until(lambda: power.watchers == 0)
        desk.window.showNormal()
        await until(lambda: power.watchers == 1)
        desk.window.hide()
        await until(lambda: power.watchers == 0)
        desk.window.show()
        await until(lambda: power.watchers == 1)
        await desk.key(Key.Key_P, CTRL)
        assert power.watchers == 0

    at_desk(scenario, **options)


def test_closing_the_window_ends_the_watch(drive: Callable[..., None], tmp_path: Path) -> None:
    power = NotedPower()

    async def scenario() -> None:
        async with open_desk(tmp_path, power=power) as desk:
            await open_panel(desk)
            assert power.watchers == 1
        assert power.watchers == 0

    drive(scenario)


def test_steady_readings_paint_nothing(at_desk: Callable[..., None]) -> None:
    _, options = watched()

    async def scenario(desk: Desk) -> None:
        await open_panel(desk)
        for _ in range(LENGTH_S):
            desk.assistant.publish(laptop())
        await asyncio.sleep(0.3)
        before = [chart.paints for chart in charts(desk)]
        frames: list[float] = []
        stop = desk.shell.on_frame_swapped(frames.append)
        for _ in range(5):
            desk.assistant.publish(laptop())
            await asyncio.sleep(0.03)
        assert (frames, len(before)) == ([], 2)
        desk.assistant.publish(laptop(7.0))
        await until(lambda: frames)
        stop()
        assert [chart.paints for chart in charts(desk)] == [count + 1 for count in before]

    at_desk(scenario, **options)


def test_a_hidden_panel_paints_nothing(at_desk: Callable[..., None]) -> None:
    _, options = watched()

    async def scenario(desk: Desk) -> None:
        await open_panel(desk, laptop())
        await desk.key(Key.Key_P, CTRL)
        await asyncio.sleep(0.4)
        assert charts(desk) == []
        frames: list[float] = []
        stop = desk.shell.on_frame_swapped(frames.append)
        for second in range(5):
            desk.assistant.publish(laptop(float(second)))
            await asyncio.sleep(0.03)
        assert frames == []
        stop()

    at_desk(scenario, **options)


def test_what_it_shows_of_three_machines(at_desk: Callable[..., None]) -> None:
    _, options = watched(size=(1280, 900))

    async def scenario(desk: Desk) -> None:
        await open_panel(desk, plain_vm())
        names = desk.names()
        assert {"Power: 6.0 W, estimate", "Temperature: unavailable", "Busy: 10 %, measured"} <= names
        assert "This machine is without an NPU, integrated graphics or a graphics card." in names
        desk.assistant.publish(laptop())
        await desk.painted()
        assert any(name.startswith("On battery, 64 %") for name in desk.names())
        desk.assistant.publish(hot_card(200.0))
        reason = "It is at 84 °C."
        rests = (Rest(Device.GPU, reason),)
        allowed = tuple(device for device in Device if device is not Device.GPU)
        desk.assistant.publish(GovernorDecided(allowed=allowed, reason=reason, rests=rests))
        await desk.painted()
        assert f"GPU, {CARD_NAME}, Resting" in desk.names()
        assert reason in desk.names()

    at_desk(scenario, **options)


def test_a_lane_opens_to_its_reasons_its_command_and_the_persons_word(at_desk: Callable[..., None]) -> None:
    power, options = watched(size=(1280, 900))

    async def scenario(desk: Desk) -> None:
        await open_panel(desk, laptop())
        await desk.click(lane(desk, "CPU"))
        await desk.painted()
        assert any(name.startswith("Power · Estimate: table of devices.") for name in desk.names())
        await desk.click(f"Copy: {CHMOD}")
        assert QGuiApplication.clipboard().text() == CHMOD
        await desk.click("Let it rest, CPU")
        await desk.painted()
        assert "CPU, Intel Core Ultra 7 155H, Resting" in desk.names()
        assert "Let it rest, CPU" not in desk.names()
        await desk.click("Back to automatic, CPU")
        assert power.overrides == [(Device.CPU, False), (Device.CPU, None)]
        await desk.painted()
        await desk.click(lane(desk, "CPU"))
        await desk.painted()
        assert "Use anyway, CPU" not in desk.names()

    at_desk(scenario, **options)


def test_the_compact_form_shows_joules_without_reading_sensors(at_desk: Callable[..., None]) -> None:
    power, options = watched()

    async def scenario(desk: Desk) -> None:
        assert "Power and heat" in desk.names()
        desk.assistant.publish(TurnStarted(turn_id="t", source="text"))
        desk.assistant.publish(TurnFinished(turn_id="t", metrics=metrics()))
        desk.assistant.publish(EnergyToday(day="2026-01-02", turns=3, joules=48.2, provenance=Provenance.ESTIMATE))
        await desk.painted()
        name = "Power and heat. Last turn: 3.1 J, estimate. Today: 48 J, estimate"
        assert name in desk.names()
        assert power.begun == 0
        await desk.click(name)
        await desk.painted()
        assert power.watchers == 1
        await desk.click("Close power and heat")
        assert power.watchers == 0

    at_desk(scenario, **options)


def test_beside_the_conversation_where_there_is_room_and_over_it_elsewhere(at_desk: Callable[..., None]) -> None:
    power, options = watched(size=(1280, 800))

    async def scenario(desk: Desk) -> None:
        await open_panel(desk, laptop())
        panel = desk.items("PowerPanel")[0]
        assert panel.mapToScene(panel.boundingRect().topLeft()).x() >= 1280 - 440
        assert "Conversation" in desk.names()
        desk.window.resize(700, 700)
        await until(lambda: panel.width() == 700)
        await desk.painted()
        assert "Conversation" not in desk.names()
        assert power.begun == 1
        await desk.key(Key.Key_PageDown)
        await desk.key(Key.Key_Escape)
        await desk.painted()
        assert "Conversation" in desk.names()
        assert power.watchers == 0
        assert desk.focus_name.startswith("Hold to talk")

    at_desk(scenario, **options)


def test_escape_leaves_a_panel_beside_the_conversation_open(at_desk: Callable[..., None]) -> None:
    power, options = watched(size=(1280, 800))

    async def scenario(desk: Desk) -> None:
        await open_panel(desk, laptop())
        await desk.key(Key.Key_Escape)
        assert power.watchers == 1
        await desk.click("Close")
        assert power.watchers == 0
        assert desk.focus_name.startswith("Hold to talk")

    at_desk(scenario, **options)


def test_whether_it_was_open_is_remembered(drive: Callable[..., None], tmp_path: Path) -> None:
    async def scenario() -> None:
        async with open_desk(tmp_path, power=NotedPower()) as desk:
            await open_panel(desk)
        power = NotedPower()
        async with open_desk(tmp_path, power=power):
            await until(lambda: power.watchers == 1)

    drive(scenario)


def test_without_sensors_it_says_so(at_desk: Callable[..., None]) -> None:
    async def scenario(desk: Desk) -> None:
        await open_panel(desk)
        assert "Nothing reads watts or degrees here." in desk.names()

    at_desk(scenario)


@pytest.mark.parametrize("size", [(480, 420), (640, 700), (800, 760), (860, 760), (1600, 1000)])
def test_nothing_leaves_the_panel_at_any_size(at_desk: Callable[..., None], size: tuple[int, int]) -> None:
    _, options = watched(size=size)

    async def scenario(desk: Desk) -> None:
        desk.assistant.publish(TurnFinished(turn_id="t", metrics=metrics(31_400.0)))
        await open_panel(desk, hot_card())
        desk.assistant.publish(laptop())
        await desk.painted()
        if size[1] > 500:
            await desk.click(lane(desk, "NPU"))
        await desk.painted()
        panel = desk.items("PowerPanel")[0]
        left = panel.mapToScene(panel.boundingRect().topLeft()).x()
        for item in desk.items():
            if panel.isAncestorOf(item) and item.width() > 0:
                box = item.mapRectToScene(item.boundingRect())
                assert left <= box.left() + 0.5, item
                assert box.right() <= size[0] + 0.5, item
        cut = [item.property("text") for item in desk.items("FigureText") if item.childItems()[0].property("truncated")]
        assert cut == []

    at_desk(scenario, **options)


def test_what_scrolls_away_is_cut(at_desk: Callable[..., None]) -> None:
    _, options = watched(size=(600, 480))

    async def scenario(desk: Desk) -> None:
        await open_panel(desk, hot_card())
        dock = desk.items("Dock")[0]
        area = dock.mapRectToScene(dock.boundingRect()).toRect()
        before = desk.window.grabWindow().copy(area)
        panel = desk.items("PowerPanel")[0]
        for _ in range(4):
            QMetaObject.invokeMethod(panel, "scrollPages", Q_ARG("double", 0.13))
            await desk.painted()
        assert desk.window.grabWindow().copy(area) == before

    at_desk(scenario, **options)


@pytest.mark.parametrize("size", [(480, 420), (860, 760), (1600, 1000)])
def test_no_figure_and_no_sentence_is_cut(at_desk: Callable[..., None], size: tuple[int, int]) -> None:
    _, options = watched(size=size)

    async def scenario(desk: Desk) -> None:
        await open_panel(desk)
        rests = tuple(Rest(device, "It is too hot. " * 20) for device in Device if device is not Device.CPU)
        desk.assistant.publish(GovernorDecided(allowed=(Device.CPU,), reason="It is too hot.", rests=rests))
        for name in ("llama-cpu", "espeak-cpu", "moonshine-cpu", "silero-cpu", "faster-whisper-cpu"):
            desk.assistant.publish(HostChanged(backend=name, state="warm"))
        for watts in (0.0, 0.04, 3.94, 999.0, 12_345.0):
            desk.assistant.publish(extremes(watts))
            desk.assistant.publish(TurnFinished(turn_id="t", metrics=metrics(watts)))
            await desk.painted()
            cards = [*desk.items("PowerLaneCard"), *desk.items("SummaryTile")]
            inside = [item for card in cards for item in card.findChildren(QQuickItem) if item.isVisible()]
            cut = {item.property("text") for item in inside if item.property("truncated")}
            assert cut - {LONG_NAME} == set(), watts
        button = desk.item("Settings")
        assert button.mapRectToScene(button.boundingRect()).right() <= size[0] - 8

    at_desk(scenario, **options)


def test_ordinary_figures_are_as_large_as_each_other(at_desk: Callable[..., None]) -> None:
    _, options = watched()

    async def scenario(desk: Desk) -> None:
        desk.assistant.publish(TurnFinished(turn_id="t", metrics=metrics(8.5)))
        await open_panel(desk, extremes(3.94 / len(Device)))
        tiles = desk.items("SummaryTile")
        sizes = {
            text.property("contentHeight")
            for tile in tiles
            for text in tile.findChildren(QQuickItem)
            if text.property("text") in ("≈ 3.9 W", "≈ 8.5 J")
        }
        assert len(sizes) == 1

    at_desk(scenario, **options)


def test_the_keyboard_is_never_where_nobody_sees_it(at_desk: Callable[..., None]) -> None:
    _, options = watched(size=(900, 500))

    async def scenario(desk: Desk) -> None:
        await desk.ask("Why is the sky blue?")
        await open_panel(desk, laptop())
        panel = desk.items("PowerPanel")[0]
        while not desk.focus_name.startswith("CPU,"):
            await desk.key(Key.Key_Tab)
        await desk.key(Key.Key_Return)
        await desk.painted()
        seen: set[str] = set()
        while (name := desk.focus_name) not in seen:
            focused = desk.window.activeFocusItem()
            assert name == "Close" or not panel.isAncestorOf(focused) or in_sight(desk, focused), name
            seen.add(name)
            await desk.key(Key.Key_Tab)
            await desk.painted()
        assert {"Close", "Turn timeline", "Let it rest, CPU", f"Copy: {CHMOD}"} <= seen

    at_desk(scenario, **options)


def test_the_page_keys_scroll_the_panel_the_keyboard_is_in(at_desk: Callable[..., None]) -> None:
    _, options = watched(size=(900, 500))

    async def scenario(desk: Desk) -> None:
        await open_panel(desk, laptop())
        card = desk.items("PowerLaneCard")[0]
        before = card.mapToScene(card.position()).y()
        await desk.key(Key.Key_PageDown)
        await desk.painted()
        assert card.mapToScene(card.position()).y() == before
        while desk.focus_name != "Close":
            await desk.key(Key.Key_Tab)
        await desk.key(Key.Key_PageDown)
        await desk.painted()
        assert card.mapToScene(card.position()).y() < before

    at_desk(scenario, **options)
