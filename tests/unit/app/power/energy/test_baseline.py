"""What meters count while we do nothing."""

from __future__ import annotations

from app.power.energy.baseline import Baseline


def test_until_it_has_seen_enough_it_knows_nothing() -> None:
    baseline = Baseline()
    for _ in range(9):
        baseline.learn("package-0", 5.0)
    assert baseline.rate("package-0", 3.0) == 3.0
    baseline.learn("package-0", 5.0)
    assert baseline.rate("package-0", 3.0) == 5.0
    assert baseline.rate("nvml:0", 8.0) == 8.0


def test_now_and_then_somebody_elses_work_is_not_idling() -> None:
    baseline = Baseline()
    for second in range(100):
        baseline.learn("package-0", 30.0 if second % 3 == 0 else 4.0 + second % 5 * 0.1)
    assert 4.0 <= baseline.rate("package-0", 0.0) <= 4.1


def test_it_forgets_what_was_long_ago() -> None:
    baseline = Baseline()
    for watts in (1.0, 6.0):
        for _ in range(300):
            baseline.learn("package-0", watts)
    assert baseline.rate("package-0", 0.0) == 6.0
