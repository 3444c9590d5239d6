"""Brings to mind what the person asked to remember when a question has to do with it.

The language model gets these facts with the question, as data. They are few: only what shares words with the question
or, where an embedding model is installed, its meaning. Nothing found leaves the question as it is.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

from app.assistant.skills.memory.facts import FACTS, Fact, overlap, stems, weights
from app.contracts.errors import SottoError
from app.contracts.ports import Embedder
from app.memory.notebook import Notebook

log = logging.getLogger(__name__)

ALIKE = 0.2
"""Least likeness in words."""
NEAR = 0.5
"""Least cosine of the meanings."""
MOST = 5
PATIENCE_S = 0.15
"""The embedding model is not waited for longer than this: the person waits for the answer."""

FindEmbedder = Callable[[], Awaitable[Embedder | None]]


_TOPICS = {
    "food": "diet allergic gluten lactose nut halal kosher cook eat food recipe dinner lunch breakfast meal restaurant "
    "snack dish supper bake drink hungry ingredient",
    "health": "knee shoulder hip ankle wrist injury asthma diabetes diabetic pregnant medication exercise "
    "workout train training run running sport stretch pain",
    "place": "live city town country weather nearby museum visit sight travel",
}
"""Words that have to do with each other, by their stems: "what shall I cook" brings to mind who is vegetarian."""
_TOPIC_OF = {word: f"topic {topic}" for topic, words in _TOPICS.items() for word in words.split()}


def _with_topics(text: str) -> frozenset[str]:
    """The words of a text and the topics they belong to."""
    words = stems(text, all_words=True)
    return words | {_TOPIC_OF[word] for word in words if word in _TOPIC_OF}


class Known:
    """What is known of the person. Facts are read once and again after every change.

    Args:
        notebook: Where they are kept.
        embedder: See `app.assistant.skills.parts.SkillParts`.
    """

    def __init__(self, notebook: Notebook, embedder: FindEmbedder | None = None) -> None:
        self._notebook = notebook
        self._embedder = embedder
        self._facts: tuple[Fact, ...] | None = None
        self._weights: dict[str, float] = {}
        self._vectors: dict[str, tuple[float, ...]] = {}
        notebook.subscribe(self._note)

    async def about(self, question: str) -> tuple[str, ...]:
        """The facts a question has to do with, the likeliest first, in the person's words; trouble gives none."""
        try:
            facts = await self._read()
        except SottoError as error:
            log.warning("what is known of the person cannot be read: %s", error)
            return ()
        if not facts or not question.strip():
            return ()
        words = _with_topics(question)
        scores = {fact.fact_id: overlap(words, _with_topics(fact.text), self._weights) for fact in facts}
        near = {} if self._embedder is None else await self._near(question, facts, self._embedder)
        found = [fact for fact in facts if scores[fact.fact_id] >= ALIKE or near.get(fact.fact_id, 0.0) >= NEAR]
        found.sort(key=lambda fact: -max(scores[fact.fact_id], near.get(fact.fact_id, 0.0)))
        return tuple(" ".join(fact.text.split()) for fact in found[:MOST])

    def _note(self, collections: frozenset[str]) -> None:
        if FACTS in collections:
            self._facts = None

    async def _read(self) -> tuple[Fact, ...]:
        if self._facts is None:
            self._facts = facts = await self._notebook.entries(FACTS, Fact)
            self._weights = weights(facts)
        return self._facts

    async def _near(self, question: str, facts: Sequence[Fact], embedder: FindEmbedder) -> dict[str, float]:
        """Cosine of the question and each fact; nothing when that takes too long or fails."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                model = await embedder()
                if model is None:
                    return {}
                fresh = [fact for fact in facts if fact.text not in self._vectors]
                if fresh:
                    vectors = await model.embed([fact.text for fact in fresh])
                    self._vectors.update(zip((fact.text for fact in fresh), vectors, strict=True))
                (wanted,) = await model.embed([question], query=True)
        except (TimeoutError, SottoError) as error:
            log.info("facts are found by their words only: %s", error or "the embedding model took too long")
            return {}
        return {
            fact.fact_id: sum(a * b for a, b in zip(wanted, self._vectors[fact.text], strict=True)) for fact in facts
        }
