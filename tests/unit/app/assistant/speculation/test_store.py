"""Things are made once, ahead when nobody waits, and never in the way of what somebody waits for."""

from __future__ import annotations

import asyncio
import functools
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from app.assistant.speculation.costs import Measured, recorded
from app.assistant.speculation.preparing import Urgency, Worth
from app.assistant.speculation.shelf import ROOMS
from app.assistant.speculation.store import MOST_QUEUED
from app.assistant.speculation.strategy import COMPARED, Strategy
from app.contracts.errors import SottoError, Unavailable
from app.memory.notebook import Notebook, Put
from tests.helpers.preparing import NOON, kitchen
from tests.helpers.virtual_time import in_virtual_time


@in_virtual_time
async def test_a_thing_is_made_once_and_kept(tmp_path: Path) -> None:
    async with kitchen(tmp_path) as room:
        assert [await room.get("soup"), await room.get("soup")] == ["soup 1", "soup 1"]
        assert room.told == ["soup missed", "soup cache"]
        assert room.prepared[1].saved_ms == pytest.approx(1000.0)
        await asyncio.sleep(900.0)  # a plan is kept for a quarter of an hour
        assert await room.get("soup") == "soup 2"


@in_virtual_time
async def test_two_who_want_the_same_share_it(tmp_path: Path) -> None:
    async with kitchen(tmp_path) as room:
        both = await asyncio.gather(room.get("soup"), room.get("soup"))
        assert list(both) == ["soup 1", "soup 1"]
        assert room.made == ["soup"]


@in_virtual_time
async def test_a_failure_reaches_everybody_and_is_not_kept(tmp_path: Path) -> None:
    async with kitchen(tmp_path) as room:
        burnt = Unavailable("It burnt.")
        both = await asyncio.gather(room.get("soup", error=burnt), room.get("soup"), return_exceptions=True)
        assert list(both) == [burnt, burnt]
        assert await room.get("soup") == "soup 2"


@in_virtual_time
async def test_what_was_made_ahead_is_there(tmp_path: Path) -> None:
    async with kitchen(tmp_path) as room:
        room.ahead("soup")
        room.ahead("soup")
        await asyncio.sleep(1.5)
        assert await room.get("soup") == await room.get("soup") == "soup 1"
        assert room.told == ["soup background", "soup cache"]


@in_virtual_time
async def test_what_is_on_its_way_is_waited_for(tmp_path: Path) -> None:
    async with kitchen(tmp_path) as room:
        room.ahead("soup", tag="card")
        await asyncio.sleep(0.4)
        getting = asyncio.create_task(room.get("soup"))
        await asyncio.sleep(0.1)
        room.store.drop("card")  # somebody waits for it now
        assert await getting == "soup 1"
        assert room.told == ["soup background"]
        assert room.prepared[0].saved_ms == pytest.approx(400.0, abs=1.0)


@in_virtual_time
async def test_what_waits_in_the_queue_is_made_at_once_when_it_is_wanted(tmp_path: Path) -> None:
    async with kitchen(tmp_path) as room:
        room.ahead("roast", 20.0)
        room.ahead("soup")
        began = asyncio.get_running_loop().time()
        await room.get("soup")
        assert asyncio.get_running_loop().time() - began == pytest.approx(1.0, abs=0.05)
        assert room.told == ["soup missed"]


@in_virtual_time
async def test_nothing_begins_while_somebody_waits_and_what_runs_stands_back(tmp_path: Path) -> None:
    async with kitchen(tmp_path) as room:
        room.ahead("roast", 1.0)
        await asyncio.sleep(0.5)
        with room.store.foreground():
            room.ahead("soup")
            await asyncio.sleep(0.45)
            assert room.ended == []  # half of its pace
        await asyncio.sleep(0.4)
        assert room.ended == ["roast"]
        await room.store.idle()
        assert room.ended == ["roast", "soup"]


@in_virtual_time
async def test_work_ahead_that_holds_what_somebody_waits_for_goes_on(tmp_path: Path) -> None:
    async with kitchen(tmp_path) as room:
        oven = asyncio.Lock()

        async def roast() -> str:
            async with oven:
                for _ in range(3):
                    await asyncio.sleep(0.1)
            return "roast"

        async def bread() -> str:
            async with oven:
                return "bread"

        room.store.ahead("plan", "roast", roast, urgency=Urgency.LIKELY)
        await asyncio.sleep(0.15)
        with room.store.foreground():
            async with asyncio.timeout(1.0):
                assert await room.store.get("plan", "bread", bread) == "bread"


@in_virtual_time
async def test_work_ahead_that_hangs_does_not_keep_the_rest_from_being_done(tmp_path: Path) -> None:
    async with kitchen(tmp_path) as room:
        room.ahead("roast", 3600.0, urgency=Urgency.LIKELY)
        room.ahead("soup")
        await asyncio.sleep(9.0)
        assert room.made == ["roast"]
        await asyncio.sleep(3.0)
        assert (room.cancelled, room.ended) == (["roast"], ["soup"])


@in_virtual_time
async def test_the_most_urgent_goes_first_and_no_more_run_than_may(tmp_path: Path) -> None:
    async with kitchen(tmp_path, at_once=2) as room:
        with room.store.foreground():
            for name, urgency in (("idle", Urgency.IDLE), ("variation", Urgency.VARIATION), ("likely", Urgency.LIKELY)):
                room.ahead(name, urgency=urgency)
            assert room.made == []
        await asyncio.sleep(0.5)
        assert room.made == ["likely", "variation"]
        await room.store.idle()
        assert room.ended == ["likely", "variation", "idle"]


@in_virtual_time
async def test_what_is_dropped_ends_at_once_with_everything_made_for_it_alone(tmp_path: Path) -> None:
    async with kitchen(tmp_path, at_once=2) as room:

        async def menu() -> None:
            await asyncio.gather(*(room.store.get("plan", (name,), room.dish(name)) for name in ("soup", "roast")))

        async def supper() -> None:
            await room.store.get("plan", ("soup",), room.dish("soup"))

        room.store.ahead("clarification", "menu", menu, urgency=Urgency.BRANCH, tag="card/menu")
        room.store.ahead("clarification", "supper", supper, urgency=Urgency.BRANCH, tag="card/supper")
        room.ahead("cake", tag="card/cake")
        await asyncio.sleep(0.3)
        room.store.drop("card/menu")
        room.store.drop("card/cake")
        await asyncio.sleep(0.01)
        assert room.cancelled == ["roast"]  # the soup is for supper too
        await room.store.idle()
        assert room.made == ["soup", "roast"]
        room.ahead("cake", tag="card/cake")
        await asyncio.sleep(0.2)
        room.store.drop("card")
        await asyncio.sleep(0.01)
        assert room.cancelled == ["roast", "cake"]


@in_virtual_time
async def test_what_is_dropped_before_its_first_step_makes_room(tmp_path: Path) -> None:
    async with kitchen(tmp_path) as room:
        room.ahead("roast", tag="card")
        room.store.drop("card")
        room.ahead("soup")
        async with asyncio.timeout(5.0):
            await asyncio.sleep(2.0)
            await room.store.idle()
        assert room.made == room.ended == ["soup"]
        assert await room.get("roast") == "roast 1"


@in_virtual_time
async def test_what_is_just_being_cancelled_is_made_anew_for_the_person(tmp_path: Path) -> None:
    async with kitchen(tmp_path) as room:
        room.ahead("soup", tag="card")
        await asyncio.sleep(0.35)
        room.store.drop("card")
        assert await room.get("soup") == "soup 2"  # in the same step of the loop
        assert room.cancelled == ["soup"]
        assert room.told == ["soup missed"]


@in_virtual_time
async def test_whoever_gives_up_ends_what_nobody_else_wants(tmp_path: Path) -> None:
    async with kitchen(tmp_path) as room:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.45):
                await room.get("soup", 3600.0)
        await asyncio.sleep(0.1)
        assert room.cancelled == ["soup"]


@in_virtual_time
async def test_what_work_ahead_waits_for_goes_on_when_the_person_waits_for_it(tmp_path: Path) -> None:
    async with kitchen(tmp_path) as room:

        async def menu() -> str:
            return await room.store.get("cards", ("soup",), room.dish("soup"))

        room.store.ahead("plan", ("menu",), menu, urgency=Urgency.LIKELY, tag="card")
        await asyncio.sleep(0.05)
        began = asyncio.get_running_loop().time()
        await room.get("menu")
        assert asyncio.get_running_loop().time() - began < 1.0  # a hundred steps of standing back would show
        assert room.told == ["menu background"]
        assert room.made == ["soup"]


@in_virtual_time
async def test_what_no_longer_holds_is_made_again(tmp_path: Path) -> None:
    async with kitchen(tmp_path) as room:
        room.ahead("soup")
        await asyncio.sleep(0.5)
        room.store.forget("plan")
        assert await room.get("soup") == "soup 1"  # it was asked for while it was made
        assert await room.get("soup") == "soup 2"


@in_virtual_time
async def test_work_ahead_that_fails_harms_nobody(tmp_path: Path) -> None:
    async with kitchen(tmp_path) as room:
        make = room.dish("soup", error=ValueError("salt"))
        room.store.ahead("plan", ("soup",), make, urgency=Urgency.BRANCH)
        await room.store.idle()
        assert await room.get("soup") == "soup 2"
        assert room.told == ["soup missed"]


@in_virtual_time
async def test_joules_count_as_thrown_away_until_somebody_wants_what_they_made(tmp_path: Path) -> None:
    async with kitchen(tmp_path) as room:

        async def knead(name: str) -> str:
            for _ in range(20_000):
                pass
            return await room.store.get("plan", (name,), room.dish(name))

        for name in ("soup", "roast"):
            room.store.ahead("clarification", name, functools.partial(knead, name), urgency=Urgency.BRANCH)
        await room.store.idle()
        before = room.store.costs.report()[0]
        assert before.joules == before.thrown_away_joules > 0.0
        await room.get("soup")  # and with it the kneading
        (after,) = (each for each in room.store.costs.report() if each.strategy is before.strategy)
        assert 0.2 < after.used_joules / before.joules < 0.8
        assert after.joules == before.joules


@in_virtual_time
async def test_strategies_take_turns_and_each_answers_for_what_it_got_ready(tmp_path: Path) -> None:
    async with kitchen(tmp_path, strategy="ab") as room:
        followed = []
        for _ in range(8):
            with room.store.foreground():
                followed.append(len(room.store.likely("lunch.when", ("12", "13", "14", "15"))))
                room.ahead(f"soup {len(followed)}")
            await room.store.idle()
            await room.get(f"soup {len(followed)}")
        assert followed == [0, 3, 0, 3, 0, 3, 0, 3]  # every other turn is the one that wants the soup
        by_strategy = {each.strategy: each for each in room.store.costs.report()}
        assert {name: by_strategy[name].background_hit_rate for name in (Strategy.NONE, Strategy.TOP_K)} == {
            Strategy.NONE: 0.0,
            Strategy.TOP_K: 1.0,
        }
        assert sum(each.turns for each in by_strategy.values()) == 16
        assert set(by_strategy) == set(COMPARED)


@in_virtual_time
async def test_top_1_leaves_variations_alone_and_top_k_what_does_not_pay(tmp_path: Path) -> None:
    dear = Worth(chance=0.1, saves_s=0.3, joules=50.0)
    async with kitchen(tmp_path, strategy="top-1") as room:
        with room.store.foreground():
            assert len(room.store.likely("lunch.when", ("12", "13"))) == 1
            room.ahead("soup", urgency=Urgency.VARIATION)
            room.ahead("roast", urgency=Urgency.BRANCH)
        await room.store.idle()
        assert room.made == ["roast"]
    async with kitchen(tmp_path, strategy="top-k") as room:
        with room.store.foreground():
            room.ahead("soup", worth=dear)
            room.ahead("roast", worth=Worth(chance=0.1, saves_s=0.3, joules=1.0))
        await room.store.idle()
        assert room.made == ["roast"]


@in_virtual_time
async def test_choices_and_costs_outlive_the_program(tmp_path: Path) -> None:
    today = [NOON]
    async with kitchen(tmp_path, now=lambda: today[0]) as room:
        for _ in range(3):
            room.store.chose("lunch.when", "13")
        room.ahead("soup")
        await room.store.idle()
        await room.get("soup")
        spent = room.store.costs.report()
    notebook = Notebook(tmp_path / "notebook.sqlite")
    assert await recorded(notebook) == spent
    await notebook.aclose()
    today[0] += timedelta(days=1)
    async with kitchen(tmp_path, now=lambda: today[0]) as room:
        assert room.store.likely("lunch.when", ("12", "13"))[0][0] == "13"
        assert room.store.costs.report() == spent
        assert room.store.costs.report(today=True) == ()


@in_virtual_time
async def test_a_choice_just_made_is_kept_when_the_program_ends(tmp_path: Path) -> None:
    async with kitchen(tmp_path) as room:
        room.store.chose("lunch.when", "13")
    async with kitchen(tmp_path) as room:
        assert room.store.likely("lunch.when", ("12", "13"))[0][0] == "13"


@in_virtual_time
async def test_an_old_notebook_with_a_strange_entry_is_read(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with kitchen(tmp_path) as room:
        await room.notebook.commit([Put("speculation", "x", Measured("2026-01-01", Strategy.ALL, turns=3))])
    async with kitchen(tmp_path, now=lambda: datetime(2026, 11, 22, tzinfo=NOON.tzinfo)) as room:
        assert room.store.costs.report()[0].turns == 3
    assert caplog.records == []


@in_virtual_time
async def test_nothing_is_left_behind_when_it_is_closed(tmp_path: Path) -> None:
    async with kitchen(tmp_path) as room:
        room.ahead("soup", 3600.0)
        room.ahead("roast", 3600.0)
        await asyncio.sleep(0.2)
        await room.store.aclose()
        room.ahead("cake")
        await asyncio.sleep(0.2)
        assert room.cancelled == ["soup"]
        assert room.made == ["soup"]


@in_virtual_time
async def test_work_ahead_that_does_not_listen_holds_up_nobody(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    released = asyncio.Event()

    async def stubborn() -> str:
        while not released.is_set():
            try:
                await released.wait()
            except asyncio.CancelledError:
                continue
        return "at last"

    async with kitchen(tmp_path) as one:
        one.store.ahead("plan", ("stubborn",), stubborn, urgency=Urgency.BRANCH)
        one.ahead("bread")
        await asyncio.sleep(11.5)
        behind = list(one.ended)
        await one.store.aclose()
        released.set()
        await asyncio.sleep(0.1)
    assert behind == ["bread"]
    assert "did not end when it was told to" in caplog.text
    caplog.clear()


@in_virtual_time
async def test_a_skill_that_ends_the_program_does_not(tmp_path: Path) -> None:
    async def leaves() -> str:
        raise SystemExit(3)

    async with kitchen(tmp_path) as one:
        one.store.ahead("plan", ("leaves",), leaves, urgency=Urgency.BRANCH)
        await one.store.idle()
        with pytest.raises(SottoError, match="tried to end the program"):
            await one.store.get("plan", ("leaves",), leaves)


@in_virtual_time
async def test_thousands_of_different_requests_are_not_all_kept(tmp_path: Path) -> None:
    async with kitchen(tmp_path) as one:
        with one.store.foreground():
            for number in range(600):
                one.ahead(f"dish {number}", 0.0)
            waiting = len(one.store._flights)
        for number in range(300):
            await one.get(f"other {number}", 0.0)
        kept = {kind: len(shelf) for kind, shelf in one.store._shelves.items()}
    assert waiting == MOST_QUEUED
    assert kept == {"plan": ROOMS["plan"].things}


@in_virtual_time
async def test_what_a_turn_teaches_is_written_down_once_and_behind_it(tmp_path: Path) -> None:
    async with kitchen(tmp_path) as one:
        commits: list[frozenset[str]] = []
        one.notebook.subscribe(commits.append)
        with one.store.foreground():
            one.store.chose("plan_workout.focus", "upper")
            one.store.chose("plan_workout.minutes", "30")
            one.store.chose("plan_workout.focus", "core")
            await asyncio.sleep(0.1)
            during = list(commits)
        await asyncio.gather(*one.store._writing)
        one.store.chose("plan_workout.focus", "lower")
        await asyncio.gather(*one.store._writing)
    assert during == []
    assert commits[:2] == [frozenset({"predictor"})] * 2
