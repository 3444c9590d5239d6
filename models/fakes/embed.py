"""Embeddings from the words alone: texts that share words are near each other."""

from __future__ import annotations

import math
import zlib
from collections.abc import Sequence

from app.aio.clock import SystemClock
from app.contracts.ports import Clock, Embedder
from models.fakes.base import FakeRuntime

DIMENSIONS = 64


class FakeEmbedder(FakeRuntime, Embedder):
    """A bag of words, hashed. The same text always gives the same vector.

    Args:
        backend_id: Its identity.
        clock: Its delays are slept on this.

    Attributes:
        embedded: Every text.
    """

    def __init__(self, backend_id: str = "fake-embed", clock: Clock | None = None) -> None:
        super().__init__(backend_id, clock or SystemClock())
        self.embedded: list[str] = []

    async def embed(self, texts: Sequence[str], *, query: bool = False) -> tuple[tuple[float, ...], ...]:  # noqa: ARG002 - it knows no difference
        """A unit vector for each text."""
        await self._begin("embed")
        self.embedded.extend(texts)
        return tuple(_vector(text) for text in texts)


def _vector(text: str) -> tuple[float, ...]:
    counts = [0.0] * DIMENSIONS
    for word in text.lower().split() or [""]:
        counts[zlib.crc32(word.encode(errors="replace")) % DIMENSIONS] += 1.0
    length = math.sqrt(sum(count * count for count in counts))
    return tuple(count / length for count in counts)
