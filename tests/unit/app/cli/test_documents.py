"""`sotto documents`: what a person and a script read on each stream."""

from __future__ import annotations

import io
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.cli.console import Console
from app.cli.documents import add_documents, list_documents, refresh_documents, remove_documents, search_documents
from app.contracts.errors import InvalidInput
from app.pipeline.documents.index import NOTHING_INDEXED, DocumentIndex
from tests.helpers.documents import InProcessSandbox, LetterEmbedder, pdf


class Streams:
    def __init__(self) -> None:
        self.out, self.err = io.StringIO(), io.StringIO()
        self.console = Console(self.out, self.err)


@pytest.fixture
def streams() -> Streams:
    return Streams()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "papers"
    place.mkdir()
    (place / "loom.txt").write_text("The loom takes 2.5 litres of oil.\x1b[31m")
    (place / "scan.pdf").write_bytes(pdf(""))
    (place / "photo.jpg").write_bytes(b"x")
    return place


@pytest.fixture
async def index(tmp_path: Path) -> AsyncIterator[DocumentIndex]:
    made = DocumentIndex(tmp_path / "data" / "documents.db", InProcessSandbox(), LetterEmbedder())
    yield made
    await made.aclose()


async def test_adding_says_what_can_be_asked_and_what_cannot(
    streams: Streams, index: DocumentIndex, folder: Path
) -> None:
    assert await add_documents(streams.console, index, folder, vectors=True, as_json=False) == 0
    text = re.sub(r"\d+\.\d s", "N s", streams.out.getvalue())
    assert text == (
        f"papers: 1 documents can be asked ({folder})\n"
        "  new 2, changed 0, gone 0, as before 0; 1 passages read in N s\n"
        "  not readable: scan.pdf: It holds pictures of pages and no words: recognise its text first, then index it "
        "again.\n"
        "  passed over: 1, of a kind that is not read\n"
        "1 passages can be found by meaning too, after N s.\n"
    )
    assert streams.err.getvalue() == ""


async def test_scripts_get_one_object(streams: Streams, index: DocumentIndex, folder: Path) -> None:
    assert await add_documents(streams.console, index, folder, "office", as_json=True) == 0
    content = json.loads(streams.out.getvalue())
    (report,) = content["reports"]
    assert (report["collection"], report["added"], content["vectors"]) == ("office", ["loom.txt", "scan.pdf"], 0)
    again = Streams()
    assert await refresh_documents(again.console, index, vectors=True, as_json=True) == 0
    content = json.loads(again.out.getvalue())
    assert (content["reports"][0]["unchanged"], content["reports"][0]["parsed"], content["vectors"]) == (2, [], 1)
    listed = Streams()
    assert await list_documents(listed.console, index, as_json=True) == 0
    (row,) = json.loads(listed.out.getvalue())["collections"]
    assert (row["name"], row["documents"], row["refused"], row["passages"], row["vectors"]) == ("office", 1, 1, 1, 1)


async def test_searching_shows_places_and_no_control_characters(
    streams: Streams, index: DocumentIndex, folder: Path
) -> None:
    await add_documents(Streams().console, index, folder, as_json=True)
    assert await search_documents(streams.console, index, "oil?", as_json=False) == 0
    assert streams.out.getvalue() == "[1] loom.txt, line 1\n    The loom takes 2.5 litres of oil.[31m\n\n"
    found = Streams()
    assert await search_documents(found.console, index, "oil", name="papers", as_json=True) == 0
    (passage,) = json.loads(found.out.getvalue())["passages"]
    assert (passage["source"], passage["place"], passage["score"]) == ("loom.txt", "line 1", 1.0)
    nothing = Streams()
    assert await search_documents(nothing.console, index, "zebra", as_json=False) == 0
    assert (nothing.out.getvalue(), nothing.err.getvalue()) == ("", "Nothing was found.\n")


async def test_without_documents_each_command_names_the_next_step(streams: Streams, index: DocumentIndex) -> None:
    assert await list_documents(streams.console, index, as_json=False) == 0
    assert await refresh_documents(streams.console, index, as_json=False) == 0
    assert await search_documents(streams.console, index, "oil", as_json=False) == 0
    assert streams.err.getvalue() == f"{NOTHING_INDEXED}\n" * 3
    with pytest.raises(InvalidInput, match="There is no collection 'papers'"):
        await remove_documents(streams.console, index, "papers", as_json=False)


async def test_listing_and_removing(streams: Streams, index: DocumentIndex, folder: Path) -> None:
    await add_documents(Streams().console, index, folder, vectors=True, as_json=True)
    assert await list_documents(streams.console, index, as_json=False) == 0
    line = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d", "DAY", streams.out.getvalue())
    assert line == f"papers  1 documents, 1 not readable, 1 passages, 100 % by meaning too, DAY  {folder}\n"
    assert await remove_documents(streams.console, index, "papers", as_json=False) == 0
    assert "can no longer be asked" in streams.err.getvalue()
    assert await index.indexed() == 0


@pytest.mark.parametrize("first", ["list", "search"])
async def test_a_damaged_index_is_told_about(
    streams: Streams, index: DocumentIndex, tmp_path: Path, first: str
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "documents.db").write_bytes(b"no database at all, " * 500)
    if first == "list":
        assert await list_documents(streams.console, index, as_json=False) == 0
    else:
        assert await search_documents(streams.console, index, "oil", as_json=False) == 0
    assert "the document index was damaged and is now documents.db.damaged-1" in streams.err.getvalue()
