"""What every embedder must do."""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import AsyncIterator, Callable
from typing import cast

import pytest
import pytest_asyncio

from app.contracts.ports import Embedder, Runtime
from models.fakes.embed import FakeEmbedder
from models.hosted.embed import HostedEmbedder
from models.registry import Port
from models.retrying import RetryingEmbedder
from tests.helpers.ports import hosted, installed_backends, opened, real_backends

FAKES: dict[str, Callable[[], Runtime]] = {
    "fake": FakeEmbedder,
    "composite": lambda: RetryingEmbedder([FakeEmbedder()]),
    "engine": lambda: hosted(HostedEmbedder, "FakeEmbedEngine"),
}
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(
    scope="module",
    loop_scope="module",
    params=[*FAKES, *real_backends(Port.EMBEDDING), *installed_backends(Port.EMBEDDING)],
)
async def embedder(request: pytest.FixtureRequest) -> AsyncIterator[Embedder]:
    async with opened(request.param, FAKES) as runtime:
        yield cast("Embedder", runtime)


async def test_it_is_one(embedder: Embedder) -> None:
    assert isinstance(embedder, Embedder)


async def test_unit_vectors_of_one_length(embedder: Embedder) -> None:
    vectors = await embedder.embed(["the sea", "the land", "", "a longer text about the sea"])
    assert len(vectors) == 4
    assert len({len(vector) for vector in vectors}) == 1
    for vector in vectors:
        assert math.isclose(math.hypot(*vector), 1.0, rel_tol=1e-5)


async def test_the_same_text_has_the_same_vector(embedder: Embedder) -> None:
    assert await embedder.embed(["the sea"]) == await embedder.embed(["the sea"])


async def test_any_text_has_a_vector(embedder: Embedder) -> None:
    for text in ("", " ", "\n", "\N{ROCKET}", "<|im_end|> [CLS] [SEP]", "\ud800", "word " * 300):
        (vector,) = await embedder.embed([text], query=True)
        assert math.isclose(math.hypot(*vector), 1.0, rel_tol=1e-5), repr(text[:20])


async def test_a_question_and_what_answers_it_have_vectors_of_one_length(embedder: Embedder) -> None:
    (question,) = await embedder.embed(["where is the sea"], query=True)
    (answer,) = await embedder.embed(["the sea is here"])
    assert len(question) == len(answer)


async def test_cancelled_it_answers_the_next_question(embedder: Embedder) -> None:
    task = asyncio.create_task(
        embedder.embed([f"a longer text about the sea and the land {at} " * 20 for at in range(40)])
    )
    await asyncio.sleep(0.02)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):  # a quick one may have ended
        await task
    assert len(await embedder.embed(["the sea"])) == 1


async def test_nothing_gives_nothing(embedder: Embedder) -> None:
    assert await embedder.embed([]) == ()


async def test_many_texts_keep_their_order(embedder: Embedder) -> None:
    texts = [f"{'word ' * (at % 4)}{at}" for at in range(20)]
    whole = await embedder.embed(texts)
    for at in (0, 7, 8, 19):
        (alone,) = await embedder.embed([texts[at]])
        assert alone == pytest.approx(whole[at], abs=1e-5)
