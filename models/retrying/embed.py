"""Embeddings that survive a dead host."""

from __future__ import annotations

from collections.abc import Sequence

from app.contracts.ports import Embedder
from models.retrying.tiers import RetryingRuntime


class RetryingEmbedder(RetryingRuntime[Embedder]):
    """Implements `app.contracts.ports.Embedder` over several of them, which must share one model."""

    stage = "embed"

    async def embed(self, texts: Sequence[str], *, query: bool = False) -> tuple[tuple[float, ...], ...]:
        """A unit vector for each text."""
        return await self._tiers.run(lambda backend: backend.embed(texts, query=query))
