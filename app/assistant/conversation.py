"""What the language model is told: the system prompt, the turns that fit, a line about the others, the question.

Why it exists: a window of a few thousand tokens fills after a dozen turns, and every token of it that differs from the
last request has to be read again, which takes milliseconds each. So turns are only ever added at the end; when they no
longer fit, several of the oldest go at once, and the requests after that share their beginning again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from app.assistant.topics import topic, topic_line
from app.assistant.trimming import CountTokens, TokenCounts, trimmed
from app.contracts.text import ChatMessage, Role

SYSTEM_PROMPT = "You are a helpful AI assistant. Answer in one short sentence."
"""Chosen among eight on 40 everyday questions, two seeds each: the starter model was right most often with it."""

WINDOW_SHARE = 0.6
"""Share of the window that prompt, turns and question may fill; the rest is for the answer."""
AFTER_DROP_SHARE = 0.6
"""When turns have to go, the rest fills at most this share of what it may: the next turns then drop nothing."""
EXPECTED_QUESTION_TOKENS = 64
"""Room that `Conversation.prepare` leaves for the next question."""
QUESTION_SHARE = 0.75
"""A question never takes more of the room than this from the turn before it."""
MARK_TOKENS = 6
"""What a chat template puts around a message."""
TOPIC_TOKENS = 48
"""Longest line of topics."""
KNOWN_TOKENS = 60
"""Most that what is known of the person may take."""
KNOWN_CHARACTERS = 8 * KNOWN_TOKENS
"""Longer facts do not fit, whatever their words."""
_KNOWN = "Known about the user: {}.\n\n"
LEAST_TURN_TOKENS = 2 * MARK_TOKENS + 16
"""The last turn cannot be shortened below this."""
DEFAULT_WINDOW_TOKENS = 2048
"""For backends that do not say how long their window is."""


@dataclass(frozen=True, slots=True)
class PastTurn:
    """A turn that was answered: the question, and the answer as far as it was heard or shown."""

    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class Context:
    """What goes to the model for one question.

    Attributes:
        messages: The system prompt first, the question last.
        turns_in_context: How many earlier turns are in it.
        topics: One line about earlier turns that are not, empty when all are.
        question_trimmed: The question was too long and a part of it was left out.
    """

    messages: tuple[ChatMessage, ...]
    turns_in_context: int
    topics: str
    question_trimmed: bool = False


class Conversation:
    """The turns so far.

    Args:
        window_tokens: Length of the model's window; 0 when it does not say.
        system: The system prompt.
    """

    def __init__(self, window_tokens: int, *, system: str = SYSTEM_PROMPT) -> None:
        self._budget = int((window_tokens or DEFAULT_WINDOW_TOKENS) * WINDOW_SHARE)
        self._for_topics = min(TOPIC_TOKENS, self._budget // 8)
        self._system = system
        self._turns: tuple[PastTurn, ...] = ()
        self._topics: tuple[str, ...] = ()
        self._counts = TokenCounts()
        self._asked: tuple[str, str] = ("", "")
        self._building = asyncio.Lock()

    def add(self, question: str, answer: str) -> None:
        """A turn was answered. One of whose answer nothing was heard or shown leaves no trace in the context."""
        if question.strip() and answer.strip():
            full, sent = self._asked
            self._turns += (PastTurn(sent if question == full else question, answer),)

    def clear(self) -> None:
        """Forget all turns."""
        self._turns = ()
        self._topics = ()

    async def build(self, question: str, count_tokens: CountTokens, *, known: Sequence[str] = ()) -> Context:
        """Put together what the model is asked.

        The system prompt, the turn before and the question always stay, shortened when they have to be. Then the newest
        turns first, into `WINDOW_SHARE` of the window.

        Args:
            question: The words so far or the final ones.
            count_tokens: Counts the tokens of several texts at once.
            known: What is known of the person and has to do with the question, the likeliest first. It stands right in
                front of the question, so that everything before it is the same from one request to the next.

        Raises:
            SottoError: Counting failed.
        """
        async with self._building:
            turns = self._turns
            sizes = await self._sizes(turns, count_tokens)
            room = await self._room(count_tokens)
            line, size = await self._known_line(known, count_tokens)
            room -= size
            for_past = self._for_past(sizes[-1], room) if turns else 0
            asked = await trimmed(question, room - for_past, self._counts, count_tokens)
            (question_size,) = await self._counts.of([asked], count_tokens)
            self._asked = (question, asked)
            past, topics = await self._past(turns, sizes, room - question_size, count_tokens)
        messages = (*self._messages(past, topics), ChatMessage(Role.USER, f"{line}{asked}"))
        return Context(messages, len(past), topics, question_trimmed=asked != question)

    async def prepare(self, count_tokens: CountTokens) -> tuple[ChatMessage, ...]:
        """Between turns: let go now what the next question would push out.

        Reading a changed beginning again takes seconds on a processor. Prefilling what this returns while nobody waits
        keeps that out of the next turn.

        Returns:
            The beginning of the next request, without its question.

        Raises:
            SottoError: Counting failed.
        """
        async with self._building:
            turns = self._turns
            sizes = await self._sizes(turns, count_tokens)
            room = await self._room(count_tokens) - min(EXPECTED_QUESTION_TOKENS, self._budget // 4)
            return self._messages(*await self._past(turns, sizes, room, count_tokens))

    async def _room(self, count_tokens: CountTokens) -> int:
        """Tokens for earlier turns and the question."""
        (system,) = await self._counts.of([self._system], count_tokens)
        return self._budget - system - 2 * MARK_TOKENS

    async def _known_line(self, known: Sequence[str], count_tokens: CountTokens) -> tuple[str, int]:
        """What is known, in quotes since it is data, with its tokens; the likeliest of it that `KNOWN_TOKENS` hold.

        What is too long is passed over, so that one fact does not keep the others out.
        """
        short = [words for words in known if len(words) <= KNOWN_CHARACTERS]
        if not short:
            return "", 0
        sizes = await self._counts.of([_KNOWN.format(""), *(f"; {_quoted(words)}" for words in short)], count_tokens)
        taken, kept = sizes[0], list[str]()
        for words, size in zip(short, sizes[1:], strict=True):
            if taken + size <= min(KNOWN_TOKENS, self._budget // 4):
                taken += size
                kept.append(_quoted(words))
        return (_KNOWN.format("; ".join(kept)), taken) if kept else ("", 0)

    async def _past(
        self, turns: tuple[PastTurn, ...], sizes: list[int], room: int, count_tokens: CountTokens
    ) -> tuple[list[PastTurn], str]:
        """The turns that go in, and the line about those that do not."""
        kept = self._that_fit(sizes, room)
        if kept < len(turns):
            self._drop(turns, len(turns) - kept)
        line = await self._topic_line(count_tokens)
        past = list(turns[len(turns) - kept :])
        room -= self._for_topics if line else 0
        if past and sizes[-1] > room:
            past[-1] = await self._shortened(past[-1], room, count_tokens)
        return past, line

    async def _sizes(self, turns: tuple[PastTurn, ...], count_tokens: CountTokens) -> list[int]:
        """Tokens of each turn, with what the template adds."""
        texts = [text for turn in turns for text in (turn.question, turn.answer)]
        counts = await self._counts.of(texts, count_tokens)
        return [counts[i] + counts[i + 1] + 2 * MARK_TOKENS for i in range(0, len(counts), 2)]

    def _for_past(self, last: int, room: int) -> int:
        """Tokens kept free for the last turn and the topics, however long the question is."""
        wanted = min(last + self._for_topics, int(room * (1 - QUESTION_SHARE)))
        return max(wanted, min(last, LEAST_TURN_TOKENS) + self._for_topics)

    def _that_fit(self, sizes: list[int], room: int) -> int:
        """How many of the newest turns go in; the last one always does."""
        if self._topics:
            room -= self._for_topics
        if sum(sizes) <= room:
            return len(sizes)
        room = int((room if self._topics else room - self._for_topics) * AFTER_DROP_SHARE)
        kept = 0
        for size in reversed(sizes):
            room -= size
            if room < 0 and kept:
                break
            kept += 1
        return kept

    def _drop(self, turns: tuple[PastTurn, ...], number: int) -> None:
        """Let the oldest turns go; their topics stay. Nothing happens when they have been cleared meanwhile."""
        if self._turns[:number] == turns[:number]:
            self._topics += tuple(topic(turn.question) for turn in turns[:number])
            self._turns = self._turns[number:]

    async def _topic_line(self, count_tokens: CountTokens) -> str:
        """The newest topics, as many as there is room for."""
        while line := topic_line(self._topics):
            if (await self._counts.of([line], count_tokens))[0] <= self._for_topics - MARK_TOKENS:
                break
            self._topics = self._topics[1:]
        return line

    async def _shortened(self, turn: PastTurn, limit: int, count_tokens: CountTokens) -> PastTurn:
        """The last turn, squeezed in: its answer first, then its question."""
        limit -= 2 * MARK_TOKENS
        (question_size,) = await self._counts.of([turn.question], count_tokens)
        answer = await trimmed(turn.answer, max(limit - question_size, limit // 2), self._counts, count_tokens)
        (answer_size,) = await self._counts.of([answer], count_tokens)
        question = await trimmed(turn.question, limit - answer_size, self._counts, count_tokens)
        return replace(turn, question=question, answer=answer)

    def _messages(self, past: list[PastTurn], line: str) -> tuple[ChatMessage, ...]:
        system = f"{self._system} Earlier topics: {line}." if line else self._system
        messages = [ChatMessage(Role.SYSTEM, system)]
        for turn in past:
            messages += ChatMessage(Role.USER, turn.question), ChatMessage(Role.ASSISTANT, turn.answer)
        return tuple(messages)


def _quoted(words: str) -> str:
    """Words on one line that cannot end their own quotes."""
    plain = " ".join(words.split()).replace('"', "'")
    return f'"{plain}"'
