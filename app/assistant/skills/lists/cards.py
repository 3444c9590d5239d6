"""What lists and notes look like."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo

from app.assistant.skills.lists.store import NOTES_ID, Item, Note, Shelf, spoken_title, title_of
from app.assistant.understanding.recurring import clock_in_words
from app.assistant.wording import capital, joined
from app.contracts.card import CardAction, Emphasis
from app.contracts.cards import AnyCard
from app.contracts.skill_cards import ListCard, ListItem

SKILL = "lists"
OVERVIEW = "all-lists"
_READ_OUT = 6
"""So many things are read out; of more the number is told, the rest is on the card."""
_CLEAR_DONE = CardAction(
    action="clear-done", label="Clear ticked", says=("clear the ticked ones", "clear done", "remove the ticked ones")
)
_UNDO = CardAction(action="undo", label="Undo", says=("undo that", "take that back"), emphasis=Emphasis.QUIET)


def card_id(list_id: str) -> str:
    """The card of a list, always the same one."""
    return f"list-{list_id}"


def list_card(list_id: str, items: Sequence[Item], before: AnyCard | None, *, undo: bool) -> ListCard:
    """A list: what is open first, as it was added, then what is ticked off."""
    ordered = sorted(items, key=lambda item: (item.done, item.added_at, item.item_id))
    lines = tuple(ListItem(item_id=item.item_id, text=capital(item.text), done=item.done) for item in ordered)
    actions = (*((_CLEAR_DONE,) if any(item.done for item in items) else ()), *((_UNDO,) if undo else ()))
    return ListCard(
        card_id=card_id(list_id),
        turn_id="" if before is None else before.turn_id,
        priority=85,
        revision=1 if before is None else before.revision + 1,
        skill=SKILL,
        list_id=list_id,
        title=title_of(list_id),
        items=lines,
        empty_text="Nothing on it.",
        actions=actions,
    )


def notes_card(notes: Sequence[Note], before: AnyCard | None, zone: tzinfo | None) -> ListCard:
    """The notes, the newest first."""
    ordered = sorted(notes, key=lambda note: -note.made_at)
    lines = tuple(
        ListItem(item_id=note.note_id, text=note.text, when=_when(note, zone), checkable=False) for note in ordered
    )
    return ListCard(
        card_id=card_id(NOTES_ID),
        turn_id="" if before is None else before.turn_id,
        priority=85,
        revision=1 if before is None else before.revision + 1,
        skill=SKILL,
        list_id=NOTES_ID,
        title=title_of(NOTES_ID),
        items=lines,
        empty_text="There are no notes.",
    )


def overview_card(shelf: Shelf, before: AnyCard | None) -> ListCard:
    """Which lists there are."""
    lines = tuple(
        ListItem(
            item_id=each.list_id,
            text=each.title,
            when=_count(sum(not item.done for item in shelf.of(each.list_id)), "open"),
            checkable=False,
        )
        for each in shelf.lists
    )
    return ListCard(
        card_id=card_id(OVERVIEW),
        priority=85,
        revision=1 if before is None else before.revision + 1,
        skill=SKILL,
        list_id=OVERVIEW,
        title="Lists",
        items=lines,
        empty_text="There are no lists yet.",
    )


def read_out(list_id: str, items: Sequence[Item]) -> str:
    """What is on a list, in words."""
    still = [item.text for item in items if not item.done]
    name = f"your {spoken_title(list_id)}"
    if not items:
        return f"There is nothing on {name}."
    if not still:
        return f"Everything on {name} is ticked off."
    told = still if len(still) <= _READ_OUT else still[:_READ_OUT]
    rest = len(still) - len(told)
    more = "" if not rest else " One more is on the card." if rest == 1 else f" {rest} more are on the card."
    return f"On {name}: {joined(told) if not more else ', '.join(told)}.{more}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number else ""


def _when(note: Note, zone: tzinfo | None) -> str:
    """The moment a note speaks of, else the day it was made on."""
    if note.when is None:
        made = datetime.fromtimestamp(note.made_at, zone)
        return f"{made.day} {made:%b}"
    moment = datetime.fromtimestamp(note.when, zone)
    day = f"{moment:%a} {moment.day} {moment:%b}"
    return day if note.whole_day else f"{day}, {clock_in_words(moment.time())}"
