"""Word error rate: how many words a recogniser got wrong, once all that sounds the same is written the same.

The rate is (substitutions + deletions + insertions) / words of the reference, from the alignment with the fewest
errors. Before, both sides go through `normalized`: case, punctuation, contractions, common spellings, and numbers
("twenty-five" and "25", "nineteen ninety-nine" and "1999", "2nd" and "second").
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from app.bench.number_words import digits_for_words

_WRITTEN = (
    (re.compile(r"\bcan't\b|\bcannot\b"), "can not"),
    (re.compile(r"\bwon't\b"), "will not"),
    (re.compile(r"\bshan't\b"), "shall not"),
    (re.compile(r"\blet's\b"), "let us"),
    (re.compile(r"n't\b"), " not"),
    (re.compile(r"\b(it|that|this|what|who|where|when|why|how|there|here|he|she)'s\b"), r"\1 is"),
    (re.compile(r"'re\b"), " are"),
    (re.compile(r"'ve\b"), " have"),
    (re.compile(r"'ll\b"), " will"),
    (re.compile(r"'d\b"), " would"),
    (re.compile(r"'m\b"), " am"),
    (re.compile(r"\bper cent\b"), "percent"),
    (re.compile(r"\bto[- ](day|night|morrow)\b"), r"to\1"),
)
_SAME = {
    "ok": "okay",
    "mr": "mister",
    "mrs": "missis",
    "dr": "doctor",
    "colour": "color",
    "centre": "center",
    "litre": "liter",
    "litres": "liters",
    "metre": "meter",
    "metres": "meters",
    "kilometre": "kilometer",
    "kilometres": "kilometers",
    "favourite": "favorite",
    "grey": "gray",
    "tyre": "tire",
}
_SIGNS = (
    (re.compile(r"%"), " percent"),
    (re.compile(r"&"), " and "),
    (re.compile(r"\$\s?([\d.,]*\d)"), r"\1 dollars"),
)
_GROUPS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_APOSTROPHES = str.maketrans("’‘ʼ`", "''''")  # noqa: RUF001
_WORD = re.compile(r"\d+(?:\.\d+)?(?:st|nd|rd|th)?|[^\W\d_]+(?:'[^\W\d_]+)*")


@dataclass(frozen=True, slots=True)
class WordErrors:
    """What an alignment came to. They add up over several clips.

    Attributes:
        words: Words of the reference.
        substitutions: Words heard as others.
        deletions: Words not heard.
        insertions: Words heard that were not said.
    """

    words: int = 0
    substitutions: int = 0
    deletions: int = 0
    insertions: int = 0

    @property
    def errors(self) -> int:
        """All errors."""
        return self.substitutions + self.deletions + self.insertions

    @property
    def rate(self) -> float:
        """Errors per word of the reference; without any words 0 when nothing was heard, else 1."""
        return self.errors / self.words if self.words else float(self.insertions > 0)

    def __add__(self, other: WordErrors) -> WordErrors:
        return WordErrors(
            self.words + other.words,
            self.substitutions + other.substitutions,
            self.deletions + other.deletions,
            self.insertions + other.insertions,
        )


def normalized(text: str) -> tuple[str, ...]:
    """The words of a text, written the one way in which they are compared."""
    text = unicodedata.normalize("NFKC", text).casefold().translate(_APOSTROPHES)
    for pattern, written in _WRITTEN:
        text = pattern.sub(written, text)
    text = _GROUPS.sub("", text)
    for pattern, written in _SIGNS:
        text = pattern.sub(written, text)
    words = [word.replace("'", "") for word in _WORD.findall(text)]
    return tuple(" ".join(_SAME.get(word, word) for word in digits_for_words(words)).split())


def word_errors(reference: str, hypothesis: str) -> WordErrors:
    """Compare what was heard with what was said."""
    said, heard = normalized(reference), normalized(hypothesis)
    # One row of the table at a time: (errors, substitutions, deletions, insertions) of the best alignment so far.
    row = [(column, 0, 0, column) for column in range(len(heard) + 1)]
    for line, word in enumerate(said, 1):
        diagonal, row[0] = row[0], (line, 0, line, 0)
        for column, other in enumerate(heard, 1):
            met = diagonal if word == other else _with(diagonal, substitutions=1)
            deleted, inserted = _with(row[column], deletions=1), _with(row[column - 1], insertions=1)
            diagonal, row[column] = row[column], min(met, deleted, inserted, key=lambda cell: cell[0])
    _, substitutions, deletions, insertions = row[-1]
    return WordErrors(len(said), substitutions, deletions, insertions)


def _with(
    cell: tuple[int, int, int, int], *, substitutions: int = 0, deletions: int = 0, insertions: int = 0
) -> tuple[int, int, int, int]:
    """A cell with one more error."""
    return cell[0] + 1, cell[1] + substitutions, cell[2] + deletions, cell[3] + insertions
