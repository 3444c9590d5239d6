"""The joules of a turn: every stage's, each once, with and without a pipeline, however the turn ends."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from app.assistant.inputs import typed
from app.assistant.parts import TurnOptions
from app.contracts.devices import Device
from app.contracts.energy import Comparison, DeviceReading, Energy, EnergyAccount, Provenance, added
from app.contracts.events import RunFinished, StageFinished, StageStarted, TextDelta, TurnFinished
from app.contracts.metrics import TurnMetrics
from app.pipeline.definition import Forwarding, TierWish
from app.power.energy.accounts import Accounts
from app.power.energy.days import Days
from app.power.sensors.sample import Counters, HostWork, Meter
from tests.helpers.assistants import ANSWER, QUESTION, SILENT, Cast, Room, cast, died, lone_turn, room
from tests.helpers.metering import MODEL
from tests.helpers.piped import ANSWERING, VOICE, paced, piped
from tests.helpers.virtual_time import LoopClock, in_virtual_time

ABOVE_W = 20.0
"""What the meter of the machine shows above the two watts it takes idle."""


class _Ends(Days):
    """Turns as they end; nothing is written."""

    def __init__(self, ended: list[EnergyAccount]) -> None:
        super().__init__(Path("nowhere"), LoopClock())
        self._ended = ended

    def turn_ended(self, account: EnergyAccount, comparisons: tuple[Comparison, ...]) -> None:
        del comparisons
        self._ended.append(account)


class Power(Accounts):
    """Accounts over a package that draws 22 W, with hosts nobody can look at: stages take what they say they worked."""

    def __init__(self) -> None:
        self.ended: list[EnergyAccount] = []
        super().__init__(self._package, MODEL, self, LoopClock(), days=_Ends(self.ended))

    @staticmethod
    def _package() -> Counters:
        now = LoopClock().monotonic()
        meter = Meter("package-0", frozenset({Device.CPU}), (ABOVE_W + 2.0) * now, "test")
        return Counters(now, (meter,), {Device.CPU: now})

    def work(self, backend_id: str) -> HostWork | None:
        del backend_id
        return None

    def readings(self) -> tuple[DeviceReading, ...]:
        return ()


def players(power: Power) -> Cast:
    there = cast()
    there.parts = replace(there.parts, power=power)
    return there


def finished(there: Room) -> TurnMetrics:
    (end,) = (event for event in there.watched.events if isinstance(event, TurnFinished))
    return end.metrics


def of(metrics: TurnMetrics, stage: str) -> Energy:
    (found,) = (one.energy for one in metrics.stages if one.stage == stage)
    assert found is not None
    return found


def adds_up(metrics: TurnMetrics) -> None:
    account = metrics.account
    assert account is not None
    assert metrics.energy is not None
    assert metrics.energy == added([one.energy for one in metrics.stages if one.energy is not None])
    assert metrics.energy.joules == pytest.approx(account.stages)
    assert account.stages + account.shared + account.idle == pytest.approx(account.total)
    assert account.total == pytest.approx((ABOVE_W + 2.0) * account.seconds)
    assert account.provenance is Provenance.MEASURED
    assert {one.device for one in metrics.compared} == {Device.GPU, Device.CPU}


@in_virtual_time
async def test_a_spoken_turn_counts_each_stage_and_what_was_done_ahead_for_it(tmp_path: Path) -> None:
    power = Power()
    there = players(power)
    there.voice_activity.delay_s = 0.01
    async with room(tmp_path, there) as at:
        await at.hold(1.6)
        await at.watched.saw(TurnFinished)
        metrics = finished(at)
    assert [one.stage for one in metrics.stages] == ["listen", "transcribe", "answer", "speak"]
    adds_up(metrics)
    assert of(metrics, "transcribe").joules > ABOVE_W * 0.05 * 0.99  # looks while the person still talked
    assert of(metrics, "answer").joules == pytest.approx(ABOVE_W * 12 * 0.02, rel=0.2)
    assert power.open_spans == 0


@in_virtual_time
async def test_a_pipeline_inside_a_turn_is_counted_once(tmp_path: Path) -> None:
    power = Power()
    ladder = replace(
        VOICE,
        stages=(
            VOICE.stages[0],
            replace(ANSWERING, forwarding=Forwarding(min_confidence=0.8, path=(TierWish("large-cpu"),))),
            VOICE.stages[2],
        ),
    )
    tiers = (paced("small-cpu"), paced("large-cpu", ANSWER + " It is salty there."))
    async with piped(
        tmp_path, *tiers, definition=ladder, confidence={"small-cpu": 0.3}, options=SILENT, power=power
    ) as at:
        at.assistant.ask(QUESTION)
        await at.watched.saw(TurnFinished)
        metrics = finished(at)
        (run,) = (event for event in at.watched.events if isinstance(event, RunFinished))
    adds_up(metrics)
    assert run.metrics is not None
    assert run.metrics.energy == of(metrics, "answer") == metrics.energy
    assert sum(one.energy.joules for one in run.metrics.stages if one.energy) == pytest.approx(
        metrics.energy.joules if metrics.energy else 0.0
    )
    assert metrics.account is not None
    tokens = 12 + 17
    assert metrics.account.stages <= ABOVE_W * metrics.account.seconds
    assert metrics.account.stages == pytest.approx(ABOVE_W * tokens * 0.02, rel=0.2)
    assert power.open_spans == 0


@in_virtual_time
async def test_a_pipeline_that_collects_no_figures_leaves_its_stage_without_joules(tmp_path: Path) -> None:
    power = Power()
    quiet = replace(VOICE, options=replace(VOICE.options, collect_metrics=False))
    async with piped(tmp_path, paced("small-cpu"), definition=quiet, options=SILENT, power=power) as at:
        at.assistant.ask(QUESTION)
        await at.watched.saw(TurnFinished)
        metrics = finished(at)
    assert [one.energy for one in metrics.stages] == [None]
    assert metrics.account is not None
    assert metrics.account.stages > 0.0


@in_virtual_time
async def test_what_a_tier_that_failed_took_is_paid_for_too(tmp_path: Path) -> None:
    power = Power()
    broken = paced("small-cpu", ANSWER)
    broken.break_after(6, died())
    ladder = replace(ANSWERING, forwarding=Forwarding(min_confidence=0.8, path=(TierWish("large-cpu"),)))
    definition = replace(VOICE, stages=(VOICE.stages[0], ladder, VOICE.stages[2]))
    async with piped(tmp_path, broken, paced("large-cpu"), definition=definition, options=SILENT, power=power) as at:
        at.assistant.ask(QUESTION)
        await at.watched.saw(TurnFinished)
        metrics = finished(at)
    adds_up(metrics)
    assert of(metrics, "answer").joules == pytest.approx(ABOVE_W * 12 * 0.02, rel=0.01)  # six tokens each
    assert power.open_spans == 0


@in_virtual_time
async def test_nothing_is_left_open_when_a_turn_with_a_pipeline_is_cancelled(tmp_path: Path) -> None:
    power = Power()
    async with piped(tmp_path, paced("small-cpu"), options=SILENT, power=power) as at:
        at.assistant.ask(QUESTION)
        await at.watched.saw(TextDelta, number=3)
        at.assistant.cancel()
        await at.idle()
    assert power.open_spans == 0
    assert power.spent_in_turn_j == 0.0
    assert power.spent_in_hour_j() == pytest.approx(ABOVE_W * 4 * 0.02, rel=0.5)


@pytest.mark.parametrize("spoken", [False, True], ids=["typed", "spoken"])
@in_virtual_time
async def test_nothing_is_left_open_when_a_turn_is_cancelled(tmp_path: Path, spoken: bool) -> None:
    power = Power()
    async with room(tmp_path, players(power)) as at:
        if spoken:
            at.assistant.press()
            await LoopClock().sleep(1.0)
            at.assistant.cancel()
        else:
            at.assistant.ask(QUESTION)
            await at.watched.saw(TextDelta)
            at.assistant.cancel()
        await at.idle()
    assert power.open_spans == 0
    assert power.spent_in_turn_j == 0.0
    assert power.spent_in_hour_j() > 0.0


MOMENTS_S = [0.0, 0.05, 0.3, 0.9, 1.5, 1.62, 1.66, 1.7, 1.75, 1.85, 2.0, 2.3, 2.6, 3.0, 4.0, 6.0, 9.0]
"""Of a spoken turn: before the first sample, while the person talks, recognising, thinking, speaking, and after it."""


@pytest.mark.parametrize("again", [False, True], ids=["cancelled", "the key is pressed again"])
@pytest.mark.parametrize("with_pipeline", [False, True], ids=["alone", "pipeline"])
@in_virtual_time
async def test_the_books_close_whenever_a_spoken_turn_is_ended(
    tmp_path: Path, with_pipeline: bool, again: bool
) -> None:
    for number, moment in enumerate(MOMENTS_S):
        power, folder = Power(), tmp_path / str(number)
        rooms = piped(folder, paced("small-cpu"), power=power) if with_pipeline else room(folder, players(power))
        async with rooms as at:
            at.assistant.press()
            await LoopClock().sleep(min(1.6, moment))
            if moment > 1.6:
                at.assistant.release()
                await LoopClock().sleep(moment - 1.6)
            if again:
                await at.hold(1.6)
            else:
                at.assistant.cancel()
            await at.idle()
        turns = len(at.watched.turns)
        assert (power.open_spans, power.spent_in_turn_j, len(power.ended)) == (0, 0.0, turns), moment
        for account in power.ended:
            assert min(account.stages, account.shared, account.idle, account.seconds) >= 0.0
            assert account.stages + account.shared + account.idle == pytest.approx(account.total)
            assert account.total == pytest.approx((ABOVE_W + 2.0) * account.seconds)
        for end in (event for event in at.watched.events if isinstance(event, TurnFinished)):
            adds_up(end.metrics)


@in_virtual_time
async def test_nothing_is_left_open_when_a_stage_fails() -> None:
    power = Power()
    there = players(power)
    there.text.break_after(3, died())
    lone = lone_turn(there, TurnOptions(speak=False))
    error = await lone.turn.run(typed("Where?"))
    assert error is not None
    assert power.open_spans == 0
    assert [type(event) for event in lone.watched.of("lone") if isinstance(event, StageStarted | StageFinished)] == [
        StageStarted
    ]


@in_virtual_time
async def test_where_nobody_counts_a_turn_has_no_account() -> None:
    lone = lone_turn(cast(), SILENT)
    await lone.turn.run(typed("Where?"))
    end = lone.watched.of("lone")[-1]
    assert isinstance(end, TurnFinished)
    assert (end.metrics.account, end.metrics.compared) == (None, ())
    assert end.metrics.energy is not None
