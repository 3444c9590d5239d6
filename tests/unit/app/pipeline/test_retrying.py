from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.contracts.errors import (
    Busy,
    ConnectionFailed,
    HostDied,
    HostHung,
    InvalidInput,
    RuntimeFault,
    SottoError,
    TimedOut,
    TurnCancelledError,
    Unavailable,
)
from app.pipeline.definition import Retry
from app.pipeline.retrying import Patience, delay_ms, draw, worth_another
from tests.helpers.virtual_time import LoopClock, in_virtual_time


@given(st.integers(1, 12), st.floats(1, 1000), st.floats(1, 10_000))
def test_delays_are_drawn_from_nothing_to_an_exponential_bound(number: int, base: float, longest: float) -> None:
    retry = Retry(12, base, longest)
    bound = min(longest, base * 2**number)
    assert delay_ms(retry, number, lambda _, high: high) == bound
    assert delay_ms(retry, number, lambda low, _: low) == 0.0
    assert 0.0 <= delay_ms(retry, number, draw) <= bound


@pytest.mark.parametrize("kind", [TimedOut, Busy, ConnectionFailed, HostDied, HostHung])
def test_what_is_temporary_is_worth_as_many_tries_as_allowed(kind: type[SottoError]) -> None:
    assert [worth_another(kind("No."), Retry(2), number) for number in (1, 2, 3)] == [True, True, False]
    assert not worth_another(kind("No."), Retry(0), 1)


@pytest.mark.parametrize("kind", [InvalidInput, Unavailable, RuntimeFault, TurnCancelledError, SottoError])
def test_nothing_else_is(kind: type[SottoError]) -> None:
    assert not worth_another(kind("No."), Retry(5), 1)


@in_virtual_time
async def test_the_limit_stands_still_while_waiting() -> None:
    clock = LoopClock()
    patience = Patience(2.0, clock, "It")
    async with patience.limit():
        await clock.sleep(1.5)
        with patience.waiting():
            await clock.sleep(100)
        await clock.sleep(0.4)
    assert patience.waited_s == 100.0


@in_virtual_time
async def test_overlapping_waits_count_once_and_the_limit_goes_on_after_the_last() -> None:
    clock = LoopClock()
    patience = Patience(2.0, clock, "The stage a")

    async def wait(seconds: float) -> None:
        with patience.waiting():
            await clock.sleep(seconds)

    async def work() -> None:
        async with patience.limit():
            await asyncio.gather(wait(3), wait(5))
            await clock.sleep(2.5)

    with pytest.raises(TimedOut, match=r"The stage a took longer than 2 s\."):
        await work()
    assert patience.waited_s == 5.0
    assert clock.monotonic() == pytest.approx(1007.0)


@in_virtual_time
async def test_a_timeout_of_somebody_else_stays_one() -> None:
    with pytest.raises(TimeoutError):
        async with Patience(2.0, LoopClock(), "It").limit():
            raise TimeoutError


@in_virtual_time
async def test_no_limit() -> None:
    clock = LoopClock()
    patience = Patience(None, clock, "It")
    async with patience.limit():
        await clock.sleep(10_000)
        with patience.waiting():
            await clock.sleep(1)
    assert patience.waited_s == 1.0
