"""The timeline of a turn as it stands in the power panel."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtQuick import QQuickItem

from tests.helpers.qt import until
from tests.helpers.turns import HOT, question_of, troubled_turn
from tests.helpers.window import Desk, accessible_name, accessible_role, middle, type_name, visible_items

NAME = "Turn timeline"


async def with_turn(desk: Desk, upto_ms: float = 1e9) -> QQuickItem:
    """Open the panel, play a turn, and give the timeline."""
    desk.shell.power.show_open(True)
    began, *rest = troubled_turn("t")
    for event in (began, question_of("t", spoken=True), *rest):
        if event.t_ms <= upto_ms:
            desk.assistant.publish(event)
    await desk.painted()
    return desk.item(NAME)


def inside(root: QQuickItem, kind: str) -> Iterator[QQuickItem]:
    """Visible items of a QML type."""
    return (item for item in visible_items(root) if type_name(item) == kind)


def box(item: QQuickItem) -> QRectF:
    """Where an item is in the window."""
    return item.mapRectToScene(item.boundingRect())


def tips(desk: Desk) -> list[str]:
    """What the open tooltips say."""
    overlay = [item for item in desk.items() if "PopupItem" in type_name(item)]
    return [str(text.property("text")) for popup in overlay for text in visible_items(popup) if text.property("text")]


@pytest.mark.parametrize("size", [(480, 760), (800, 760), (1600, 1000)])
def test_no_words_are_cut_or_lie_upon_others(at_desk: Callable[..., None], size: tuple[int, int]) -> None:
    async def scenario(desk: Desk) -> None:
        plot = await with_turn(desk)
        whole = box(plot)
        assert whole.left() >= 0
        assert whole.right() <= size[0]
        bars = [box(bar) for bar in inside(plot, "TimelineBar")]
        assert len(bars) == 8
        assert all(bar.width() >= 3 for bar in bars)
        words = [box(text) for text in inside(plot, "SmallText")]
        assert len(words) > 10
        for rect in (*bars, *words):
            assert whole.adjusted(-1, -1, 1, 1).contains(rect)
        for number, one in enumerate(words):
            for other in words[number + 1 :]:
                assert not one.adjusted(1, 2, -1, -2).intersects(other.adjusted(1, 2, -1, -2))

    at_desk(scenario, size=size)


@pytest.mark.parametrize("width", [480, 800])
def test_why_it_moved_stands_below_and_where_it_is_narrow_everything(at_desk: Callable[..., None], width: int) -> None:
    async def scenario(desk: Desk) -> None:
        await with_turn(desk)
        shown = {item.property("text") for item in desk.items("SmallText")}
        assert any(text.startswith("At 3.9 s failed over") for text in shown)
        assert ("Transcribe 180 ms on the NPU, ≈ 420 mJ" in shown) is (width == 480)

    at_desk(scenario, size=(width, 760))


def test_a_screen_reader_hears_all_of_it(at_desk: Callable[..., None]) -> None:
    async def scenario(desk: Desk) -> None:
        plot = await with_turn(desk)
        told = QAccessible.queryAccessibleInterface(plot).text(QAccessible.Text.Description)
        assert accessible_role(plot) is QAccessible.Role.Chart
        assert "Transcribe 180 ms on the NPU, ≈ 420 mJ" in told
        assert HOT.rstrip(".") in told

    at_desk(scenario)


def test_the_arrow_keys_walk_over_bars_and_marks(at_desk: Callable[..., None]) -> None:
    async def scenario(desk: Desk) -> None:
        plot = await with_turn(desk)
        plot.forceActiveFocus(Qt.FocusReason.TabFocusReason)
        assert accessible_name(desk.window.activeFocusItem()) == NAME
        for _ in range(2):
            await desk.key(Qt.Key.Key_Right)
        await until(lambda: any(text.startswith("Transcribe: 180 ms") for text in tips(desk)))
        for _ in range(20):
            await desk.key(Qt.Key.Key_Down)
        await until(lambda: any(text.startswith("At 3.9 s failed over") for text in tips(desk)))
        await desk.key(Qt.Key.Key_Tab)
        await until(lambda: not tips(desk))

    at_desk(scenario)


def test_the_pointer_over_a_bar_shows_its_detail(at_desk: Callable[..., None]) -> None:
    async def scenario(desk: Desk) -> None:
        plot = await with_turn(desk)
        bar = next(inside(plot, "TimelineBar"))
        await desk.point(middle(bar))
        await until(lambda: any(text.startswith("Listen: 1.9 s") for text in tips(desk)))

    at_desk(scenario, size=(860, 1600))


def test_a_finished_turn_is_not_painted_again(at_desk: Callable[..., None]) -> None:
    async def scenario(desk: Desk) -> None:
        await with_turn(desk)
        await asyncio.sleep(0.4)
        frames: list[float] = []
        stop = desk.shell.on_frame_swapped(frames.append)
        await asyncio.sleep(0.5)
        assert frames == []
        stop()

    at_desk(scenario)


def test_what_runs_grows_while_it_can_be_seen(at_desk: Callable[..., None]) -> None:
    async def scenario(desk: Desk) -> None:
        await with_turn(desk, upto_ms=4500.0)
        timeline = desk.shell.power.timeline
        assert timeline.property("running")
        ends = [bar.end for bar in timeline.bars_model.items]
        await until(lambda: [bar.end for bar in timeline.bars_model.items] != ends)
        desk.shell.power.show_open(False)
        await desk.painted()
        ends = [bar.end for bar in timeline.bars_model.items]
        await asyncio.sleep(1.2)
        assert [bar.end for bar in timeline.bars_model.items] == ends

    at_desk(scenario)
