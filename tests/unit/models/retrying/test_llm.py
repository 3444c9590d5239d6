"""An answer that goes on where it broke off."""

from __future__ import annotations

import asyncio
import itertools
from contextlib import aclosing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.contracts.devices import Device
from app.contracts.errors import HostDied, Unavailable
from app.contracts.events import FailedOver
from app.contracts.text import ChatMessage, FinishReason, GenerationRequest, Role, TextPiece
from models.fakes.llm import FakeTextGenerator
from models.fakes.system import FakeClock
from models.retrying import RetryingTextGenerator
from tests.helpers.events import Reports
from tests.helpers.texts import Thermostat
from tests.helpers.virtual_time import LoopClock, in_virtual_time

ANSWER = "The capital of France is Paris, and it lies on the Seine."
REQUEST = GenerationRequest((ChatMessage(Role.USER, "What is it?"),), max_tokens=50)


async def pieces_of(port: RetryingTextGenerator, request: GenerationRequest = REQUEST) -> list[TextPiece]:
    return [piece async for piece in port.generate(request)]


def text_of(pieces: list[TextPiece]) -> str:
    return "".join(piece.text for piece in pieces)


@pytest.mark.parametrize("tokens", [0, 1, 5, 11])
async def test_no_word_is_lost_and_none_repeated(tokens: int) -> None:
    fake = FakeTextGenerator([ANSWER])
    fake.break_after(tokens, HostDied("gone"))
    pieces = await pieces_of(RetryingTextGenerator([fake]))
    assert text_of(pieces) == ANSWER
    assert [piece.finish for piece in pieces].count(FinishReason.STOP) == 1
    assert pieces[-1].finish is FinishReason.STOP
    assert ANSWER.startswith(fake.requests[1].answer_so_far)
    assert len(fake.requests[1].answer_so_far.split()) == tokens
    assert fake.requests[1].max_tokens == REQUEST.max_tokens - tokens


@given(st.integers(0, 12), st.integers(0, 12), st.integers(1, 20))
async def test_however_often_it_breaks(first: int, second: int, max_tokens: int) -> None:
    one, two = FakeTextGenerator([ANSWER], "one", FakeClock()), FakeTextGenerator([ANSWER], "two", FakeClock())
    one.break_after(first, HostDied("gone"))
    one.fail("generate", None, HostDied("gone"))
    two.break_after(second, HostDied("gone"))
    request = GenerationRequest(REQUEST.messages, max_tokens=max_tokens)
    pieces = await pieces_of(RetryingTextGenerator([one, two], FakeClock()), request)
    words = ANSWER.split(" ")
    assert text_of(pieces) == " ".join(words[:max_tokens])
    expected = FinishReason.STOP if max_tokens >= len(words) else FinishReason.LENGTH
    assert [piece.finish for piece in pieces if piece.finish] == [expected]


async def test_the_next_tier_is_told_where_to_go_on_and_the_event_says_at_which_token() -> None:
    one, two = FakeTextGenerator([ANSWER], "one"), FakeTextGenerator([ANSWER], "two")
    one.break_after(3, HostDied("gone"))
    one.fail("generate", None, HostDied("gone"))
    port = RetryingTextGenerator([one, two])
    port.observer = reports = Reports()
    assert text_of(await pieces_of(port)) == ANSWER
    assert reports.lines == [
        "answer on one",
        "retry 2/2 host-died",
        "answer on one",
        "one -> two at 3",
        "answer on two",
    ]
    assert two.requests[0].answer_so_far == "The capital of"
    assert port.backend.backend_id == "two"


async def test_an_answer_that_was_begun_elsewhere_is_extended() -> None:
    fake = FakeTextGenerator([ANSWER])
    fake.break_after(2, HostDied("gone"))
    request = GenerationRequest(REQUEST.messages, answer_so_far="The capital", max_tokens=50)
    pieces = await pieces_of(RetryingTextGenerator([fake]), request)
    assert "The capital" + text_of(pieces) == ANSWER
    assert fake.requests[1].answer_so_far == "The capital of France"


async def test_broken_at_the_last_token_it_is_simply_finished() -> None:
    fake = FakeTextGenerator([ANSWER])
    fake.break_after(4, HostDied("gone"))
    request = GenerationRequest(REQUEST.messages, max_tokens=4)
    pieces = await pieces_of(RetryingTextGenerator([fake]), request)
    assert text_of(pieces) == "The capital of France"
    assert pieces[-1].finish is FinishReason.LENGTH


async def test_closing_closes_the_backends_generator() -> None:
    fake = FakeTextGenerator([ANSWER])
    port = RetryingTextGenerator([fake])
    pieces = port.generate(REQUEST)
    await anext(pieces)
    await pieces.aclose()
    assert fake.stopped == 1


async def test_a_guess_is_not_tried_twice() -> None:
    one, two = FakeTextGenerator([ANSWER], "one"), FakeTextGenerator([ANSWER], "two")
    one.fail("prefill", HostDied("gone"))
    port = RetryingTextGenerator([one, two])
    with pytest.raises(HostDied):
        await port.prefill(REQUEST)
    assert two.asked == []
    assert await port.prefill(REQUEST) == 3


async def test_counting_takes_the_tier_that_will_answer() -> None:
    one, two = FakeTextGenerator([ANSWER], "one"), FakeTextGenerator([ANSWER], "two")
    one.fail("warm_up", Unavailable("none"))
    port = RetryingTextGenerator([one, two])
    assert await port.count_tokens(["a b", "c"]) == (2, 1)
    assert "count_tokens" in two.asked
    assert port.backend.backend_id == "two"


LONG = " ".join(f"w{at}" for at in range(1, 41))
WHY = "The graphics card is at 90 °C."


def hot_and_cool(**more: object) -> tuple[FakeTextGenerator, FakeTextGenerator, RetryingTextGenerator, Thermostat]:
    """Two tiers of ten tokens a second, the first of which has to rest after a second."""
    hot = FakeTextGenerator([LONG], "hot", LoopClock(), device=Device.GPU, model="m")
    cool = FakeTextGenerator([LONG], "cool", LoopClock(), **{"model": "m", **more})  # type: ignore[arg-type]
    hot.token_s = cool.token_s = 0.1
    port, thermostat = RetryingTextGenerator([hot, cool], LoopClock()), Thermostat()
    port.governor = thermostat
    asyncio.get_running_loop().call_later(1.05, thermostat.resting.setdefault, Device.GPU, WHY)
    return hot, cool, port, thermostat


@in_virtual_time
async def test_a_device_that_has_to_rest_hands_its_answer_and_its_state_on() -> None:
    hot, cool, port, thermostat = hot_and_cool()
    port.observer = reports = Reports()
    assert text_of(await pieces_of(port, REQUEST)) == LONG
    assert reports.lines == ["answer on hot", "hot -> cool at 13", "answer on cool"]
    moved = next(event for event in reports.events if isinstance(event, FailedOver))
    assert moved.reason == WHY
    assert "export_state" in hot.asked
    assert "import_state" in cool.asked
    assert cool.requests[0].max_tokens == REQUEST.max_tokens - 13
    assert hot.stopped == 1
    assert port.backend.backend_id == "cool"
    thermostat.resting.clear()
    assert port.backend.backend_id == "hot", "it is no failure: cooled down, it is the first again at once"
    assert text_of(await pieces_of(port, REQUEST)) == LONG
    assert reports.lines[-1] == "answer on hot"


@in_virtual_time
async def test_it_writes_on_while_the_next_one_is_loaded_and_no_longer_than_that() -> None:
    _, cool, port, _ = hot_and_cool()
    cool.load_s = 1.0
    came_at: list[float] = []
    writers: list[str] = []
    async for _piece in port.generate(REQUEST):
        came_at.append(asyncio.get_running_loop().time())
        writers.append(port.backend.backend_id)
    assert len(came_at) == 41
    assert max(after - before for before, after in itertools.pairwise(came_at)) < 0.25
    assert len(cool.requests[0].answer_so_far.split()) == 22
    assert writers == ["hot"] * 22 + ["cool"] * 19, "each token is that of who wrote it"


@in_virtual_time
async def test_it_stops_after_a_while_when_the_next_one_takes_long() -> None:
    hot, cool, port, _ = hot_and_cool()
    cool.load_s = 60.0
    asyncio.get_running_loop().call_later(2.0, setattr, hot, "token_s", 1000.0)
    assert text_of(await pieces_of(port, REQUEST)) == LONG
    assert hot.stopped == 1
    assert cool.requests


@in_virtual_time
async def test_another_model_reads_what_there_is_while_the_first_one_writes() -> None:
    hot, cool, port, _ = hot_and_cool(model="another")
    cool.delay_s = 0.5
    assert text_of(await pieces_of(port, REQUEST)) == LONG
    assert cool.prefilled[0].answer_so_far == " ".join(LONG.split()[:12])
    assert "export_state" not in hot.asked


@in_virtual_time
async def test_with_nobody_else_it_ends_its_answer() -> None:
    _, cool, port, thermostat = hot_and_cool()
    asyncio.get_running_loop().call_later(1.0, thermostat.resting.setdefault, Device.CPU, "The processor, too.")
    assert text_of(await pieces_of(port, REQUEST)) == LONG
    assert cool.requests == []


@in_virtual_time
async def test_closing_it_while_the_next_one_is_loaded_leaves_nothing_behind() -> None:
    hot, cool, port, _ = hot_and_cool()
    cool.load_s = 10.0
    pieces = port.generate(REQUEST)
    async with aclosing(pieces):
        async for piece in pieces:
            if "w20" in piece.text:
                break
    assert hot.stopped == 1
    assert cool.requests == []


@in_virtual_time
async def test_a_question_that_is_still_being_read_moves_as_well() -> None:
    hot, _, port, _ = hot_and_cool()
    port.observer = reports = Reports()
    hot.delay_s = 60.0
    asyncio.get_running_loop().call_later(1.1, setattr, hot, "delay_s", 0.0)
    began = asyncio.get_running_loop().time()
    assert text_of(await pieces_of(port, REQUEST)) == LONG
    assert asyncio.get_running_loop().time() - began < 6.0
    assert reports.lines == ["answer on hot", "hot -> cool at 0", "answer on cool"]


@in_virtual_time
async def test_one_that_dies_while_it_has_to_rest_is_not_tried_again() -> None:
    hot, cool, port, _ = hot_and_cool()
    port.observer = reports = Reports()
    cool.load_s = 2.0
    hot.break_after(16, HostDied("gone"))
    assert text_of(await pieces_of(port, REQUEST)) == LONG
    assert reports.lines == ["answer on hot", "hot -> cool at 16", "answer on cool"]


@in_virtual_time
async def test_a_full_answer_is_not_gone_on_with() -> None:
    _, cool, port, _ = hot_and_cool()
    port.observer = reports = Reports()
    pieces = await pieces_of(port, GenerationRequest(REQUEST.messages, max_tokens=13))
    assert text_of(pieces) == " ".join(LONG.split()[:13])
    assert [piece.finish for piece in pieces if piece.finish] == [FinishReason.LENGTH]
    assert cool.requests == []
    assert reports.lines == ["answer on hot"]


@in_virtual_time
async def test_it_goes_back_when_the_first_one_has_cooled_down_and_the_second_one_is_hot() -> None:
    _, _, port, thermostat = hot_and_cool()
    port.observer = reports = Reports()
    loop = asyncio.get_running_loop()
    loop.call_later(2.0, thermostat.resting.pop, Device.GPU)
    loop.call_later(2.5, thermostat.resting.setdefault, Device.CPU, "The processor is hot.")
    assert text_of(await pieces_of(port, REQUEST)) == LONG
    assert [line.partition(" at ")[0] for line in reports.lines if "->" in line] == ["hot -> cool", "cool -> hot"]
