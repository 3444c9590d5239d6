"""What work ahead costs, in numbers and in words."""

from __future__ import annotations

from app.assistant.speculation.costs import Cost, Costs, Measured, added, lines
from app.assistant.speculation.strategy import Strategy
from app.contracts.events import Prepared
from tests.helpers.preparing import NOON


def test_rates_say_what_they_are_a_share_of() -> None:
    measured = Measured("2026-11-21", Strategy.ALL, background=6, cache=12, missed=2)
    assert measured.background_hit_rate == 6 / 8
    assert measured.kept_hit_rate == 12 / 14
    assert measured.cache_hit_rate == 18 / 20
    assert Measured("2026-11-21", Strategy.ALL).cache_hit_rate is None


def test_work_counts_as_in_vain_until_it_was_of_use() -> None:
    costs = Costs(lambda: NOON)
    branch, other = Cost(Strategy.ALL), Cost(Strategy.ALL)
    plan = Cost(Strategy.ALL, part_of=branch)
    for cost, joules in ((plan, 2.0), (branch, 1.0), (other, 5.0)):
        costs.spent("plan", cost, joules)
    costs.use(plan)
    costs.use(plan)
    (report,) = costs.report()
    assert (report.joules, report.used_joules, report.thrown_away_joules) == (8.0, 3.0, 5.0)
    assert costs.usual("plan") == (2.0 + 3.0 + 5.0) / 3  # the branch with its plan
    assert costs.usual("cards") == 0.0


def test_what_is_wanted_before_it_is_done_was_of_use() -> None:
    costs = Costs(lambda: NOON)
    cost = Cost(Strategy.TOP_1)
    costs.use(cost)
    costs.spent("plan", cost, 2.0)
    assert costs.report()[0].thrown_away_joules == 0.0


def test_strategies_side_by_side() -> None:
    costs = Costs(lambda: NOON)
    costs.turn(Strategy.NONE)
    costs.wanted(Strategy.NONE, Prepared(what="plan", key="x", outcome="missed"))
    for outcome in ("background", "background", "cache", "missed"):
        costs.wanted(Strategy.TOP_K, Prepared(what="plan", key="x", outcome=outcome, saved_ms=500.0))
    assert lines(costs.report()) == (
        "strategy  turns  ahead  kept  missed   saved     J  J in vain",
        "none          1    0 %   0 %   100 %  0.00 s  0.00       0.00",
        "top-k         0   50 %  25 %    25 %  2.00 s  0.00       0.00",
    )
    assert lines(()) == ()


def test_days_are_added_up() -> None:
    one = Measured("2026-11-20", Strategy.ALL, turns=1, joules=2.0, used_joules=1.0)
    assert added((one, Measured("2026-11-21", Strategy.ALL, turns=2, joules=3.0))) == (
        Measured("2026-11-21", Strategy.ALL, turns=3, joules=5.0, used_joules=1.0),
    )
