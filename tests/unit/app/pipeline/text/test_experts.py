"""Several experts: whole sequences of steps, and what is said about them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import replace

import pytest

from app.contracts.capabilities import ConfidenceSource
from app.contracts.devices import Device, Tier
from app.contracts.errors import HostDied, InvalidInput, RuntimeFault, Unavailable
from app.contracts.text import GenerationRequest
from app.pipeline.definition import Experts, Merge
from app.pipeline.plan import PlannedStage
from app.pipeline.text.experts import ExpertsStrategy
from app.pipeline.text.steps import Ask, Outcome, Piece
from app.pipeline.tools import Judged
from models.fakes.llm import FakeTextGenerator
from tests.helpers.pipelines import SureOf, tools_over, writer
from tests.helpers.texts import Thermostat, ask_for, decisions, stage_over, story, tier_of
from tests.helpers.virtual_time import in_virtual_time


def panel(*runtimes: FakeTextGenerator, helper: FakeTextGenerator | None = None, **rule: object) -> PlannedStage:
    """A stage that asks all of these."""
    stage = stage_over(runtimes[0], experts=Experts(**rule))
    return replace(stage, experts=tuple(map(tier_of, runtimes)), helper=None if helper is None else tier_of(helper))


def in_turn(*answers: str) -> FakeTextGenerator:
    """One backend whose samples differ."""
    return writer("one", *answers)


def reasons(outcome: Outcome) -> list[str]:
    return [attempt.reason for attempt in outcome.attempts]


class ByVote(SureOf):
    """Knows what the share of a vote is worth."""

    def of_vote(self, tier: Tier, share: float, samples: int, log_probs: Sequence[float], text: str) -> Judged:
        assert (log_probs, text) == ((-0.1,), "Paris.")
        return Judged(round(share * samples / 10, 3), ConfidenceSource.CALIBRATED)


@in_virtual_time
async def test_the_surest_wins_while_the_first_is_shown() -> None:
    first, second = writer("first", "In Rome."), writer("second", "In Paris.", device=Device.GPU)
    ask = ask_for(panel(first, second), first, second, confidence={"first": 0.4, "second": 0.8})
    lines, outcome = await story(ExpertsStrategy(), ask)
    assert lines == [
        "[first runs on cpu, asked cpu]",
        "[second runs on gpu, asked gpu]",
        "first: 'In'",
        "first: ' Rome.'",
        "replace from 3",
        "second: 'Paris.'",
        "commit",
    ]
    assert decisions(outcome) == [("first", "merged"), ("second", "merged")]
    assert reasons(outcome) == ["Not the surest.", "The surest of 2."]
    assert (outcome.confidence, outcome.ran, outcome.tier.backend_id) == (0.8, Device.GPU, "second")


@in_virtual_time
async def test_different_backends_work_at_once_and_samples_one_after_the_other() -> None:
    first, second = writer("first", "A b c d."), writer("second", "A b c d.")
    first.token_s = second.token_s = 1.0
    ask = ask_for(panel(first, second, samples=2), first, second)
    clock = ask.tools.clock
    began = clock.monotonic()
    _, outcome = await story(ExpertsStrategy(), ask)
    assert clock.monotonic() - began == pytest.approx(8.0)
    assert [attempt.elapsed_ms for attempt in outcome.attempts] == pytest.approx([4000.0] * 4)


@in_virtual_time
async def test_samples_have_seeds_of_their_own_and_the_temperature() -> None:
    one = in_turn("A.", "B.", "C.")
    await story(ExpertsStrategy(), ask_for(panel(one, samples=3, temperature=0.9), one))
    assert [(asked.seed, asked.temperature) for asked in one.requests] == [(1, 0.9), (2, 0.9), (3, 0.9)]
    single = in_turn("A.")
    await story(ExpertsStrategy(), ask_for(panel(single), single))
    assert single.requests[0] == GenerationRequest(single.requests[0].messages, max_tokens=200)


@in_virtual_time
async def test_a_vote_counts_what_says_the_same() -> None:
    one = in_turn("It is 11.", "It is 12.", "13", "Twelve.", "14")
    lines, outcome = await story(ExpertsStrategy(), ask_for(panel(one, samples=5, merge=Merge.VOTE), one))
    assert lines[-3:] == ["replace from 7", "one: '2.'", "commit"]
    assert reasons(outcome) == [
        "Outvoted.",
        "Won the vote, 2 of 5.",
        "Outvoted.",
        "In the majority, 2 of 5.",
        "Outvoted.",
    ]
    assert dict(outcome.figures)["vote_share"] == pytest.approx(0.4)
    assert dict(outcome.figures)["vote_groups"] == 4


@in_virtual_time
async def test_a_vote_ends_when_it_is_decided() -> None:
    one = in_turn("Paris.", "It is Paris.", "Rome.", "The answer is Paris.", "Never asked.")
    ask = ask_for(panel(one, samples=5, merge=Merge.VOTE), tools=replace(tools_over(one), confidence=ByVote()))
    _, outcome = await story(ExpertsStrategy(), ask)
    assert len(one.requests) == 4
    assert dict(outcome.figures) == {
        "experts": 4.0,
        "vote_answers": 4.0,
        "vote_groups": 2.0,
        "vote_share": 0.75,
        "vote_spared": 1.0,
    }
    assert outcome.notes == ("The vote was decided after 4 answers.",)
    assert outcome.confidence == pytest.approx(0.375)


@in_virtual_time
async def test_a_decided_vote_stops_the_engine_that_still_works() -> None:
    quick = [writer(name, "Paris.") for name in ("a", "b")]
    slow = writer("slow", "word " * 100)
    slow.token_s = 1.0
    for each in quick:
        each.token_s = 0.5
    _, outcome = await story(ExpertsStrategy(), ask_for(panel(*quick, slow, merge=Merge.VOTE), *quick, slow))
    assert slow.stopped == 1
    assert decisions(outcome) == [("a", "merged"), ("b", "merged"), ("slow", "stopped")]


@in_virtual_time
async def test_ties_go_to_the_surer_one() -> None:
    first, second = writer("first", "Rome."), writer("second", "Paris.")
    ask = ask_for(panel(first, second, merge=Merge.VOTE), first, second, confidence={"first": 0.2, "second": 0.6})
    _, outcome = await story(ExpertsStrategy(), ask)
    assert reasons(outcome) == ["Outvoted.", "Won the vote after a tie, 1 of 2."]


@in_virtual_time
async def test_a_helper_fuses() -> None:
    first, second, large = writer("first", "In Rome."), writer("second", "In Paris."), writer("large", "In France.")
    stage = panel(first, second, helper=large, merge=Merge.FUSE)
    lines, outcome = await story(ExpertsStrategy(), ask_for(stage, first, second, large))
    assert lines == [
        "[first runs on cpu, asked cpu]",
        "[second runs on cpu, asked cpu]",
        "first: 'In'",
        "first: ' Rome.'",
        "[Status]",
        "[large runs on cpu, asked cpu]",
        "replace from 0",
        "large: 'In'",
        "large: ' France.'",
        "commit",
    ]
    assert decisions(outcome) == [("first", "merged"), ("second", "merged"), ("large", "merged")]
    asked = large.requests[0].messages[-1].content
    assert asked == "Question: Where is it?\n\nAnswer 1: In Rome.\nAnswer 2: In Paris."
    assert outcome.tier.backend_id == "large"


@in_virtual_time
async def test_fusing_takes_time_that_is_told() -> None:
    first, second, large = writer("first", "A."), writer("second", "B."), writer("large", "C d e.")
    large.token_s = 2.0
    stage = panel(first, second, helper=large, merge=Merge.FUSE)
    _, outcome = await story(ExpertsStrategy(), ask_for(stage, first, second, large))
    assert outcome.fusion_ms == pytest.approx(6000.0)


@in_virtual_time
async def test_a_merge_that_fails_leaves_the_best_single_answer() -> None:
    first, second, large = writer("first", "In Rome."), writer("second", "In Paris."), writer("large", "In x y.")
    large.break_after(2, HostDied("The host ended."))
    stage = panel(first, second, helper=large, merge=Merge.FUSE)
    ask = ask_for(stage, first, second, large, confidence={"first": 0.4, "second": 0.8})
    lines, outcome = await story(ExpertsStrategy(), ask)
    assert lines[-6:] == [
        "replace from 0",
        "large: 'In'",
        "large: ' x'",
        "replace from 3",
        "second: 'Paris.'",
        "commit",
    ]
    assert decisions(outcome) == [("first", "merged"), ("second", "merged"), ("large", "failed")]
    assert outcome.notes == ("The answers could not be fused, so the surest one was taken: The host ended.",)


@in_virtual_time
async def test_one_expert_failing_is_no_failure() -> None:
    first, second = writer("first", "In Rome now."), writer("second", "In Paris.")
    first.break_after(2, HostDied("The host ended."))
    lines, outcome = await story(ExpertsStrategy(), ask_for(panel(first, second), first, second))
    assert lines[-3:] == ["replace from 3", "second: 'Paris.'", "commit"]
    assert decisions(outcome) == [("first", "failed"), ("second", "merged")]
    assert outcome.notes == ("first gave no answer: The host ended.",)


@in_virtual_time
async def test_when_all_fail_the_last_error_is_raised() -> None:
    first, second = writer("first", "A b."), writer("second", "C d.")
    first.break_after(0, InvalidInput("Too long."))
    second.break_after(1, HostDied("The host ended."))
    with pytest.raises(HostDied, match="The host ended"):
        await story(ExpertsStrategy(), ask_for(panel(first, second), first, second))


@in_virtual_time
async def test_experts_whose_device_rests_are_not_asked() -> None:
    first, second = writer("first", "In Rome."), writer("second", "In Paris.", device=Device.GPU)
    heat = Thermostat()
    heat.resting[Device.GPU] = "The gpu is hot."
    ask = ask_for(panel(first, second), tools=replace(tools_over(first, second), governor=heat))
    _, outcome = await story(ExpertsStrategy(), ask)
    assert second.requests == []
    assert reasons(outcome) == ["The only answer.", "The gpu is hot."]
    heat.resting[Device.CPU] = "So is the cpu."
    with pytest.raises(Unavailable, match="So is the cpu"):
        await story(ExpertsStrategy(), ask)


@in_virtual_time
async def test_experts_that_have_to_rest_in_the_middle_say_why() -> None:
    expert, thermostat = writer("expert", "a b c d", device=Device.GPU), Thermostat()
    expert.token_s = 0.3
    tools = replace(tools_over(expert), governor=thermostat)
    asyncio.get_running_loop().call_later(0.5, thermostat.resting.setdefault, Device.GPU, "The GPU is hot.")
    with pytest.raises(Unavailable, match="The GPU is hot"):
        await story(ExpertsStrategy(), ask_for(panel(expert), tools=tools))


@in_virtual_time
async def test_when_all_of_them_have_to_rest_another_one_answers() -> None:
    expert, other = writer("expert", "a b c d", device=Device.GPU), writer("other", "e f")
    thermostat = Thermostat()
    expert.token_s = 0.3
    tools = replace(tools_over(expert, other), governor=thermostat)
    asyncio.get_running_loop().call_later(0.5, thermostat.resting.setdefault, Device.GPU, "The GPU is hot.")
    stage = replace(panel(expert, samples=3), fallbacks=(tier_of(other),))
    lines, outcome = await story(ExpertsStrategy(), ask_for(stage, tools=tools))
    assert lines == [
        "[expert runs on gpu, asked gpu]",
        "expert: 'a'",
        "expert: ' b'",
        "[other runs on cpu, asked cpu]",
        "[failed over expert to other at 0]",
        "replace from 0",
        "other: 'e'",
        "commit",
        "other: ' f'",
        "commit",
    ]
    assert decisions(outcome)[-1] == ("other", "accepted")
    assert outcome.attempts[0].tokens == 2


@in_virtual_time
async def test_under_the_bar_the_rungs_above_are_asked() -> None:
    one, large = in_turn("Rome.", "Rome.", "Rome."), writer("large", "Paris.")
    stage = replace(
        stage_over(one, large, bar=0.8, experts=Experts(samples=3, merge=Merge.VOTE)), experts=(tier_of(one),)
    )
    ask = ask_for(stage, one, large, confidence={"one": 0.5, "large": 0.9})
    lines, outcome = await story(ExpertsStrategy(), ask)
    assert lines[-5:] == [
        "[escalated one to large at 0.5]",
        "[large runs on cpu, asked cpu]",
        "replace from 0",
        "large: 'Paris.'",
        "commit",
    ]
    assert decisions(outcome) == [("one", "merged"), ("one", "merged"), ("large", "accepted")]
    assert (outcome.tier.backend_id, outcome.confidence) == ("large", 0.9)


@in_virtual_time
async def test_a_higher_rung_that_is_less_sure_does_not_win() -> None:
    one, large = in_turn("Rome."), writer("large", "Paris.")
    stage = replace(stage_over(one, large, bar=0.8, experts=Experts()), experts=(tier_of(one),))
    lines, outcome = await story(ExpertsStrategy(), ask_for(stage, one, large, confidence={"one": 0.5, "large": 0.3}))
    assert lines[-4:] == ["large: 'Paris.'", "replace from 0", "one: 'Rome.'", "commit"]
    assert outcome.tier.backend_id == "one"


@in_virtual_time
async def test_a_higher_rung_that_fails_leaves_what_there_is() -> None:
    one, large = in_turn("Rome."), writer("large", "Paris is it.")
    large.break_after(0, RuntimeFault("The model is damaged."))
    stage = replace(stage_over(one, large, bar=0.8, experts=Experts()), experts=(tier_of(one),))
    lines, outcome = await story(ExpertsStrategy(), ask_for(stage, one, large, confidence={"one": 0.5}))
    assert lines[-1] == "commit"
    assert outcome.tier.backend_id == "one"
    assert outcome.notes == ("No higher tier answered: The model is damaged.",)


@in_virtual_time
async def test_a_spent_budget_asks_no_more() -> None:
    one = in_turn("A.", "B.", "C.")
    one.token_s = 10.0
    _, outcome = await story(ExpertsStrategy(), ask_for(panel(one, samples=3), one, joules=125.0))
    assert len(one.requests) == 2
    assert reasons(outcome)[-1] == "The energy budget is spent."


@in_virtual_time
async def test_closing_stops_every_engine() -> None:
    first, second = writer("first", "word " * 50), writer("second", "word " * 50)
    first.token_s = second.token_s = 1.0
    ask: Ask = ask_for(panel(first, second), first, second)
    async with aclosing(ExpertsStrategy().steps(ask)) as steps:
        async for step in steps:
            assert isinstance(step, Piece)
            break
    assert (first.stopped, second.stopped) == (1, 1)


@in_virtual_time
async def test_an_answer_that_had_begun_is_gone_on_with() -> None:
    one = in_turn("It is in Rome.")
    ask = ask_for(panel(one), one)
    ask = replace(ask, request=replace(ask.request, answer_so_far="It is"))
    lines, _ = await story(ExpertsStrategy(), ask)
    assert lines[1:] == ["one: ' in'", "one: ' Rome.'", "commit"]
