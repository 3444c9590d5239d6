from __future__ import annotations

import contextlib
import hashlib
import json
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from app.contracts.errors import AlreadyRunning, InvalidInput, StorageError, Unavailable
from models.store.manifest import Manifest, ManifestFile
from models.store.model import ModelFormat, Origin
from models.store.store import Store
from models.store.wanted import MANIFEST


def put(store: Store, name: str, content: bytes = b"weights", *, recommended: bool = False) -> Manifest:
    made = store.partial(name) / "files"
    made.mkdir(parents=True)
    (made / "a.gguf").write_bytes(content)
    file = ManifestFile("a.gguf", len(content), hashlib.sha256(content).hexdigest())
    manifest = Manifest(name, ModelFormat.GGUF, (file,), Origin.CATALOGUE, recommended=recommended, languages=("en",))
    store.put_in_place(made, manifest)
    return manifest


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "models")


def test_an_empty_store_is_looked_at_without_making_anything(store: Store) -> None:
    assert (store.installed_models(), store.problems(), store.begun()) == ((), (), {})
    assert not store.folder.exists()


def test_models_are_listed_the_recommended_ones_first(store: Store) -> None:
    for name, recommended in (("beta", False), ("alpha", False), ("zeta", True)):
        put(store, name, recommended=recommended)
    assert [model.name for model in store.installed_models()] == ["zeta", "alpha", "beta"]
    assert (store.installed(), store.find("beta")) == (("zeta", "alpha", "beta"), str(store.folder / "beta" / "a.gguf"))
    assert store.find("gamma") is None
    (model, *_) = Store(store.folder).installed_models()
    assert (model.path, model.size_bytes, model.languages) == (store.folder / "zeta" / "a.gguf", 7, ("en",))


def test_looking_again_reads_nothing_while_nothing_changed(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    put(store, "alpha")
    before = store.installed_models()

    def refuse(_path: Path) -> Manifest:
        raise AssertionError("it was read again")

    monkeypatch.setattr("models.store.store.read_manifest", refuse)
    assert store.installed_models() is before
    monkeypatch.undo()
    other = Store(store.folder)
    put(other, "beta")
    assert [model.name for model in store.installed_models()] == ["alpha", "beta"]
    other.remove("alpha")
    assert [model.name for model in store.installed_models()] == ["beta"]


def test_asked_again_and_again_it_looks_at_the_folder_alone(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Plans ask for every backend, many times a second, on the event loop."""
    put(store, "alpha")
    os.utime(store.folder, (1, 1))
    before = store.installed_models()
    monkeypatch.setattr(os, "scandir", lambda _path: pytest.fail("it looked at every model"))
    assert all(store.installed_models() is before for _ in range(100))
    monkeypatch.undo()
    put(Store(store.folder), "beta")
    assert [model.name for model in store.installed_models()] == ["alpha", "beta"]


def test_the_revision_follows_the_files(store: Store) -> None:
    first = put(store, "one", b"same").revision
    assert put(store, "two", b"same").revision == first
    assert put(store, "three", b"other").revision != first


def spoil(text: str) -> Callable[[Path], object]:
    return lambda folder: (folder / MANIFEST).write_text(text)


def edit(**changes: object) -> Callable[[Path], object]:
    def change(folder: Path) -> None:
        content = json.loads((folder / MANIFEST).read_text())
        (folder / MANIFEST).write_text(json.dumps(content | changes))

    return change


DAMAGE: dict[str, tuple[Callable[[Path], object], str]] = {
    "no JSON": (spoil("{"), "is damaged"),
    "a list": (spoil("[]"), "is damaged"),
    "nested for ever": (spoil("[" * 100_000), "is damaged"),
    "another version": (edit(version=2), "another version of Sotto wrote it"),
    "of another model": (edit(name="beta"), "it is that of beta"),
    "unknown format": (edit(format="tape"), "is damaged"),
    "no files": (edit(files=[]), "it names no file"),
    "files of another shape": (edit(files={"a": 1}), "it is not as Sotto writes it"),
    "another kind of model": (edit(files=[{"path": "a.bin", "size": 7, "sha256": ""}]), "model.json is damaged"),
    "a file elsewhere": (edit(files=[{"path": "../x.gguf", "size": 1, "sha256": ""}]), "cannot be the name of a file"),
    "no weights": (edit(files=[{"path": "a.txt", "size": 7, "sha256": ""}]), "it has no .gguf file"),
    "file missing": (lambda folder: (folder / "a.gguf").unlink(), "a.gguf is missing"),
    "file cut off": (lambda folder: os.truncate(folder / "a.gguf", 3), "a.gguf has 3 bytes instead of 7"),
}


@pytest.mark.parametrize(("damage", "words"), DAMAGE.values(), ids=DAMAGE.keys())
def test_a_damaged_model_is_not_picked_up_and_can_be_removed(
    damage: Callable[[Path], object], words: str, store: Store
) -> None:
    put(store, "alpha")
    damage(store.folder / "alpha")
    fresh = Store(store.folder)
    assert fresh.installed_models() == ()
    (problem,) = fresh.problems()
    assert words in problem
    assert "alpha" in problem
    assert not fresh.verify("alpha").ok
    fresh.remove("alpha")
    assert (fresh.problems(), (store.folder / "alpha").exists()) == ((), False)


def test_folders_without_a_manifest_are_nothing(store: Store) -> None:
    (store.folder / "loose").mkdir(parents=True)
    (store.folder / "loose" / "a.gguf").write_bytes(b"x")
    (store.folder / ".partial" / "alpha" / "files").mkdir(parents=True)
    (store.folder / ".partial" / "alpha" / "files" / MANIFEST).write_text("{}")
    (store.folder / "file").write_bytes(b"x")
    assert (store.installed_models(), store.problems()) == ((), ())


def test_verifying_says_which_file_differs(store: Store) -> None:
    put(store, "alpha")
    read: list[int] = []
    verdict = store.verify("alpha", read.append)
    assert (verdict.ok, verdict.known_beforehand, sum(read)) == (True, False, 7)
    (store.folder / "alpha" / "a.gguf").write_bytes(b"weighty")
    assert store.verify("alpha").problems == ("a.gguf holds other bytes than those that were installed.",)
    (store.folder / "alpha" / "a.gguf").write_bytes(b"w")
    assert store.verify("alpha").problems == ("a.gguf has 1 bytes instead of 7.",)
    (store.folder / "alpha" / "a.gguf").unlink()
    assert store.verify("alpha").problems == ("a.gguf is missing.",)
    (store.folder / "alpha" / MANIFEST).write_text("{")
    assert "is damaged" in store.verify("alpha").problems[0]


TRICKS = [
    "..",
    "../alpha",
    "alpha/..",
    "/etc",
    ".partial",
    "",
    "Alpha",
    "a b",
    "con",
    "nul.x",
    "a..b",
    "x" * 81,
    "a\0b",
]


@pytest.mark.parametrize("name", TRICKS)
def test_a_name_never_leads_out_of_the_folder(name: str, store: Store) -> None:
    put(store, "alpha")
    for ask in (store.remove, store.verify, store.path, store.manifest):
        with pytest.raises(InvalidInput, match="cannot be the name of a model"):
            ask(name)
    assert len(store.installed_models()) == 1


def test_a_model_that_is_not_there(store: Store) -> None:
    put(store, "alpha")
    for ask in (store.remove, store.verify, store.path):
        with pytest.raises(Unavailable, match=r"The model alpah is not installed\. Did you mean 'alpha'"):
            ask("alpah")


def test_removing_a_link_leaves_what_it_leads_to(store: Store, tmp_path: Path) -> None:
    put(store, "alpha")
    elsewhere = tmp_path / "elsewhere"
    (store.folder / "alpha").rename(elsewhere)
    (store.folder / "alpha").symlink_to(elsewhere)
    store.remove("alpha")
    assert (elsewhere / "a.gguf").is_file()
    assert not (store.folder / "alpha").is_symlink()


def test_what_a_killed_process_was_deleting_goes_and_what_is_not_ours_stays(store: Store) -> None:
    put(store, "alpha")
    removed = store.folder / ".removed"
    (removed / f"beta-0123abcd-{2**22 + 1}").mkdir(parents=True)
    (removed / ".DS_Store").write_bytes(b"x")
    store.remove("alpha")
    assert [left.name for left in removed.iterdir()] == [".DS_Store"]


def test_a_folder_changed_in_place_is_seen_as_well(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own date is all that changes; the folder of all models stays as it was."""
    put(store, "alpha")
    os.utime(store.folder, (1, 1))
    assert [model.name for model in store.installed_models()] == ["alpha"]
    (store.folder / "alpha" / "a.gguf").unlink()
    monkeypatch.setattr("models.store.store._LOOK_S", 0.0)
    assert store.installed_models() == ()
    assert "a.gguf is missing" in store.problems()[0]


def test_removing_takes_what_was_begun_along(store: Store) -> None:
    (store.partial("alpha") / "parts").mkdir(parents=True)
    (store.partial("alpha") / "parts" / "a.gguf").write_bytes(b"half")
    assert store.begun() == {"alpha": 4}
    store.remove("alpha")
    assert store.begun() == {}


def test_one_process_at_a_time_changes_a_model(store: Store) -> None:
    put(store, "alpha")
    with store.lock("alpha"):
        with pytest.raises(AlreadyRunning, match="Another Sotto is busy with the model alpha"):
            Store(store.folder).remove("alpha")
        with store.lock("beta") as waited:
            assert not waited
    store.remove("alpha")


class Killed(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("call", ["write", "rename", "sync_folder"])
@pytest.mark.parametrize("time", [1, 2])
def test_ended_at_any_step_there_is_the_old_model_or_the_new_or_none(
    call: str, time: int, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each step of putting a model in place is the last thing the process does."""
    old = put(store, "alpha", b"old").revision
    calls = 0

    def ending(real: Callable[..., object]) -> Callable[..., object]:
        def step(*arguments: object) -> object:
            nonlocal calls
            calls += 1
            if calls == time:
                raise Killed
            return real(*arguments)

        return step

    monkeypatch.setattr(os, "rename", ending(os.rename) if call == "rename" else os.rename)
    if call == "write":
        monkeypatch.setattr(Manifest, "write", ending(Manifest.write))
    if call == "sync_folder":
        monkeypatch.setattr("models.store.store.sync_folder", ending(lambda _folder: None))
    with contextlib.suppress(Killed):
        put(store, "alpha", b"new!")
    monkeypatch.undo()
    fresh = Store(store.folder)
    assert fresh.problems() == ()
    new = hashlib.sha256(b"a.gguf\0" + hashlib.sha256(b"new!").hexdigest().encode() + b"\n").hexdigest()
    assert {model.revision for model in fresh.installed_models()} <= {old, new}
    assert all(fresh.verify(model.name).ok for model in fresh.installed_models())


def test_a_folder_that_cannot_be_put_in_place_leaves_the_old_one(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    put(store, "alpha", b"old")
    real = os.rename

    def full(source: Path, target: Path) -> None:
        if target == store.folder / "alpha" and source.name == "files":
            raise OSError(28, "No space left on device")
        real(source, target)

    monkeypatch.setattr(os, "rename", full)
    with pytest.raises(StorageError, match="the disk is full"):
        put(store, "alpha", b"new")
    assert store.path("alpha").read_bytes() == b"old"


def test_several_threads_look_while_models_come_and_go(store: Store) -> None:
    ended = threading.Event()
    wrong: list[object] = []

    def look() -> None:
        while not ended.is_set():
            models, manifests = store.installed_models(), store.manifests()
            if any(not model.name for model in models) or any(not each.files for each in manifests):
                wrong.append((models, manifests))

    threads = [threading.Thread(target=look) for _ in range(3)]
    for thread in threads:
        thread.start()
    for _ in range(20):
        put(store, "alpha")
        assert [model.name for model in store.installed_models()] == ["alpha"]
        store.remove("alpha")
        assert store.installed_models() == ()
    ended.set()
    for thread in threads:
        thread.join()
    assert wrong == []
