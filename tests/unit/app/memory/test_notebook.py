"""Changes come together or not at all; what is erased is gone; what cannot be read spoils nothing."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.contracts.errors import InvalidInput
from app.contracts.skill_cards import ListCard, ListItem
from app.memory.notebook import Clear, Notebook, Put, Remove, put_card


@dataclass(frozen=True, slots=True)
class Note:
    """Something kept."""

    text: str
    weight: float = 1.0


async def texts(notebook: Notebook, collection: str = "notes", **how: object) -> list[str]:
    return [note.text for note in await notebook.entries(collection, Note, **how)]  # type: ignore[arg-type]


async def test_entries_come_in_the_order_of_their_time(tmp_path: Path) -> None:
    notebook = Notebook(tmp_path / "notebook.db")
    heard: list[frozenset[str]] = []
    notebook.subscribe(heard.append)
    await notebook.commit([Put("notes", "b", Note("second"), 2.0), Put("notes", "a", Note("first"), 1.0)])
    await notebook.commit([Put("notes", "c", Note("third"), 3.0), Put("other", "a", Note("elsewhere"), 9.0)])
    assert await texts(notebook) == ["first", "second", "third"]
    assert await texts(notebook, since=2.0) == ["second", "third"]
    assert await texts(notebook, limit=1, newest_first=True) == ["third"]
    assert heard == [frozenset({"notes"}), frozenset({"notes", "other"})]
    await notebook.commit([Clear("notes", before=2.0), Remove("notes", "c"), Remove("notes", "never there")])
    assert await texts(notebook) == ["second"]
    await notebook.aclose()
    again = Notebook(tmp_path / "notebook.db")
    assert await texts(again) == ["second"]
    await again.aclose()


async def test_all_of_it_or_nothing(tmp_path: Path) -> None:
    notebook = Notebook(tmp_path / "notebook.db")
    await notebook.commit([Put("notes", "a", Note("first"))])
    with pytest.raises(InvalidInput, match="notes"):
        await notebook.commit([Put("notes", "b", Note("second")), Put("notes", "c", Note("third", float("nan")))])
    assert await texts(notebook) == ["first"]
    await notebook.aclose()


async def test_a_card_comes_back_as_it_was(tmp_path: Path) -> None:
    notebook = Notebook(tmp_path / "notebook.db")
    card = ListCard(card_id="list-1", list_id="shopping", title="Shopping", items=(ListItem(item_id="1", text="milk"),))
    await notebook.commit([put_card(card, 5.0)])
    assert await notebook.card("list-1") == card
    assert await notebook.card("list-2") is None
    await notebook.aclose()


async def test_the_cards_of_a_skill(tmp_path: Path) -> None:
    notebook = Notebook(tmp_path / "notebook.db")
    cards = [
        ListCard(card_id=card_id, skill=skill, list_id="a", title="A")
        for card_id, skill in (("b", "lists"), ("a", "lists"), ("c", "memory"))
    ]
    await notebook.commit([put_card(card, 5.0 - at) for at, card in enumerate(cards)])
    assert await notebook.cards_of("lists") == (cards[1], cards[0])
    assert await notebook.cards_of("clock") == ()
    await notebook.aclose()


async def test_an_entry_of_another_form_is_left_out(tmp_path: Path) -> None:
    notebook = Notebook(tmp_path / "notebook.db")
    await notebook.commit([Put("notes", "a", Note("first"), 1.0), Put("notes", "b", Note("second"), 2.0)])
    await notebook.aclose()
    with sqlite3.connect(tmp_path / "notebook.db") as database:
        database.execute("UPDATE entries SET json = '{\"colour\": 1}' WHERE entry_id = 'a'")
    database.close()
    again = Notebook(tmp_path / "notebook.db")
    assert await texts(again) == ["second"]
    await again.aclose()


async def test_what_is_erased_leaves_no_trace_of_the_words(tmp_path: Path) -> None:
    notebook = Notebook(tmp_path / "notebook.db")
    await notebook.commit([Put("notes", "a", Note("secret words of the person"))])
    await notebook.commit([Remove("notes", "a")])
    assert b"secret words" not in _bytes_in(tmp_path)
    await notebook.commit([Put("notes", "b", Note("other words of the person"))])
    await notebook.erase()
    await notebook.aclose()
    on_disk = _bytes_in(tmp_path)
    assert b"words of the person" not in on_disk


def _bytes_in(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.iterdir())


async def test_what_another_program_wrote_is_told_once(tmp_path: Path) -> None:
    notebook, other = Notebook(tmp_path / "notebook.db"), Notebook(tmp_path / "notebook.db")
    heard: list[frozenset[str]] = []
    notebook.subscribe(heard.append)
    assert not await notebook.others_wrote()
    await notebook.commit([Put("lists", "a", Note("milk"))])
    assert await texts(notebook) == []
    assert not await notebook.others_wrote()
    await other.commit([Put("notes", "b", Note("second")), Remove("lists", "a")])
    assert await notebook.others_wrote()
    assert not await notebook.others_wrote()
    assert heard == [frozenset({"lists"}), frozenset({"lists", "notes"})]
    await notebook.aclose()
    await other.aclose()
