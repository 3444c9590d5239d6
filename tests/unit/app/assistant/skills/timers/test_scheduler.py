"""What is set rings to the second: across a new start, sleep of the machine and a clock that is set."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from app.aio.clock import LOCAL, follow_zone
from app.assistant.skills.skill import Data
from app.assistant.skills.timers.cards import timer_card
from app.assistant.skills.timers.hands import Hands
from app.assistant.skills.timers.repeats import form_of_interval
from app.assistant.skills.timers.scheduler import LOOK_FOR_OTHERS_S, Scheduler
from app.assistant.skills.timers.skill import TimersSkill
from app.assistant.skills.timers.timer import TIMERS, Timer, What
from app.contracts.errors import StorageError
from app.contracts.events import Notice
from app.contracts.skill_cards import TimerCard, TimerState
from app.memory.notebook import Notebook, Put, Remove, Write, put_card
from tests.helpers.timekeeping import Desk, MachineClock, desk
from tests.helpers.virtual_time import in_virtual_time


@asynccontextmanager
async def watching(at: Desk) -> AsyncIterator[Scheduler]:
    scheduler = Scheduler(at.parts, Hands(at.clock), UTC)
    await scheduler.start()
    try:
        yield scheduler
    finally:
        await scheduler.aclose()


@asynccontextmanager
async def another_program(folder: Path) -> AsyncIterator[Notebook]:
    """The same notebook, opened by another program."""
    notebook = Notebook(folder / "notebook.sqlite")
    await notebook.open()
    try:
        yield notebook
    finally:
        await notebook.aclose()


async def set_one(at: Desk, seconds: float, *, label: str = "tea", what: What = What.TIMER, repeats: str = "") -> Timer:
    now = at.clock.time()
    timer = Timer(label or what.value, what, label, now + seconds, now, repeats=repeats)
    if what is What.TIMER:
        timer = Hands(at.clock).running(Timer(label, what, label, 0.0, now, duration_s=seconds), seconds)
    await at.notebook.commit((Put(TIMERS, timer.timer_id, timer, timer.due_at), put_card(timer_card(timer), now)))
    return timer


async def left(at: Desk) -> list[Timer]:
    return list(await at.notebook.entries(TIMERS, Timer))


@in_virtual_time
async def test_it_rings_when_it_is_due_and_gives_up_when_nobody_comes(tmp_path: Path) -> None:
    async with desk(tmp_path) as at, watching(at):
        timer = await set_one(at, 90)
        await at.clock.go_on(89.9)
        assert at.said == []
        await at.clock.go_on(0.2)
        assert at.said == ["Your tea timer is over."]
        assert at.fired == ["tea"]
        assert 0 <= at.announced[0][0] - timer.due_at < 0.1
        ringing = at.shown(TimerCard)[-1]
        assert isinstance(ringing, TimerCard)
        assert (ringing.state, ringing.revision) == (TimerState.RINGING, 2)
        assert [each.action for each in ringing.actions] == ["stop", "snooze:300", "snooze:600"]
        await at.clock.go_on(121)
        over = at.shown(TimerCard)[-1]
        assert isinstance(over, TimerCard)
        assert (over.state, over.actions, over.revision) == (TimerState.DONE, (), 3)
        assert await left(at) == []


@in_virtual_time
async def test_several_at_once_ring_each_at_its_time(tmp_path: Path) -> None:
    async with desk(tmp_path) as at, watching(at):
        begin = at.clock.time()
        for seconds, label in ((30, "eggs"), (10, "tea"), (20.5, "pasta")):
            await set_one(at, seconds, label=label)
        await at.clock.go_on(40)
        rang = [(round(when - begin, 1), words) for when, words in at.announced]
        assert rang == [
            (10.0, "Your tea timer is over."),
            (20.5, "Your pasta timer is over."),
            (30.0, "Your eggs timer is over."),
        ]


@in_virtual_time
async def test_a_new_start_of_sotto_changes_nothing(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        async with watching(at):
            timer = await set_one(at, 60)
            await at.clock.go_on(20)
        await at.clock.go_on(20)
        async with watching(at):
            await at.clock.go_on(19.5)
            assert at.said == []
            await at.clock.go_on(1)
            assert at.said == ["Your tea timer is over."]
            assert 0 <= at.announced[0][0] - timer.due_at < 0.1


@in_virtual_time
async def test_a_new_start_of_the_machine_goes_by_the_wall_clock(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        timer = await set_one(at, 600)
        at.clock.start_again(300)
        async with watching(at):
            await at.clock.go_on(299)
            assert at.said == []
            at.clock.set_wall_clock(3600)  # from here on the clock that only counts is the one again
            await at.clock.go_on(2)
            assert at.said == ["Your tea timer is over."]
            assert abs(at.announced[0][0] - 3600 - timer.due_at) < 0.1


@in_virtual_time
async def test_sleep_of_the_machine_counts(tmp_path: Path) -> None:
    async with desk(tmp_path) as at, watching(at):
        timer = await set_one(at, 3600)
        await at.clock.go_on(10)
        at.clock.sleep_of_machine(3580)
        await at.clock.go_on(9.5)
        assert at.said == []
        await at.clock.go_on(0.6)
        assert at.said == ["Your tea timer is over."]
        assert 0 <= at.announced[0][0] - timer.due_at < 0.1


@in_virtual_time
async def test_what_became_due_in_its_sleep_rings_within_a_second_of_waking(tmp_path: Path) -> None:
    async with desk(tmp_path) as at, watching(at):
        await set_one(at, 600, label="", what=What.ALARM)
        await at.clock.go_on(5)
        at.clock.sleep_of_machine(1200)
        await at.clock.go_on(1.1)
        assert at.said == ["It is 12:10 pm. This is your alarm."]


@in_virtual_time
async def test_a_clock_that_is_set_moves_alarms_and_no_timers(tmp_path: Path) -> None:
    async with desk(tmp_path) as at, watching(at):
        await set_one(at, 120)
        await set_one(at, 3600, label="gym", what=What.ALARM)
        await at.clock.go_on(10)
        at.clock.set_wall_clock(3500)
        await at.clock.go_on(2)
        card = at.shown(TimerCard)[-1]
        assert isinstance(card, TimerCard)
        assert card.label == "tea"
        assert abs(card.due_at - at.clock.time() - 108) < 1
        await at.clock.go_on(87.5)
        assert at.said == []
        await at.clock.go_on(1)
        assert at.said == ["It is 1 pm. Gym."]
        at.clock.set_wall_clock(-7200)
        await at.clock.go_on(19)
        assert at.said == ["It is 1 pm. Gym."]
        await at.clock.go_on(1)
        assert at.said == ["It is 1 pm. Gym.", "Your tea timer is over."]


@in_virtual_time
async def test_what_nobody_heard_is_told_at_the_start(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        await set_one(at, 60)
        await set_one(at, 300, label="call my mum", what=What.REMINDER)
        await set_one(at, 600, label="", what=What.ALARM, repeats="0,1,2,3,4,5,6@12:10")
        await set_one(at, 3601, label="oven")
        at.clock.start_again(3600)
        async with watching(at):
            words = (
                "While I was away, your tea timer was over at 12:01 pm; at 12:05 pm you wanted to be reminded: "
                "call your mum; your alarm was set for 12:10 pm."
            )
            assert at.said == [words]
            assert at.fired == []
            rest = {timer.what: timer for timer in await left(at)}
            tomorrow = datetime(2026, 11, 22, 12, 10, tzinfo=UTC).timestamp()
            assert rest[What.ALARM].due_at == tomorrow
            await at.clock.go_on(1.1)
            assert at.said[1:] == ["Your oven timer is over."]


@in_virtual_time
async def test_what_was_missed_on_another_day_is_told_with_its_day(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        await set_one(at, 60, label="gym", what=What.ALARM)
        at.clock.start_again(86400)
        async with watching(at):
            assert at.said == ["While I was away, your gym alarm was set for yesterday at 12:01 pm."]


@in_virtual_time
async def test_what_is_only_just_late_still_rings(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        await set_one(at, 60)
        at.clock.start_again(90)
        async with watching(at):
            await at.clock.go_on(0.1)
            assert at.fired == ["tea"]


@in_virtual_time
async def test_one_that_repeats_waits_for_its_next_time(tmp_path: Path) -> None:
    async with desk(tmp_path) as at, watching(at):
        await set_one(at, 60, label="stretch", what=What.REMINDER, repeats="0,1,2,3,4@12:01")
        await at.clock.go_on(61)
        assert at.said == ["Reminder: Stretch."]
        await at.clock.go_on(601)
        (timer,) = await left(at)
        monday = datetime(2026, 11, 23, 12, 1, tzinfo=UTC)
        assert (timer.state, timer.due_at) == (TimerState.RUNNING, monday.timestamp())
        at.clock.sleep_of_machine(monday.timestamp() - at.clock.time() - 1)
        await at.clock.go_on(1.5)
        assert at.said == ["Reminder: Stretch."] * 2


class FullDisk(Notebook):
    """Cannot be written to while ``full``, nor read while ``torn``."""

    full = torn = False

    async def commit(self, writes: Iterable[Write]) -> None:
        if self.full:
            raise StorageError("The disk is full.")
        await super().commit(writes)

    async def entries(self, *args: Any, **options: Any) -> Any:
        if self.torn:
            raise StorageError("The notebook cannot be read.")
        return await super().entries(*args, **options)


@in_virtual_time
async def test_a_full_disk_keeps_nothing_from_ringing(tmp_path: Path) -> None:
    notebook = FullDisk(tmp_path / "notebook.db")
    at = Desk(MachineClock(), notebook)
    async with watching(at):
        await set_one(at, 60)
        await at.clock.go_on(1)
        notebook.full = True
        await at.clock.go_on(200)
        assert at.said == ["Your tea timer is over."]
        assert [event.message for event in at.events if isinstance(event, Notice)] == ["The disk is full."]
        notebook.full = False
        await at.clock.go_on(10)
        assert await left(at) == []
    await notebook.aclose()


@in_virtual_time
async def test_a_notebook_that_cannot_be_read_is_read_again_later(tmp_path: Path) -> None:
    notebook = FullDisk(tmp_path / "notebook.db")
    at = Desk(MachineClock(), notebook)
    await set_one(at, 60)
    notebook.torn = True
    scheduler = Scheduler(at.parts, Hands(at.clock), UTC)
    with pytest.raises(StorageError):
        await scheduler.start()
    await at.clock.go_on(20)
    assert [event.message for event in at.events if isinstance(event, Notice)] == ["The notebook cannot be read."]
    notebook.torn = False
    await at.clock.go_on(41)
    assert at.said == ["Your tea timer is over."]
    await scheduler.aclose()
    await scheduler.aclose()
    await notebook.aclose()


@in_virtual_time
async def test_what_another_window_cancelled_does_not_ring(tmp_path: Path) -> None:
    async with desk(tmp_path) as at, another_program(tmp_path) as other, watching(at):
        await set_one(at, 60)
        await at.clock.go_on(59.95)  # too late to be noticed before it is due
        await other.commit((Remove(TIMERS, "tea"),))
        await at.clock.go_on(10)
        assert at.said == []
        assert at.fired == []


@in_virtual_time
async def test_what_a_command_in_a_terminal_has_set_is_shown_and_rings(tmp_path: Path) -> None:
    async with desk(tmp_path) as at, another_program(tmp_path) as other, watching(at):
        await at.clock.go_on(100)
        timer = await set_one(replace(at, notebook=other), 5)
        await at.clock.go_on(LOOK_FOR_OTHERS_S)
        (shown,) = at.shown(TimerCard)
        assert (shown.card_id, shown.turn_id) == (timer.card_id, "")
        await at.clock.go_on(5.1 - LOOK_FOR_OTHERS_S)
        assert at.said == ["Your tea timer is over."]
        assert 0 <= at.announced[0][0] - timer.due_at < 0.1


@in_virtual_time
async def test_what_a_command_in_a_terminal_has_stopped_is_shown_as_over(tmp_path: Path) -> None:
    async with desk(tmp_path) as at, another_program(tmp_path) as other, watching(at):
        await set_one(at, 5)
        await at.clock.go_on(6)
        ringing = at.shown(TimerCard)[-1]
        assert isinstance(ringing, TimerCard)
        over = replace(ringing, state=TimerState.DONE, revision=ringing.revision + 1)
        await other.commit((Remove(TIMERS, "tea"), put_card(over, at.clock.time())))
        await at.clock.go_on(1.1)
        assert at.shown(TimerCard)[-1] == over


@in_virtual_time
async def test_what_comes_again_after_so_long_is_over_before_it_comes_again(tmp_path: Path) -> None:
    async with desk(tmp_path) as at, watching(at):
        begin = at.clock.time()
        every = form_of_interval(300, begin + 300)
        await set_one(at, 300, label="stretch", what=What.REMINDER, repeats=every)
        await at.clock.go_on(1060)
        assert [round(when - begin) for when, _ in at.announced] == [300, 600, 900]
        at.clock.sleep_of_machine(3600)
        await at.clock.go_on(600)
        assert [round(when - begin) for when, _ in at.announced][3:] == [4661, 5100]


@in_virtual_time
async def test_seven_in_the_morning_moves_with_the_person_and_a_moment_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    follow_zone()
    async with desk(tmp_path, datetime(2026, 11, 21, 12, tzinfo=UTC)) as at:
        skill = TimersSkill(at.parts)
        await skill.start()
        for text in ("wake me every day at 7 am", "remind me in 30 hours to sleep"):
            asked = replace(at.asked(skill, "x", text), now=datetime.fromtimestamp(at.clock.time(), LOCAL))
            intent = "set_alarm" if "wake" in text else "set_reminder"
            asked = replace(asked, intent=intent, values=skill.values(intent, text, asked.now))
            await at.notebook.commit((await skill.plan(asked, Data())).writes)
        began = {timer.what: timer.due_at for timer in await left(at)}
        monkeypatch.setenv("TZ", "Asia/Tokyo")
        await at.clock.go_on(1.1)
        moved = {timer.what: timer.due_at - began[timer.what] for timer in await left(at)}
        assert moved == {What.ALARM: -8 * 3600.0, What.REMINDER: 0.0}
        await skill.aclose()
    monkeypatch.undo()
    follow_zone()
