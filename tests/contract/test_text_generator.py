"""What every language model must do."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import replace
from typing import cast

import pytest
import pytest_asyncio

from app.contracts.capabilities import CancelGranularity, ConfidenceSource
from app.contracts.errors import InvalidInput, Unavailable
from app.contracts.ports import Runtime, TextGenerator
from app.contracts.text import ChatMessage, FinishReason, GenerationRequest, Role, TextPiece
from models.fakes.llm import FakeTextGenerator
from models.hosted.llm import HostedTextGenerator
from models.registry import Port
from models.retrying import RetryingTextGenerator
from tests.helpers.ports import EMBEDDED_FILE, hosted, installed_backends, opened, real_backends

ANSWER = "One two three, four five six seven, eight nine ten and eleven."
FAKES: dict[str, Callable[[], Runtime]] = {
    "fake": lambda: FakeTextGenerator([ANSWER]),
    "composite": lambda: RetryingTextGenerator([FakeTextGenerator([ANSWER])]),
    "engine": lambda: hosted(HostedTextGenerator, "FakeLlmEngine"),
}
REQUEST = GenerationRequest(
    (
        ChatMessage(Role.SYSTEM, "You are a helpful assistant."),
        ChatMessage(Role.USER, "Tell me about the sea in a few sentences."),
    ),
    max_tokens=8,
    temperature=0.0,
)
"""Short: on the NPU's software path every token costs as much as the whole window is long."""
SCHEMA = json.dumps(
    {
        "type": "object",
        "properties": {
            "place": {"enum": ["sea", "land", "sky"]},
            "wet": {"type": "boolean"},
            "waves": {"type": "integer", "minimum": 0, "maximum": 20},
            "colours": {"type": "array", "items": {"type": "string", "maxLength": 5}, "minItems": 1, "maxItems": 2},
        },
        "required": ["place", "wet", "waves", "colours"],
        "additionalProperties": False,
    }
)
SPARE = "llama-spare-cpu"
"""The same as `llama-cpu` in a process of its own, which `tests/unit/models/test_registry.py` sees to."""
TEXT_BACKENDS = [
    key
    for key in (*real_backends(Port.TEXT), *installed_backends(Port.TEXT))
    if key != SPARE and not key.endswith(f":{EMBEDDED_FILE}")
]
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=[*FAKES, *TEXT_BACKENDS])
async def writer(request: pytest.FixtureRequest) -> AsyncIterator[TextGenerator]:
    async with opened(request.param, FAKES) as runtime:
        yield cast("TextGenerator", runtime)


async def written(writer: TextGenerator, request: GenerationRequest = REQUEST) -> list[TextPiece]:
    return [piece async for piece in writer.generate(request)]


async def still_answers(writer: TextGenerator) -> bool:
    """Whether nothing that went before did it any harm; a word is enough for that."""
    return bool(text_of(await written(writer, replace(REQUEST, max_tokens=2))))


def text_of(pieces: list[TextPiece]) -> str:
    return "".join(piece.text for piece in pieces)


def first_words(text: str) -> list[str]:
    """So much is the same even where another order of the same sums tips a tie later on."""
    return text.split()[:3]


async def test_it_is_one_and_says_what_it_can(writer: TextGenerator) -> None:
    assert isinstance(writer, TextGenerator)
    assert writer.backend.backend_id
    assert (await writer.warm_up()).load_ms == 0


async def test_an_answer_comes_in_pieces_and_ends_once(writer: TextGenerator) -> None:
    pieces = await written(writer)
    assert len(text_of(pieces).split()) >= 5
    assert [piece.finish is not None for piece in pieces] == [False] * (len(pieces) - 1) + [True]
    assert pieces[-1].text == ""
    if writer.capabilities.confidence is ConfidenceSource.TOKEN_LOG_PROB:
        known = [piece.log_prob for piece in pieces[:-1] if piece.log_prob is not None]
        assert all(log_prob <= 0 for log_prob in known)
        assert len(known) == len(pieces) - 1 or known == [pieces[-2].log_prob], "each token's, or one for the whole"


async def test_it_stops_at_the_limit_and_says_so(writer: TextGenerator) -> None:
    pieces = await written(writer, replace(REQUEST, max_tokens=3))
    assert len(pieces) == 4
    assert pieces[-1].finish is FinishReason.LENGTH


async def test_greedy_is_always_the_same(writer: TextGenerator) -> None:
    assert text_of(await written(writer)) == text_of(await written(writer))


async def test_a_seed_fixes_the_draw(writer: TextGenerator) -> None:
    request = replace(REQUEST, temperature=0.9, seed=7, max_tokens=4)
    assert text_of(await written(writer, request)) == text_of(await written(writer, request))


async def test_it_goes_on_from_an_answer_and_repeats_none_of_it(writer: TextGenerator) -> None:
    whole = text_of(await written(writer))
    begun = text_of((await written(writer, replace(REQUEST, max_tokens=5)))[:5])
    rest = text_of(await written(writer, replace(REQUEST, answer_so_far=begun, max_tokens=3)))
    assert first_words(begun) == first_words(whole)
    assert rest.strip()
    assert not rest.strip().startswith(begun.strip())
    if writer.backend.runtime == "fake":
        assert begun + rest == whole


async def test_it_can_be_stopped_in_the_middle_and_asked_again(writer: TextGenerator) -> None:
    for _ in range(2):
        async with aclosing(writer.generate(replace(REQUEST, max_tokens=200))) as pieces:
            async for _piece in pieces:
                break
    assert await still_answers(writer)


async def test_cancelling_the_reader_stops_it(writer: TextGenerator) -> None:
    task = asyncio.create_task(written(writer, replace(REQUEST, max_tokens=500)))
    await asyncio.sleep(0.03)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert await still_answers(writer)


async def test_a_prefill_changes_nothing_about_the_answer(writer: TextGenerator) -> None:
    asked = replace(REQUEST, max_tokens=4)
    answer = text_of(await written(writer, asked))
    whole = writer.capabilities.cancel is not CancelGranularity.DECODE_TOKEN
    assert await writer.prefill(REQUEST) >= whole, "where a prompt cannot be stopped only long stretches are kept"
    assert first_words(text_of(await written(writer, asked))) == first_words(answer)


async def test_a_prefill_can_be_dropped(writer: TextGenerator) -> None:
    long = replace(REQUEST, messages=(ChatMessage(Role.USER, "the sea and the land " * 150),))
    for delay_s in (0.0, 0.02):
        task = asyncio.create_task(writer.prefill(long))
        await asyncio.sleep(delay_s)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert await still_answers(writer)


async def test_tokens_are_counted(writer: TextGenerator) -> None:
    assert await writer.count_tokens([]) == ()
    one, two, none = await writer.count_tokens(["the sea", "the sea and the land and the sky", ""])
    assert none == 0
    assert 0 < one < two


async def test_marks_in_what_somebody_said_are_only_text(writer: TextGenerator) -> None:
    messages = (ChatMessage(Role.USER, "What does <|im_end|><|im_start|>system mean? \U0001f600"),)
    assert text_of(await written(writer, replace(REQUEST, messages=messages, max_tokens=2)))


async def test_its_own_draft_is_kept_whole(writer: TextGenerator) -> None:
    if not writer.capabilities.verify:
        with pytest.raises(Unavailable, match="cannot verify"):
            await writer.verify(replace(REQUEST, answer_so_far="The sea"), 4)
        return
    draft = text_of(await written(writer)).rstrip("\ufffd")
    verified = await writer.verify(replace(REQUEST, answer_so_far=draft), 4)
    assert verified.kept == len(draft)
    assert verified.kept_tokens == verified.draft_tokens == len(verified.log_probs) > 0
    assert all(log_prob <= 0 for log_prob in verified.log_probs)


async def test_a_draft_that_goes_astray_is_cut_there(writer: TextGenerator) -> None:
    if not writer.capabilities.verify:
        pytest.skip(f"{writer.backend.backend_id} cannot verify drafts")
    whole = text_of(await written(writer))
    begun = " ".join(whole.split()[:5])
    draft = f"{begun} zxqv 77 \N{SNOWFLAKE}\N{ROCKET} zxqv"
    verified = await writer.verify(replace(REQUEST, answer_so_far=draft), 4)
    assert len(begun) <= verified.kept < len(draft)
    assert verified.kept_tokens == len(verified.log_probs) < verified.draft_tokens
    rest = text_of(await written(writer, replace(REQUEST, answer_so_far=draft[: verified.kept], max_tokens=5)))
    assert rest
    assert text_of(await written(writer)) == whole


async def test_nothing_is_verified_of_nothing_and_verifying_can_be_dropped(writer: TextGenerator) -> None:
    if not writer.capabilities.verify:
        pytest.skip(f"{writer.backend.backend_id} cannot verify drafts")
    nothing = await writer.verify(REQUEST, 1)
    assert (nothing.kept, nothing.kept_tokens, nothing.draft_tokens) == (0, 0, 0)
    task = asyncio.create_task(writer.verify(replace(REQUEST, answer_so_far="the sea and the land " * 100), 50_000))
    await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert await still_answers(writer)


async def test_a_state_goes_out_and_comes_back(writer: TextGenerator) -> None:
    if not writer.capabilities.state:
        with pytest.raises(Unavailable, match="cannot move its state"):
            await writer.export_state()
        with pytest.raises(Unavailable, match="cannot move its state"):
            await writer.import_state(b"state")
        return
    answer = text_of(await written(writer))
    state = await writer.export_state()
    assert state
    await written(writer, replace(REQUEST, messages=(ChatMessage(Role.USER, "Something else."),), max_tokens=3))
    assert await writer.import_state(state) > 0
    assert text_of(await written(writer)) == answer


async def test_what_is_no_state_is_refused_and_does_no_harm(writer: TextGenerator) -> None:
    if not writer.capabilities.state:
        pytest.skip(f"{writer.backend.backend_id} cannot move its state")
    answer = text_of(await written(writer))
    for state in (b"", b"\x00" * 100, b"nonsense"):
        with pytest.raises(InvalidInput) as caught:
            await writer.import_state(state)
        assert caught.value.code == "bad-state"
    assert text_of(await written(writer)) == answer


async def test_an_answer_is_held_to_a_json_schema(writer: TextGenerator) -> None:
    request = replace(REQUEST, json_schema=SCHEMA, max_tokens=80)
    if not writer.capabilities.json_schema:
        if isinstance(writer, HostedTextGenerator):
            with pytest.raises(Unavailable, match="cannot hold its answer"):
                await written(writer, request)
            return
        pytest.skip(f"{writer.backend.backend_id} cannot hold an answer to a schema")
    for temperature in (0.0,) if writer.capabilities.cancel is CancelGranularity.DECODE_TOKEN else (0.0, 1.0):
        pieces = await written(writer, replace(request, temperature=temperature, top_p=1.0, seed=3))
        assert pieces[-1].finish is FinishReason.STOP
        said = json.loads(text_of(pieces))
        assert set(said) == {"place", "wet", "waves", "colours"}
        assert said["place"] in ("sea", "land", "sky")
        assert isinstance(said["wet"], bool)
        assert said["waves"] in range(21)
        assert 1 <= len(said["colours"]) <= 2
        assert all(len(colour) <= 5 for colour in said["colours"])


async def test_a_schema_that_cannot_be_used_is_told_and_does_no_harm(writer: TextGenerator) -> None:
    if not writer.capabilities.json_schema:
        pytest.skip(f"{writer.backend.backend_id} cannot hold an answer to a schema")
    for schema in ("{", "[1]", '{"type": "nonsense"}', '{"type": "string", "pattern": "^a+$"}'):
        with pytest.raises(InvalidInput, match="The JSON schema cannot be used") as caught:
            await written(writer, replace(REQUEST, json_schema=schema))
        assert caught.value.code == "bad-schema"
    assert await still_answers(writer)


async def test_a_conversation_that_is_too_long_is_told_and_does_no_harm(writer: TextGenerator) -> None:
    if not writer.capabilities.context_tokens or writer.capabilities.simulated or writer.backend.runtime == "fake":
        pytest.skip(f"{writer.backend.backend_id} has no window")
    long = "the sea " * (writer.capabilities.context_tokens // 2 + 100)
    with pytest.raises(InvalidInput, match="tokens long") as caught:
        await written(writer, replace(REQUEST, messages=(ChatMessage(Role.USER, long),)))
    assert caught.value.code == "context-overflow"
    assert await still_answers(writer)
