"""The index over a folder that changes, with files nobody can read, and what it says about each."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from app.contracts.errors import InvalidInput, RuntimeFault, StorageError, TimedOut, Unavailable
from app.memory.documents import FILE
from app.pipeline.documents import scanning
from app.pipeline.documents.index import DocumentIndex
from app.pipeline.documents.report import IndexProgress
from tests.helpers.documents import InProcessSandbox, LetterEmbedder, pdf


class Library:
    """An index with its folder, and everything around it that tests reach for."""

    def __init__(self, base: Path) -> None:
        self.folder = base / "docs"
        self.folder.mkdir()
        self.file = base / "data" / FILE
        self.sandbox = InProcessSandbox()
        self.embedder = LetterEmbedder()
        self.index = self.opened()

    def opened(self, revision: str = "1") -> DocumentIndex:
        return DocumentIndex(self.file, self.sandbox, self.embedder, revision=revision)

    def write(self, name: str, text: str = "Some words.") -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    async def found(self, question: str, limit: int = 5, collection: str = "") -> list[tuple[str, str]]:
        passages = await self.index.lookup(question, limit, collection)
        return [(item.source, item.place) for item in passages.items]


@pytest.fixture
async def library(tmp_path: Path) -> AsyncIterator[Library]:
    made = Library(tmp_path)
    yield made
    await made.index.aclose()


async def test_a_second_pass_reads_only_what_has_changed(library: Library) -> None:
    for name in ("a.txt", "sub/b.md", "c.html", "gone.txt"):
        library.write(name, f"# {name}\n\nthe words of {name}")
    first = await library.index.index(library.folder)
    assert (first.added, first.unchanged, first.collection) == (("a.txt", "c.html", "gone.txt", "sub/b.md"), 0, "docs")
    library.write("c.html", "<p>A zebra came.</p>")
    library.write("d.txt")
    (library.folder / "gone.txt").unlink()
    os.utime(library.folder / "a.txt", ns=(1, 1))
    second = await library.index.refresh("docs")
    assert (second.added, second.changed, second.removed) == (("d.txt",), ("c.html",), ("gone.txt",))
    assert (second.parsed, second.unchanged) == (("c.html", "d.txt"), 2)
    assert await library.found("zebra") == [("c.html", "")]
    assert await library.found("gone") == []
    library.sandbox.calls.clear()
    third = await library.index.refresh("docs")
    assert (third.unchanged, third.parsed, library.sandbox.calls) == (4, (), [])


async def test_every_file_that_is_passed_over_has_its_reason(library: Library) -> None:
    library.write("good.txt")
    library.write(".hidden.txt")
    library.write(".git/config.txt")
    library.write("picture.jpg")
    os.truncate(library.write("huge.txt"), 200_000_000)
    library.write("scan.pdf").write_bytes(pdf("", ""))
    (library.folder / "loop").symlink_to(library.folder, target_is_directory=True)
    (library.folder / "link.txt").symlink_to(library.folder / "good.txt")
    if hasattr(os, "mkfifo"):
        os.mkfifo(library.folder / "pipe.txt")
    library.write("binary.txt").write_bytes(bytes(range(256)) * 7)
    report = await library.index.index(library.folder)
    assert report.parsed == ("binary.txt", "good.txt", "scan.pdf")
    skipped = {item.name: item.reason for item in report.skipped}
    assert skipped.pop("huge.txt").startswith("It has 200 MB, and files above 67 MB are not read")
    assert skipped == {
        ".git": "hidden",
        ".hidden.txt": "hidden",
        "link.txt": "a link: add the folder it leads to",
        "loop": "a link: add the folder it leads to",
        "picture.jpg": "of a kind that is not read",
        "pipe.txt": "no ordinary file",
    }
    assert [item.name for item in report.refused] == ["binary.txt", "scan.pdf"]
    again = await library.index.index(library.folder)
    assert (again.parsed, [item.name for item in again.refused]) == ((), ["binary.txt", "scan.pdf"])


async def test_a_file_that_vanishes_while_it_is_read(library: Library) -> None:
    library.write("a.txt", "first words")
    library.write("b.txt", "second words")
    library.sandbox.before = lambda path: path.unlink() if path.name == "a.txt" else None
    report = await library.index.index(library.folder)
    assert report.added == ("b.txt",)
    assert [(item.name, item.reason) for item in report.skipped] == [("a.txt", "vanished while it was being read")]


@pytest.mark.skipif(sys.platform == "win32", reason="named pipes of POSIX")
@pytest.mark.parametrize("kind", ["pipe", "link"])
async def test_a_file_that_becomes_something_else_is_not_opened(library: Library, tmp_path: Path, kind: str) -> None:
    library.write("a.txt", "first words")
    library.write("b.txt", "second words")
    (tmp_path / "secret.txt").write_text("secret words")
    place = library.folder / "a.txt"

    def change(progress: IndexProgress) -> None:
        if progress.name == "a.txt":
            place.unlink()
            os.mkfifo(place) if kind == "pipe" else place.symlink_to(tmp_path / "secret.txt")

    report = await library.index.index(library.folder, watch=change)
    assert report.added == ("b.txt",)
    assert [item.name for item in report.skipped] == ["a.txt"]
    assert await library.found("secret") == []


async def test_a_parser_that_dies_or_hangs_costs_one_document(library: Library) -> None:
    for name in ("a.txt", "b.txt", "c.txt"):
        library.write(name)
    library.sandbox.errors = {"a.txt": TimedOut("It took too long."), "b.txt": RuntimeFault("It took too much memory.")}
    report = await library.index.index(library.folder)
    assert {item.name: item.reason for item in report.refused} == {
        "a.txt": "It could not be read: It took too long.",
        "b.txt": "It could not be read: It took too much memory.",
    }
    library.sandbox.errors = {}
    assert (await library.index.index(library.folder)).parsed == ("a.txt",)


async def test_a_sandbox_that_cannot_be_had_ends_the_pass_and_keeps_what_was_done(library: Library) -> None:
    for number in range(40):
        library.write(f"{number:02}.txt")
    library.sandbox.errors = {"35.txt": Unavailable("No child process can be started.")}
    with pytest.raises(Unavailable):
        await library.index.index(library.folder)
    library.sandbox.errors = {}
    assert len((await library.index.index(library.folder)).parsed) == 8


async def test_a_cancelled_pass_is_taken_up_where_it_stopped(library: Library) -> None:
    for number in range(80):
        library.write(f"{number:02}.txt")

    def watch(progress: IndexProgress) -> None:
        if progress.done == 70:
            task.cancel()

    task = asyncio.ensure_future(library.index.index(library.folder, watch=watch))
    with pytest.raises(asyncio.CancelledError):
        await task
    report = await library.index.index(library.folder)
    assert (report.unchanged, len(report.parsed)) == (64, 16)


async def test_questions_are_answered_while_a_folder_is_being_indexed(library: Library) -> None:
    for number in range(70):
        library.write(f"{number:02}.txt", f"number {number} of the zebras")
    during: list[int] = []

    async def ask() -> None:
        during.append(len((await library.index.lookup("zebras", 5)).items))

    asking: list[asyncio.Task[None]] = []
    await library.index.index(library.folder, watch=lambda _: asking.append(asyncio.create_task(ask())))
    await asyncio.gather(*asking)
    assert during[0] == 0
    assert 5 in during[:-6], "what has been read can be found before the rest has"


async def test_a_folder_that_cannot_be_read_now_keeps_what_is_known_of_it(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    library.write("sub/a.txt", "zebra")
    library.write("b.txt")
    await library.index.index(library.folder)
    real = os.scandir

    def closed(place: Path) -> object:
        if Path(place).name == "sub":
            raise PermissionError(13, "Permission denied")
        return real(place)

    monkeypatch.setattr(scanning.os, "scandir", closed)
    report = await library.index.index(library.folder)
    assert report.removed == ()
    assert [(item.name, item.reason) for item in report.skipped] == [("sub", "cannot be read: Permission denied")]
    assert await library.found("zebra") == [("sub/a.txt", "line 1")]


async def test_a_file_that_cannot_be_opened_now_keeps_what_is_known_of_it(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = library.write("a.txt", "zebra")
    await library.index.index(library.folder)
    os.utime(path, ns=(1, 1))

    opened = os.open

    def forbidden(place: str | Path, flags: int, mode: int = 0o777) -> int:
        if Path(place) == path:
            raise PermissionError(13, "Permission denied")
        return opened(place, flags, mode)

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", forbidden)
        report = await library.index.index(library.folder)
    assert [item.reason for item in report.skipped] == ["cannot be read: Permission denied"]
    assert report.removed == ()
    assert await library.found("zebra") == [("a.txt", "line 1")]


async def test_folders_that_are_not_there_and_names_that_are_taken(library: Library, tmp_path: Path) -> None:
    library.write("a.txt")
    await library.index.index(library.folder, "papers")
    (tmp_path / "other").mkdir()
    for folder, name, code in (
        (tmp_path / "nowhere", "", "no-folder"),
        (library.folder / "a.txt", "", "no-folder"),
        (tmp_path / "other", "papers", "collection-taken"),
        (library.folder, "articles", "folder-indexed"),
    ):
        with pytest.raises(InvalidInput) as caught:
            await library.index.index(folder, name)
        assert caught.value.code == code
    with pytest.raises(InvalidInput, match="Did you mean 'papers'"):
        await library.index.lookup("words", 3, "paper")
    (library.folder / "a.txt").unlink()
    library.folder.rmdir()
    with pytest.raises(InvalidInput, match="No such file"):
        await library.index.refresh("papers")
    assert (await library.index.status()).documents == 1


@pytest.mark.parametrize("name", ["two\nlines", "back\u202ewards", "x" * 81, " spaced"])
async def test_a_name_that_is_none_is_refused(library: Library, name: str) -> None:
    with pytest.raises(InvalidInput, match="is no name for a collection"):
        await library.index.index(library.folder, name)
    assert await library.index.collections() == ()


@pytest.mark.parametrize("limit", [0, -1])
async def test_no_passages_cannot_be_asked_for(library: Library, limit: int) -> None:
    with pytest.raises(InvalidInput, match="at least one passage"):
        await library.index.lookup("oil", limit)


async def test_a_folder_inside_another_is_found_once(library: Library) -> None:
    library.write("sub/a.txt", "The zebra weighs 320 kilograms.")
    await library.index.index(library.folder)
    await library.index.index(library.folder / "sub")
    assert await library.found("How heavy is the zebra?") == [("sub/a.txt", "line 1")]
    assert await library.found("How heavy is the zebra?", collection="sub") == [("a.txt", "line 1")]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems take no such names")
async def test_odd_names(library: Library) -> None:
    names = [
        b"new\nline.txt",
        b"'quote\"; DROP TABLE documents.txt",
        b"\xff\xfe.txt",
        "漢字 é.txt".encode(),
        b"-rf.txt",
    ]
    for name in names:
        library.write(os.fsdecode(name), "zebra")
    report = await library.index.index(library.folder)
    assert sorted(report.added) == sorted(
        ["new\nline.txt", "'quote\"; DROP TABLE documents.txt", "\\xff\\xfe.txt", "漢字 é.txt", "-rf.txt"]
    )
    assert report.refused == ()
    assert (await library.index.index(library.folder)).unchanged == 5


async def test_removing_a_collection_leaves_no_word_of_it_on_the_disk(library: Library) -> None:
    library.write("a.txt", "the xylophonist's secret")
    await library.index.index(library.folder)
    await library.index.fill_vectors()
    await library.index.remove("docs")
    await library.index.aclose()
    assert b"xylophonist" not in b"".join(path.read_bytes() for path in library.file.parent.iterdir())
    assert library.folder.joinpath("a.txt").exists()


async def test_a_damaged_index_is_moved_aside_and_made_again(library: Library) -> None:
    library.write("a.txt", "zebra")
    library.file.parent.mkdir()
    library.file.write_bytes(b"no database at all, " * 500)
    report = await library.index.index(library.folder)
    moved = (await library.index.status()).moved_aside
    assert report.added == ("a.txt",)
    assert moved is not None
    assert moved.read_bytes().startswith(b"no database")


async def test_a_full_disk_is_one_sentence_and_what_was_done_stays(library: Library) -> None:
    for number in range(100):
        library.write(f"{number:03}.txt", f"zebra {number} " + "many different words here " * 300)
    full = DocumentIndex(library.file, library.sandbox)
    store = full._store
    await store._do(lambda database: database.connection.execute("PRAGMA max_page_count = 250"))
    with pytest.raises(StorageError) as caught:
        await full.index(library.folder)
    assert caught.value.code == "disk-full"
    kept = (await full.status()).documents
    assert 0 < kept < 100
    await full.aclose()
    report = await library.index.index(library.folder)
    assert (report.unchanged, len(report.parsed)) == (kept, 100 - kept)


async def test_vectors_are_made_afterwards_and_again_when_the_embedder_changes(library: Library) -> None:
    for number in range(40):
        library.write(f"{number}.txt", f"document {number}")
    await library.index.index(library.folder)
    assert (await library.index.status()).vectors == 0
    assert await library.index.fill_vectors() == 40
    assert await library.index.fill_vectors() == 0
    library.write("7.txt", "another text")
    await library.index.refresh("docs")
    library.embedder.texts.clear()
    assert await library.index.fill_vectors() == 1
    assert library.embedder.texts == ["another text"]
    newer = library.opened(revision="2")
    library.embedder.texts.clear()
    await newer.lookup("document 3", 3)
    assert library.embedder.texts == [], "vectors of another revision are not compared with"
    assert await newer.fill_vectors() == 40
    assert (await newer.status()).embedder == "letters/letters@2"
    await newer.aclose()


async def test_vectors_find_what_words_do_not_and_words_do_without_them(library: Library) -> None:
    library.write("a.txt", "mississippi")
    library.write("b.txt", "zzz qqq")
    await library.index.index(library.folder)
    assert await library.found("missisippi") == []
    await library.index.fill_vectors()
    assert (await library.found("missisippi"))[0] == ("a.txt", "line 1")
    library.embedder.error = TimedOut("The embedder is stuck.")
    assert await library.found("mississippi") == [("a.txt", "line 1")]
    assert await library.found("missisippi") == []


async def test_two_processes_may_have_it_open(library: Library) -> None:
    library.write("a.txt", "zebra")
    other = library.opened()
    await asyncio.gather(library.index.index(library.folder), other.collections())
    assert len((await other.lookup("zebra", 3)).items) == 1
    await other.aclose()
    with closing(sqlite3.connect(library.file)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)
