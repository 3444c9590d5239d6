"""The plan-aware cache: what goes in comes out, for as long as it may and while there is room."""

from __future__ import annotations

import asyncio
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from app.contracts.audio import AudioChunk
from app.memory.answers import KeptAnswers
from app.pipeline.cache import PlanCache
from app.pipeline.tools import Kept
from app.pipeline.values import Parts, Passage, Passages, Sound, SoundSource, Text, Value, Vectors, Verdict
from tests.helpers.virtual_time import LoopClock, in_virtual_time

_confidence = st.none() | st.floats(0, 1)
_simple: st.SearchStrategy[Value] = st.one_of(
    st.builds(Text, st.text(), _confidence),
    st.builds(Verdict, st.booleans(), st.text(), st.lists(st.text()).map(tuple), _confidence),
    st.builds(Vectors, st.lists(st.text()).map(tuple), st.lists(st.lists(st.floats(-1, 1)).map(tuple)).map(tuple)),
    st.builds(Passages, st.text(), st.lists(st.builds(Passage, st.text(), st.text(), st.text())).map(tuple)),
    st.builds(Sound, st.builds(AudioChunk, st.binary().map(lambda pcm: pcm[: len(pcm) // 4 * 4]))),
)
_values = st.recursive(_simple, lambda inner: st.lists(inner).map(tuple).map(Parts), max_leaves=6)


@given(_values)
def test_every_value_survives_the_disk(value: Value) -> None:
    async def there_and_back() -> None:
        store = _DictStore()
        await PlanCache(store, LoopClock()).put("key", Kept(value, "origin"), 0)
        assert await PlanCache(store, LoopClock()).get("key") == Kept(value, "origin")

    asyncio.run(there_and_back())


@in_virtual_time
async def test_what_is_too_old_is_gone() -> None:
    cache = PlanCache(None, LoopClock())
    await cache.put("short", Kept(Text("a")), 10)
    await cache.put("forever", Kept(Text("b")), 0)
    await asyncio.sleep(9)
    assert await cache.get("short") == Kept(Text("a"))
    await asyncio.sleep(2)
    assert await cache.get("short") is None
    assert await cache.get("forever") == Kept(Text("b"))


@in_virtual_time
async def test_what_was_used_longest_ago_makes_room() -> None:
    cache = PlanCache(None, LoopClock(), entries=2)
    for key in ("one", "two"):
        await cache.put(key, Kept(Text(key)), 0)
    assert await cache.get("one")
    await cache.put("three", Kept(Text("three")), 0)
    assert await cache.get("two") is None
    assert await cache.get("one")


@in_virtual_time
async def test_bytes_are_bounded_and_the_giant_is_not_held() -> None:
    cache = PlanCache(None, LoopClock(), size_bytes=1000)
    await cache.put("giant", Kept(Text("x" * 500)), 0)
    assert await cache.get("giant") is None
    for number in range(20):
        await cache.put(str(number), Kept(Text("x" * 100)), 0)
    held = [number for number in range(20) if await cache.get(str(number))]
    assert held == list(range(20 - len(held), 20))
    assert 3 <= len(held) <= 8


@in_virtual_time
async def test_an_endless_source_is_not_kept() -> None:
    async def nothing():
        return
        yield

    store = _DictStore()
    await PlanCache(store, LoopClock()).put("key", Kept(SoundSource(nothing())), 0)
    assert store.kept == {}


async def test_the_file_outlives_the_program(tmp_path: Path) -> None:
    path, clock = tmp_path / "cache.db", LoopClock()
    store = KeptAnswers(path, clock)
    await PlanCache(store, clock).put("key", Kept(Text("Paris")), 100)
    await store.aclose()
    again = KeptAnswers(path, clock)
    assert await PlanCache(again, clock).get("key") == Kept(Text("Paris"))
    assert await PlanCache(again, clock).get("other") is None
    await again.aclose()
    await again.aclose()


async def test_what_another_version_wrote_is_no_hit() -> None:
    store = _DictStore()
    for payload in (b"[]", b"no json", b'{"value": {"kind": "novel"}, "origin": ""}', b'{"value": {"kind": "text"}}'):
        store.kept["key"] = payload
        assert await PlanCache(store, LoopClock()).get("key") is None


class _DictStore:
    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    async def get(self, key: str) -> tuple[bytes, float] | None:
        return (self.kept[key], 100.0) if key in self.kept else None

    async def put(self, key: str, payload: bytes, ttl_s: float) -> None:
        self.kept[key] = payload
