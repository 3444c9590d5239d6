"""Which tiers an energy budget allows, and for how long an answer."""

from __future__ import annotations

import pytest

from app.contracts.devices import Device, Tier
from app.contracts.errors import Unavailable
from app.pipeline.definition import PipelineOptions
from app.pipeline.text.budget import Allowance, allowance
from app.pipeline.text.ledger import EnergyLedger
from app.pipeline.tools import Tools
from tests.helpers.pipelines import tools_over, writer
from tests.helpers.texts import tier_of
from tests.helpers.virtual_time import LoopClock, in_virtual_time

NPU, CPU = writer("npu", device=Device.NPU), writer("cpu")
LADDER = (tier_of(NPU), tier_of(CPU))  # 0.25 J and 1.2 J a token before anything is measured


def allowed(tools: Tools, max_tokens: int = 100, run_id: str = "r1", **options: float) -> Allowance:
    return allowance(PipelineOptions(**options), LADDER, max_tokens, tools, "power-budget", run_id)  # type: ignore[arg-type]


@in_virtual_time
async def test_without_a_budget_everything_may_be_asked() -> None:
    assert allowed(tools_over(NPU, CPU)) == Allowance(LADDER, 100)


@in_virtual_time
async def test_tiers_are_taken_as_long_as_all_of_them_fit() -> None:
    tools = tools_over(NPU, CPU)
    assert allowed(tools, joules_per_run=200.0).tiers == LADDER
    less = allowed(tools, joules_per_run=100.0)
    assert (less.tiers, less.max_tokens, less.joules) == (LADDER[:1], 100, 100.0)
    assert less.notes == ("cpu was left out: about 120 J more would not fit the energy budget of 100 J.",)


@in_virtual_time
async def test_the_cheapest_tier_is_cut_to_what_fits() -> None:
    cut = allowed(tools_over(NPU, CPU), joules_per_run=10.0)
    assert (cut.tiers, cut.max_tokens) == (LADDER[:1], 40)
    assert cut.shortened_note(10.2) == "Shortened to fit the energy budget of 10 J."
    assert cut.shortened_note(25.0) == "Broken off: it had taken 25 J when the energy budget of 10 J was spent."


@in_virtual_time
async def test_what_was_measured_replaces_the_start_values() -> None:
    tools = tools_over(NPU, CPU)
    tools.ledger.measured(LADDER[1], tokens=200, seconds=2.0)  # 0.12 J a token
    cut = allowed(tools, joules_per_run=10.0)
    assert (cut.tiers, cut.max_tokens) == (LADDER[1:], 83)


@in_virtual_time
async def test_earlier_stages_and_earlier_runs_count() -> None:
    tools, now = tools_over(NPU, CPU), LoopClock().monotonic()
    tools.ledger.measured(LADDER[0], tokens=100, seconds=10.0)
    tools.ledger.spend("power-budget", "r1", 6.0, now)
    tools.ledger.spend("another", "r0", 50.0, now)
    assert allowed(tools, joules_per_run=11.0).max_tokens == 20
    assert allowed(tools, run_id="r2", joules_per_run=11.0).max_tokens == 44
    assert allowed(tools, run_id="r2", joules_per_hour=11.0).max_tokens == 20


@in_virtual_time
async def test_a_budget_that_is_used_up_says_when_there_is_room() -> None:
    clock, tools = LoopClock(), tools_over(NPU, CPU)
    tools.ledger.measured(LADDER[0], tokens=100, seconds=10.0)
    tools.ledger.spend("power-budget", "r0", 28.0, clock.monotonic())
    await clock.sleep(600.0)
    with pytest.raises(Unavailable) as caught:
        allowed(tools, joules_per_hour=30.0)
    assert str(caught.value) == (
        "The energy budget of 30 J has 2 J left; the shortest answer takes 4 J. "
        "Try again in 50 min, or raise joules_per_hour."
    )
    assert caught.value.code == "energy-budget"
    await clock.sleep(3001.0)
    assert allowed(tools, joules_per_hour=30.0).max_tokens == 100


@in_virtual_time
async def test_a_budget_that_never_suffices_says_what_would() -> None:
    tools = tools_over(NPU, CPU)
    tools.ledger.measured(LADDER[0], tokens=100, seconds=10.0)
    with pytest.raises(Unavailable, match=r"Raise joules_per_run to 4 or more\."):
        allowed(tools, joules_per_run=3.0)


@in_virtual_time
async def test_a_speed_nobody_has_measured_refuses_nobody() -> None:
    tools = tools_over(NPU, CPU)
    first = allowed(tools, joules_per_run=3.0)
    assert (first.tiers, first.max_tokens, first.joules) == (LADDER[:1], 32, 3.0)
    assert allowed(tools, max_tokens=20, joules_per_run=3.0).max_tokens == 20
    tools.ledger.spend("power-budget", "r1", 3.0, LoopClock().monotonic())
    with pytest.raises(Unavailable):
        allowed(tools, joules_per_run=3.0)


@pytest.mark.parametrize("spent", [0.0, 12.0, 10.0])
@in_virtual_time
async def test_a_server_costs_nothing_here_whatever_is_left(spent: float) -> None:
    server = writer("server", device=Device.REMOTE)
    tools, ladder = tools_over(NPU, server), (tier_of(NPU), tier_of(server))
    tools.ledger.spend("power-budget", "r1", spent, LoopClock().monotonic())
    options = PipelineOptions(joules_per_run=10.0)
    asked = allowance(options, ladder, 100, tools, "power-budget", "r1")
    assert (asked.tiers, asked.max_tokens, asked.joules) == (ladder[1:], 100, None)
    assert asked.notes == ("npu was left out: about 25 J more would not fit the energy budget of 10 J.",)


@pytest.mark.parametrize("joules_per_token", [0.1426, 0.5, 1.0 / 3.0, 0.77])
@in_virtual_time
async def test_the_governor_refuses_nobody_whatever_a_token_takes(joules_per_token: float) -> None:
    tools = tools_over(CPU)
    tools.ledger.measured(LADDER[1], 100, 1.0, 100.0 * joules_per_token)
    for left in (0.0, 0.01, 15.0 * joules_per_token):
        least = allowance(PipelineOptions(), LADDER[1:], 100, tools, "p", "r", turn_j=left)
        assert (least.tiers, least.max_tokens) == (LADDER[1:], 16)
        assert (
            least.shortened_note(1.0) == f"Shortened to fit the rest of {left:.3g} J that the limits leave this turn."
        )


def test_the_ledger_forgets_after_an_hour() -> None:
    ledger = EnergyLedger()
    ledger.spend("p", "a", 1.0, 0.0)
    ledger.spend("p", "b", 2.0, 1800.0)
    assert ledger.spent_in_hour("p", 1800.0) == 3.0
    assert ledger.spent_in_hour("p", 3600.0) == 2.0
    assert ledger.spent_in_hour("p", 9999.0) == 0.0
    assert (ledger.spent_in_run("a"), ledger.spent_in_run("c")) == (1.0, 0.0)


def test_the_ledger_keeps_a_fading_mean_of_speeds_and_of_what_a_token_took() -> None:
    ledger, tier = EnergyLedger(), Tier("small", "script")
    assert ledger.tokens_per_s(tier) is None
    ledger.measured(tier, 3, 0.1)
    assert ledger.tokens_per_s(tier) is None, "three tokens say nothing"
    ledger.measured(tier, 100, 1.0)
    ledger.measured(tier, 200, 1.0)
    assert ledger.joules_per_token(tier) is None
    ledger.measured(Tier("other", "m"), 100, 1.0, 50.0)
    ledger.measured(Tier("other", "m"), 100, 1.0, 150.0)
    assert ledger.joules_per_token(Tier("other", "m")) == pytest.approx(0.8)
    assert ledger.tokens_per_s(tier) == 130.0
