"""Compares what two answers say, sentence by sentence: what stays, what is new, what has to be corrected aloud.

Why it exists: a later stage mostly words the same thing anew. A voice that repeats it, or corrects what was right, is
worse than one that says nothing. Two sentences say the same only where that is sure: the same words in the same order,
or the two sides of a plain "is" the other way round. Everything else differs.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from app.audio.sentences import Sentence, SentenceSplitter

CORRECTION = "Correction: "
"""What the voice says before a sentence that takes back one that was heard."""
MOST_ADDED = 2
"""Sentences that one answer may bring to another when the two are made one."""
_ALIKE = 0.4
"""From this share of common words on two sentences are about the same thing, and only one of them is kept."""
_WORD = re.compile(r"[^\W_]+(?:[.,:'\u2019][^\W_]+)*")
_IS = frozenset(("is", "are", "was", "were", "be", "been", "am"))
_EMPTY = _IS | frozenset(
    ("a", "an", "the", "of", "in", "on", "at", "that", "this", "it", "its", "and", "also", "so", "there", "which",
     "called", "known", "as", "s")
)  # fmt: skip
_DIRECTED = frozenset(
    ("than", "from", "to", "by", "before", "after", "over", "under", "with", "without", "for", "into", "like", "if")
)
_NOT = frozenset(("not", "no", "never", "none", "nothing", "nobody", "cannot", "neither", "nor", "without", "hardly"))


@dataclass(frozen=True, slots=True)
class _Words:
    """A sentence by what it says: the words that matter in order, how often it denies, whether its sides may change."""

    content: tuple[str, ...]
    denials: int
    turns_round: bool


def sentences(text: str) -> tuple[Sentence, ...]:
    """A text cut as the voice cuts it, white space included."""
    splitter = SentenceSplitter()
    return tuple(splitter.push(text) + splitter.flush())


def says_same(one: str, other: str) -> bool:
    """Both sentences surely say the same."""
    first, second = _words(one), _words(other)
    if first.denials != second.denials:
        return False
    if first.content == second.content:
        return True
    return first.turns_round and second.turns_round and sorted(first.content) == sorted(second.content)


def goes_further(longer: str, shorter: str) -> bool:
    """The longer sentence says all that the shorter one does, in the same order, and denies no more."""
    first, second = _words(longer), _words(shorter)
    words = iter(first.content)
    return bool(second.content) and all(word in words for word in second.content) and first.denials == second.denials


def kept_characters(shown: str, refined: str) -> int:
    """Length of the sentences both texts begin with."""
    kept = 0
    for before, after in zip(sentences(shown), sentences(refined), strict=False):
        if before.text != after.text:
            if before.text.rstrip() == after.text.rstrip():
                kept += len(before.text.rstrip())
            break
        kept += len(before.text)
    return kept


@dataclass(frozen=True, slots=True)
class Left:
    """What the voice goes on with.

    Attributes:
        sentences: What it says.
        taken_back: What it has said, and what does not hold any more.
    """

    sentences: tuple[str, ...] = ()
    taken_back: tuple[str, ...] = ()


def left_to_say(said: str, refined: str, taken_back: Collection[str] = ()) -> Left:
    """What the voice goes on with after it has said a part of an earlier answer.

    Nothing that was said is said again. Where a sentence that was said does not hold any more, the new one that is most
    like it begins with `CORRECTION`; one that goes further than what was said, or is new, just follows.

    Args:
        said: What was spoken, or is being spoken, of the earlier answer.
        refined: The answer as it stands now.
        taken_back: Of what was spoken, what has been corrected already.
    """
    before = [text for text in _bare(said) if text not in taken_back]
    after = [sentence.text for sentence in sentences(refined) if sentence.text.strip()]
    new = [text for text in after if not any(says_same(text, old) for old in before)]
    lost = [old for old in before if not any(says_same(text, old) or goes_further(text, old) for text in after)]
    if not new:
        return Left()
    if lost:
        at = _likest(new, lost)
        new[at] = CORRECTION + new[at].lstrip().removeprefix(CORRECTION)
    if said and not said[-1].isspace():
        new[0] = f" {new[0]}"
    return Left(tuple(new), tuple(lost))


def _likest(new: Sequence[str], lost: Sequence[str]) -> int:
    """Which of the new sentences takes the place of one that is lost: the most alike, the first where none is."""
    gone = [set(_words(text).content) for text in lost]
    alike = [max(_share(set(_words(text).content), words) for words in gone) for text in new]
    return alike.index(max(alike))


def _bare(said: str) -> list[str]:
    """The sentences of what was said, without white space and without what introduced a correction."""
    found = (sentence.text.strip().removeprefix(CORRECTION) for sentence in sentences(said))
    return [text for text in found if text]


def made_one(best: str, other: str) -> str:
    """The better answer, with what the other one adds to it: sentences about something that it does not speak of.

    What both speak of is left as the better one has it, so that the whole never contradicts itself.
    """
    kept = [sentence.text for sentence in sentences(best) if sentence.text.strip()]
    about = {word for text in kept for word in _words(text).content}
    added: list[str] = []
    for sentence in sentences(other):
        words = set(_words(sentence.text).content)
        alike = max((_share(words, set(_words(text).content)) for text in (*kept, *added)), default=0.0)
        if len(added) < MOST_ADDED and words & about and alike < _ALIKE and _whole(sentence.text):
            added.append(sentence.text.strip())
    return " ".join((best.rstrip(), *added)) if added else best


def whole_sentences(text: str) -> str:
    """A text without the sentence it breaks off in; all of it where it has but that one."""
    found = [sentence.text for sentence in sentences(text)]
    while len(found) > 1 and not _whole(found[-1]):
        found.pop()
    return "".join(found).rstrip()


def _whole(text: str) -> bool:
    """It ends as a sentence does: the last one of an answer that was cut off does not."""
    return text.rstrip().rstrip("\"'”’)]*_")[-1:] in ".!?…"  # noqa: RUF001


def _share(one: set[str], other: set[str]) -> float:
    return len(one & other) / max(1, len(one | other))


def _words(text: str) -> _Words:
    found = [_plain(word) for word in _WORD.findall(text.lower().removeprefix(CORRECTION.lower()))]
    denials = sum(word in _NOT or word.endswith("n't") for word in found)
    content = tuple(word for word in found if word not in _EMPTY)
    plain = any(word in _IS for word in found) and not any(word in _DIRECTED for word in found)
    return _Words(content, denials, plain and not denials)


def _plain(word: str) -> str:
    word = word.replace("\u2019", "'")
    if word.endswith("'s"):
        word = word[:-2]
    return word.replace(",", "") if word[:1].isdigit() else word
