"""The skill of lists and notes: words and buttons in, cards and changes out."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, tzinfo
from typing import cast

from app.aio.clock import LOCAL
from app.assistant.skills.lists import cards, reading
from app.assistant.skills.lists.intents import ADD, CLEAR, NOTE, REMOVE, SHOW, SPEC
from app.assistant.skills.lists.store import (
    LISTS,
    NOTES,
    NOTES_ID,
    SHOPPING,
    UNDO,
    Item,
    Note,
    Shelf,
    Undo,
    after,
    drop,
    found_in,
    keep,
    read_shelf,
    spoken_title,
    stem,
    take_back,
    undoable,
)
from app.assistant.skills.parts import SkillParts
from app.assistant.skills.skill import Acted, Asked, Clarification, Data, Fetch, Plan, Proposal, Skill
from app.assistant.understanding.meaning import Guess, Value, Values
from app.assistant.understanding.moments import moment
from app.assistant.wording import capital, counted, joined
from app.contracts.cards import AnyCard
from app.contracts.skill_cards import Choice, ListCard
from app.memory.notebook import Put, Remove, Write

LIST, ITEMS, TICK, ONLY_DONE, TEXT = "list", "items", "tick", "only_done", "text"
TAKE_BACK, REST = "take_back", "rest"
SURE = 0.93
MOST_AT_ONCE = 50
"""Things that one sentence can add."""
_MOST_CHOICES = 5
_READ_OUT = 6
_DAYS_ARE_LONG_PAST_S = 86400.0


class ListsSkill(Skill):
    """Lists and notes.

    Args:
        parts: Clock and notebook.
        zone: Whose clock on the wall; None for that of this machine.
    """

    spec = SPEC

    def __init__(self, parts: SkillParts, zone: tzinfo | None = None) -> None:
        self._notebook = parts.notebook
        self._clock = parts.clock
        self._zone = zone or LOCAL

    async def claim(self, text: str, now: datetime) -> Guess | None:  # noqa: ARG002
        """Taking the last change back, also after a new start, when no card is at hand that could hear it."""
        if not reading.undoes(text) or not await self._notebook.entries(UNDO, Undo, limit=1):
            return None
        return Guess(REMOVE, SURE)

    def values(self, intent: str, text: str, now: datetime) -> Values:  # noqa: ARG002
        """Which list, which things."""
        values: dict[str, Value] = {}
        if intent == NOTE:
            if words := reading.note_text(text):
                values[TEXT] = words
            return values
        if intent in (ADD, REMOVE):
            text, rest = reading.one_list(text)
            if rest:
                values[REST] = rest
        if named := reading.which_list(text):
            values[LIST] = named
        if intent == ADD and (items := reading.added(text)):
            values[ITEMS] = items
        if intent == REMOVE and reading.undoes(text):
            return {TAKE_BACK: True}
        if intent == REMOVE:
            values[TICK] = reading.ticks(text)
            if items := reading.removed(text):
                values[ITEMS] = items
        if intent == CLEAR and reading.only_done(text):
            values[ONLY_DONE] = True
        return values

    def fetches(self, asked: Asked) -> Sequence[Fetch]:
        """Everything that is kept."""
        if asked.intent == NOTE:
            return ()

        async def shelf() -> object:
            return await read_shelf(self._notebook)

        return (Fetch("shelf", shelf, Shelf(), "Your lists could not be read."),)

    def clarify(self, asked: Asked, data: Data) -> Clarification | None:
        """What to add, and which list when nobody can tell."""
        if asked.intent == NOTE:
            return None if TEXT in asked.values else Clarification(TEXT, "What shall I note?", ())
        if asked.values.get(TAKE_BACK) is True:
            return None
        if asked.intent in (ADD, REMOVE) and ITEMS not in asked.values:
            verb = "add" if asked.intent == ADD else "take off"
            return Clarification(ITEMS, f"What shall I {verb}?", ())
        names = [name for name in _shelf(data).names() if name != NOTES_ID]
        if asked.intent == SHOW or LIST in asked.values or len(names) < 2 or _list_of(asked, _shelf(data), sure=True):
            return None
        choices = (
            Choice(value=name, label=spoken_title(name).capitalize(), says=(name,), default=not place)
            for place, name in enumerate(names[:_MOST_CHOICES])
        )
        return Clarification(LIST, "On which list?" if asked.intent == ADD else "Which list?", tuple(choices))

    def read_answer(self, asked: Asked, slot: str, text: str) -> Value | None:  # noqa: ARG002
        """What an answer in the person's own words gives."""
        if slot == ITEMS:
            return reading.added(text) or None
        if slot == LIST:
            return reading.which_list(text) or reading.known_name(text) or None
        return text.strip() or None

    def propose(self, asked: Asked, data: Data) -> Proposal | None:
        """Emptying a list is asked about first."""
        if asked.intent != CLEAR:
            return None
        shelf = _shelf(data)
        list_id = _list_of(asked, shelf)
        if list_id == NOTES_ID:
            texts = [note.text for note in shelf.notes]
        else:
            items = _to_clear(asked, shelf.of(list_id))
            texts = [item.text for item in items]
        if not texts:
            return None
        count = {1: "the only line", 2: "both lines"}.get(len(texts), f"all {len(texts)} lines")
        if asked.values.get(ONLY_DONE) is True:
            count = "what is ticked off"
        name = "your notes" if list_id == NOTES_ID else f"your {spoken_title(list_id)}"
        return Proposal(f"I'll delete {count} of {name}.", tuple(texts[:5]), weighty=True)

    async def plan(self, asked: Asked, data: Data) -> Plan:
        """Add, tick off, show, clear, note; of a sentence about two lists the first."""
        plan = await self._plan(asked, _shelf(data))
        rest = str(asked.values.get(REST, ""))
        return replace(plan, notes=(*plan.notes, f'One list at a time, please. Not done: "{rest}".')) if rest else plan

    async def _plan(self, asked: Asked, shelf: Shelf) -> Plan:
        match asked.intent:
            case "remove_from_list" if asked.values.get(TAKE_BACK) is True:
                return await self._taken_back(shelf)
            case "add_to_list":
                return await self._add(asked, shelf)
            case "remove_from_list":
                return await self._remove(asked, shelf)
            case "clear_list":
                return await self._clear(asked, shelf)
            case "take_note":
                return self._note(asked)
            case _:
                return await self._show(asked, shelf)

    async def act(self, card: AnyCard, action: str, text: str) -> Acted | None:  # noqa: ARG002
        """Tick, take away, undo, clear what is ticked."""
        verb, _, reference = action.partition(":")
        if not isinstance(card, ListCard) or verb not in ("check", "remove", "undo", "clear-done"):
            return None
        shelf = await read_shelf(self._notebook)
        if card.list_id == NOTES_ID:
            notes = tuple(note for note in shelf.notes if note.note_id != reference)
            if verb != "remove":
                return None
            writes: tuple[Write, ...] = (Remove(NOTES, reference),)
            if card.card_id != cards.card_id(NOTES_ID):  # the card of a single note, just made
                return Acted(removed=(card.card_id,), writes=writes)
            return Acted(cards=(cards.notes_card(notes, card, self._zone),), writes=writes)
        items = shelf.of(card.list_id)
        if verb == "undo":
            return await self._undo(card, items)
        picked = [item for item in items if (item.done if verb == "clear-done" else item.item_id == reference)]
        if card.list_id == cards.OVERVIEW:
            return None
        if verb == "check":
            ticked = [replace(item, done=not item.done) for item in picked]
            rest = _with(items, ticked)
            writes = keep(card.list_id, ticked, self._clock.time())
            return Acted(cards=(cards.list_card(card.list_id, rest, card, undo=False),), writes=writes)
        rest = tuple(item for item in items if item not in picked)
        undo = Undo(card.list_id, put_back=tuple(picked))
        writes = (*drop(item.item_id for item in picked), undoable(undo, self._clock.time()))
        return Acted(cards=(cards.list_card(card.list_id, rest, card, undo=True),), writes=writes)

    async def _taken_back(self, shelf: Shelf) -> Plan:
        """The change that was made last, on whatever list."""
        undos = await self._notebook.entries(UNDO, Undo, limit=1, newest_first=True)
        if not undos:
            return Plan(speech="There is nothing to undo.")
        (undo,) = undos
        rest = after(shelf.of(undo.list_id), undo)
        card = cards.list_card(undo.list_id, rest, await self._card(undo.list_id), undo=False)
        speech = f"Undone. {cards.read_out(undo.list_id, rest)}"
        return Plan(speech=speech, cards=(card,), writes=take_back(undo, self._clock.time()))

    async def _undo(self, card: ListCard, items: Sequence[Item]) -> Acted:
        undo = await self._notebook.entry(UNDO, card.list_id, Undo)
        if undo is None:
            return Acted(say="There is nothing to undo.")
        rest = after(items, undo)
        changed = cards.list_card(card.list_id, rest, card, undo=False)
        return Acted(cards=(changed,), writes=take_back(undo, self._clock.time()), say="Undone.")

    async def _add(self, asked: Asked, shelf: Shelf) -> Plan:
        now = self._clock.time()
        list_id = _list_of(asked, shelf)
        if list_id == NOTES_ID:
            return self._note(asked.having({TEXT: ", ".join(_items(asked))}))
        there = shelf.of(list_id)
        by_stem = {stem(item.text): item for item in reversed(there)}
        seen: set[str] = set()
        new: list[Item] = []
        back: list[Item] = []
        known: list[str] = []
        for number, text in enumerate(_items(asked)[:MOST_AT_ONCE]):
            what = stem(text)
            same = by_stem.get(what)
            if what in seen:
                continue
            seen.add(what)
            if same is None:
                new.append(Item(secrets.token_hex(6), list_id, text, now + number * 1e-3))
            elif same.done:  # it was ticked off, and is wanted again
                back.append(replace(same, done=False, added_at=now + number * 1e-3))
            else:
                known.append(same.text)
        name = f"your {spoken_title(list_id)}"
        said = ["That was a lot: only the first 50 things."] if len(_items(asked)) > MOST_AT_ONCE else []
        added = [item.text for item in (*new, *back)]
        said += [f"{capital(_told(added))} added to {name}."] if added else []
        if known:
            said.append(f"You already have {_told(known)} on {name}.")
        undo = Undo(list_id, tuple(item for item in there if any(item.item_id == each.item_id for each in back)),
                    tuple(item.item_id for item in new))  # fmt: skip
        writes = (*keep(list_id, (*new, *back), now), undoable(undo, now))
        card = cards.list_card(list_id, _with(there, (*new, *back)), await self._card(list_id), undo=bool(new or back))
        return Plan(speech=" ".join(said), cards=(card,), writes=writes)

    async def _remove(self, asked: Asked, shelf: Shelf) -> Plan:
        now = self._clock.time()
        list_id = _list_of(asked, shelf)
        there = shelf.of(list_id)
        wanted = {text: found_in(there, text) for text in _items(asked)}
        found = [item for item in wanted.values() if item is not None]
        lost = [text for text, item in wanted.items() if item is None]
        name = f"your {spoken_title(list_id)}"
        said = [f"{capital(joined(lost))} {'is' if len(lost) == 1 else 'are'} not on {name}."] if lost else []
        if not found:
            return Plan(speech=" ".join(said))
        words = capital(_told([item.text for item in found]))
        undo = Undo(list_id, put_back=tuple(found))
        writes: tuple[Write, ...]
        if asked.values.get(TICK) is True:
            ticked = [replace(item, done=True) for item in found]
            rest = _with(there, ticked)
            said.insert(0, f"{words} ticked off.")
            writes = (*keep(list_id, ticked, now), undoable(undo, now))
        else:
            rest = tuple(item for item in there if item not in found)
            said.insert(0, f"{words} taken off {name}.")
            writes = (*drop(item.item_id for item in found), *keep(list_id, (), now), undoable(undo, now))
        card = cards.list_card(list_id, rest, await self._card(list_id), undo=True)
        return Plan(speech=" ".join(said), cards=(card,), writes=writes)

    async def _clear(self, asked: Asked, shelf: Shelf) -> Plan:
        list_id = _list_of(asked, shelf)
        if list_id == NOTES_ID:
            gone = tuple(Remove(NOTES, note.note_id) for note in shelf.notes)
            card = cards.notes_card((), await self._card(list_id), self._zone)
            return Plan(speech="Your notes are deleted." if gone else "There are no notes.", cards=(card,), writes=gone)
        items = _to_clear(asked, shelf.of(list_id))
        if not items:
            return Plan(speech=f"There is nothing to clear on your {spoken_title(list_id)}.")
        rest = tuple(item for item in shelf.of(list_id) if item not in items)
        undo = Undo(list_id, put_back=items)
        writes: list[Write] = [*drop(item.item_id for item in items), undoable(undo, self._clock.time())]
        if not rest and list_id != SHOPPING:
            writes.append(Remove(LISTS, list_id))
        card = cards.list_card(list_id, rest, await self._card(list_id), undo=True)
        name = f"Your {spoken_title(list_id)}"
        left = f" {len(rest)} left." if rest else ""
        speech = f"{name} is empty." if not rest else f"Ticked lines removed.{left}"
        return Plan(speech=speech, cards=(card,), writes=tuple(writes))

    async def _show(self, asked: Asked, shelf: Shelf) -> Plan:
        named = str(asked.values.get(LIST, ""))
        if not named and _wants_overview(asked.text):
            card = cards.overview_card(shelf, await self._card(cards.OVERVIEW))
            names = joined([spoken_title(name) for name in shelf.names()])
            return Plan(speech=f"Your lists: {names}." if names else "There are no lists yet.", cards=(card,))
        list_id = _list_of(asked, shelf)
        before = await self._card(list_id)
        if list_id == NOTES_ID:
            notes = sorted(shelf.notes, key=lambda note: -note.made_at)
            count = f"You have {counted(len(notes), 'note')}. " if notes else ""
            latest = f"The latest: {notes[0].text}" if notes else "There are no notes."
            return Plan(speech=f"{count}{latest}", cards=(cards.notes_card(notes, before, self._zone),))
        items = shelf.of(list_id)
        speech = cards.read_out(list_id, items)
        if (thing := reading.asks_about(asked.text)) and (found := found_in(items, thing)) is not None:
            state = "was ticked off on" if found.done else "is on"
            speech = f"Yes, {found.text} {state} your {spoken_title(list_id)}."
        elif thing:
            speech = f"No, {thing} is not on your {spoken_title(list_id)}."
        return Plan(speech=speech, cards=(cards.list_card(list_id, items, before, undo=False),))

    def _note(self, asked: Asked) -> Plan:
        now = self._clock.time()
        text = str(asked.values.get(TEXT, "")).strip()
        if not text:
            return Plan(speech="There was nothing to note.")
        said = moment(text, asked.now)
        ahead = said is not None and said.at.timestamp() > now - _DAYS_ARE_LONG_PAST_S
        note = Note(
            secrets.token_hex(6),
            text,
            now,
            when=said.at.timestamp() if said is not None and ahead else None,
            whole_day=said is not None and ahead and not said.has_time,
            about=reading.without_moment(text, said.spans) if said is not None and ahead else "",
        )
        card = replace(
            cards.notes_card((note,), None, self._zone), card_id=f"note-{note.note_id}", title="Noted", list_id=NOTES_ID
        )
        return Plan(speech="Noted.", cards=(card,), writes=(Put(NOTES, note.note_id, note, now),))

    async def _card(self, list_id: str) -> AnyCard | None:
        return await self._notebook.card(cards.card_id(list_id))


def _shelf(data: Data) -> Shelf:
    return cast("Shelf", data.found.get("shelf", Shelf()))


def _told(texts: Sequence[str]) -> str:
    """Things as they are read out: all of them, or how many."""
    return joined(texts) if len(texts) <= _READ_OUT else f"{len(texts)} things"


def _items(asked: Asked) -> tuple[str, ...]:
    items = asked.values.get(ITEMS, ())
    return items if isinstance(items, tuple) else (str(items),)


def _list_of(asked: Asked, shelf: Shelf, *, sure: bool = False) -> str:
    """Which list is meant: the one that is named, the one that holds the things, the one used last.

    Args:
        asked: The request.
        shelf: What there is.
        sure: Only one that leaves no doubt; empty when there is none.
    """
    if named := str(asked.values.get(LIST, "")):
        return named
    names = [name for name in shelf.names() if name != NOTES_ID]
    if asked.intent == REMOVE:
        holding = [name for name in names if all(found_in(shelf.of(name), text) for text in _items(asked))]
        if len(holding) == 1:
            return holding[0]
    if len(names) == 1 or (names and not sure):
        return names[0]
    return "" if sure else SHOPPING


def _to_clear(asked: Asked, items: Sequence[Item]) -> tuple[Item, ...]:
    return tuple(item for item in items if item.done or asked.values.get(ONLY_DONE) is not True)


def _with(items: Sequence[Item], changed: Sequence[Item]) -> tuple[Item, ...]:
    """The lines of a list with some of them changed or new."""
    touched = {item.item_id for item in changed}
    return (*(item for item in items if item.item_id not in touched), *changed)


def _wants_overview(text: str) -> bool:
    lower = text.lower()
    return "lists" in lower
