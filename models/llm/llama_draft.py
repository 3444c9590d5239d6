"""Judges a draft token by token: how far would this model have written the same?

Why it exists: reading a draft in batches is several times faster than writing it, so a larger model can stand for a
text that a smaller one wrote. What this model wrote itself, or has judged before, is not judged again: drafts come
window by window, and a token that was drawn at a high temperature stands although it was not among the best.
"""

from __future__ import annotations

import math
import operator
import threading
from collections.abc import Callable, Sequence
from itertools import takewhile
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from app.contracts.errors import RuntimeFault
from models.llm.sampling import log_prob

if TYPE_CHECKING:
    from models.llm.llama_session import LlamaSession

JUDGE_BATCH = 32
"""Draft tokens evaluated at a time: what is read in vain after a bad one at most."""


class Trusted:
    """Answer tokens behind the last question that stand, written here or judged before, and their log-probabilities."""

    def __init__(self) -> None:
        self._question: tuple[int, ...] = ()
        self._tokens: list[int] = []
        self._log_probs: list[float] = []

    def common(self, question: Sequence[int], draft: Sequence[int]) -> list[float]:
        """Log-probabilities of the tokens at the beginning of a draft that stand already."""
        if tuple(question) != self._question:
            return []
        return self._log_probs[: _common(self._tokens, draft)]

    def keep(self, question: Sequence[int], tokens: Sequence[int], log_probs: Sequence[float]) -> None:
        """These stand, and nothing else."""
        self._question, self._tokens, self._log_probs = tuple(question), list(tokens), list(log_probs)

    def writing(self, question: Sequence[int], begun: Sequence[int]) -> Callable[[int, float], None]:
        """Takes the tokens that are written behind what was begun; of one begun by others nothing is kept."""
        log_probs = self.common(question, begun)
        self.keep(question, begun[: len(log_probs)], log_probs)
        return self._add if len(log_probs) == len(begun) else _ignore

    def _add(self, token: int, log_probability: float) -> None:
        self._tokens.append(token)
        self._log_probs.append(log_probability)


def judge(
    session: LlamaSession,
    trusted: Trusted,
    question: Sequence[int],
    draft: Sequence[int],
    top_k: int,
    cancelled: threading.Event,
) -> list[float] | None:
    """Log-probabilities of the longest prefix of the draft whose every token is among the ``top_k`` best.

    Returns:
        One for each token that stands; None when it was cancelled.
    """
    judged = trusted.common(question, draft)
    if len(judged) < len(draft):
        start = [*question, *draft[: len(judged)]]
        kept = session.keep_prefix(start)
        if not session.feed(start[kept:], JUDGE_BATCH, cancelled):
            return None
        if not _read(session, judged, draft, top_k, cancelled):
            return None
        trusted.keep(question, draft[: len(judged)], judged)
    return list(judged)


def _read(
    session: LlamaSession, judged: list[float], draft: Sequence[int], top_k: int, cancelled: threading.Event
) -> bool:
    """Judge the rest of the draft into ``judged``; False when it was cancelled."""
    row: npt.NDArray[np.float32] = session.logits
    while _stands(row, draft[len(judged)], top_k):
        judged.append(_of(row, draft[len(judged)]))
        batch = draft[len(judged) - 1 : len(judged) - 1 + JUDGE_BATCH]
        if len(judged) == len(draft):
            break
        rows = session.feed_rows(batch, cancelled)
        if rows is None:
            return False
        for row in rows[:-1]:
            token = draft[len(judged)]
            if not _stands(row, token, top_k):
                return True
            judged.append(_of(row, token))
        if len(judged) == len(draft):
            break
        row = rows[-1]
    return True


def _stands(row: npt.NDArray[np.float32], token: int, top_k: int) -> bool:
    return int(np.count_nonzero(row > row[token])) < top_k


def _of(row: npt.NDArray[np.float32], token: int) -> float:
    probability = log_prob(row, token)
    if math.isnan(probability):
        raise RuntimeFault("The model gives no probabilities: it is damaged.")
    return probability


def _ignore(_token: int, _log_probability: float) -> None:
    return


def whole_characters(pieces: Sequence[bytes]) -> tuple[int, str]:
    """The longest run of tokens from the first that ends between two characters, and its text."""
    for count in range(len(pieces), 0, -1):
        try:
            return count, b"".join(pieces[:count]).decode("utf-8")
        except UnicodeDecodeError:
            continue
    return 0, ""


def same_start(kept: str, draft: str) -> int:
    """Characters of the draft that a kept text covers; some tokenisers put a space before the first word."""
    if not draft.startswith(kept[:1]):
        kept = kept.removeprefix(" ")
    return _common(kept, draft)


def _common(one: Sequence[object], other: Sequence[object]) -> int:
    """How many items two sequences have in common from the first on."""
    return sum(1 for _ in takewhile(lambda pair: operator.eq(*pair), zip(one, other, strict=False)))
