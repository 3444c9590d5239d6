"""Finds the saved routine that words mean: by its phrase, by likeness of words, by meaning where a model can.

What was found is kept until the routines change; the vectors of phrases are kept as long as the phrases are.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from app.assistant.routines.likeness import (
    CARRIERS,
    NAMES_A_ROUTINE,
    SOUNDS,
    covered,
    heard,
    likeness,
    named,
    plain,
    sound,
    squeezed,
    weights,
    words,
)
from app.assistant.routines.shelf import Saved, Shelf
from app.contracts.errors import SottoError
from app.contracts.ports import Embedder

log = logging.getLogger(__name__)

KEPT = 256
"""Texts whose findings are kept."""
EXACT = 0.99
FILLED = 0.95
"""A phrase with values behind it."""
_VALUE_WORDS = ("for", "with", "in", "to", "about", "of", "using")
ALIKE = 0.62
"""Likeness of words from which a routine counts as found."""
ALIKE_NAMED = 0.45
"""The same for words that speak of a routine: one of them is meant, the question is which."""
NAMED = 0.65
"""Likeness of words that hold a whole phrase and one word more."""
SOUNDS_ALIKE = 0.8
"""A phrase that sounds like what was said, however it was spelt."""
BY_SOUND = 0.95
"""What words that sound alike count, of what the same words do."""
LITERAL = 0.02
"""What a word of the phrase itself counts more than one that stands for the same."""
SAME_MEANING = 0.72
"""Cosine of vectors from which two phrases mean the same."""
OF_STEPS = 0.6
"""What a routine does counts so much less than what it is called."""

Embedders = Callable[[], Awaitable[Embedder | None]]
Vector = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """A saved routine that words may mean.

    Attributes:
        saved: It.
        score: In [0, 1].
        how: ``exact``, ``words`` or ``meaning``.
        whole: All that was said belongs to one of its phrases, but for words that only ask for something.
    """

    saved: Saved
    score: float
    how: str
    whole: bool = False


class Discovery:
    """Looks among the saved routines.

    Args:
        shelf: Where they are.
        embedder: For finding by meaning, asked at use; None for words alone.
    """

    def __init__(self, shelf: Shelf, embedder: Embedders | None = None) -> None:
        self._shelf = shelf
        self._embedder = embedder
        self._found: OrderedDict[str, tuple[Found, ...]] = OrderedDict()
        self._vectors: dict[str, Vector] = {}
        self._at = -1

    async def find(self, text: str) -> tuple[Found, ...]:
        """The routines that words may mean, the likeliest first; empty when it is none of them.

        Raises:
            StorageError: The notebook cannot be read.
        """
        said = plain(text)
        saved = await self._shelf.all()
        if self._at != self._shelf.changes:
            self._found.clear()
            self._at = self._shelf.changes
        if said in self._found:
            self._found.move_to_end(said)
            return self._found[said]
        found = self._by_words(said, saved)
        if saved and not (found and found[0].how == "exact"):
            found = await self._by_meaning(said, saved, found)
        self._found[said] = found
        while len(self._found) > KEPT:
            self._found.popitem(last=False)
        return found

    def forget(self) -> None:
        """Forget what was found; the vectors of phrases stay."""
        self._found.clear()

    async def quickly(self, text: str, within_s: float) -> tuple[Found, ...]:
        """The same, by words alone when meaning takes longer than this."""
        try:
            async with asyncio.timeout(within_s):
                return await self.find(text)
        except TimeoutError:
            return self._by_words(plain(text), await self._shelf.all())

    async def warm_up(self) -> None:
        """Have the vectors of all phrases made, so that the first request need not wait for them."""
        saved = await self._shelf.all()
        if saved:
            await self._vectors_of([phrase for each in saved.values() for phrase in each.routine.phrases])

    def _by_words(self, said: str, saved: Mapping[str, Saved]) -> tuple[Found, ...]:
        exact = [each for each in saved.values() if said in {plain(phrase) for phrase in _called(each)}]
        if exact:
            return (Found(exact[0], EXACT, "exact"),)
        filled = [each for each in saved.values() if each.routine.parameters and _begun_by(said, _called(each))]
        if filled:
            return (Found(filled[0], FILLED, "exact"),)
        mine = words(said)
        if not mine:
            return ()
        worth = weights(words(phrase) for each in saved.values() for phrase in _called(each))
        spoken_of = NAMES_A_ROUTINE.search(said) is not None
        own = {word for word in said.split() if word not in CARRIERS}
        found = []
        for each in saved.values():
            score = max(_alike(said, mine, phrase, worth) for phrase in _called(each))
            if spoken_of:
                does = [word for step in each.routine.steps for word in words(step.in_words())]
                score = max(score, OF_STEPS * covered(mine, does, worth))
            if score >= (ALIKE_NAMED if spoken_of else ALIKE):
                whole = any(own <= set(plain(phrase).split()) for phrase in _called(each))
                found.append(Found(each, min(score, 0.95), "words", whole))
        return _best_first(found)

    async def _by_meaning(self, said: str, saved: Mapping[str, Saved], found: tuple[Found, ...]) -> tuple[Found, ...]:
        phrases = {phrase: each for each in saved.values() for phrase in each.routine.phrases}
        vectors = await self._vectors_of([*phrases])
        query = await self._vectors_of([said], query=True) if vectors else {}
        if not query:
            return found
        best = {each.saved.kept.routine_id: each for each in found}
        for phrase, each in phrases.items():
            score = sum(a * b for a, b in zip(query[said], vectors[phrase], strict=True))
            known = best.get(each.kept.routine_id)
            if score >= SAME_MEANING and (known is None or score > known.score):
                best[each.kept.routine_id] = Found(each, min(score, 0.95), "meaning")
        return _best_first([*best.values()])

    async def _vectors_of(self, texts: list[str], *, query: bool = False) -> Mapping[str, Vector]:
        """Their vectors; empty where nothing can make them."""
        embedder = None if self._embedder is None else await self._embedder()
        if embedder is None:
            return {}
        missing = [text for text in texts if query or text not in self._vectors]
        try:
            made = dict(zip(missing, await embedder.embed(missing, query=query), strict=True)) if missing else {}
        except SottoError as error:
            log.warning("routines are found by words alone: %s", error.code)
            return {}
        if query:
            return made
        self._vectors.update(made)
        for gone in self._vectors.keys() - set(texts):
            del self._vectors[gone]
        return {text: self._vectors[text] for text in texts}


def _alike(said: str, mine: tuple[str, ...], phrase: str, worth: Mapping[str, float]) -> float:
    """How alike what is said is to a phrase: by words, by what they stand for, by sound."""
    theirs = words(phrase)
    if squeezed(said) == squeezed(phrase):
        return 1.0
    score = likeness(mine, theirs, worth)
    if named(mine, theirs):
        score = max(score, NAMED)
    if score and {word for word in plain(said).split() if word not in CARRIERS} & set(plain(phrase).split()):
        score += LITERAL
    sounds = sound(squeezed(said))
    if len(sounds) >= SOUNDS and sounds == sound(squeezed(phrase)):
        score = max(score, SOUNDS_ALIKE)
    return max(score, BY_SOUND * likeness(heard(mine), heard(theirs), worth))


def _begun_by(said: str, phrases: tuple[str, ...]) -> bool:
    """A phrase with values behind it: "tea time for 6 minutes"."""
    return any(said.startswith(f"{plain(phrase)} {word} ") for phrase in phrases for word in _VALUE_WORDS)


def _called(saved: Saved) -> tuple[str, ...]:
    """What a routine is called by."""
    return (*saved.routine.phrases, saved.routine.name)


def _best_first(found: list[Found]) -> tuple[Found, ...]:
    return tuple(sorted(found, key=lambda each: (-each.score, each.saved.kept.routine_id)))
