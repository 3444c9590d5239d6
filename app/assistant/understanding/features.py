"""What two texts are compared by: hashed n-grams of words, of letters and of sounds.

Words tell what is asked, letters forgive endings and typing, sounds forgive what a recogniser heard wrong ("a time or"
for "a timer"). Numbers, lengths of time, times of day and days count as what they are, whatever their value.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from app.assistant.understanding.clocking import times_of
from app.assistant.understanding.concepts import concept_grams
from app.assistant.understanding.days import days_of
from app.assistant.understanding.durations import durations_in
from app.assistant.understanding.numbers import folded
from app.assistant.understanding.projecting import projected

Vector = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Family:
    """N-grams of one kind: their part of a vector, and how much they count in a comparison."""

    name: str
    begin: int
    size: int
    share: float

    @property
    def part(self) -> slice:
        """Their places in a vector."""
        return slice(self.begin, self.begin + self.size)


FAMILIES = (
    Family("words", 0, 4096, 0.5),
    Family("letters", 4096, 4096, 0.2),
    Family("sounds", 8192, 2048, 0.1),
    Family("concepts", 10240, 2048, 0.2),
)
"""Shares found on the development set."""
SIZE = FAMILIES[-1].part.stop
_POLITE = re.compile(
    r"^(?:(?:hey|hi|hello|okay|ok|so|well|um|uh|please|sotto|computer|excuse me|"
    r"(?:could|can|would|will) you(?: please| kindly)?(?: just)?|i(?:'d| would) like you to|i want you to|"
    r"would you mind|i was wondering (?:if|whether) you (?:could|can|would)|i wonder if you (?:could|can)|"
    r"(?:do you think )?(?:you could|could you|can you)(?: possibly| maybe)?|be so (?:kind|good) (?:as to|and)|"
    r"would it be possible to|if you don't mind|just|now)[,\s]+)+(?=\w+\s+\w)|"
    r"[,\s]+(?:please|thanks|thank you|for me|sotto|would you|will you)+$"
)
_EPOCH = date(2024, 1, 1)
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_WORD = re.compile(r"@?[a-z']+|[%°€$+*/=^]")
_SOUNDS = (
    (r"[^a-z]", ""), (r"ph", "f"), (r"th", "t"), (r"ck|qu|q|c", "k"), (r"gh", ""), (r"kn", "n"), (r"wr", "r"),
    (r"wh", "w"), (r"z", "s"), (r"[aeiouy]+", "a"), (r"(.)\1+", r"\1"),
)  # fmt: skip
_REPLACES = tuple((re.compile(pattern), by) for pattern, by in _SOUNDS)


def bare(text: str) -> str:
    """Lower case, without politeness at either end and without the mark at the end."""
    said = folded(text).strip().rstrip(".!? ")
    while (shorter := _POLITE.sub("", said).strip(" ,")) != said and shorter:
        said = shorter
    return said


def classed(text: str) -> str:
    """A bare text with what it says of numbers and times as classes: "timer for @duration"."""
    found = [(each.start, each.end, "@duration") for each in durations_in(text)]
    there = projected(text)
    found += [(*there.back(each.start, each.end), "@clock") for each in times_of(there.text)]
    found += [(*there.back(each.start, each.end), "@day") for each in days_of(there, _EPOCH)]
    pieces, at = [], 0
    for start, end, name in sorted(found, key=lambda one: (one[0], -one[1])):
        if start >= at:
            pieces += [text[at:start], f" {name} "]
            at = end
    rest = "".join((*pieces, text[at:]))
    return _NUMBER.sub(" @number ", projected(rest).text)


def vector(text: str) -> Vector:
    """How often each n-gram of a text occurs, at its hashed place."""
    said = bare(text)
    words = _WORD.findall(classed(said))
    classes = {word for word in words if word.startswith("@")}
    grams = (_word_grams(words), _letter_grams(words), _sound_grams(words), concept_grams(said, classes))
    places = [
        family.begin + zlib.crc32(gram.encode()) % family.size
        for family, found in zip(FAMILIES, grams, strict=True)
        for gram in found
    ]
    return np.bincount(np.array(places, dtype=np.int64), minlength=SIZE).astype(np.float32)


def weighted(counts: Vector, weights: Vector) -> Vector:
    """Counts as vectors that are compared by their inner product, in [0, 1].

    Args:
        counts: One vector or a row each, of `SIZE`.
        weights: How much each place tells, of `SIZE`.
    """
    out = np.log1p(counts) * weights
    for family in FAMILIES:
        part = out[..., family.part]
        length = np.linalg.norm(part, axis=-1, keepdims=True)
        out[..., family.part] = part / np.where(length > 0, length, 1.0) * np.float32(family.share**0.5)
    return out


def rarity(counts: Vector) -> Vector:
    """How much each place tells: more, the fewer of the rows have it."""
    rows = counts.shape[0]
    weights: Vector = (np.log((1.0 + rows) / (1.0 + (counts > 0).sum(axis=0))) + 1.0).astype(np.float32)
    return weights


def sound(text: str) -> str:
    """Roughly how lower-cased English letters sound: the same for "thyme" and "time"."""
    for pattern, by in _REPLACES:
        text = pattern.sub(by, text)
    return text


def _word_grams(words: list[str]) -> Iterator[str]:
    yield from words
    for first, second in pairwise(("^", *words, "$")):
        yield f"{first} {second}"
    yield "^^ " + " ".join(words[:2])
    for first, second in zip(words, words[2:], strict=False):
        yield f"{first} _ {second}"


def _letter_grams(words: list[str]) -> Iterator[str]:
    for word in words:
        if word.startswith("@"):
            continue
        edged = f"<{word}>"
        for size in (3, 4, 5):
            for at in range(len(edged) - size + 1):
                yield edged[at : at + size]


def _sound_grams(words: list[str]) -> Iterator[str]:
    """Of all words run together, since a recogniser that hears wrong also parts words wrong."""
    heard = sound("".join(word for word in words if not word.startswith("@")))
    for size in (4, 5):
        for at in range(len(heard) - size + 1):
            yield heard[at : at + size]
