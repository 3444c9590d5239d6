"""What a text stage accepts, and how it makes it fit."""

from __future__ import annotations

import pytest

from app.contracts.audio import AudioChunk
from app.contracts.errors import HostDied, InvalidInput
from app.contracts.text import ChatMessage, GenerationRequest, Role
from app.pipeline.text.validation import fitted, text_of
from app.pipeline.values import Parts, Passage, Passages, Sound, Text, Value, Vectors, Verdict
from models.fakes.llm import FakeTextGenerator
from tests.helpers.pipelines import tools_over, writer
from tests.helpers.texts import tier_of
from tests.helpers.virtual_time import LoopClock, in_virtual_time


@pytest.mark.parametrize(
    ("value", "code", "sentence"),
    [
        (Text(""), "empty-input", "There is no text for stage answer. Write or say something."),
        (Text(" \n\t"), "empty-input", "There is no text for stage answer. Write or say something."),
        (Parts(()), "empty-input", "There is no text for stage answer. Write or say something."),
        (Text("ab\0c"), "bad-characters", "The text for stage answer has a NUL character at position 3."),
        (Text("\x07\u200b \x1b"), "bad-characters", "The text for stage answer is nothing but control characters."),
        (Text("a" * 101), "too-long", "The text for stage answer has 101 characters; 100 are allowed."),
        (Vectors((), ()), "not-text", "Stage answer was given vectors where it needs words."),
        (Sound(AudioChunk(b"", 16_000)), "not-text", "Stage answer was given sound where it needs words."),
    ],
)
def test_what_is_refused(value: Value, code: str, sentence: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        text_of(value, 100, "answer")
    assert caught.value.code == code
    assert str(caught.value).startswith(sentence)
    assert caught.value.remedy


@pytest.mark.parametrize("value", [Text("Hi"), Verdict(passed=True, text="Hi"), Parts((Text("Hi"),))])
def test_words_are_taken_from_whatever_has_them(value: Value) -> None:
    assert text_of(value, 100, "answer") == "Hi"
    passages = text_of(Passages("Who?", (Passage("He.", "a.txt", "line 1"),)), 100, "answer")
    assert "a.txt, line 1" in passages


def conversation(*words: int) -> GenerationRequest:
    """A system prompt of two words, then messages of so many words, the last one the question."""
    roles = [Role.USER if (len(words) - at) % 2 else Role.ASSISTANT for at in range(len(words))]
    messages = [ChatMessage(role, "word " * count) for role, count in zip(roles, words, strict=True)]
    return GenerationRequest((ChatMessage(Role.SYSTEM, "Be brief."), *messages), max_tokens=40)


def small(window: int) -> FakeTextGenerator:
    return FakeTextGenerator(("Yes.",), "small", LoopClock(), context_tokens=window)


@in_virtual_time
async def test_a_short_text_is_not_counted() -> None:
    port = small(2048)
    fit = await fitted(conversation(5), (tier_of(port),), tools_over(port))
    assert (fit.request, fit.notes, port.asked) == (conversation(5), (), [])


@in_virtual_time
async def test_the_oldest_messages_give_way_and_it_is_said() -> None:
    port = small(150)
    fit = await fitted(conversation(30, 30, 30, 30, 20), (tier_of(port),), tools_over(port))
    assert [message.role for message in fit.request.messages] == [Role.SYSTEM, Role.USER, Role.ASSISTANT, Role.USER]
    assert fit.notes == ("2 earlier messages were left out to fit.",)
    assert fit.request.max_tokens == 40


@in_virtual_time
async def test_no_answer_stays_without_its_question() -> None:
    port = small(130)
    fit = await fitted(conversation(30, 5, 5, 30, 20), (tier_of(port),), tools_over(port))
    assert [len(message.content.split()) for message in fit.request.messages] == [2, 5, 30, 20]
    port = small(124)
    fit = await fitted(conversation(30, 5, 20, 20, 20), (tier_of(port),), tools_over(port))
    assert [message.role for message in fit.request.messages][1:2] == [Role.USER]


@in_virtual_time
async def test_then_the_answer_gets_shorter() -> None:
    port = small(100)
    fit = await fitted(conversation(50), (tier_of(port),), tools_over(port))
    assert fit.request.max_tokens == 36
    assert fit.notes == ("The answer is limited to 36 tokens by the model's window.",)


@in_virtual_time
async def test_what_cannot_fit_is_refused_with_the_way_out() -> None:
    port = small(100)
    with pytest.raises(InvalidInput) as caught:
        await fitted(conversation(200), (tier_of(port),), tools_over(port))
    assert caught.value.code == "too-long"
    assert "thermal-failover" in caught.value.remedy


@in_virtual_time
async def test_a_tier_that_cannot_count_leaves_it_to_the_next() -> None:
    dead, other = small(100), writer("other")
    dead.fail("warm_up", HostDied("Gone."))
    tiers = (tier_of(dead), tier_of(other))
    assert (await fitted(conversation(200), tiers, tools_over(dead, other))).notes == ()
    dead.fail("warm_up", HostDied("Gone."))
    assert (await fitted(conversation(200), tiers[:1], tools_over(dead))).request == conversation(200)
