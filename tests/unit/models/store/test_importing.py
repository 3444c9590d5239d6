from __future__ import annotations

import hashlib
import os
from dataclasses import replace
from pathlib import Path

import pytest

from app.contracts.errors import InvalidInput, StorageError
from models.store import importing
from models.store.importing import import_model
from models.store.manifest import digest_of
from models.store.model import ModelFormat, Origin
from models.store.progress import Progress
from models.store.store import Store
from models.store.wanted import Wanted, WantedFile
from tests.helpers.model_files import gguf, openvino, piper, whisper


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "models")


@pytest.fixture
def given(tmp_path: Path) -> Path:
    path = tmp_path / "My Models" / "Tiny Llama (Q4).gguf"
    path.parent.mkdir()
    path.write_bytes(gguf())
    return path


def test_a_file_is_copied_under_a_name_made_of_its_own(store: Store, given: Path) -> None:
    seen: list[Progress] = []
    imported = import_model(store, given, report=seen.append)
    model = imported.model
    assert (model.name, model.format, model.origin, model.verified) == (
        "tiny-llama-q4", ModelFormat.GGUF, Origin.IMPORTED, False,
    )  # fmt: skip
    assert model.path.read_bytes() == given.read_bytes()
    assert (model.parameters, model.languages) == (2048, ("en", "de"))
    assert Store(store.folder).installed_models() == (model,)
    assert store.manifest("tiny-llama-q4").source == str(given)
    assert seen[-1].received_bytes == seen[-1].total_bytes == given.stat().st_size
    assert not imported.already
    assert store.verify(model.name).ok


def test_a_folder_keeps_its_folders(store: Store, tmp_path: Path) -> None:
    folder = openvino(tmp_path / "given")
    (folder / "sub dir").mkdir()
    (folder / "sub dir" / "wörter.txt").write_text("x")
    (folder / ".cache").mkdir()
    (folder / ".cache" / "x").write_text("left behind")
    model = import_model(store, folder, "llm").model
    assert (model.path / "sub dir" / "wörter.txt").is_file()
    assert not (model.path / ".cache").exists()


def test_moving_leaves_nothing_behind(store: Store, tmp_path: Path, given: Path) -> None:
    folder = whisper(tmp_path / "whisper small")
    inode = (folder / "model.bin").stat().st_ino
    model = import_model(store, folder, move=True).model
    assert (folder.exists(), model.name) == (False, "whisper-small")
    assert (model.path / "model.bin").stat().st_ino == inode, "it was moved, not copied"
    (given.parent / "notes.txt").write_text("mine")
    import_model(store, given, move=True)
    assert [path.name for path in given.parent.iterdir()] == ["notes.txt"]


def test_moving_a_link_leaves_what_it_leads_to(store: Store, tmp_path: Path, given: Path) -> None:
    link = tmp_path / "link.gguf"
    link.symlink_to(given)
    model = import_model(store, link, move=True).model
    assert (link.is_symlink(), given.is_file(), model.path.is_symlink()) == (False, True, False)


def test_moving_takes_no_file_from_somebody_who_has_it_under_another_name(
    store: Store, tmp_path: Path, given: Path
) -> None:
    twin = tmp_path / "twin.gguf"
    os.link(given, twin)
    model = import_model(store, given, move=True).model
    assert model.path.stat().st_ino != twin.stat().st_ino


def test_a_refused_model_is_neither_moved_nor_taken(store: Store, given: Path) -> None:
    whole = given.read_bytes()
    given.write_bytes(whole[:-1])
    with pytest.raises(InvalidInput, match="it is cut off, 1 bytes are missing at its end"):
        import_model(store, given, move=True)
    assert given.read_bytes() == whole[:-1]
    assert (store.installed_models(), store.begun()) == ((), {})


def test_the_same_name_twice(store: Store, given: Path) -> None:
    first = import_model(store, given)
    again = import_model(store, given)
    assert (again.already, again.model) == (True, first.model)
    given.write_bytes(gguf("qwen2"))
    with pytest.raises(InvalidInput, match="There is another model tiny-llama-q4 already") as caught:
        import_model(store, given)
    assert "--name" in caught.value.remedy
    assert import_model(store, given, "other").model.name == "other"
    assert len(store.installed_models()) == 2


def test_a_model_that_was_there_already_is_moved_all_the_same(store: Store, given: Path) -> None:
    import_model(store, given)
    assert import_model(store, given, move=True).already
    assert not given.exists()


@pytest.mark.parametrize(
    ("called", "name"),
    [
        ("Ünï Côde.gguf", "uni-code"), ("a__b--c.gguf", "a-b-c"), ("Qwen2.5-0.5B.Q4_K_M.gguf", "qwen2.5-0.5b.q4-k-m"),
        ("-x-.gguf", "x"), ("x" * 200 + ".gguf", "x" * 80),
    ],
)  # fmt: skip
def test_names(called: str, name: str, store: Store, tmp_path: Path) -> None:
    path = tmp_path / called
    path.write_bytes(gguf())
    assert import_model(store, path).model.name == name


def test_a_name_of_which_none_can_be_made(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "模型.gguf"
    path.write_bytes(gguf())
    with pytest.raises(InvalidInput, match=r"No name for the model can be made of '模型\.gguf'") as caught:
        import_model(store, path)
    assert "--name" in caught.value.remedy
    assert import_model(store, path, "chinese").model.path.name == "模型.gguf"
    with pytest.raises(InvalidInput, match="cannot be the name of a model"):
        import_model(store, path, "../chinese")


def test_files_of_the_catalogue_are_known_again(store: Store, tmp_path: Path) -> None:
    path = piper(tmp_path / "voice")
    files = tuple(WantedFile(each.name, each.stat().st_size, digest_of(each)) for each in (path, Path(f"{path}.json")))
    known = Wanted("ann", ModelFormat.PIPER, "people/ann", "a" * 40, files, licence="MIT", recommended=True)
    model = import_model(store, path, known=[known]).model
    assert (model.verified, store.manifest(model.name).licence) == (True, "MIT")
    other = replace(known, files=(replace(files[0], sha256=hashlib.sha256(b"").hexdigest()), files[1]))
    assert not import_model(store, path, "other", known=[other]).model.verified


def test_what_is_copied_wrong_is_not_taken(store: Store, given: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "digest_of", lambda *_: "0" * 64)
    with pytest.raises(StorageError, match="what the disk holds now is not what was read"):
        import_model(store, given)
    assert (store.installed_models(), store.begun()) == ((), {})


def test_too_little_room(store: Store, given: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "free_bytes", lambda _: 1_000_000)
    with pytest.raises(StorageError, match="where 1 MB are free"):
        import_model(store, given)
    assert import_model(store, given, move=True).model.name, "moving needs no room"


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read and delete everything")
def test_a_source_that_may_not_be_read_or_deleted(store: Store, given: Path) -> None:
    given.parent.chmod(0o500)
    assert import_model(store, given, move=True).left == (given,)
    given.chmod(0)
    with pytest.raises(InvalidInput, match="cannot be read"):
        import_model(store, given, "again")


def test_a_source_that_cannot_be_deleted_is_named(store: Store, given: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path, missing_ok: bool = False) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "unlink", refuse)
    imported = import_model(store, given, move=True)
    assert (imported.left, imported.model.path.is_file()) == ((given,), True)


def test_what_a_killed_import_left_is_never_a_model_and_is_replaced(store: Store, given: Path) -> None:
    left = store.partial("tiny-llama-q4.import")
    left.mkdir(parents=True)
    (left / given.name).write_bytes(given.read_bytes()[:100])
    (left / "old.gguf").write_bytes(b"x")
    assert (store.installed_models(), store.begun()) == ((), {})
    model = import_model(store, given).model
    assert sorted(path.name for path in model.path.parent.iterdir()) == [given.name, "model.json"]
    assert not left.exists()


def test_a_model_is_not_moved_out_of_the_store_itself(store: Store, given: Path) -> None:
    import_model(store, given, "mine")
    with pytest.raises(InvalidInput, match="already"):
        import_model(store, store.folder / "mine", "other", move=True)
    assert store.verify("mine").ok
