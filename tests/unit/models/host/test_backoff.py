"""How long a host that keeps ending has to wait."""

from __future__ import annotations

import pytest

from models.host.backoff import Backoff, BackoffLimits


def test_the_first_restart_is_immediate_then_it_doubles_up_to_a_limit() -> None:
    backoff = Backoff(BackoffLimits())
    waits = []
    for _ in range(9):
        backoff.died(100.0, 1.0)
        waits.append(backoff.wait_s(100.0))
    assert waits == [0.0, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 8.0, 8.0]


def test_the_wait_runs_out() -> None:
    backoff = Backoff(BackoffLimits())
    backoff.died(100.0, 1.0)
    backoff.died(100.0, 1.0)
    assert backoff.wait_s(100.2) == pytest.approx(0.05)
    assert backoff.wait_s(101.0) == 0.0


def test_a_healthy_minute_wipes_the_slate() -> None:
    backoff = Backoff(BackoffLimits())
    for _ in range(5):
        backoff.died(100.0, 59.0)
    backoff.died(200.0, 60.0)
    assert backoff.wait_s(200.0) == 0.0
    assert backoff.deaths == 1


def test_a_thousand_deaths_are_no_overflow() -> None:
    backoff = Backoff(BackoffLimits())
    for _ in range(1100):
        backoff.died(0.0, 0.0)
    assert backoff.wait_s(0.0) == 8.0
