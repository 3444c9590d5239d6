"""Makes one list of what the searches found: reciprocal rank fusion, no text twice, not all from one document.

Source of the fusion: Cormack, Clarke and Büttcher, "Reciprocal Rank Fusion outperforms Condorcet and individual Rank
Learning Methods", SIGIR 2009: score(d) = sum over lists of weight / (k + rank of d), k = 60.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from app.memory.documents_schema import Hit

_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Fusion:
    """How lists become one.

    Attributes:
        k: Damps the difference between the first ranks.
        words: Weight of the search by words.
        vectors: Weight of the search by vectors. The default suits the language model of the embedded default, whose
            vectors find a fourth of what words find: they count where words find nothing and where ranks are equal,
            and a greater weight was measured to lose documents. A real embedding model deserves 1.
        per_document: So many passages of one document, before others have had their turn.
        alike: Passages whose words overlap by this share (Jaccard) are one and the same.
    """

    k: float = 60.0
    words: float = 1.0
    vectors: float = 0.01
    per_document: int = 3
    alike: float = 0.85


def fused(by_words: Sequence[Hit], by_vector: Sequence[Hit], fusion: Fusion) -> list[Hit]:
    """All that was found, the best first; ties go by key, so the order never depends on chance.

    Scores are in (0, 1]: 1 is the first of every list that was asked.
    """
    lists = [(fusion.words, by_words), (fusion.vectors, by_vector)]
    most = sum(weight for weight, hits in lists if hits) / (fusion.k + 1)
    scores: Counter[int] = Counter()
    hits: dict[int, Hit] = {}
    for weight, found in lists:
        for rank, hit in enumerate(found, 1):
            scores[hit.passage_id] += weight / (fusion.k + rank)  # type: ignore[assignment]
            hits.setdefault(hit.passage_id, hit)
    ranked = sorted(hits, key=lambda key: (-scores[key], key))
    return [replace(hits[key], score=scores[key] / most) for key in ranked if scores[key] > 0]


def chosen(ranked: Sequence[Hit], limit: int, fusion: Fusion) -> list[Hit]:
    """The first ``limit``, without those that say the same again, and with each document's share bounded.

    Passages above that share fill the places that nothing else takes.
    """
    taken: list[Hit] = []
    beyond: list[Hit] = []
    words: list[frozenset[str]] = []
    share: Counter[tuple[str, str]] = Counter()
    for hit in ranked:
        if len(taken) == limit:
            break
        mine = frozenset(_WORD.findall(hit.text.lower()))
        if any(_alike(mine, other) >= fusion.alike for other in words):
            continue
        words.append(mine)
        share[hit.collection, hit.path] += 1
        (taken if share[hit.collection, hit.path] <= fusion.per_document else beyond).append(hit)
    return [*taken, *beyond][:limit]


def _alike(one: frozenset[str], other: frozenset[str]) -> float:
    """Jaccard overlap of two sets of words, in [0, 1]; 1 for two empty ones."""
    both = one | other
    return len(one & other) / len(both) if both else 1.0
