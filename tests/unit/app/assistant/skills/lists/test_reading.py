"""What sentences say about lists and notes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.assistant.skills.lists.reading import added, asks_about, note_text, removed, things, ticks, which_list


@pytest.mark.parametrize(
    ("text", "name", "items"),
    [
        ("Add milk, eggs and bread to my shopping list.", "shopping", ("milk", "eggs", "bread")),
        (
            "put mac and cheese and salt and pepper on the grocery list",
            "shopping",
            ("mac and cheese", "salt and pepper"),
        ),
        ("add call the plumber to my to do list", "to-do", ("call the plumber",)),
        ("put batteries on the list", "", ("batteries",)),
        ("make a new list called camping with a tent and a torch", "camping", ("tent", "torch")),
        ("create a packing list", "packing", ()),
        ("add the following to my shopping list: apples, pears", "shopping", ("apples", "pears")),
        ("we're out of coffee", "shopping", ("coffee",)),
        ("add sunscreen to the beach holiday list", "beach holiday", ("sunscreen",)),
        ("buy a present for Anna, put that on my to-do list", "to-do", ("present for Anna",)),
        ("can you please add some more tea to the shopping list too", "shopping", ("tea",)),
        ("add something to my list", "", ()),
    ],
)
def test_added(text: str, name: str, items: tuple[str, ...]) -> None:
    assert which_list(text) == name
    assert added(text) == items


@pytest.mark.parametrize(
    ("text", "items", "ticked"),
    [
        ("remove milk from my shopping list", ("milk",), False),
        ("take the eggs off the list", ("eggs",), False),
        ("check off bread", ("bread",), True),
        ("I bought the milk and the eggs", ("milk", "eggs"), True),
        ("cross cheese off my shopping list", ("cheese",), True),
        ("mark the laundry as done", ("laundry",), True),
        ("I've got the bread already", ("bread",), True),
        ("tick off call the plumber", ("call the plumber",), True),
    ],
)
def test_removed(text: str, items: tuple[str, ...], *, ticked: bool) -> None:
    assert removed(text) == items
    assert ticks(text) is ticked


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("take a note: the plumber comes on Friday", "The plumber comes on Friday"),
        ("make a note that the key is under the mat", "The key is under the mat"),
        ("note to self, buy a present", "Buy a present"),
        ("write this down: the code is 4711", "The code is 4711"),
        ("take a note", ""),
    ],
)
def test_note(text: str, words: str) -> None:
    assert note_text(text) == words


def test_questions_about_one_thing() -> None:
    assert asks_about("is milk on the shopping list") == "milk"
    assert asks_about("are eggs on my list already") == "eggs"
    assert asks_about("what is on my list") == ""


@given(st.lists(st.from_regex(r"[a-z]{3,9}", fullmatch=True), min_size=1, max_size=6, unique=True))
def test_any_enumeration_comes_apart(words: list[str]) -> None:
    kept = [
        word for word in words if word not in {"and", "the", "some", "more", "plus", "them", "this", "that", "stuff"}
    ]
    if not kept:
        return
    said = kept[0] if len(kept) == 1 else f"{', '.join(kept[:-1])} and {kept[-1]}"
    pairs = {
        "salt",
        "fish",
        "ham",
        "bread",
        "bed",
        "pen",
        "gin",
        "oil",
        "sweet",
        "rock",
        "mac",
        "things",
        "items",
        "something",
    }
    if not pairs & set(kept):
        assert things(said) == tuple(kept)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("add salt and vinegar crisps, milk to my shopping list", ("salt and vinegar crisps", "milk")),
        ("we need milk and cheese and onion crisps", ("milk", "cheese and onion crisps")),
        ("add 2,5 litres of milk, 1,000 g flour", ("2,5 litres of milk", "1,000 g flour")),
        (
            "add call Anna and Bob, buy milk and call Eve to my to-do list",
            ("call Anna and Bob", "buy milk", "call Eve"),
        ),
        ("put milk back on the list", ("milk",)),
        ("add Käse, Brötchen und 牛奶 to my shopping list", ("Käse", "Brötchen und 牛奶")),
    ],
)
def test_what_belongs_together_stays_together(text: str, read: tuple[str, ...]) -> None:
    assert added(text) == read


@given(st.text(max_size=80))
def test_no_words_break_it(text: str) -> None:
    for read in (which_list, added, removed, note_text, asks_about, ticks):
        read(text)
