"""A device that has to rest at an awkward moment: before the first token, twice, or when the next one fails."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from app.contracts.devices import Device
from app.contracts.errors import HostDied, InvalidInput, RuntimeFault, Unavailable
from app.contracts.text import FinishReason
from app.pipeline.definition import Chunking, Speculation, TierWish
from app.pipeline.text.chunked import ChunkedStrategy
from app.pipeline.text.speculative import SpeculativeStrategy
from models.fakes.llm import FakeTextGenerator
from tests.helpers.pipelines import tools_over
from tests.helpers.texts import Thermostat, ask_for, decisions, stage_over, story, tier_of
from tests.helpers.virtual_time import LoopClock, in_virtual_time
from tests.unit.app.pipeline.text.test_failing_over import ANSWER, WHY, Turn, on

NEVER = 1e6


def later(seconds: float, governor: Thermostat, device: Device, why: str = "") -> None:
    """After so many seconds a device has to rest, or may run again when no reason is given."""
    act = (lambda: governor.resting.update({device: why})) if why else (lambda: governor.resting.pop(device, ""))
    asyncio.get_running_loop().call_later(seconds, act)


@in_virtual_time
@pytest.mark.parametrize("model", ["m", "another"])
async def test_a_question_that_is_still_being_read_moves_as_well(model: str) -> None:
    hot, cool = on(Device.GPU), on(Device.CPU, model=model)
    hot.delay_s = 60.0
    turn = Turn(hot, cool)
    asyncio.get_running_loop().call_later(1.1, setattr, hot, "delay_s", 0.0)
    outcome = await turn.run()
    assert turn.text == ANSWER
    assert [(move.to_backend, move.at_token, move.reason) for move in turn.moves] == [("cpu", 0, WHY)]
    assert turn.at[0] - 1000.0 < 5.0, "nobody waits for the end of the reading"
    assert decisions(outcome) == [("gpu", "failed-over"), ("cpu", "accepted")]
    assert hot.stopped == 0
    assert dict(outcome.figures)["moved_states"] == float(model == "m")


@in_virtual_time
async def test_before_the_first_token_it_reads_on_while_the_next_one_is_loaded() -> None:
    hot, cool = on(Device.GPU), on(Device.CPU)
    hot.delay_s, cool.load_s = 2.0, 20.0
    turn = Turn(hot, cool)
    await turn.run()
    assert turn.text == ANSWER
    assert turn.moves[0].at_token == pytest.approx(20, abs=4), "it was done with reading, and wrote"


@in_virtual_time
async def test_before_the_first_token_with_nowhere_to_go_it_says_why() -> None:
    hot = on(Device.GPU)
    hot.delay_s = 60.0
    with pytest.raises(Unavailable, match="90 °C") as caught:
        await Turn(hot).run()
    assert caught.value.code == "device-held-back"


@in_virtual_time
async def test_two_rests_in_a_row() -> None:
    tiers = [on(Device.GPU), on(Device.NPU), on(Device.CPU)]
    turn = Turn(*tiers)
    later(2.0, turn.governor, Device.NPU, "The NPU, too.")
    outcome = await turn.run()
    assert turn.text == ANSWER
    assert [(move.from_backend, move.to_backend) for move in turn.moves] == [("gpu", "npu"), ("npu", "cpu")]
    assert turn.moves[0].at_token < turn.moves[1].at_token
    assert dict(outcome.figures)["moved_states"] == 2.0


@in_virtual_time
async def test_it_goes_back_when_the_first_one_has_cooled_down_and_the_second_one_is_hot() -> None:
    hot, cool = on(Device.GPU), on(Device.CPU)
    turn = Turn(hot, cool)
    later(2.0, turn.governor, Device.GPU)
    later(2.5, turn.governor, Device.CPU, "The processor is hot.")
    outcome = await turn.run()
    assert turn.text == ANSWER
    assert [(move.from_backend, move.to_backend) for move in turn.moves] == [("gpu", "cpu"), ("cpu", "gpu")]
    assert decisions(outcome) == [("gpu", "failed-over"), ("cpu", "failed-over"), ("gpu", "accepted")]


@in_virtual_time
async def test_one_that_had_to_rest_at_the_begin_may_go_on_later() -> None:
    resting, hot = on(Device.NPU), on(Device.GPU)
    turn = Turn(resting, hot)
    turn.governor.resting[Device.NPU] = "The NPU is hot."
    later(0.5, turn.governor, Device.NPU)
    await turn.run()
    assert turn.text == ANSWER
    assert [(move.from_backend, move.to_backend) for move in turn.moves] == [("gpu", "npu")]


@in_virtual_time
async def test_what_ran_elsewhere_than_it_was_meant_to_is_not_asked_again_while_that_rests() -> None:
    hot, cool = on(Device.GPU), on(Device.CPU)
    hot._backend = replace(hot.backend, device=Device.IGPU)  # meant for the igpu, it runs on the graphics card
    turn = Turn(hot, cool)
    later(2.0, turn.governor, Device.CPU, "The processor is hot.")
    outcome = await turn.run()
    assert decisions(outcome) == [("gpu", "failed-over"), ("cpu", "stopped")]


@in_virtual_time
async def test_a_device_that_flaps_is_left_once() -> None:
    hot, cool = on(Device.GPU), on(Device.CPU)
    cool.load_s = 1.0
    turn = Turn(hot, cool)
    for at in range(4):
        later(1.2 + at * 0.2, turn.governor, Device.GPU, "" if at % 2 == 0 else WHY)
    await turn.run()
    assert turn.text == ANSWER
    assert len(turn.moves) == 1


@in_virtual_time
async def test_one_that_dies_while_it_has_to_rest_is_not_asked_again() -> None:
    hot, cool = on(Device.GPU), on(Device.CPU)
    cool.load_s = 1.0
    hot.break_after(16, HostDied("The host of gpu ended."))
    turn = Turn(hot, cool)
    outcome = await turn.run()
    assert turn.text == ANSWER
    assert decisions(outcome) == [("gpu", "failed-over"), ("cpu", "accepted")]


@in_virtual_time
async def test_where_there_is_room_for_one_alone_the_state_goes_along_all_the_same() -> None:
    hot, cool = on(Device.GPU), on(Device.CPU)
    cool.fail("warm_up", Unavailable("There is no room beside gpu."))
    turn = Turn(hot, cool)
    outcome = await turn.run()
    assert turn.text == ANSWER
    assert dict(outcome.figures)["moved_states"] == 1.0
    assert hot.asked.index("export_state") > 0


@in_virtual_time
@pytest.mark.parametrize("error", [Unavailable("There is no driver."), InvalidInput("It is too long for it.")])
async def test_when_the_next_one_cannot_be_had_what_there_is_stays(error: Unavailable | InvalidInput) -> None:
    hot, broken = on(Device.GPU), on(Device.CPU)
    broken.fail("warm_up", *[error] * 5)
    turn = Turn(hot, broken)
    outcome = await turn.run()
    assert turn.text == ANSWER[: len(turn.text)] != ""
    assert decisions(outcome) == [("gpu", "failed-over"), ("cpu", "stopped")]
    assert outcome.notes[-1] == f"Stopped: {error.message}"


@in_virtual_time
async def test_a_window_that_is_too_short_for_the_text_is_passed_over() -> None:
    hot, short, cool = on(Device.GPU), on(Device.NPU), on(Device.CPU)
    short.fail("generate", InvalidInput("The question is too long.", code="context-overflow"))
    turn = Turn(hot, short, cool)
    await turn.run()
    assert turn.text == ANSWER
    assert turn.moves[-1].to_backend == "cpu"


@in_virtual_time
async def test_one_that_breaks_while_it_reads_is_asked_all_the_same() -> None:
    hot, other = on(Device.GPU), on(Device.CPU, model="another")
    other.fail("prefill", HostDied("The host of cpu ended."))
    turn = Turn(hot, other)
    outcome = await turn.run()
    assert turn.text == ANSWER
    assert decisions(outcome)[-1] == ("cpu", "accepted")


@in_virtual_time
async def test_a_budget_that_is_spent_meanwhile_ends_the_answer() -> None:
    hot, cool = on(Device.GPU), on(Device.CPU)
    cool.load_s = 2.0
    per_s = tools_over(hot).power.energy(Device.GPU, 1.0).joules
    turn = Turn(hot, cool, joules=per_s * 1.5)
    outcome = await turn.run()
    assert decisions(outcome) == [("gpu", "stopped")]
    assert turn.moves == []
    assert "generate" not in cool.asked


@in_virtual_time
async def test_the_last_token_is_written_and_nobody_goes_on() -> None:
    hot, cool = on(Device.GPU), on(Device.CPU)
    turn = Turn(hot, cool, hot_at_s=3.95)
    outcome = await turn.run()
    assert turn.text == ANSWER
    assert (outcome.finish, turn.moves) == (FinishReason.STOP, [])


@in_virtual_time
@pytest.mark.parametrize("at_s", [0.3, 1.3, 2.0, 3.2, 4.0])
async def test_whenever_it_is_closed_nothing_is_left_behind(at_s: float) -> None:
    hot, cool = on(Device.GPU), on(Device.CPU, model="another")
    hot.delay_s, cool.load_s, cool.delay_s = 0.5, 1.0, 1.5
    turn = Turn(hot, cool)
    running = asyncio.create_task(turn.run())
    await asyncio.sleep(at_s)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


@in_virtual_time
async def test_a_draft_is_not_judged_on_a_device_that_has_to_rest() -> None:
    draft, large = on(Device.NPU), on(Device.GPU, model="large")
    cool = on(Device.CPU, model="large")
    governor = Thermostat()
    tools = replace(tools_over(draft, large, cool), governor=governor)
    stage = replace(
        stage_over(large, fallbacks=[cool], speculation=Speculation(TierWish("npu"), window=8)), helper=tier_of(draft)
    )
    later(1.05, governor, Device.GPU, WHY)
    lines, outcome = await story(SpeculativeStrategy(), ask_for(stage, tools=tools))
    assert len(large.verified) == 1
    assert any(WHY in note for note in outcome.notes)
    assert lines[-2].startswith("cpu: ")


@in_virtual_time
async def test_a_long_text_goes_on_where_the_device_had_to_rest() -> None:
    text = " ".join(f"x{at}" for at in range(300))
    hot = FakeTextGenerator([ANSWER], "gpu", LoopClock(), 200, device=Device.GPU, model="m")
    cool = FakeTextGenerator([ANSWER], "cpu", LoopClock(), 200, model="m")
    hot.delay_s = 2.0
    governor = Thermostat()
    tools = replace(tools_over(hot, cool), governor=governor)
    stage = stage_over(hot, fallbacks=[cool], chunking=Chunking(tokens=100))
    ask = ask_for(stage, tools=tools, max_tokens=20)
    (question,) = ask.request.messages
    ask = replace(ask, request=replace(ask.request, messages=(replace(question, content=text),)))
    later(1.0, governor, Device.GPU, WHY)
    lines, outcome = await story(ChunkedStrategy(), ask)
    assert "[failed over gpu to cpu at 0]" in lines
    assert all(attempt.backend == "cpu" for attempt in outcome.attempts[1:])


@in_virtual_time
async def test_a_tier_that_fails_for_good_is_an_error_as_ever() -> None:
    broken, cool = on(Device.GPU), on(Device.CPU)
    for tier in (broken, cool):
        tier.fail("generate", RuntimeFault("Broken."))
    with pytest.raises(RuntimeFault, match="Broken"):
        await Turn(broken, cool, hot_at_s=NEVER).run()
