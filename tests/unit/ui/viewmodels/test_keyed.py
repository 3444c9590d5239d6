from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtTest import QAbstractItemModelTester

from ui.viewmodels.keyed import KeyedModel


@dataclass(frozen=True)
class Thing:
    key: str
    value: int = 0


def things(keys: str) -> list[Thing]:
    return [Thing(key) for key in keys]


@pytest.fixture
def told(qt_messages: list[str]) -> tuple[KeyedModel, list[str]]:
    """A list of a, b, c, d, and what a view is told from then on."""
    model = KeyedModel(("key", "value"))
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Warning, model)
    model.show(things("abcd"))
    said: list[str] = []
    model.rowsInserted.connect(lambda _, first, last: said.append(f"in {first}-{last}"))
    model.rowsRemoved.connect(lambda _, first, last: said.append(f"out {first}-{last}"))
    model.rowsMoved.connect(lambda _, first, last, __, to: said.append(f"move {first} to {to}"))
    model.dataChanged.connect(lambda top, bottom, _: said.append(f"change {top.row()}"))
    model.modelReset.connect(lambda: said.append("reset"))
    return model, said


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (things("abcd"), []),
        (things("acd"), ["out 1-1"]),
        (things("xabcd"), ["in 0-0"]),
        (things("dabc"), ["move 3 to 0"]),
        ([Thing("a"), Thing("b", 7), Thing("c"), Thing("d")], ["change 1"]),
        ([Thing("a"), Thing("c", 1), Thing("d")], ["out 1-1", "change 1"]),
        ([], ["out 3-3", "out 2-2", "out 1-1", "out 0-0"]),
    ],
)
def test_a_view_is_told_of_what_differs_and_of_nothing_else(
    told: tuple[KeyedModel, list[str]], wanted: list[Thing], words: list[str]
) -> None:
    model, said = told
    assert model.show(wanted) is (wanted != things("abcd"))
    assert said == words
    assert list(model.items) == wanted


def test_ids_that_are_not_unique_are_told_apart_by_place(told: tuple[KeyedModel, list[str]]) -> None:
    model, said = told
    model.show(things("aa"))
    assert list(model.items) == things("aa")
    assert "reset" not in said


@given(st.permutations("abcdef"), st.permutations("defghi"), st.integers(0, 6), st.integers(0, 6))
def test_any_list_becomes_any_other(first: list[str], second: list[str], some: int, others: int) -> None:
    model = KeyedModel(("key", "value"))
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal, model)
    for keys in (first[:some], second[:others], first):
        model.show(things("".join(keys)))
        assert [thing.key for thing in model.items if isinstance(thing, Thing)] == keys
