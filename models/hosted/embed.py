"""Embeddings over a host process."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from app.aio.lease import Priority
from models.hosted.base import HostedRuntime, int_of, wrong

TEXTS_AT_ONCE = 8


class HostedEmbedder(HostedRuntime):
    """Implements `app.contracts.ports.Embedder`."""

    async def embed(self, texts: Sequence[str], *, query: bool = False) -> tuple[tuple[float, ...], ...]:
        """A unit vector for each text; no text asks for nothing.

        The processor is let go after every few texts, so that an answer need not wait for a whole folder.
        """
        rows: list[tuple[float, ...]] = []
        for start in range(0, len(texts), TEXTS_AT_ONCE):
            rows += await self._embed(texts[start : start + TEXTS_AT_ONCE], query=query)
        return tuple(rows)

    async def _embed(self, texts: Sequence[str], *, query: bool) -> list[tuple[float, ...]]:
        async with self.computing(Priority.GENERATE):
            reply = await self._host.call("embed", {"texts": list(texts), "query": query})
        dimensions = int_of(reply, "dimensions")
        numbers = np.frombuffer(reply.payload, dtype="<f4")
        if dimensions < 1 or numbers.size != dimensions * len(texts):
            raise wrong("dimensions", dimensions)
        return [tuple(row) for row in numbers.reshape(len(texts), dimensions).tolist()]
