"""Finds a place inside a sentence where a voice may already begin to speak: after a clause, never inside a list.

Why it exists: the first sound of an answer is what a person waits for. A first sentence is often twenty words long, and
its first clause is a whole phrase that can be spoken while the rest is still being written. Like `app.audio.stops`, a
verdict never changes when more text arrives.
"""

# ruff: noqa: RUF001 - typographic marks are what this module is about
from __future__ import annotations

import re

from app.audio.stops import Verdict

LEAST_WORDS = 4
"""A first clause holds at least this many words."""
PHRASE_WORDS = 3
"""A first phrase holds at least this many: spoken, they last while the next ones are written."""
LONG_PHRASE_WORDS = 5
"""A first phrase that is this long ends before any small word."""
LIST_ITEM_WORDS = 2
"""Items up to this long between commas are a list, which is spoken in one breath."""

MARKS = ",;:—–-"
_WORD = re.compile(r"[^\W_][\w'’.]*")
_TWO_WORDS = re.compile(r"(\S+)\s+(\S+)\s")
_STOPS = re.compile(r"[,.!?;:…\n]")
_AND = frozenset({"and", "or", "nor", "&"})
_PHRASE_STARTS = frozenset(
    {
        "are", "because", "but", "by", "can", "could", "did", "do", "does", "during", "from", "had", "has",
        "have", "if", "in", "into", "is", "may", "might", "should", "that", "through", "was", "were", "when",
        "where", "which", "while", "who", "will", "with", "would",
    }
)  # fmt: skip
"""Words before which a voice may take a breath: verbs, and words that begin a clause or say how and where."""
_SMALL_WORDS = frozenset({"a", "an", "and", "as", "at", "between", "of", "on", "or", "than", "the", "to"})
"""Words before which it may when it has waited long."""
_WORD_AND_SPACE = re.compile(r"(\S+)\s")


def judge(text: str, mark: int, after: int, *, strict: bool) -> Verdict:
    """Say whether a piece may be cut behind a mark.

    Args:
        text: The piece so far, from its start.
        mark: Index of one of `MARKS`.
        after: Index of the first character behind the mark and its white space; it is known.
        strict: Ask for `LEAST_WORDS` and look out for lists; otherwise any clause will do.
    """
    sign, following = text[mark], text[after]
    if sign in "—–-" and not _is_dash(text, mark, after):
        return Verdict.GOES_ON
    if sign in ",;:" and after == mark + 1:
        return Verdict.GOES_ON
    if sign in ",—–-" and following.isdigit():
        return Verdict.GOES_ON
    before = text[:mark]
    if _inside_marks(before):
        return Verdict.GOES_ON
    if not strict:
        return Verdict.ENDS
    if len(_WORD.findall(before)) < LEAST_WORDS:
        return Verdict.GOES_ON
    return _not_a_list(before, text[after:]) if sign == "," else Verdict.ENDS


def judge_phrase(text: str, space: int, after: int) -> Verdict:
    """Say whether a piece may be cut between two words that no mark divides, so that a voice can begin.

    Args:
        text: The piece so far, from its start.
        space: Index of the white space between the words.
        after: Index of the first character behind it; it is known.
    """
    before = text[:space]
    words = len(_WORD.findall(before))
    if not before[-1:].isalpha() or words < PHRASE_WORDS or _inside_marks(before):
        return Verdict.GOES_ON
    match = _WORD_AND_SPACE.match(text, after)
    if match is None:
        return Verdict.UNKNOWN
    patient = words < LONG_PHRASE_WORDS or "," in before
    starts = match.group(1) in _PHRASE_STARTS or (not patient and match.group(1) in _SMALL_WORDS)
    return Verdict.ENDS if starts else Verdict.GOES_ON


def _is_dash(text: str, mark: int, after: int) -> bool:
    """A dash with white space on both sides, or a long one between two words."""
    if not mark:
        return False
    if after > mark + 1:
        return text[mark - 1].isspace()
    return text[mark] == "—" and text[mark - 1].isalpha() and text[after].isalpha()


def _inside_marks(before: str) -> bool:
    """Brackets, emphasis or code are still open."""
    return (
        before.count("(") > before.count(")")
        or before.count("[") > before.count("]")
        or before.count("`") % 2 == 1
        or before.count("**") % 2 == 1
        or before.replace("**", "").count("*") % 2 == 1
    )


def _not_a_list(before: str, after: str) -> Verdict:
    """Cut behind a comma only when two words follow without another stop, and the words before it are no short item."""
    earlier = before.rfind(",")
    item = before[earlier + 1 :]
    if earlier >= 0 and len(_WORD.findall(item)) <= LIST_ITEM_WORDS:
        return Verdict.GOES_ON
    match = _TWO_WORDS.match(after)
    if match is None:
        return Verdict.GOES_ON if _STOPS.search(after) else Verdict.UNKNOWN
    first, second = match.group(1).lower(), match.group(2).lower()
    if _STOPS.search(match.group()) or (second in _AND) or (first in _AND and earlier >= 0):
        return Verdict.GOES_ON
    return Verdict.ENDS
