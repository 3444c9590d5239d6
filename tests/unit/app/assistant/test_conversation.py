from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.assistant.conversation import MARK_TOKENS, SYSTEM_PROMPT, WINDOW_SHARE, Context, Conversation
from app.assistant.trimming import NOTE
from app.contracts.text import Role


class Counter:
    """One token a word; remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def __call__(self, texts: Sequence[str]) -> tuple[int, ...]:
        self.asked += texts
        return tuple(len(text.split()) for text in texts)


def size(context: Context) -> int:
    return sum(len(message.content.split()) + MARK_TOKENS for message in context.messages)


def words(number: int, word: str = "word") -> str:
    return " ".join(f"{word}{index}" for index in range(number))


async def test_the_first_question_stands_alone() -> None:
    context = await Conversation(2048).build("Why?", Counter())
    assert [(message.role, message.content) for message in context.messages] == [
        (Role.SYSTEM, SYSTEM_PROMPT),
        (Role.USER, "Why?"),
    ]
    assert (context.turns_in_context, context.topics, context.question_trimmed) == (0, "", False)


async def test_turns_are_told_in_order_with_what_was_heard() -> None:
    conversation = Conversation(2048)
    conversation.add("One?", "First.")
    conversation.add("Two?", "Seco")
    context = await conversation.build("Three?", Counter())
    assert [message.content for message in context.messages[1:]] == ["One?", "First.", "Two?", "Seco", "Three?"]
    assert [message.role for message in context.messages[1:3]] == [Role.USER, Role.ASSISTANT]
    assert context.turns_in_context == 2


async def test_a_turn_nothing_was_heard_of_leaves_no_trace() -> None:
    conversation = Conversation(2048)
    conversation.add("One?", " ")
    assert (await conversation.build("Two?", Counter())).turns_in_context == 0


async def test_a_request_begins_like_the_one_before_while_turns_fit() -> None:
    conversation, counter = Conversation(2048), Counter()
    before: tuple[object, ...] = ()
    for number in range(8):
        question, answer = f"Question {number}?", words(20)
        messages = (await conversation.build(question, counter)).messages
        assert messages[: len(before)] == before
        conversation.add(question, answer)
        before = messages


async def test_the_oldest_go_several_at_once_and_their_topics_stay() -> None:
    conversation, counter = Conversation(500), Counter()
    starts, contexts = [], []
    for number in range(30):
        question = f"Tell me about Topic{number} please"
        context = await conversation.build(question, counter)
        assert size(context) <= 500 * WINDOW_SHARE
        starts.append(context.messages[0].content + context.messages[1].content)
        contexts.append(context)
        conversation.add(question, words(25))
    beginnings = sum(first != second for first, second in pairwise(starts[1:]))
    assert 0 < beginnings <= 30 / 2
    last = contexts[-1]
    assert 1 < last.turns_in_context < 29
    assert "Topic20" in last.topics
    assert last.messages[0].content == f"{SYSTEM_PROMPT} Earlier topics: {last.topics}."
    assert "\n" not in last.topics
    assert len(last.topics.split()) <= 48


async def test_prepared_between_turns_the_next_request_begins_as_prepared() -> None:
    conversation, counter = Conversation(500), Counter()
    dropped = 0
    for number in range(40):
        prepared = await conversation.prepare(counter)
        context = await conversation.build(f"Tell me about Topic{number} please", counter)
        assert context.messages[:-1] == prepared
        dropped += context.turns_in_context < number
        conversation.add(f"Tell me about Topic{number} please", words(25))
    assert dropped


async def test_the_last_turn_stays_even_when_it_fills_the_room() -> None:
    conversation = Conversation(400)
    conversation.add("Old?", "Old.")
    conversation.add(words(50, "q"), words(1000, "a"))
    context = await conversation.build("And now?", Counter())
    assert context.turns_in_context == 1
    assert context.messages[1].content == words(50, "q")
    assert context.messages[2].content.startswith("a0 a1")
    assert NOTE in context.messages[2].content
    assert context.messages[2].content.endswith("a999")
    assert context.messages[-1].content == "And now?"
    assert size(context) <= 400 * WINDOW_SHARE


async def test_an_over_long_question_is_shortened_with_a_note_and_stays_so() -> None:
    conversation, counter = Conversation(400), Counter()
    conversation.add("Before?", "Before.")
    context = await conversation.build(words(5000), counter)
    asked = context.messages[-1].content
    assert context.question_trimmed
    assert context.turns_in_context == 1
    assert asked.startswith("word0 word1 ")
    assert NOTE in asked
    assert asked.endswith(" word4999")
    assert size(context) <= 400 * WINDOW_SHARE
    conversation.add(words(5000), "Short.")
    assert (await conversation.build("Next?", counter)).messages[-3].content == asked


async def test_each_text_is_counted_once() -> None:
    conversation, counter = Conversation(2048), Counter()
    conversation.add("One?", "First.")
    await conversation.build("Two?", counter)
    await conversation.build("Two?", counter)
    await conversation.build("Two or three?", counter)
    assert sorted(counter.asked) == sorted({SYSTEM_PROMPT, "One?", "First.", "Two?", "Two or three?"})


async def test_clear_forgets_everything() -> None:
    conversation = Conversation(300)
    for number in range(20):
        conversation.add(f"Number {number}?", words(20))
    assert (await conversation.build("Now?", Counter())).topics
    conversation.clear()
    context = await conversation.build("Now?", Counter())
    assert (len(context.messages), context.topics) == (2, "")


async def test_a_backend_that_does_not_say_how_long_its_window_is() -> None:
    conversation = Conversation(0)
    conversation.add("One?", words(100))
    assert (await conversation.build("Two?", Counter())).turns_in_context == 1


async def test_errors_of_the_counter_reach_the_caller_and_do_no_harm() -> None:
    conversation = Conversation(2048)

    async def broken(texts: Sequence[str]) -> tuple[int, ...]:
        raise RuntimeError(str(texts))

    with pytest.raises(RuntimeError):
        await conversation.build("One?", broken)
    assert len((await conversation.build("One?", Counter())).messages) == 2


@settings(deadline=None, max_examples=100)
@given(
    turns=st.lists(st.tuples(st.integers(1, 60), st.integers(1, 200)), max_size=15),
    question=st.integers(1, 2000),
    window=st.integers(200, 1200),
)
async def test_it_always_fits_and_keeps_the_last_turn(turns: list[tuple[int, int]], question: int, window: int) -> None:
    conversation, counter = Conversation(window), Counter()
    for number, (asked, answered) in enumerate(turns):
        await conversation.build(words(asked, f"q{number}x"), counter)
        conversation.add(words(asked, f"q{number}x"), words(answered, f"a{number}x"))
    context = await conversation.build(words(question, "now"), counter)
    assert size(context) <= window * WINDOW_SHARE
    assert len(context.messages) == 2 + 2 * context.turns_in_context
    assert context.messages[-1].content.startswith("now0")
    if turns:
        last = len(turns) - 1
        assert context.messages[-2].content.startswith(f"a{last}x0")
        assert context.messages[-3].content.startswith(f"q{last}x0")


async def test_what_is_known_stands_right_in_front_of_the_question_and_leaves_no_trace() -> None:
    conversation, counter = Conversation(2048), Counter()
    conversation.add("One?", "First.")
    plain = await conversation.build("Two?", counter)
    context = await conversation.build("Two?", counter, known=('my "sister"\nis Anna', "I live in Leeds"))
    assert context.messages[:-1] == plain.messages[:-1]
    assert context.messages[-1].content == ('Known about the user: "my \'sister\' is Anna"; "I live in Leeds".\n\nTwo?')
    conversation.add("Two?", "Second.")
    assert (await conversation.build("Three?", counter)).messages[-3].content == "Two?"


async def test_what_is_known_takes_little_room() -> None:
    context = await Conversation(2048).build("Why?", Counter(), known=("I like tea", words(70), words(58)))
    assert context.messages[-1].content == 'Known about the user: "I like tea".\n\nWhy?'
    assert (await Conversation(2048).build("Why?", Counter(), known=(words(70),))).messages[-1].content == "Why?"
    behind = await Conversation(2048).build("Why?", Counter(), known=(words(900), "I like tea", words(70), "I run"))
    assert behind.messages[-1].content == 'Known about the user: "I like tea"; "I run".\n\nWhy?'
    small = Conversation(200)
    context = await small.build(words(200), Counter(), known=(words(20),))
    assert size(context) <= 200 * WINDOW_SHARE
