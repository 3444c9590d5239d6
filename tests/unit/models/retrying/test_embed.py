"""Embeddings that survive a dead host."""

from __future__ import annotations

from app.contracts.errors import HostDied
from models.fakes.embed import FakeEmbedder
from models.retrying import RetryingEmbedder


async def test_one_retry() -> None:
    fake = FakeEmbedder()
    fake.fail("embed", HostDied("gone"))
    assert await RetryingEmbedder([fake]).embed(["a"]) == await fake.embed(["a"])
