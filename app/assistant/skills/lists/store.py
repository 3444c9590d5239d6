"""Lists and notes as they are kept, and what changing them writes.

Why every item is an entry of its own: two changes made at the same time, one by voice and one by a tick on the card,
must not undo each other. So adding writes what is added and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from app.assistant.wording import singular
from app.memory.notebook import Notebook, Put, Remove, Write

LISTS = "lists"
"""The collection of the lists themselves: their names, and which was used last."""
ITEMS = "lists.items"
NOTES = "lists.notes"
UNDO = "lists.undo"
"""What "undo" brings back, one entry for each list."""
SHOPPING = "shopping"
NOTES_ID = "notes"
"""Stands for the notes where a list is named."""


@dataclass(frozen=True, slots=True)
class NamedList:
    """One list: ``list_id`` is its name in small letters; ``used_at`` in seconds since the epoch."""

    list_id: str
    used_at: float

    @property
    def title(self) -> str:
        """As on its card: "Shopping list"."""
        return title_of(self.list_id)


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a list; ``added_at`` in seconds since the epoch, by which lines are in order."""

    item_id: str
    list_id: str
    text: str
    added_at: float
    done: bool = False


@dataclass(frozen=True, slots=True)
class Note:
    """A note.

    Attributes:
        note_id: Unique.
        text: It.
        made_at: Seconds since the epoch.
        when: The moment it speaks of, seconds since the epoch; None for none.
        whole_day: It names a day and no time.
        about: The words without that moment: "the plumber comes"; empty for a note without one.
    """

    note_id: str
    text: str
    made_at: float
    when: float | None = None
    whole_day: bool = False
    about: str = ""


@dataclass(frozen=True, slots=True)
class Undo:
    """How to take the last change of a list back: what is put back as it was, what is taken away."""

    list_id: str
    put_back: tuple[Item, ...] = ()
    take_away: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Shelf:
    """Everything that is kept, read at one time: lists (used last first), items in order, notes in order."""

    lists: tuple[NamedList, ...] = ()
    items: tuple[Item, ...] = ()
    notes: tuple[Note, ...] = ()

    def of(self, list_id: str) -> tuple[Item, ...]:
        """The lines of a list."""
        return tuple(item for item in self.items if item.list_id == list_id)

    def names(self) -> tuple[str, ...]:
        """Ids of the lists, the one used last first."""
        return tuple(each.list_id for each in self.lists)


async def read_shelf(notebook: Notebook) -> Shelf:
    """Read everything.

    Raises:
        StorageError: The notebook cannot be read.
    """
    lists = await notebook.entries(LISTS, NamedList, newest_first=True)
    return Shelf(lists, await notebook.entries(ITEMS, Item), await notebook.entries(NOTES, Note))


def title_of(list_id: str) -> str:
    """What a list is called: "Shopping list", "To-do list", "Notes"."""
    if list_id == NOTES_ID:
        return "Notes"
    words = list_id if list_id.endswith("list") else f"{list_id} list"
    return f"{words[:1].upper()}{words[1:]}"


def spoken_title(list_id: str) -> str:
    """The same in a sentence, behind "your"."""
    title = title_of(list_id)
    return f"{title[:1].lower()}{title[1:]}"


def keep(list_id: str, items: Iterable[Item], now: float) -> tuple[Write, ...]:
    """Keep lines of a list as they are given."""
    head = NamedList(list_id, now)
    return (Put(LISTS, list_id, head, now), *(Put(ITEMS, item.item_id, item, item.added_at) for item in items))


def drop(item_ids: Iterable[str]) -> tuple[Write, ...]:
    """Erase lines."""
    return tuple(Remove(ITEMS, item_id) for item_id in item_ids)


def undoable(undo: Undo, now: float) -> Write:
    """Remember how to take a change back."""
    return Put(UNDO, undo.list_id, undo, now)


def take_back(undo: Undo, now: float) -> tuple[Write, ...]:
    """Take a change back, once."""
    return (*drop(undo.take_away), *keep(undo.list_id, undo.put_back, now), Remove(UNDO, undo.list_id))


def after(items: Sequence[Item], undo: Undo) -> tuple[Item, ...]:
    """The lines of a list once a change has been taken back."""
    touched = {*undo.take_away, *(item.item_id for item in undo.put_back)}
    rest = [item for item in items if item.item_id not in touched]
    return tuple(sorted((*rest, *undo.put_back), key=lambda item: (item.added_at, item.item_id)))


_ARTICLES = re.compile(r"^(?:(?:the|some|a|an|any|my|more|of|few|couple)\s+)+", re.IGNORECASE)


def found_in(items: Iterable[Item], text: str) -> Item | None:
    """The line that is meant: the same thing, else the only one that holds its words; open ones before ticked ones."""
    ordered = sorted(items, key=lambda item: item.done)
    stems = {item.item_id: stem(item.text) for item in ordered}
    for item in ordered:
        if stems[item.item_id] == stem(text):
            return item
    wanted = set(stem(text).split())
    held = [item for item in ordered if wanted and wanted <= set(stems[item.item_id].split())]
    return held[0] if len({stems[item.item_id] for item in held}) == 1 else None


@lru_cache(maxsize=2048)
def stem(text: str) -> str:
    """What tells one thing from another: "the eggs" and "egg" are the same."""
    words = re.findall(r"[\w'-]+", _ARTICLES.sub("", text.strip()).lower())
    return " ".join(singular(word) for word in words)
