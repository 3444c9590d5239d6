from __future__ import annotations

from pathlib import Path

import pytest

from app.contracts.errors import InvalidInput
from app.settings.located import Node, located, read_located, unplaced

TEXT = """\
name: "quoted"
numbers: [1, 2.5, yes, true]
deep:
  key: &kept {on: !mine x}
  same: *kept
when: 2026-01-01
"""


def test_values_know_where_they_stand() -> None:
    root = located(TEXT, Path("f.yaml"))
    assert root.entries is not None
    assert root.entries["name"] == Node("quoted", line=1, column=1)
    assert root.entries["numbers"].items == (
        Node(1, line=2, column=11),
        Node(2.5, line=2, column=14),
        Node("yes", line=2, column=19),
        Node(True, line=2, column=24),
    )
    deep = root.entries["deep"].entries
    assert deep is not None
    assert (deep["key"].line, deep["key"].column) == (4, 3)
    assert deep["same"].entries == deep["key"].entries
    assert (root.entries["when"].odd, root.entries["when"].scalar) == ("a date", "2026-01-01")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "nothing"),
        (True, "true"),
        ("a" * 80, repr("a" * 50 + "…")),
        ({"a": 1}, "a mapping"),
        ([1], "a list"),
        (3, "3"),
        (b"x", "a bytes (b'x')"),
    ],
)
def test_values_are_short_in_sentences(value: object, shown: str) -> None:
    assert unplaced(value).shown == shown


def test_a_file_is_named_as_it_should_be(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text("a: [", encoding="utf-8")
    with pytest.raises(InvalidInput, match=r"^x\.yaml:1:5: "):
        read_located(path, Path("x.yaml"))


@pytest.mark.parametrize(
    "text",
    [
        "a: !!python/object/apply:os.system [id]\n",
        "a: !mine\n- [b]\n",
        "a: !!omap [b: 1]\n",
        "a: !!set {b, c}\n",
        "a: &it [*it]\n",
    ],
)
def test_tagged_lists_and_mappings_have_a_place_too(text: str) -> None:
    node = located(text, Path("odd.yaml"))
    assert node.entries is not None
    assert node.entries["a"].line == 1
    assert all(item.line >= 1 for item in node.entries["a"].items or ())


def test_keys_that_are_no_words_are_named_shortly() -> None:
    assert set(located("? [a, b]\n: 1\n? {c: d}\n: 2\n", Path("odd.yaml")).entries or ()) == {"[…]", "{…}"}
