"""A device that has to rest in the middle of an answer: who goes on, what goes along, and what is seen of it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import replace

import pytest

from app.contracts.devices import Device
from app.contracts.errors import HostDied, Unavailable
from app.contracts.events import FailedOver, TurnEvent
from app.contracts.text import FinishReason, GenerationRequest, TextPiece
from app.pipeline.text.ladder import LadderStrategy
from app.pipeline.text.moving import GRACE_S
from app.pipeline.text.steps import Ask, Outcome, Piece
from models.fakes.llm import FakeTextGenerator
from tests.helpers.pipelines import tools_over
from tests.helpers.texts import Thermostat, ask_for, decisions, stage_over
from tests.helpers.virtual_time import LoopClock, in_virtual_time

ANSWER = " ".join(f"w{at}" for at in range(1, 41))
WHY = "The graphics card is at 90 °C."


def on(device: Device, *, model: str = "m", name: str = "", answer: str = ANSWER, **more: object) -> FakeTextGenerator:
    made = FakeTextGenerator([answer], name or device.value, LoopClock(), device=device, model=model, **more)  # type: ignore[arg-type]
    made.token_s = 0.1
    return made


class Turn:
    """One answer, and how it came: each step's text with the time at which it came."""

    def __init__(self, *tiers: FakeTextGenerator, hot_at_s: float = 1.05, **more: object) -> None:
        self.governor = Thermostat()
        self.hot_at_s = hot_at_s
        self.moves: list[FailedOver] = []
        self.at: list[float] = []
        self.text = ""
        first, *rest = tiers
        tools = replace(tools_over(*tiers), governor=self.governor)
        self.ask: Ask = ask_for(stage_over(first, fallbacks=rest), tools=tools, report=self._take, **more)  # type: ignore[arg-type]

    def _take(self, event: TurnEvent) -> None:
        if isinstance(event, FailedOver):
            self.moves.append(event)

    async def run(self) -> Outcome:
        loop = asyncio.get_running_loop()
        heating = loop.call_later(self.hot_at_s, self.governor.resting.setdefault, Device.GPU, WHY)
        async with aclosing(LadderStrategy().steps(self.ask)) as steps:
            async for step in steps:
                if isinstance(step, Piece):
                    self.text += step.text
                    self.at.append(loop.time())
                if isinstance(step, Outcome):
                    outcome = step
        heating.cancel()
        return outcome

    @property
    def longest_wait_s(self) -> float:
        return max(after - before for before, after in zip(self.at, self.at[1:], strict=False))


@in_virtual_time
async def test_the_state_goes_along_and_no_word_is_lost_or_repeated() -> None:
    hot, cool = on(Device.GPU), on(Device.CPU)
    turn = Turn(hot, cool)
    outcome = await turn.run()
    assert turn.text == ANSWER
    (move,) = turn.moves
    assert (move.from_backend, move.to_backend, move.reason, move.at_token) == ("gpu", "cpu", WHY, 13)
    assert decisions(outcome) == [("gpu", "failed-over"), ("cpu", "accepted")]
    assert hot.asked[-1] == "export_state"
    assert cool.asked == ["warm_up", "warm_up", "import_state", "warm_up", "generate"]
    assert cool.prefilled == []
    figures = dict(outcome.figures)
    assert (figures["moved_states"], figures["read_as_text"]) == (1.0, 0.0)
    assert figures["moved_bytes"] > 0
    assert figures["without_tokens_ms"] == pytest.approx(100.0, abs=20.0)
    assert outcome.notes == ("From gpu to cpu the running state was moved as it is.",)


@in_virtual_time
async def test_it_writes_on_while_the_next_one_is_loaded() -> None:
    hot, cool = on(Device.GPU), on(Device.CPU)
    cool.load_s = 1.5
    turn = Turn(hot, cool)
    outcome = await turn.run()
    assert turn.text == ANSWER
    assert turn.longest_wait_s < 0.25
    assert turn.moves[0].at_token == pytest.approx(28, abs=1), "fifteen tokens more"
    assert dict(outcome.figures)["moved_states"] == 1.0


@in_virtual_time
async def test_but_not_for_long() -> None:
    hot, cool = on(Device.GPU, answer=" ".join([ANSWER] * 3)), on(Device.CPU, answer=" ".join([ANSWER] * 3))
    cool.load_s = 10.0
    turn = Turn(hot, cool)
    outcome = await turn.run()
    assert turn.text == " ".join([ANSWER] * 3)
    assert turn.moves[0].at_token == pytest.approx(13 + GRACE_S / hot.token_s, abs=1)
    assert turn.longest_wait_s == pytest.approx(10.0 - GRACE_S, abs=0.3)
    assert hot.asked.index("export_state") > 0
    assert dict(outcome.figures)["moved_states"] == 1.0


@in_virtual_time
async def test_one_that_gives_no_token_meanwhile_is_not_waited_for() -> None:
    hot, cool = on(Device.GPU), on(Device.CPU)
    cool.load_s = 20.0
    turn = Turn(hot, cool)
    asyncio.get_running_loop().call_later(1.4, setattr, hot, "token_s", 1000.0)
    outcome = await turn.run()
    assert turn.text == ANSWER
    assert outcome.attempts[0].reason == WHY
    assert turn.longest_wait_s < 21.0


@in_virtual_time
async def test_an_answer_that_ends_meanwhile_moves_nowhere() -> None:
    hot, cool = on(Device.GPU, answer="one two three four five"), on(Device.CPU)
    cool.load_s = 2.0
    turn = Turn(hot, cool, hot_at_s=0.15)
    outcome = await turn.run()
    assert turn.text == "one two three four five"
    assert turn.moves == []
    assert decisions(outcome) == [("gpu", "accepted")]
    assert (outcome.figures, outcome.finish) == ((), FinishReason.STOP)
    assert "generate" not in cool.asked


@in_virtual_time
async def test_another_model_reads_the_text_while_the_first_one_writes() -> None:
    hot, other = on(Device.GPU), on(Device.NPU, model="another")
    other.delay_s = 1.0
    turn = Turn(hot, other)
    outcome = await turn.run()
    assert turn.text == ANSWER
    (read,) = other.prefilled
    assert read.answer_so_far == ANSWER[: len(read.answer_so_far)] != ""
    assert other.requests[0].answer_so_far.startswith(read.answer_so_far)
    assert len(other.requests[0].answer_so_far) > len(read.answer_so_far), "it wrote on meanwhile"
    assert "export_state" not in hot.asked
    figures = dict(outcome.figures)
    assert (figures["moved_states"], figures["read_as_text"]) == (0.0, 1.0)
    note = "From gpu to npu the text was read again, its state was not moved: they do not run the same model on the"
    assert outcome.notes == (f"{note} same runtime.",)


@in_virtual_time
async def test_two_on_one_device_do_not_work_at_once() -> None:
    hot, other = on(Device.GPU), on(Device.GPU, name="other", model="another")
    other._backend = replace(other.backend, device=Device.CPU)  # asked for elsewhere, it runs on the same one
    turn = Turn(hot, other)
    await turn.run()
    assert other.prefilled == []


@in_virtual_time
async def test_one_that_holds_nothing_any_more_is_no_trouble() -> None:
    hot, cool = on(Device.GPU), on(Device.CPU)
    hot.fail("export_state", HostDied("The host of gpu ended."))
    turn = Turn(hot, cool)
    outcome = await turn.run()
    assert turn.text == ANSWER
    assert outcome.notes[0].endswith("its state was not moved: The host of gpu ended.")


@in_virtual_time
async def test_one_that_cannot_be_loaded_is_passed_over() -> None:
    hot, broken, cool = on(Device.GPU), on(Device.NPU, name="broken"), on(Device.CPU)
    broken.fail("warm_up", *[Unavailable("There is no driver.")] * 3)
    turn = Turn(hot, broken, cool)
    outcome = await turn.run()
    assert turn.text == ANSWER
    assert [(move.from_backend, move.to_backend) for move in turn.moves] == [("gpu", "broken"), ("broken", "cpu")]
    assert decisions(outcome)[-1] == ("cpu", "accepted")


@in_virtual_time
async def test_of_the_fallbacks_one_that_can_take_over_goes_first() -> None:
    hot, other, cool = on(Device.GPU), on(Device.NPU, model="another"), on(Device.CPU)
    turn = Turn(hot, other, cool)
    await turn.run()
    assert turn.moves[0].to_backend == "cpu"


@in_virtual_time
async def test_a_full_answer_is_not_gone_on_with() -> None:
    hot, cool = on(Device.GPU), on(Device.CPU)
    turn = Turn(hot, cool, max_tokens=13)
    outcome = await turn.run()
    assert turn.text == " ".join(ANSWER.split()[:13])
    assert outcome.finish is FinishReason.LENGTH
    assert turn.moves == []


@in_virtual_time
async def test_when_it_has_cooled_down_the_next_answer_is_its_own_again() -> None:
    hot, cool = on(Device.GPU), on(Device.CPU)
    turn = Turn(hot, cool)
    seen = [decisions(await turn.run())[-1]]
    seen.append(decisions(await turn.run())[-1])
    turn.governor.resting.clear()
    turn.hot_at_s = 1000.0
    seen.append(decisions(await turn.run())[-1])
    assert seen == [("cpu", "accepted"), ("cpu", "accepted"), ("gpu", "accepted")]
    assert turn.text == ANSWER * 3


@in_virtual_time
async def test_closing_it_while_the_next_is_loaded_leaves_nothing_behind() -> None:
    hot, cool = on(Device.GPU), on(Device.CPU)
    cool.load_s = 2.0
    turn = Turn(hot, cool)
    running = asyncio.create_task(turn.run())
    await asyncio.sleep(2.0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert hot.stopped == 1
    assert "generate" not in cool.asked


class Stuttering(FakeTextGenerator):
    """Writes its answer as a model does whose characters take two tokens: the first of them gives no text yet."""

    async def generate(self, request: GenerationRequest):  # type: ignore[no-untyped-def]
        self.requests.append(request)
        self._held = "held"
        for character in ANSWER[len(request.answer_so_far) :]:
            for text, log_prob in (("", -1.0), (character, -2.0)):
                await self._clock.sleep(self.token_s)
                yield TextPiece(text, log_prob)
        yield TextPiece("", finish=FinishReason.STOP)


@in_virtual_time
@pytest.mark.parametrize("hot_at_s", [1.02, 1.12])
async def test_half_a_character_is_written_again_and_counted_once(hot_at_s: float) -> None:
    hot = Stuttering(["unused"], "gpu", LoopClock(), device=Device.GPU, model="m")
    cool = Stuttering(["unused"], "cpu", LoopClock(), device=Device.CPU, model="m")
    hot.token_s = cool.token_s = 0.25
    seen: list[Sequence[float]] = []

    class Watching:
        def of(self, tier: object, log_probs: Sequence[float], text: str):  # type: ignore[no-untyped-def]
            seen.append(tuple(log_probs))
            return sure.of(tier, log_probs, text)  # type: ignore[arg-type]

    sure = tools_over().confidence
    turn = Turn(hot, cool, hot_at_s=hot_at_s)
    turn.ask = replace(turn.ask, tools=replace(turn.ask.tools, confidence=Watching()))
    await turn.run()
    assert turn.text == ANSWER
    assert turn.moves[0].at_token % 2 == 0
    assert cool.requests[0].max_tokens == 200 - turn.moves[0].at_token
    assert seen[-1] == (-1.0, -2.0) * len(ANSWER), "the probability of every token, each once"
