"""Facts come to mind when a question has to do with them, and only then."""

from __future__ import annotations

import asyncio
from pathlib import Path

from app.assistant.skills.memory.context import Known
from app.assistant.skills.memory.facts import FACTS, Fact
from app.contracts.errors import Unavailable
from app.contracts.ports import Embedder
from app.memory.notebook import Notebook, Put, Remove
from models.fakes.embed import FakeEmbedder
from tests.helpers.timekeeping import Desk, desk
from tests.helpers.virtual_time import LoopClock, in_virtual_time

FACTS_TOLD = ("my sister's name is Anna", "I live in Leeds", "I am allergic to nuts", "my wifi password is blue horse")


async def tell(at: Desk, *texts: str) -> None:
    facts = [Fact(f"fact {number}", text, float(number)) for number, text in enumerate(texts or FACTS_TOLD)]
    await at.notebook.commit(Put(FACTS, fact.fact_id, fact, fact.told_at) for fact in facts)


@in_virtual_time
async def test_found_by_words(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        await tell(at)
        known = Known(at.notebook)
        assert await known.about("What would be a good present for my sister?") == ("my sister's name is Anna",)
        assert await known.about("what is there to see where I live") == ("I live in Leeds",)
        assert await known.about("which nuts are healthy") == ("I am allergic to nuts",)
        assert await known.about("what shall I cook tonight") == ("I am allergic to nuts",)
        assert await known.about("who wrote Hamlet") == ()
        assert await known.about("what is my name") != await known.about("")
        assert await known.about("") == ()


@in_virtual_time
async def test_changes_are_noticed(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        known = Known(at.notebook)
        assert await known.about("my sister") == ()
        await tell(at)
        assert await known.about("my sister") == ("my sister's name is Anna",)
        await at.notebook.commit((Remove(FACTS, "fact 0"),))
        assert await known.about("my sister") == ()


@in_virtual_time
async def test_found_by_meaning_where_there_is_a_model(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        await tell(at)
        model = FakeEmbedder(clock=LoopClock())

        async def embedder() -> Embedder:
            return model

        known = Known(at.notebook, embedder)
        assert await known.about("is blue horse my wifi password then") == ("my wifi password is blue horse",)
        assert await known.about("is blue horse my wifi password then") == ("my wifi password is blue horse",)
        assert sum("Leeds" in text for text in model.embedded) == 1


@in_virtual_time
async def test_a_model_that_fails_or_is_slow_is_done_without(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        await tell(at)

        async def broken() -> Embedder:
            raise Unavailable("The model is gone.")

        async def slow() -> Embedder:
            await asyncio.sleep(10)
            raise AssertionError

        for embedder in (broken, slow):
            assert await Known(at.notebook, embedder).about("my sister") == ("my sister's name is Anna",)


@in_virtual_time
async def test_a_notebook_that_cannot_be_read_is_no_reason_to_fail(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    notebook = Notebook(tmp_path / "folder")
    assert await Known(notebook).about("my sister") == ()
    await notebook.aclose()
