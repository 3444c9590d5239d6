"""Climbing the ladder: whole sequences of steps and events."""

from __future__ import annotations

import asyncio
import math
from contextlib import aclosing
from dataclasses import replace

import pytest

from app.contracts.devices import Device
from app.contracts.errors import HostDied, InvalidInput, RuntimeFault, Unavailable
from app.contracts.text import FinishReason
from app.pipeline.text.ladder import LadderStrategy
from app.pipeline.text.monitor import Watch
from app.pipeline.text.steps import Commit, Outcome, Piece, Replace
from tests.helpers.pipelines import tools_over, writer
from tests.helpers.texts import SureByToken, Thermostat, ask_for, decisions, stage_over, story, text_of
from tests.helpers.virtual_time import in_virtual_time

SURE, UNSURE = math.log(0.95), math.log(0.3)


@in_virtual_time
async def test_without_a_check_text_stands_as_it_comes() -> None:
    small = writer("small", "In Paris.")
    lines, outcome = await story(LadderStrategy(), ask_for(stage_over(small), small))
    assert lines == ["[small runs on cpu, asked cpu]", "small: 'In'", "commit", "small: ' Paris.'", "commit"]
    assert decisions(outcome) == [("small", "accepted")]
    assert (outcome.tier.backend_id, outcome.tokens, outcome.finish) == ("small", 2, FinishReason.STOP)


@in_virtual_time
async def test_accepted_at_once_and_committed_sentence_by_sentence() -> None:
    small, large = writer("small", "It is in Paris. Go there."), writer("large", "In Rome.")
    ask = ask_for(stage_over(small, large, bar=0.8), small, large)
    lines, outcome = await story(LadderStrategy(), ask)
    assert lines == [
        "[small runs on cpu, asked cpu]",
        "small: 'It'",
        "small: ' is'",
        "small: ' in'",
        "small: ' Paris.'",
        "commit",
        "small: ' Go'",
        "small: ' there.'",
        "commit",
    ]
    assert decisions(outcome) == [("small", "accepted")]
    assert outcome.attempts[0].reason == "The confidence of 0.90 reaches 0.80."
    assert outcome.confidence == 0.9
    assert large.asked == []


@in_virtual_time
async def test_escalated_at_the_end() -> None:
    small = writer("small", "In Rome. Surely.")
    large = writer("large", "In Paris. Yes.", device=Device.GPU)
    ask = ask_for(stage_over(small, large, bar=0.8), small, large, confidence={"small": 0.5, "large": 0.9})
    lines, outcome = await story(LadderStrategy(), ask)
    assert lines == [
        "[small runs on cpu, asked cpu]",
        "small: 'In'",
        "small: ' Rome.'",
        "small: ' Surely.'",
        "[escalated small to large at 0.5]",
        "[large runs on gpu, asked gpu]",
        "replace from 0",
        "large: 'In'",
        "large: ' Paris.'",
        "commit",
        "large: ' Yes.'",
        "commit",
    ]
    assert decisions(outcome) == [("small", "escalated"), ("large", "accepted")]
    assert outcome.attempts[0].reason == "The confidence of 0.50 is under 0.80."
    assert outcome.ran is Device.GPU


@in_virtual_time
async def test_escalated_early_stops_the_lower_engine() -> None:
    small = writer("small", "one two three four five six seven eight", log_probs=(UNSURE,))
    large = writer("large", "Done.", log_probs=(SURE,))
    ask = ask_for(stage_over(small, large, bar=0.8, early_tokens=3), tools=_by_token(small, large))
    lines, outcome = await story(LadderStrategy(), ask)
    assert lines == [
        "[small runs on cpu, asked cpu]",
        "small: 'one'",
        "small: ' two'",
        "small: ' three'",
        "[escalated small to large at 0.3]",
        "[large runs on cpu, asked cpu]",
        "replace from 0",
        "large: 'Done.'",
        "commit",
    ]
    assert small.stopped == 1
    assert outcome.attempts[0].tokens == 3
    assert outcome.attempts[0].reason == "The confidence was 0.30 after 3 tokens, far under 0.80."


@in_virtual_time
async def test_early_doubt_within_the_margin_waits_for_the_end() -> None:
    small = writer("small", "one two three four", log_probs=(math.log(0.7),))
    large = writer("large", "Done.", log_probs=(SURE,))
    ask = ask_for(stage_over(small, large, bar=0.8, early_tokens=2), tools=_by_token(small, large))
    _, outcome = await story(LadderStrategy(), ask)
    assert outcome.attempts[0].tokens == 4
    assert decisions(outcome) == [("small", "escalated"), ("large", "accepted")]


@in_virtual_time
async def test_the_last_rung_is_not_broken_off() -> None:
    small = writer("small", "one two three four", log_probs=(UNSURE,))
    ask = ask_for(stage_over(small, bar=0.8, early_tokens=2), tools=_by_token(small))
    lines, outcome = await story(LadderStrategy(), ask)
    assert decisions(outcome) == [("small", "best")]
    assert outcome.tokens == 4
    assert lines[1:3] == ["small: 'one'", "commit"], "a ladder of one rung has no gate"


@in_virtual_time
async def test_a_dead_host_hands_over_in_the_middle() -> None:
    small, large = writer("small", "It is in Paris today."), writer("large", "It is in Paris today.")
    small.break_after(3, HostDied("The host of small ended."))
    ask = ask_for(stage_over(small, large, bar=0.8), small, large)
    lines, outcome = await story(LadderStrategy(), ask)
    assert lines == [
        "[small runs on cpu, asked cpu]",
        "small: 'It'",
        "small: ' is'",
        "small: ' in'",
        "[failed over small to large at 3]",
        "[large runs on cpu, asked cpu]",
        "large: ' Paris'",
        "large: ' today.'",
        "commit",
    ]
    assert large.requests[0].answer_so_far == "It is in"
    assert large.requests[0].max_tokens == 197
    assert decisions(outcome) == [("small", "failed-over"), ("large", "accepted")]
    assert outcome.tokens == 5


@in_virtual_time
async def test_the_governor_moves_a_running_generation_to_a_fallback() -> None:
    hot, cool = writer("hot", "a b c d e f", device=Device.GPU), writer("cool", "a b c d e f", device=Device.NPU)
    thermostat = Thermostat()
    hot.token_s = 0.3
    tools = replace(tools_over(hot, cool), governor=thermostat)

    async def heat() -> None:
        await asyncio.sleep(1.0)
        thermostat.resting[Device.GPU] = "The GPU is at 95 degrees."

    heating = asyncio.create_task(heat())
    lines, outcome = await story(LadderStrategy(), ask_for(stage_over(hot, fallbacks=[cool]), tools=tools))
    await heating
    assert [line for line in lines if line != "commit"] == [
        "[hot runs on gpu, asked gpu]",
        "hot: 'a'",
        "hot: ' b'",
        "hot: ' c'",
        "hot: ' d'",
        "hot: ' e'",
        "[failed over hot to cool at 5]",
        "[cool runs on npu, asked npu]",
        "cool: ' f'",
    ]
    assert outcome.attempts[0].reason == "The GPU is at 95 degrees."
    assert hot.stopped == 1


@in_virtual_time
async def test_a_resting_device_is_not_begun_with() -> None:
    hot, cool = writer("hot", "No.", device=Device.GPU), writer("cool", "Yes.")
    thermostat = Thermostat()
    thermostat.resting[Device.GPU] = "The GPU is hot."
    tools = replace(tools_over(hot, cool), governor=thermostat)
    _, outcome = await story(LadderStrategy(), ask_for(stage_over(hot, cool, bar=0.5), tools=tools))
    assert decisions(outcome) == [("hot", "failed"), ("cool", "accepted")]
    assert hot.asked == []


@in_virtual_time
async def test_nowhere_to_go_keeps_what_there_is_when_the_device_must_rest() -> None:
    hot = writer("hot", "a b c d e f", device=Device.GPU)
    hot.token_s = 0.3
    thermostat = Thermostat()
    tools = replace(tools_over(hot), governor=thermostat)
    asyncio.get_running_loop().call_later(1.0, thermostat.resting.setdefault, Device.GPU, "The GPU is hot.")
    lines, outcome = await story(LadderStrategy(), ask_for(stage_over(hot), tools=tools))
    assert decisions(outcome) == [("hot", "stopped")]
    assert outcome.notes == ("Stopped: The GPU is hot.",)
    assert "hot: ' d'" in lines
    assert "hot: ' e'" not in lines


@in_virtual_time
async def test_the_best_wins_when_no_tier_reaches_the_bar() -> None:
    small, large = writer("small", "In Paris."), writer("large", "In Rome, Italy.")
    ask = ask_for(stage_over(small, large, bar=0.9), small, large, confidence={"small": 0.7, "large": 0.4})
    lines, outcome = await story(LadderStrategy(), ask)
    assert lines == [
        "[small runs on cpu, asked cpu]",
        "small: 'In'",
        "small: ' Paris.'",
        "[escalated small to large at 0.7]",
        "[large runs on cpu, asked cpu]",
        "replace from 0",
        "large: 'In'",
        "large: ' Rome,'",
        "large: ' Italy.'",
        "replace from 3",
        "small: 'Paris.'",
        "commit",
    ]
    assert decisions(outcome) == [("small", "best"), ("large", "failed")]
    assert outcome.attempts[0].reason == "No tier reached 0.90; 0.70 was the best of 2."
    assert (outcome.tier.backend_id, outcome.confidence) == ("small", 0.7)


@in_virtual_time
async def test_of_equally_sure_answers_the_higher_tier_wins() -> None:
    small, large = writer("small", "In Paris."), writer("large", "In Rome.")
    ask = ask_for(stage_over(small, large, bar=0.9), small, large, confidence={"small": 0.5, "large": 0.5})
    _, outcome = await story(LadderStrategy(), ask)
    assert decisions(outcome) == [("small", "escalated"), ("large", "best")]


@in_virtual_time
async def test_a_stall_moves_on_with_the_text_so_far() -> None:
    slow, other = writer("slow", "a b c d"), writer("other", "a b c d")
    slow.token_s = 1.0
    watch = Watch(stall_s=5.0, first_token_s=60.0)
    asyncio.get_running_loop().call_later(2.5, setattr, slow, "token_s", 100.0)
    lines, outcome = await story(LadderStrategy(watch), ask_for(stage_over(slow, fallbacks=[other]), slow, other))
    assert [line for line in lines if line != "commit"] == [
        "[slow runs on cpu, asked cpu]",
        "slow: 'a'",
        "slow: ' b'",
        "slow: ' c'",
        "[failed over slow to other at 3]",
        "[other runs on cpu, asked cpu]",
        "other: ' d'",
    ]
    assert outcome.attempts[0].reason == "slow gave no token for 5 s."
    assert slow.stopped == 1


@in_virtual_time
async def test_a_loop_is_stopped_and_trimmed_to_one_copy() -> None:
    small = writer("small", "I know. " + "It is very nice here. " * 40)
    *steps, outcome = [step async for step in LadderStrategy().steps(ask_for(stage_over(small, bar=0.5), small))]
    assert isinstance(outcome, Outcome)
    assert text_of(steps) == "I know. It is very nice here. It is very nice here.", "the second copy had begun to stand"
    assert decisions(outcome) == [("small", "stopped")]
    assert outcome.notes == ("Stopped: It repeated 5 words 7 times.",)
    assert outcome.tokens < 60
    assert small.stopped == 1


@in_virtual_time
async def test_a_loop_escalates_when_there_is_somebody_to_ask() -> None:
    small, large = writer("small", "It is nice. " * 40), writer("large", "In Paris.")
    confidence = {"small": 0.4, "large": 0.9}
    ask = ask_for(stage_over(small, large, bar=0.5), small, large, confidence=confidence)
    lines, outcome = await story(LadderStrategy(), ask)
    assert decisions(outcome) == [("small", "escalated"), ("large", "accepted")]
    assert lines[-2:] == ["large: ' Paris.'", "commit"]


@in_virtual_time
async def test_closing_stops_the_engine() -> None:
    small = writer("small", "a b c d e f")
    steps = LadderStrategy().steps(ask_for(stage_over(small), small))
    async with aclosing(steps):
        async for step in steps:
            if isinstance(step, Piece) and step.text == " b":
                break
    assert small.stopped == 1


@in_virtual_time
async def test_cancelling_stops_the_engine() -> None:
    small = writer("small", "a b c d e f")
    small.token_s = 1.0
    telling = asyncio.create_task(story(LadderStrategy(), ask_for(stage_over(small), small)))
    await asyncio.sleep(2.5)
    telling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await telling
    assert small.stopped == 1


@in_virtual_time
async def test_a_higher_tier_goes_on_behind_what_stands() -> None:
    """The first sentence was sure and may have been spoken; the second was not."""
    small = writer("small", "It is in France. In Rome maybe.", log_probs=(SURE,) * 4 + (UNSURE,) * 3)
    large = writer("large", "It is in France. In Paris.", log_probs=(SURE,))
    lines, outcome = await story(
        LadderStrategy(), ask_for(stage_over(small, large, bar=0.8), tools=_by_token(small, large))
    )
    assert lines == [
        "[small runs on cpu, asked cpu]",
        "small: 'It'",
        "small: ' is'",
        "small: ' in'",
        "small: ' France.'",
        "commit",
        "small: ' In'",
        "small: ' Rome'",
        "small: ' maybe.'",
        "[escalated small to large at 0.671]",
        "[large runs on cpu, asked cpu]",
        "replace from 16",
        "large: ' In'",
        "large: ' Paris.'",
        "commit",
    ]
    assert large.requests[0].answer_so_far == "It is in France."
    assert decisions(outcome) == [("small", "escalated"), ("large", "accepted")]


@in_virtual_time
async def test_no_sentence_stands_before_its_gate_has_passed() -> None:
    answer = "One is here. Two is bad. Three is good again now, my friend. Four."
    log_probs = (SURE,) * 3 + (UNSURE,) * 3 + (SURE,) * 20
    small, large = writer("small", answer, log_probs=log_probs), writer("large", answer, log_probs=(SURE,))
    ask = ask_for(stage_over(small, large, bar=0.8), tools=_by_token(small, large))
    standing, shown = [], ""
    async for step in LadderStrategy().steps(ask):
        match step:
            case Piece(text=text):
                shown += text
            case Replace(kept=kept):
                shown = shown[:kept]
            case Commit():
                standing.append(shown)
    assert standing == [
        "One is here.",  # sure
        "One is here. Two is bad. Three is good again now, my friend.",  # not sure after "bad.", sure again here
        answer,
    ]


@in_virtual_time
async def test_every_tier_fails() -> None:
    small, large = writer("small"), writer("large")
    small.fail("generate", HostDied("The host of small ended."))
    large.fail("generate", RuntimeFault("The library of large failed."))
    with pytest.raises(RuntimeFault, match="large failed"):
        await story(LadderStrategy(), ask_for(stage_over(small, large, bar=0.5), small, large))


@in_virtual_time
async def test_the_lower_answer_stands_when_the_higher_tier_dies() -> None:
    small, large = writer("small", "In Paris."), writer("large", "In Rome or so.")
    large.break_after(2, RuntimeFault("Out of memory."))
    cold = writer("cold", "In Oslo.")
    stage = stage_over(small, large, bar=0.8, fallbacks=[cold])
    ask = ask_for(stage, small, large, cold, confidence={"small": 0.6, "large": 0.3})
    lines, outcome = await story(LadderStrategy(), ask)
    assert cold.requests == [], "nothing is loaded that is not needed"
    assert lines[-3:] == ["replace from 3", "small: 'Paris.'", "commit"]
    assert decisions(outcome) == [("small", "best"), ("large", "failed")]
    assert outcome.attempts[1].reason == "Out of memory."


@in_virtual_time
async def test_a_lower_tier_goes_on_where_a_higher_one_died_behind_what_stands() -> None:
    small = writer("small", "In Rome.", log_probs=(UNSURE,))
    large = writer("large", "In France. In Paris.", log_probs=(SURE,))
    large.break_after(3, RuntimeFault("Out of memory."))
    cold = writer("cold", "In France. In Oslo.")
    ask = ask_for(stage_over(small, large, bar=0.8, fallbacks=[cold]), tools=_by_token(small, large, cold))
    small_answers = iter(("In Rome.", "In France. In Nice."))
    small._answers = lambda request: next(small_answers)
    lines, outcome = await story(LadderStrategy(), ask)
    assert cold.requests == []
    assert lines[-4:] == [
        "[failed over large to small at 3]",
        "[small runs on cpu, asked cpu]",
        "small: ' Nice.'",
        "commit",
    ]
    assert small.requests[1].answer_so_far == "In France. In"
    assert decisions(outcome) == [("small", "escalated"), ("large", "failed-over"), ("small", "best")]


@in_virtual_time
async def test_an_answer_left_early_is_finished_when_nobody_higher_can() -> None:
    small = writer("small", "one two three four five", log_probs=(UNSURE,))
    large = writer("large", log_probs=(SURE,))
    large.fail("warm_up", Unavailable("There is no model for large."))
    ask = ask_for(stage_over(small, large, bar=0.8, early_tokens=2), tools=_by_token(small, large))
    lines, outcome = await story(LadderStrategy(), ask)
    assert [line for line in lines if line != "commit"] == [
        "[small runs on cpu, asked cpu]",
        "small: 'one'",
        "small: ' two'",
        "[escalated small to large at 0.3]",
        "[failed over large to small at 0]",
        "[small runs on cpu, asked cpu]",
        "small: ' three'",
        "small: ' four'",
        "small: ' five'",
    ]
    assert decisions(outcome) == [("small", "escalated"), ("large", "failed"), ("small", "best")]


@in_virtual_time
async def test_the_only_tier_is_asked_once_more_when_its_host_died() -> None:
    small = writer("small", "a b c d")
    small.break_after(2, HostDied("The host ended."))
    lines, outcome = await story(LadderStrategy(), ask_for(stage_over(small), small))
    assert [line for line in lines if line != "commit"] == [
        "[small runs on cpu, asked cpu]",
        "small: 'a'",
        "small: ' b'",
        "[Retrying]",
        "[small runs on cpu, asked cpu]",
        "small: ' c'",
        "small: ' d'",
    ]
    assert decisions(outcome) == [("small", "failed-over"), ("small", "accepted")]


@in_virtual_time
async def test_text_goes_to_a_server_only_when_the_ladder_names_one() -> None:
    small, server = writer("small", "Hello."), writer("server", "Hello.", device=Device.REMOTE)
    small.fail("generate", RuntimeFault("Broken."))
    with pytest.raises(RuntimeFault):
        await story(LadderStrategy(), ask_for(stage_over(small, fallbacks=[server]), small, server))
    assert server.asked == []


@in_virtual_time
async def test_wrong_input_is_asked_of_nobody_else() -> None:
    small, large = writer("small"), writer("large")
    small.fail("generate", InvalidInput("Too long.", code="too-long"))
    with pytest.raises(InvalidInput):
        await story(LadderStrategy(), ask_for(stage_over(small, large, bar=0.5), small, large))
    assert large.asked == []


@in_virtual_time
async def test_silence_escalates_and_is_an_error_at_last() -> None:
    small, large = writer("small", " "), writer("large", "In Paris.")
    _, outcome = await story(LadderStrategy(), ask_for(stage_over(small, large, bar=0.5), small, large))
    assert decisions(outcome) == [("small", "escalated"), ("large", "accepted")]
    with pytest.raises(RuntimeFault, match="wrote nothing"):
        await story(LadderStrategy(), ask_for(stage_over(small), small))


@in_virtual_time
async def test_a_confidence_nobody_knows_is_accepted_at_the_end() -> None:
    small, large = writer("small", "One thing. Two."), writer("large")
    ask = ask_for(stage_over(small, large, bar=0.8), small, large, confidence={"small": None})
    lines, outcome = await story(LadderStrategy(), ask)
    assert lines.count("commit") == 1
    assert lines[-1] == "commit"
    assert outcome.attempts[0].reason == "Nobody can say how sure it is."


@in_virtual_time
async def test_the_energy_left_stops_a_text() -> None:
    small = writer("small", "a b c d e f g h")
    small.token_s = 1.0  # 12 W above idle
    _, outcome = await story(LadderStrategy(), ask_for(stage_over(small), small, joules=40.0))
    assert outcome.tokens == 4
    assert outcome.notes == ("Stopped: The 40 J left of the energy budget are spent.",)


@in_virtual_time
async def test_every_attempt_says_what_it_took() -> None:
    small, large = writer("small", "a b"), writer("large", "c")
    small.token_s = 0.5
    ask = ask_for(stage_over(small, large, bar=0.8), small, large, confidence={"small": 0.1})
    steps = [step async for step in LadderStrategy().steps(ask)]
    outcome = steps[-1]
    assert isinstance(outcome, Outcome)
    assert text_of(steps) == "c"
    first = outcome.attempts[0]
    assert (first.tokens, first.elapsed_ms, first.model) == (2, 1000.0, "small-model")
    assert first.energy is not None
    assert first.energy.joules == 12.0
    assert ask.tools.ledger.tokens_per_s(outcome.tier) is None, "one token says nothing about speed"


@in_virtual_time
async def test_without_a_tier_there_is_one_clear_error() -> None:
    with pytest.raises(Unavailable, match="no model for stage answer"):
        await story(LadderStrategy(), ask_for(stage_over()))


def _by_token(*runtimes):  # type: ignore[no-untyped-def]
    return replace(tools_over(*runtimes), confidence=SureByToken())
