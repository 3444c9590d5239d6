from __future__ import annotations

from app.contracts.devices import Device, Tier
from app.contracts.energy import Energy, Provenance, added
from app.contracts.metrics import Attempt, StageMetadata
from app.pipeline.metrics import RunLedger, bottlenecks
from app.pipeline.plan import PlannedStage
from app.pipeline.stages.processor import Timings
from app.power.energy.estimate import EstimatedPowerMonitor
from tests.helpers.pipeline_stages import custom
from tests.helpers.virtual_time import LoopClock, in_virtual_time

STAGE = PlannedStage(definition=custom("a"), ladder=(Tier("w", "m"),), asked=Device.GPU)
POWER = EstimatedPowerMonitor()


def test_the_longest_path_and_who_makes_it_long() -> None:
    needs = {"a": (), "b": ("a",), "c": ("a",), "d": ("b", "c")}
    assert bottlenecks(needs, {"a": 100.0, "b": 900.0, "c": 300.0, "d": 300.0}) == ("b", "d")
    assert bottlenecks(needs, {"a": 500.0, "b": 1.0, "c": 700.0, "d": 1.0}) == ("c", "a")
    assert bottlenecks(needs, {"a": 10.0}) == ("a",)
    assert bottlenecks(needs, {}) == ()
    assert bottlenecks({}, {}) == ()


def test_a_skipped_stage_in_the_middle_does_not_break_the_path() -> None:
    assert bottlenecks({"a": (), "b": ("a",), "c": ("b",)}, {"a": 50.0, "c": 50.0}) == ("a", "c")


def test_sums_say_where_they_come_from() -> None:
    measured, estimate = Energy(1.0, Provenance.MEASURED), Energy(2.0, Provenance.ESTIMATE)
    nowhere = Energy(0.0, Provenance.UNAVAILABLE)
    assert added([measured, measured]) == Energy(2.0, Provenance.MEASURED)
    assert added([measured, estimate]) == Energy(3.0, Provenance.ESTIMATE)
    assert added([measured, nowhere]) == Energy(1.0, Provenance.ESTIMATE)
    assert added([nowhere]) == nowhere
    assert added([]) == Energy(0.0, Provenance.UNAVAILABLE)


@in_virtual_time
async def test_all_tries_are_paid_for_and_waiting_is_not() -> None:
    clock = LoopClock()
    ledger = RunLedger(clock, POWER)
    times = ledger.stage_started()
    await clock.sleep(10)
    times.waited_s = 6.0
    times.tries = [Timings(tokens=3, fusion_s=0.5), Timings(tokens=4, busy_s=1.0, guard_s=0.25, validation_s=0.125)]
    times.tried_s = [1.5, 2.5]
    times.note_output(clock.monotonic() - 2)
    times.note_output(clock.monotonic() - 1)
    metrics = ledger.stage_ended(STAGE, times, StageMetadata(backend="w", ran=Device.CPU))
    assert (metrics.elapsed_ms, metrics.first_output_ms, metrics.tokens) == (10_000.0, 8000.0, 7)
    assert (metrics.backend, metrics.device) == ("w", Device.CPU)
    assert metrics.energy == POWER.energy(Device.CPU, 2.5)
    run = ledger.run_metrics(11_000.0, {"a": ()})
    assert (run.fusion_ms, run.guard_ms, run.validation_ms) == (500.0, 250.0, 125.0)
    assert (run.execution_ms, run.total_ms, run.energy) == (10_000.0, 11_000.0, metrics.energy)


@in_virtual_time
async def test_attempts_on_several_devices_add_up() -> None:
    ledger = RunLedger(LoopClock(), POWER)
    attempts = tuple(
        Attempt(backend=name, model="m", decision="escalated", reason="", energy=Energy(joules, Provenance.ESTIMATE))
        for name, joules in (("small", 1.0), ("big", 9.0))
    )
    metrics = ledger.stage_ended(STAGE, ledger.stage_started(), StageMetadata(backend="big", attempts=attempts))
    assert metrics.energy == Energy(10.0, Provenance.ESTIMATE)


@in_virtual_time
async def test_what_was_counted_goes_before_all_else_even_of_a_stage_that_failed() -> None:
    ledger = RunLedger(LoopClock(), POWER)
    times = ledger.stage_started()
    times.tries = [Timings(), Timings(), Timings()]
    times.tried_s = [1.0, 1.0, 1.0]
    times.tries[0].took(Energy(2.0, Provenance.MEASURED))
    times.tries[0].took(Energy(1.0, Provenance.MEASURED))
    times.tries[2].took(Energy(4.0, Provenance.MEASURED))
    assert ledger.stage_ended(STAGE, times, None).energy == Energy(7.0, Provenance.MEASURED)


@in_virtual_time
async def test_what_costs_nothing_says_nothing() -> None:
    ledger = RunLedger(LoopClock(), POWER)
    own = PlannedStage(definition=custom("a"))
    assert ledger.stage_ended(own, ledger.stage_started(), None).energy is None
    assert ledger.stage_ended(STAGE, ledger.stage_started(), StageMetadata(cached=True)).energy is None
    silent = RunLedger(LoopClock(), POWER, collect=False)
    assert silent.stage_ended(STAGE, silent.stage_started(), None).energy is None
    assert ledger.run_metrics(0.0, {}).energy is None
