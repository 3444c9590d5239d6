"""A text longer than the window: every sentence is read once, backends take turns, notes become the answer."""

from __future__ import annotations

import asyncio
import itertools
import re
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import replace

import pytest

from app.contracts.devices import Device
from app.contracts.errors import HostDied, RuntimeFault, Unavailable
from app.contracts.events import FailedOver, Status, TurnEvent
from app.contracts.text import ChatMessage, GenerationRequest, Role
from app.pipeline.definition import Chunking
from app.pipeline.text.chunked import ChunkedStrategy
from app.pipeline.text.steps import Ask, Outcome, Piece
from models.fakes.llm import FakeTextGenerator
from tests.helpers.pipelines import tools_over
from tests.helpers.texts import Thermostat, ask_for, decisions, stage_over, tier_of
from tests.helpers.virtual_time import LoopClock, in_virtual_time

SENTENCES = [f"Sentence number {at} says something about thing {at}." for at in range(1, 101)]
DOCUMENT = " ".join(SENTENCES)
PART = re.compile(r"Part (\d+) of (\d+):\n(.*)", re.DOTALL)


def answer_to(request: GenerationRequest) -> str:
    last = request.messages[-1].content
    part = PART.search(last)
    return f"Note {part.group(1)}." if part else "The whole is about a hundred things."


def reader(backend_id: str, *, model: str = "m", window: int = 400, **more: object) -> FakeTextGenerator:
    return FakeTextGenerator(answer_to, backend_id, LoopClock(), window, model=model, **more)  # type: ignore[arg-type]


def asking(
    *rotation: FakeTextGenerator,
    fallbacks: Sequence[FakeTextGenerator] = (),
    document: str = DOCUMENT,
    tokens: int = 0,
    overlap: int = 0,
    **more: object,
) -> tuple[Ask, list[TurnEvent]]:
    stage = stage_over(rotation[0], fallbacks=fallbacks, chunking=Chunking(tokens, overlap))
    stage = replace(stage, rotation=tuple(map(tier_of, rotation)))
    events: list[TurnEvent] = []
    ask = ask_for(stage, *rotation, *fallbacks, max_tokens=30, report=events.append, **more)  # type: ignore[arg-type]
    messages = (ChatMessage(Role.SYSTEM, "You summarise."), ChatMessage(Role.USER, document))
    return replace(ask, request=replace(ask.request, messages=messages)), events


async def read(ask: Ask) -> tuple[str, Outcome]:
    text, outcome = "", None
    async with aclosing(ChunkedStrategy().steps(ask)) as steps:
        async for step in steps:
            if isinstance(step, Piece):
                text += step.text
            if isinstance(step, Outcome):
                outcome = step
    assert outcome is not None
    return text, outcome


def parts_of(*readers: FakeTextGenerator) -> dict[int, str]:
    """What each part held, by its number; what was tried twice counts once."""
    found: dict[int, str] = {}
    for request in (request for one in readers for request in one.requests):
        if part := PART.search(request.messages[-1].content):
            found[int(part.group(1))] = part.group(3)
    return dict(sorted(found.items()))


@in_virtual_time
async def test_every_sentence_reaches_exactly_one_piece_in_order() -> None:
    one = reader("one-cpu")
    ask, events = asking(one, tokens=100)
    text, outcome = await read(ask)
    assert text == "The whole is about a hundred things."
    parts = parts_of(one)
    assert "".join(parts.values()) == DOCUMENT
    assert list(parts) == list(range(1, len(parts) + 1))
    assert len(parts) >= 8
    assert dict(outcome.figures)["pieces"] == len(parts)
    messages = [event.message for event in events if isinstance(event, Status)]
    assert messages == [f"Reading part {at} of {len(parts)}…" for at in parts]
    assert next(event.progress for event in events if isinstance(event, Status)) == 0.0
    notes = one.requests[-1].messages[-1].content
    assert [f"Note {at}." in notes for at in parts] == [True] * len(parts)


@in_virtual_time
async def test_no_request_is_longer_than_the_window() -> None:
    one = reader("one-cpu", window=300)
    ask, _ = asking(one)
    await read(ask)
    for request in one.requests:
        words = sum(len(message.content.split()) for message in request.messages)
        assert words + request.max_tokens <= 300


@in_virtual_time
async def test_overlap_repeats_the_end_of_the_piece_before() -> None:
    one = reader("one-cpu")
    ask, _ = asking(one, tokens=100, overlap=10)
    await read(ask)
    parts = list(parts_of(one).values())
    for before, after in itertools.pairwise(parts):
        first = next(sentence for sentence in SENTENCES if after.startswith(sentence))
        assert before.rstrip().endswith(first)


@in_virtual_time
async def test_backends_take_turns_and_the_state_goes_with_the_text() -> None:
    one, two = reader("one-cpu", window=900), reader("two-cpu", window=900)
    ask, events = asking(one, two, tokens=100)
    _, outcome = await read(ask)
    moves = [(event.from_backend, event.to_backend) for event in events if isinstance(event, FailedOver)]
    assert moves[:3] == [("one-cpu", "two-cpu"), ("two-cpu", "one-cpu"), ("one-cpu", "two-cpu")]
    assert events[[event.type for event in events].index("FailedOver")].reason == "They take the pieces in turn."  # type: ignore[attr-defined]
    assert "".join(parts_of(one, two).values()) == DOCUMENT
    figures = dict(outcome.figures)
    assert figures["moved_states"] == figures["pieces"] - figures["windows"] > 0
    assert figures["moved_bytes"] > 0
    assert figures["read_as_text"] == 0
    assert "From one-cpu to two-cpu the running state was moved as it is." in outcome.notes
    assert two.asked.count("import_state") + one.asked.count("import_state") == figures["moved_states"]


@in_virtual_time
async def test_other_models_read_the_text_again() -> None:
    for other in (reader("two-cpu", window=900, model="another"), reader("two-cpu", window=900, state=False)):
        one = reader("one-cpu", window=900)
        ask, _ = asking(one, other, tokens=100)
        _, outcome = await read(ask)
        figures = dict(outcome.figures)
        assert figures["moved_states"] == 0
        assert figures["read_as_text"] > 0
        assert any("the text was read again" in note for note in outcome.notes)
        assert "".join(parts_of(one, other).values()) == DOCUMENT


@in_virtual_time
async def test_a_device_that_has_to_rest_is_left_out_and_said_so() -> None:
    one, two = reader("one-igpu", device=Device.IGPU), reader("two-cpu")
    governor = Thermostat()
    tools = replace(tools_over(one, two), governor=governor)
    ask, events = asking(one, two, tokens=100, tools=tools)

    def hot(event: TurnEvent) -> None:
        events.append(event)
        if isinstance(event, Status) and event.message.startswith("Reading part 3"):
            governor.resting[Device.IGPU] = "The igpu is at 97 degrees."

    _, outcome = await read(replace(ask, report=hot))
    assert len(one.requests) == 1
    assert "".join(parts_of(one, two).values()) == DOCUMENT
    assert outcome.tier.backend_id == "two-cpu"
    governor.resting[Device.CPU] = "The cpu is at 99 degrees."
    with pytest.raises(Unavailable, match="97 degrees"):
        await read(ask)


@in_virtual_time
async def test_one_that_becomes_too_hot_in_the_middle_hands_over_what_it_holds() -> None:
    def wordy(request: GenerationRequest) -> str:
        return "One two three four five six." if PART.search(request.messages[-1].content) else "Done."

    hot = FakeTextGenerator(wordy, "one-igpu", LoopClock(), 900, model="m", device=Device.IGPU)
    cool = FakeTextGenerator(wordy, "two-cpu", LoopClock(), 900, model="m")
    hot.token_s = 0.3
    governor = Thermostat()
    tools = replace(tools_over(hot, cool), governor=governor)
    ask, events = asking(hot, cool, tokens=300, tools=tools)
    asyncio.get_running_loop().call_later(1.0, governor.resting.setdefault, Device.IGPU, "The igpu is at 97 degrees.")
    _, outcome = await read(ask)
    moved = next(event for event in events if isinstance(event, FailedOver))
    assert (moved.reason, moved.at_token) == ("The igpu is at 97 degrees.", 4)
    assert cool.requests[0].answer_so_far == "One two three four"
    assert cool.asked[:2] == ["warm_up", "import_state"]
    assert dict(outcome.figures)["moved_states"] == 1.0


@in_virtual_time
async def test_a_backend_that_dies_hands_its_piece_and_its_words_on() -> None:
    one, two = reader("one-cpu"), reader("two-cpu")
    ask, events = asking(one, two, tokens=100)
    one.break_after(1, HostDied("one-cpu ended unexpectedly."))
    _, outcome = await read(ask)
    assert decisions(outcome)[:2] == [("one-cpu", "failed-over"), ("two-cpu", "accepted")]
    moved = next(event for event in events if isinstance(event, FailedOver))
    assert (moved.reason, moved.at_token) == ("one-cpu ended unexpectedly.", 1)
    assert two.requests[0].answer_so_far == "Note"
    assert "".join(parts_of(one, two).values()) == DOCUMENT


@in_virtual_time
async def test_when_all_fail_the_error_is_told() -> None:
    one, two = reader("one-cpu"), reader("two-cpu")
    one.fail("generate", RuntimeFault("One is broken."))
    two.fail("generate", RuntimeFault("Two is broken."))
    ask, _ = asking(one, two, tokens=100)
    with pytest.raises(RuntimeFault, match="Two is broken"):
        await read(ask)


@in_virtual_time
async def test_a_text_that_fits_is_answered_as_it_is() -> None:
    one = reader("one-cpu")
    ask, events = asking(one, document="A short text.")
    text, outcome = await read(ask)
    assert text == "The whole is about a hundred things."
    assert one.requests == [ask.request]
    assert not [event for event in events if isinstance(event, Status)]
    assert outcome.figures == ()


@in_virtual_time
async def test_notes_too_long_for_the_window_are_read_in_turn() -> None:
    def wordy(request: GenerationRequest) -> str:
        if PART.search(request.messages[-1].content):
            return "Much was said here. " * 6
        return "Done."

    one = FakeTextGenerator(wordy, "one-cpu", LoopClock(), 300, model="m")
    ask, _ = asking(one, document=" ".join([DOCUMENT] * 3), tokens=60)
    text, outcome = await read(ask)
    assert text == "Done."
    assert dict(outcome.figures)["pieces"] > 40
    for request in one.requests:
        assert sum(len(message.content.split()) for message in request.messages) + request.max_tokens <= 300
