"""The store of documents: any question is safe, and both ways to compare vectors agree."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.contracts.errors import InvalidInput, StorageError
from app.memory.database import Database
from app.memory.documents import DocumentStore
from app.memory.documents_schema import MIGRATIONS, NAME, DocumentRow, PassageRow
from app.memory.documents_search import by_vector, by_words, load_extension, words_query

TEXTS = ("Crème brûlée needs six eggs.", "Repairing the pump takes an hour.", "The price is 3.50 EUR (net).", "漢字 字")


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[DocumentStore]:
    made = DocumentStore(tmp_path / "documents.db")
    row = await made.add_collection("docs", "/docs")
    for number, text in enumerate(TEXTS):
        document = DocumentRow(path=f"sub/file_{number}.txt", size=1, mtime_ns=1, sha256="x")
        await made.put(row.collection_id, [(document, [PassageRow(text, f"line {number}", 0)])])
    yield made
    await made.aclose()


@pytest.mark.parametrize(
    ("question", "path"),
    [
        ("creme brulee", "sub/file_0.txt"),
        ("How long do the pumps' repairs take?", "sub/file_1.txt"),
        ("3.50", "sub/file_2.txt"),
        ("漢字", "sub/file_3.txt"),
        ('pump" OR text:* AND (', "sub/file_1.txt"),
        ("file 1", "sub/file_1.txt"),
    ],
)
async def test_words_are_found_whatever_their_form(store: DocumentStore, question: str, path: str) -> None:
    assert (await store.by_words(question, "", 3))[0].path == path


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[sqlite3.Connection]:
    with closing(Database(tmp_path_factory.mktemp("index") / "documents.db", MIGRATIONS, NAME)) as database:
        yield database.connection


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(question=st.text() | st.text(alphabet='"*^:()+-AND ORNEAR{}\\\0\ud800é', max_size=40))
def test_no_question_is_an_error(sound: sqlite3.Connection, question: str) -> None:
    assert by_words(sound, question, "", 5) == []


def test_common_words_are_left_out_unless_there_are_no_others() -> None:
    assert words_query("What is the price of the pump?") == '"price" OR "pump"'
    assert words_query("To be or not to be") == '"not"'
    assert words_query("what is it") == '"what" OR "is" OR "it"'
    assert words_query("?!") == ""


async def test_a_document_that_is_put_again_takes_the_place_of_the_old_one(store: DocumentStore) -> None:
    (row,) = await store.collections()
    document = DocumentRow(path="sub/file_1.txt", size=2, mtime_ns=2, sha256="y")
    await store.put(row.collection_id, [(document, [PassageRow("Now about bees.", "", 0)])])
    assert await store.by_words("pump", "", 3) == []
    assert [hit.text for hit in await store.by_words("bee", "", 3)] == ["Now about bees."]
    assert (await store.known(row.collection_id))["sub/file_1.txt"] == document


async def test_a_collection_that_was_removed_meanwhile_takes_nothing(store: DocumentStore) -> None:
    (row,) = await store.collections()
    assert await store.remove("docs")
    assert not await store.remove("docs")
    with pytest.raises(InvalidInput, match="removed while"):
        await store.put(row.collection_id, [(DocumentRow(path="a", size=1, mtime_ns=1, sha256=""), [])])


async def test_half_characters_and_zeros_are_kept_as_something_harmless(store: DocumentStore) -> None:
    (row,) = await store.collections()
    document = DocumentRow(path="odd.txt", size=1, mtime_ns=1, sha256="z")
    await store.put(row.collection_id, [(document, [PassageRow("half \ud83d zero \0 zebra", "", 0)])])
    assert [hit.text for hit in await store.by_words("zebra", "", 1)] == ["half ? zero  zebra"]


async def test_vectors_of_two_embedders_never_mix(store: DocumentStore) -> None:
    waiting = await store.without_vector("one", 10)
    await store.put_vectors("one", [(key, (1.0, 0.0)) for key, _ in waiting])
    await store.put_vectors("two", [(waiting[0][0], (0.0, 1.0))])
    assert len(await store.by_vector((1.0, 0.0), "one", "", 9)) == 4
    assert await store.by_vector((1.0, 0.0), "two", "", 9) == []
    assert len(await store.without_vector("two", 10)) == 4
    await store.put_vectors("one", [(waiting[0][0], (1.0, 0.0))])
    await store.put_vectors("two", [(9999, (1.0, 0.0))])
    assert (await store.collections())[0].vectors == 0


async def test_vectors_are_not_searched_before_nearly_all_are_there(store: DocumentStore) -> None:
    keys = [key for key, _ in await store.without_vector("one", 10)]
    await store.put_vectors("one", [(key, (1.0, 0.0)) for key in keys[:3]])
    assert await store.by_vector((1.0, 0.0), "one", "", 9) == []
    await store.put_vectors("one", [(keys[3], (1.0, 0.0))])
    assert len(await store.by_vector((1.0, 0.0), "one", "", 9)) == 4


async def test_nearest_vectors_come_first_and_ties_by_key(store: DocumentStore) -> None:
    keys = [key for key, _ in await store.without_vector("one", 10)]
    vectors = [(0.6, 0.8), (1.0, 0.0), (0.6, 0.8), (0.0, 1.0)]
    await store.put_vectors("one", zip(keys, vectors, strict=True))
    found = await store.by_vector((1.0, 0.0), "one", "docs", 3)
    assert [(hit.passage_id, round(hit.score, 4)) for hit in found] == [(keys[1], 1.0), (keys[0], 0.6), (keys[2], 0.6)]
    assert await store.by_vector((1.0, 0.0, 0.0), "one", "", 3) == []
    assert await store.by_vector((1.0, 0.0), "one", "elsewhere", 3) == []


async def test_sqlite_vec_and_numpy_agree(store: DocumentStore) -> None:
    keys = [key for key, _ in await store.without_vector("one", 10)]
    vectors = [(0.6, 0.8), (1.0, 0.0), (0.28, 0.96), (0.8, 0.6)]
    await store.put_vectors("one", zip(keys, vectors, strict=True))
    await store.aclose()
    with closing(sqlite3.connect(store._path)) as connection:
        if not load_extension(connection):
            pytest.skip("this Python's SQLite takes no extensions")
        both = [by_vector(connection, (0.8, 0.6), "", 4, loaded=loaded) for loaded in (True, False)]
    assert [hit.passage_id for hit in both[0]] == [hit.passage_id for hit in both[1]]
    assert [hit.score for hit in both[0]] == pytest.approx([hit.score for hit in both[1]], abs=1e-6)


async def test_a_closed_store_says_so(store: DocumentStore) -> None:
    await store.aclose()
    await store.aclose()
    with pytest.raises(StorageError, match="closed"):
        await store.collections()
