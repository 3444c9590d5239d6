"""Drafting and verifying: whole sequences of steps, and what the books say."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import replace

import pytest

from app.contracts.devices import Device
from app.contracts.errors import HostDied, RuntimeFault
from app.contracts.text import FinishReason
from app.pipeline.definition import Speculation, TierWish
from app.pipeline.plan import PlannedStage
from app.pipeline.text.speculative import SpeculativeStrategy
from app.pipeline.text.steps import Commit, Piece, Replace, Step
from models.fakes.llm import FakeTextGenerator
from tests.helpers.pipelines import tools_over, writer
from tests.helpers.texts import Thermostat, ask_for, decisions, stage_over, story, text_of, tier_of
from tests.helpers.virtual_time import LoopClock, in_virtual_time

OWN = "The sea is deep and blue and cold today."


def stage_with(large: FakeTextGenerator, small: FakeTextGenerator | None, window: int = 4) -> PlannedStage:
    rule = Speculation(draft=TierWish("small"), top_k=4, window=window)
    stage = stage_over(large, speculation=rule)
    return replace(stage, helper=None if small is None else tier_of(small))


def figures(outcome: object) -> dict[str, float]:
    return dict(outcome.figures)  # type: ignore[attr-defined]


@in_virtual_time
async def test_a_good_draft_is_shown_at_once_and_stands_window_by_window() -> None:
    small, large = writer("small", OWN), writer("large", OWN)
    lines, outcome = await story(SpeculativeStrategy(), ask_for(stage_with(large, small), small, large))
    assert lines == [
        "[small runs on cpu, asked cpu]",
        "small: 'The'",
        "small: ' sea'",
        "small: ' is'",
        "small: ' deep'",
        "commit",
        "small: ' and'",
        "small: ' blue'",
        "small: ' and'",
        "small: ' cold'",
        "commit",
        "small: ' today.'",
        "commit",
        "[large runs on cpu, asked cpu]",
    ]
    assert decisions(outcome) == [("small", "draft"), ("large", "verified")]
    assert figures(outcome) == {
        "drafted_tokens": 9.0,
        "kept_share": 1.0,
        "replaced_share": 0.0,
        "verified_tokens": 9.0,
    }
    assert (outcome.finish, outcome.tokens, outcome.tier.backend_id) == (FinishReason.STOP, 9, "large")
    assert [len(request.answer_so_far.split()) for request in large.verified] == [4, 8, 9]
    assert large.requests[-1].answer_so_far == OWN


@in_virtual_time
async def test_what_the_verifier_would_not_write_is_taken_back_and_it_goes_on_itself() -> None:
    small = writer("small", "The sea is warm and green.")
    large = writer("large", OWN)
    lines, outcome = await story(SpeculativeStrategy(), ask_for(stage_with(large, small), small, large))
    assert lines[:11] == [
        "[small runs on cpu, asked cpu]",
        "small: 'The'",
        "small: ' sea'",
        "small: ' is'",
        "small: ' warm'",
        "replace from 10",
        "commit",
        "[large runs on cpu, asked cpu]",
        "large: ' deep'",
        "commit",
        "large: ' and'",
    ]
    assert figures(outcome)["verified_tokens"] == 3.0
    assert outcome.attempts[0].tokens > 4, "the next window was drafted on the guess that all is kept"


@in_virtual_time
async def test_the_answer_is_always_the_verifiers_own_and_what_stood_is_never_taken_back() -> None:
    drafts = (OWN, "The sea.", "No. I will not say.", "", "The sea is deep and blue and cold today. And wide.")
    for draft in drafts:
        for window in (1, 2, 3, 5, 50):
            small, large = writer("small", draft), writer("large", OWN)
            steps: list[Step] = []
            stood = 0
            strategy = SpeculativeStrategy()
            async with aclosing(strategy.steps(ask_for(stage_with(large, small, window), small, large))) as coming:
                async for step in coming:
                    steps.append(step)
                    match step:
                        case Commit():
                            stood = len(text_of(steps))
                            assert OWN.startswith(text_of(steps))
                        case Replace(kept=kept):
                            assert kept >= stood
                        case _:
                            pass
            assert text_of(steps) == OWN, (draft, window)
            assert stood == len(OWN)


@in_virtual_time
async def test_drafts_that_do_not_pay_are_given_up() -> None:
    small = FakeTextGenerator(lambda request: f"{request.answer_so_far} nonsense again and again", "small", LoopClock())
    large = writer("large", OWN)
    _, outcome = await story(SpeculativeStrategy(), ask_for(stage_with(large, small, 2), small, large))
    assert len(large.verified) == 2
    assert any("Too little of the draft" in note for note in outcome.notes)
    assert figures(outcome)["replaced_share"] == 1.0


@in_virtual_time
async def test_it_ends_at_the_limit() -> None:
    small, large = writer("small", OWN), writer("large", OWN)
    lines, outcome = await story(SpeculativeStrategy(), ask_for(stage_with(large, small), small, large, max_tokens=6))
    assert (outcome.finish, outcome.tokens) == (FinishReason.LENGTH, 6)
    assert [line for line in lines if line.startswith("small:")][-1] == "small: ' blue'"
    assert lines[-1] == "commit"


@pytest.mark.parametrize("method", ["warm_up", "generate"])
def test_a_draft_that_fails_is_a_note(method: str) -> None:
    @in_virtual_time
    async def run() -> None:
        small, large = writer("small", OWN), writer("large", OWN)
        small.fail(method, RuntimeFault("It is broken."))
        lines, outcome = await story(SpeculativeStrategy(), ask_for(stage_with(large, small), small, large))
        assert "small could not draft: It is broken." in outcome.notes
        assert outcome.tier.backend_id == "large"
        assert any(line.startswith("large: 'The'") for line in lines)

    run()


@in_virtual_time
async def test_a_verifier_whose_host_dies_is_asked_once_more() -> None:
    small, large = writer("small", OWN), writer("large", OWN)
    large.fail("verify", HostDied("It ended."))
    _, outcome = await story(SpeculativeStrategy(), ask_for(stage_with(large, small), small, large))
    assert decisions(outcome) == [("small", "draft"), ("large", "verified")]
    assert outcome.notes == ()


@in_virtual_time
async def test_a_verifier_that_cannot_judge_now_writes_itself() -> None:
    small, large = writer("small", OWN), writer("large", OWN)
    large.fail("verify", RuntimeFault("No."))
    lines, outcome = await story(SpeculativeStrategy(), ask_for(stage_with(large, small), small, large))
    assert "replace from 0" in lines
    assert "large could not verify the draft: No." in outcome.notes
    assert "".join(line.split("'")[1] for line in lines if line.startswith("large:")) == OWN


@in_virtual_time
async def test_without_a_second_model_or_a_judge_it_is_the_ladder_with_a_note() -> None:
    small, large = writer("small", OWN), writer("large", OWN)
    blind = FakeTextGenerator((OWN,), "blind", LoopClock(), verify=False)
    cases = (
        (stage_with(large, None), "There is no second model to draft"),
        (stage_with(large, large), "large cannot draft for itself"),
        (stage_with(blind, small), "blind cannot verify drafts"),
    )
    for stage, note in cases:
        lines, outcome = await story(SpeculativeStrategy(), ask_for(stage, small, large, blind))
        assert outcome.notes[-1].startswith(note)
        assert not any(line.startswith("small:") for line in lines)
        assert [decision for _, decision in decisions(outcome)] == ["accepted"]


@in_virtual_time
async def test_a_drafting_device_that_has_to_rest_does_not_draft() -> None:
    small, large = writer("small", OWN, device=Device.IGPU), writer("large", OWN)
    governor = Thermostat()
    governor.resting[Device.IGPU] = "The igpu is at 96 degrees."
    tools = replace(tools_over(small, large), governor=governor)
    _, outcome = await story(SpeculativeStrategy(), ask_for(stage_with(large, small), tools=tools))
    assert outcome.notes[-1] == "small may not draft now: The igpu is at 96 degrees."


@in_virtual_time
async def test_closing_it_stops_both() -> None:
    small, large = writer("small", OWN), writer("large", OWN)
    small.token_s = 1.0
    large.delay_s = 2.5
    async with aclosing(SpeculativeStrategy().steps(ask_for(stage_with(large, small, 2), small, large))) as steps:
        async for step in steps:
            if isinstance(step, Piece) and step.text == " sea":
                break
    assert small.stopped + len(large.verified) <= 1

    task = asyncio.create_task(story(SpeculativeStrategy(), ask_for(stage_with(large, small, 2), small, large)))
    await asyncio.sleep(4.0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@in_virtual_time
async def test_drafting_goes_on_while_the_verifier_reads() -> None:
    small, large = writer("small", OWN), writer("large", OWN)
    small.token_s, large.delay_s = 1.0, 4.0
    began = LoopClock().monotonic()
    await story(SpeculativeStrategy(), ask_for(stage_with(large, small, 4), small, large))
    took = LoopClock().monotonic() - began
    one_after_the_other = 9 * 1.0 + 3 * 4.0 + 4.0
    assert took < one_after_the_other - 4.0
