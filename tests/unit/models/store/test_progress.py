from __future__ import annotations

from app.contracts.events import DownloadProgress
from models.store.progress import Meter, Progress, State
from tests.helpers.virtual_time import Seconds


def metered() -> tuple[Meter, Seconds, list[Progress]]:
    clock, seen = Seconds(), list[Progress]()
    meter = Meter("tiny", seen.append, clock)
    meter.total = 1_000_000
    meter.enter(State.DOWNLOADING)
    return meter, clock, seen


def test_speed_and_remaining_time_are_those_of_the_last_seconds() -> None:
    meter, clock, seen = metered()
    for _ in range(100):  # 10 s at 10 kB/s
        meter.add(1000)
        clock.now += 0.1
    for _ in range(60):  # 6 s at 50 kB/s
        meter.add(5000)
        clock.now += 0.1
    last = seen[-1]
    assert 48_000 < last.bytes_per_s < 51_000
    assert last.remaining_s is not None
    assert abs(last.remaining_s - (1_000_000 - last.received_bytes) / last.bytes_per_s) < 0.01
    assert last.event() == DownloadProgress(
        download_id="tiny", received_bytes=last.received_bytes, total_bytes=1_000_000, state="downloading"
    )


def test_it_is_told_at_most_ten_times_a_second() -> None:
    meter, clock, seen = metered()
    for _ in range(1000):
        meter.add(10)
        clock.now += 0.001
    assert len(seen) <= 12


def test_nothing_is_known_before_enough_has_come() -> None:
    meter, clock, seen = metered()
    meter.add(500_000)
    clock.now += 0.2
    meter.add(1)
    assert (seen[-1].bytes_per_s, seen[-1].remaining_s) == (0.0, None)
    meter.total = 0
    clock.now += 5
    meter.add(1000)
    assert seen[-1].remaining_s is None, "without a total nobody knows"


def test_what_is_thrown_away_does_not_count_as_speed() -> None:
    meter, clock, _ = metered()
    for _ in range(20):
        meter.add(10_000)
        clock.now += 0.1
    meter.add(-200_000)
    assert meter.received == 0
    assert meter.bytes_per_s == 0.0


def test_reading_what_is_there_is_no_speed_of_the_network() -> None:
    meter, clock, seen = metered()
    meter.enter(State.CHECKING)
    for _ in range(20):
        meter.add(100_000)
        clock.now += 0.1
    assert {each.bytes_per_s for each in seen} == {0.0}
    meter.enter(State.DOWNLOADING)
    assert seen[-1].bytes_per_s == 0.0
