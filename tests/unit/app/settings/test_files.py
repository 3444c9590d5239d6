from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.contracts.errors import InvalidInput, StorageError
from app.settings.files import LARGEST_BYTES, as_number, dump, place_of, read_mapping, suggestion, write_whole


def test_a_file_is_replaced_whole_and_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file.yaml"
    write_whole(path, "one: 1\n")
    write_whole(path, "two: äöü\n")
    assert path.read_text(encoding="utf-8") == "two: äöü\n"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == ["file.yaml"]


def test_a_link_is_written_through(tmp_path: Path) -> None:
    target = tmp_path / "dotfiles" / "settings.yaml"
    write_whole(target, "old: 1\n")
    link = tmp_path / "settings.yaml"
    link.symlink_to(target)
    write_whole(link, "new: 1\n")
    assert link.is_symlink()
    assert target.read_text() == "new: 1\n"


def test_what_stands_in_the_way_is_told_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    path = tmp_path / "file" / "settings.yaml"
    with pytest.raises(StorageError) as caught:
        write_whole(path, "")
    assert str(path) in caught.value.message
    assert caught.value.code == "in-the-way"
    assert caught.value.remedy


def test_a_failed_write_leaves_the_file_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "settings.yaml"
    write_whole(path, "kept: 1\n")

    def no_room(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_room)
    with pytest.raises(StorageError) as caught:
        write_whole(path, "lost: 1\n")
    assert caught.value.code == "disk-full"
    assert [entry.name for entry in tmp_path.iterdir()] == ["settings.yaml"]
    assert path.read_text() == "kept: 1\n"


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("a: [1\nb: 2", ":2:2: "),
        ("a: 1\na: 2", ":2:1: "),
        ("\ta: 1", ":1:1: "),
        ("a: b: c", ":1:5: "),
        ("--- 1\n--- 2", ":2:1: "),
        ("a: *nobody", ":1:4: "),
        ("a: 'open", ":1:9: "),
        ("- a list", ":1:1: this must be a mapping"),
        ("just words", ":1:1: this must be a mapping"),
        ("a: 2024-99-99", ":1:4: this cannot be read as timestamp."),
        ("a: !!int x", ":1:4: this cannot be read as int."),
        ("[" * 800, " is nested too deeply."),
        ("b:\n- a: " + "1" * 5000, ":2:6: this cannot be read as int."),
        ("a: 1\nb: \0", ":2:4: the character U+0000 may not stand in YAML."),
    ],
)
def test_yaml_that_is_wrong_says_where(tmp_path: Path, text: str, where: str) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(text)
    with pytest.raises(InvalidInput) as caught:
        read_mapping(path)
    assert caught.value.message.startswith(f"{path}{where}")
    assert "\n" not in caught.value.message


def test_bytes_that_are_no_text_and_files_that_are_too_long(tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_bytes(b"a: \xff")
    with pytest.raises(InvalidInput, match="byte 3 is not UTF-8"):
        read_mapping(path)
    path.write_bytes(b"#" * (LARGEST_BYTES + 1))
    with pytest.raises(InvalidInput, match="1000001 bytes"):
        read_mapping(path)
    with pytest.raises(StorageError):
        read_mapping(tmp_path)


def test_a_missing_file_is_looked_for_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"No such file.*Look at its name\."):
        read_mapping(tmp_path / "nope.yaml")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.yaml"
    os.mkfifo(pipe)
    with pytest.raises(StorageError, match="is not a file"):
        read_mapping(pipe)
    with pytest.raises(StorageError, match="is not a file"):
        read_mapping(Path(os.devnull))


def test_an_empty_file_is_an_empty_mapping(tmp_path: Path) -> None:
    path = tmp_path / "empty.yaml"
    path.write_text("# nothing but a comment\n")
    assert read_mapping(path) == {}


def test_comments_quotes_and_order_survive(tmp_path: Path) -> None:
    text = (
        "# mine\n"
        "audio:\n"
        '  input: "quoted"  # the good one\n'
        "  # about cues\n"
        "  cues: false\n"
        "later: {a: 1, b: [x, y]}\n"
        f"long: {'word ' * 60}end\n"
    )
    path = tmp_path / "settings.yaml"
    path.write_text(text)
    assert dump(read_mapping(path)) == text


def test_places_count_from_one_and_merged_keys_have_one_too(tmp_path: Path) -> None:
    path = tmp_path / "file.yaml"
    path.write_text("a: &x\n  k: 1\nb:\n  <<: *x\n  l: 2\n")
    content = read_mapping(path)
    assert place_of(content, "b") == (3, 1)
    assert place_of(content["b"], "l") == (5, 3)
    assert place_of(content["b"], "k")[0] in (4, 5)


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="ab:-?[]{}&*!|>'\"%@`#,~ \n\t01.é\x85", max_size=40))
def test_no_text_makes_reading_fail_in_another_way(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.getbasetemp() / "fuzzed.yaml"
    path.write_text(text, encoding="utf-8")
    try:
        content = read_mapping(path)
    except InvalidInput:
        return
    for key in content:
        line, column = place_of(content, key)
        assert line >= 1
        assert column >= 1


@pytest.mark.parametrize(
    ("value", "number"),
    [(1, 1.0), (0.5, 0.5), (True, None), ("1", None), (None, None), (float("nan"), None), (10**400, None)],
)
def test_numbers(value: object, number: float | None) -> None:
    assert as_number(value) == number


def test_suggestions() -> None:
    assert suggestion("inptu", ["input", "output"]) == "Did you mean 'input'?"
    assert suggestion("zzz", ["input", "output"]) == ""
