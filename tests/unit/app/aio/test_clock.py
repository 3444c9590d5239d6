"""The clock of the machine, and its zone."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from app.aio.clock import LOCAL, SystemClock


@pytest.fixture
def in_berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    if not hasattr(time, "tzset"):
        pytest.skip("The zone of a process cannot be set here.")
    before = os.environ.get("TZ")
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    assert os.environ.get("TZ") == before
    time.tzset()


def test_time_since_the_start_of_the_machine_goes_on() -> None:
    clock = SystemClock()
    first, plain = clock.since_boot(), clock.monotonic()
    assert 0.0 < first <= clock.since_boot()
    assert clock.since_boot() - first <= clock.monotonic() - plain + 0.5
    assert clock.boot() == SystemClock().boot()


@pytest.mark.usefixtures("in_berlin")
def test_the_zone_of_the_machine_knows_summer_time() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    moment = datetime(2026, 1, 1, 12, 30, tzinfo=UTC)
    for _ in range(8760 // 5):
        here = moment.astimezone(LOCAL)
        there = moment.astimezone(berlin)
        assert (here.replace(tzinfo=None), here.fold) == (there.replace(tzinfo=None), there.fold)
        assert here.utcoffset() == there.utcoffset()
        assert here.timestamp() == moment.timestamp()
        moment += timedelta(hours=5)
    summer, winter = datetime(2026, 7, 1, tzinfo=LOCAL), datetime(2026, 12, 1, tzinfo=LOCAL)
    assert (summer.dst(), winter.dst()) == (timedelta(hours=1), timedelta(0))
    assert (summer.tzname(), winter.tzname()) == ("CEST", "CET")
    assert LOCAL.utcoffset(None) is None


@pytest.mark.usefixtures("in_berlin")
def test_the_hour_that_comes_twice_is_told_apart() -> None:
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC).astimezone(LOCAL)
    second = datetime(2026, 10, 25, 1, 30, tzinfo=UTC).astimezone(LOCAL)
    assert (f"{first:%H:%M}", first.fold, f"{second:%H:%M}", second.fold) == ("02:30", 0, "02:30", 1)
    assert second.timestamp() - first.timestamp() == 3600.0
