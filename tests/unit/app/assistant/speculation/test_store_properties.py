"""Whatever is wanted, made ahead and dropped in whatever order: nothing is made twice at once, everybody is served."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from app.assistant.speculation.preparing import Urgency
from app.assistant.speculation.store import PreparedStore
from tests.helpers.preparing import kitchen
from tests.helpers.virtual_time import in_virtual_time

NAMES = ("soup", "roast", "cake")
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("get"), st.sampled_from(NAMES), st.floats(0.0, 0.6)),
        st.tuples(st.just("give up"), st.sampled_from(NAMES), st.floats(0.0, 0.3)),
        st.tuples(st.just("ahead"), st.sampled_from((*NAMES, "menu")), st.floats(0.0, 0.6)),
        st.tuples(st.just("drop"), st.sampled_from((*NAMES, "menu")), st.floats(0.0, 0.2)),
        st.tuples(st.just("forget"), st.just("plan"), st.floats(0.0, 0.2)),
    ),
    max_size=25,
)


class Cook:
    """Makes things and sees to it that no two do the same at once."""

    def __init__(self, store: PreparedStore) -> None:
        self._store = store
        self.at_work: Counter[str] = Counter()

    async def make(self, name: str) -> str:
        self.at_work[name] += 1
        assert self.at_work[name] == 1, f"{name} is made twice at once"
        try:
            await asyncio.sleep(0.25)
            return name
        finally:
            self.at_work[name] -= 1

    async def get(self, name: str) -> str:
        return await self._store.get("plan", name, lambda: self.make(name))

    async def menu(self) -> tuple[str, ...]:
        return tuple(await asyncio.gather(*map(self.get, NAMES)))

    async def wanted(self, name: str) -> str:
        with self._store.foreground():
            return await self.get(name)


async def _play(cook: Cook, store: PreparedStore, steps: list[tuple[str, str, float]]) -> None:
    waiting: list[asyncio.Task[str]] = []
    for what, name, seconds in steps:
        match what:
            case "get":
                waiting.append(asyncio.create_task(cook.wanted(name)))
            case "give up":
                if waiting:
                    waiting.pop().cancel()
            case "ahead" if name == "menu":
                store.ahead("clarification", name, cook.menu, urgency=Urgency.BRANCH, tag=name)
            case "ahead":
                store.ahead("plan", name, lambda name=name: cook.make(name), urgency=Urgency.LIKELY, tag=name)  # type: ignore[misc]
            case "drop":
                store.drop(name)
            case _:
                store.forget(name)
        if seconds > 0.05:  # else the next step comes at once
            await asyncio.sleep(seconds)
    async with asyncio.timeout(5.0):
        served = await asyncio.gather(*waiting)
        await store.idle()
    await asyncio.sleep(0.05)  # what was cancelled last winds down
    assert set(served) <= set(NAMES)
    assert cook.at_work.total() == 0


@settings(max_examples=40, deadline=None)
@given(STEPS, st.integers(1, 2))
def test_nothing_is_made_twice_at_once_and_everybody_is_served(
    steps: list[tuple[str, str, float]], at_once: int
) -> None:
    @in_virtual_time
    async def run() -> None:
        with TemporaryDirectory() as folder:
            async with kitchen(Path(folder), at_once=at_once) as room:
                await _play(Cook(room.store), room.store, steps)
                await room.store.aclose()

    run()
