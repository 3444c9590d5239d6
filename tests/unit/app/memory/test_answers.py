"""Kept outputs on disk: bounded, aged, and never a reason for anything to fail."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.contracts.ports import Clock
from app.memory.answers import KeptAnswers


class _Clock(Clock):
    now = 1000.0

    def monotonic(self) -> float:
        return self.now

    def time(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


async def test_room_is_made_by_what_was_used_longest_ago(tmp_path: Path) -> None:
    clock = _Clock()
    kept = KeptAnswers(tmp_path / "cache.db", clock, largest_bytes=1000)
    for number in range(5):
        clock.now += 1
        await kept.put(str(number), b"x" * 200, 0)
    clock.now += 1
    assert await kept.get("0") is not None
    clock.now += 1
    await kept.put("new", b"x" * 200, 0)
    assert await kept.get("1") is None
    assert await kept.get("0") is not None
    assert await kept.stored_bytes() == 1000
    await kept.put("giant", b"x" * 300, 0)
    assert await kept.get("giant") is None
    await kept.aclose()


async def test_age_counts_from_the_putting(tmp_path: Path) -> None:
    clock = _Clock()
    kept = KeptAnswers(tmp_path / "cache.db", clock)
    await kept.put("key", b"payload", 60)
    clock.now += 20
    assert await kept.get("key") == (b"payload", 40.0)
    clock.now += 40
    assert await kept.get("key") is None
    assert await kept.stored_bytes() == 0
    await kept.aclose()


async def test_forgetting_leaves_no_trace_of_the_words(tmp_path: Path) -> None:
    path = tmp_path / "cache.db"
    kept = KeptAnswers(path, _Clock())
    await kept.put("key", b"secret words of the person", 0)
    await kept.clear()
    await kept.aclose()
    assert all(b"secret words" not in file.read_bytes() for file in tmp_path.iterdir())  # noqa: ASYNC240


async def test_a_damaged_file_is_moved_aside_and_nothing_fails(tmp_path: Path) -> None:
    path = tmp_path / "cache.db"
    path.write_bytes(b"no database at all" * 100)
    kept = KeptAnswers(path, _Clock())
    await kept.put("key", b"payload", 0)
    assert await kept.get("key") is not None
    await kept.aclose()


async def test_a_place_that_cannot_be_used_costs_only_the_cache(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("")
    kept = KeptAnswers(in_the_way / "cache.db", _Clock())
    await kept.put("key", b"payload", 0)
    assert await kept.get("key") is None
    assert "kept answers are not used" in caplog.text
    await kept.aclose()
    assert await kept.get("key") is None
