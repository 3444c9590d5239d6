"""Ties an answer to the passages it was made from: which it rests on, and what to quote when it rests on none.

Everything here is counting of words, so that the same answer and passages always come to the same sources. It knows
that an answer shares words and numbers with a passage, not that it is right.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from app.memory.documents_search import COMMON
from app.pipeline.values import Passage, cited

NOTHING_FOUND = "Nothing in your documents has to do with this."
_CITATION = re.compile(r"\s*\[(\d{1,3})\]")
_WORD = re.compile(r"\w+")
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_COUNTED = re.compile(rf"({_NUMBER.pattern})(?:\s+([^\W\d]\w*))?")
_SENTENCE = re.compile(r"[^.!?\n]+(?:[.!?](?=\S)[^.!?\n]*)*[.!?]*")
_LONGEST_QUOTE = 300
_SHORT_QUOTE = 160
_WRAPPED = 60
"""A line of at least so many characters that ends in the middle of a sentence goes on in the next one."""
_PASSAGE_BONUS = 1.0
"""What a word of the question in the name of a document is worth to each of its sentences."""
_STEM = 5
"""Words that begin with the same so many letters count as one: repair, repairs, repaired."""
_NUMBERS = r"\d"
_MONTHS = "january|february|march|april|may|june|july|august|september|october|november|december"
_SPANS = r"\d+ (second|minute|hour|day|week|month|year|time)"
_EXPECTED: tuple[tuple[re.Pattern[str], re.Pattern[str]], ...] = tuple(
    (re.compile(rf"\b({asked})\b", re.IGNORECASE), re.compile(told, re.IGNORECASE))
    for asked, told in (
        ("how (much|many|old|long|hot|high|often|far|big|tall|late)|when", _NUMBERS),
        ("(what|which) (year|date|time|sum|temperature|quantity|amount|altitude|height)", _NUMBERS),
        ("how (often|long)|what time|time", _SPANS),
        ("how (hot|warm|cold)|temperature", r"\d ?(degrees|°|K\b)"),
        ("how (high|far|tall)|altitude|height", r"\d ?(k?m|met(re|er)s|feet|miles)\b"),
        ("how old|when|(what|which) (year|date)|birth", rf"\b(1\d|20)\d\d\b|\d+\.? ({_MONTHS})"),
        ("money|sum|costs?|price|spen[dt]", r"\d ?(euros?|dollars?|pounds?|francs?|€|\$)|[€$£] ?\d"),
        ("population|how many people", r"\d (inhabitants|people|residents|souls)"),
    )
)
"""What a question asks for, and what a sentence that tells it looks like."""
_EXPECTED_BONUS = 0.6
"""What each of those is worth to a sentence; a word of the question is worth at most 1."""
_IMITATED = re.compile(r"\n\s*(\[\d+\] |Question:|Sources?:).*", re.DOTALL)
"""A small model goes on as its prompt did: with more passages and questions."""


@dataclass(frozen=True, slots=True)
class Cited:
    """An answer with its sources.

    Attributes:
        text: What to show, the list of sources at its end.
        quoted: A sentence is quoted in place of the answer.
        overlap: Share of the answer's own words that stand in the passages, in [0, 1].
        used: Numbers of the passages it rests on, from 1.
    """

    text: str
    quoted: bool
    overlap: float
    used: tuple[int, ...]


def cite(question: str, answer: str, passages: Sequence[Passage], *, min_overlap: float, most: int) -> Cited:
    """The answer with its sources, or the best sentence of the passages in its stead.

    An answer stands when at least ``min_overlap`` of its words that the question does not hold are in the passages,
    and so is every number in it together with the word behind it.

    Args:
        question: What was asked.
        answer: What the model made of it; its ``[n]`` are kept where there is a passage n.
        passages: At least one, the best first.
        min_overlap: In [0, 1].
        most: Sources listed at most.
    """
    answer = _with_good_numbers(_IMITATED.sub("", f"\n{answer}").strip(), len(passages))
    plain = _CITATION.sub("", answer)
    own = _stems(plain) - _stems(question)
    each = [_stems(f"{passage.place} {passage.text}") for passage in passages]
    overlap = len(own & frozenset().union(*each)) / len(own) if own else 0.0
    held = " ".join([question, *(passage.text for passage in passages)])
    numbers_stand = _numbers(plain) <= _numbers(held)
    if own and overlap >= min_overlap and numbers_stand:
        used = tuple(dict.fromkeys(int(number) for number in _CITATION.findall(answer)))[:most]
        if not used:
            numbers = set(_NUMBER.findall(plain))
            strength = [
                (len(own & words) + 2 * len(numbers & set(_NUMBER.findall(passage.text))), -at)
                for at, (words, passage) in enumerate(zip(each, passages, strict=True))
            ]
            used = (1 - max(strength)[1],)
            answer = f"{answer} [{used[0]}]"
        return Cited(f"{answer}\n\n{_sources(passages, used)}", False, overlap, used)
    at, sentence = best_sentence(question, passages)
    return Cited(f"“{sentence}” [{at}]\n\n{_sources(passages, (at,))}", True, overlap, (at,))


def best_sentence(question: str, passages: Sequence[Passage]) -> tuple[int, str]:
    """The sentence that shares most with the question, word for word, and the number of its passage.

    Words that name the document or its section choose the passage, not the sentence; words that few sentences hold
    count more, and so do numbers, dates and measures where one is asked for. Ties go to the better passage and the
    earlier sentence. A short sentence brings what follows in its paragraph along.
    """
    wanted = _stems(question)
    found: list[tuple[int, list[str], int]] = []
    for at, passage in enumerate(passages, 1):
        for paragraph in _paragraphs(passage.text):
            found.extend((at, paragraph, place) for place in range(len(paragraph)))
    if not found:
        return 1, passages[0].text.strip()[:_LONGEST_QUOTE]
    named = [_stems(f"{passage.source} {passage.place}".replace("_", " ")) for passage in passages]
    telling = wanted - frozenset().union(*named)
    held = [_stems(paragraph[place]) & telling for _, paragraph, place in found]
    weight = {word: 1.0 / sum(word in words for words in held) for word in frozenset().union(*held)}
    expected = [told for asked, told in _EXPECTED if asked.search(question)]

    def worth(index: int) -> tuple[float, int]:
        at, paragraph, place = found[index]
        passage_worth = _PASSAGE_BONUS * len(wanted & named[at - 1]) + 0.5 / at
        bonus = _EXPECTED_BONUS * sum(bool(told.search(paragraph[place])) for told in expected)
        return sum(weight[word] for word in sorted(held[index])) + bonus + passage_worth, -index

    at, paragraph, place = found[max(range(len(found)), key=worth)]
    quote = paragraph[place]
    for sentence in paragraph[place + 1 :]:
        if len(quote) + len(sentence) >= _SHORT_QUOTE:
            break
        quote = f"{quote} {sentence}"
    return at, quote if len(quote) <= _LONGEST_QUOTE else f"{quote[:_LONGEST_QUOTE].rstrip()} …"


def _paragraphs(text: str) -> list[list[str]]:
    """The sentences of each paragraph; lines that were only broken to fit a page are put together, titles left out."""
    paragraphs: list[str] = []
    broken = False
    for line in text.split("\n"):
        line = line.strip()
        if broken and line:
            paragraphs[-1] += f" {line}"
        elif line:
            paragraphs.append(line)
        broken = len(line) >= _WRAPPED and line[-1] not in ".!?:"
    sentences = [[part.strip() for part in _SENTENCE.findall(paragraph) if part.strip()] for paragraph in paragraphs]
    whole = [found for found in sentences if found and (len(found) > 1 or found[0][-1] in ".!?" or len(found[0]) > 60)]
    return whole or [found for found in sentences if found]


def _numbers(text: str) -> frozenset[tuple[str, str]]:
    """The numbers of a text, each alone and with the word behind it: 16 votes are no 16 euros."""
    found = [(number[0], _stems(number[1])) for number in _COUNTED.findall(text)]
    return frozenset((number, word) for number, words in found for word in ("", *words))


def _sources(passages: Sequence[Passage], used: Sequence[int]) -> str:
    lines = [f"[{number}] {cited(passages[number - 1])}" for number in used]
    return "\n".join(["Sources:" if len(lines) > 1 else "Source:", *lines])


def _with_good_numbers(answer: str, count: int) -> str:
    """The answer without references to passages there are not."""
    return _CITATION.sub(lambda found: found.group() if 1 <= int(found[1]) <= count else "", answer)


def _stems(text: str) -> frozenset[str]:
    words = {word.lower() for word in _WORD.findall(text)}
    return frozenset(
        (word[:-1] if len(word) > _STEM - 2 and word[-1] == "s" else word)[:_STEM] for word in words - COMMON
    )
