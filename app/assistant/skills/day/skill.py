"""The skill of the day: an agenda with its free time, on a card and in a few sentences."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import cast

from app.aio.clock import LOCAL
from app.assistant.skills.day.agenda import PARTS, Entry, Slot, entries_of, free_slots, within
from app.assistant.skills.lists.store import NOTES, Note
from app.assistant.skills.parts import SkillParts
from app.assistant.skills.skill import Acted, Asked, Data, Fetch, Intent, Plan, Skill, SkillSpec
from app.assistant.skills.timers.timer import TIMERS, Timer, What
from app.assistant.skills.wording import inside, second_person
from app.assistant.understanding.meaning import Value, Values
from app.assistant.understanding.moments import day
from app.assistant.wording import capital, joined
from app.contracts.card import CardAction
from app.contracts.cards import AnyCard
from app.contracts.skill_cards import ListCard, ListItem

PLAN_DAY = "plan_day"
DAY = "day"
"""The slot: a day, ISO."""
PART = "part"
"""Another one: the part of it that was asked about, one of `app.assistant.skills.day.agenda.PARTS`."""
_PART = re.compile(r"(?<!good )\b(?:to)?(?P<part>morning|afternoon|evening|night)\b")
_READ_OUT = 6
_ASKS = (
    "what do i have|what have i got|do i have anything|what(?:'s| is) (?:planned|coming up|on(?! tv| the radio| at))"
)
_WEEK = 7


class DaySkill(Skill):
    """The day ahead.

    Args:
        parts: Clock and notebook.
    """

    spec = SkillSpec(
        "day",
        "Day planner",
        "Your day from reminders, alarms and notes, with the time that is free.",
        (
            Intent(
                PLAN_DAY,
                (
                    "plan my day",
                    "what's on my agenda",
                    "what do I have today",
                    "what does tomorrow look like",
                    "what is planned for Friday",
                    "do I have anything on Monday",
                    "show my schedule for tomorrow",
                    "am I free this afternoon",
                    "when am I free tomorrow",
                    "how does my day look",
                    "give me an overview of today",
                    "what's coming up today",
                    "read my calendar for tomorrow",
                ),
                patterns=(
                    r"\b(?:my|today's|tomorrow's) (?:agenda|schedule|calendar|appointments)\b",
                    r"(?<!is )\bmy day\b(?! (?:job|off|star))",
                    r"\bplan (?:my|the|for) (?:\w+'s )?(?:day|today|tomorrow)\b|\bplan (?:today|tomorrow)\b",
                    rf"\b(?:{_ASKS})\b.*\b(?:today|tomorrow|tonight|(?:mon|tues|wednes|thurs|fri|satur|sun)day|this|next)\b",
                    r"\b(?:am i|when am i|when do i have|do i have) (?:free|busy|time)\b",
                    r"\b(?:what|how) does (?:(?:my|this|next|the) )?(?:day|week|today|tomorrow|\w+day) look\b",
                ),
                against=(
                    r"\b(?:add|remind|set|create|workout|exercise|training|list|weather|news|date|happened|history|routine)\b",
                    r"\b(?:tv|telly|television|cinema|movies|theatre|theater|radio|netflix|your|star sign)\b",
                    r"\b(?:timers?|alarms?|reminders?)\b",
                ),
                description="Plan the day",
            ),
        ),
    )

    def __init__(self, parts: SkillParts) -> None:
        self._notebook = parts.notebook
        self._clock = parts.clock
        self._seen = 0
        parts.notebook.subscribe(self._note)

    def values(self, intent: str, text: str, now: datetime) -> Values:  # noqa: ARG002
        """Which day."""
        found = day(text, now)
        values: dict[str, Value] = {}
        if found is not None:
            values[DAY] = found.isoformat()
        if (part := _PART.search(text.lower())) is not None:
            values[PART] = part["part"]
        return values

    def fetches(self, asked: Asked) -> Sequence[Fetch]:  # noqa: ARG002
        """What is set, and what is noted."""

        async def timers() -> object:
            return await self._notebook.entries(TIMERS, Timer)

        async def notes() -> object:
            return await self._notebook.entries(NOTES, Note)

        key = (self._seen,)
        return (
            Fetch("timers", timers, (), "Your reminders and alarms could not be read.", key=key),
            Fetch("notes", notes, (), "Your notes could not be read.", key=key),
        )

    async def plan(self, asked: Asked, data: Data) -> Plan:
        """The agenda of the day that was asked for, today unless told."""
        on = _day(asked)
        timers = cast("tuple[Timer, ...]", data.found.get("timers", ()))
        notes = cast("tuple[Note, ...]", data.found.get("notes", ()))
        entries = entries_of(on, timers, notes, asked.now)
        slots = free_slots(on, entries, asked.now) if on >= asked.now.date() else ()
        lines = [
            ListItem(item_id=entry.reference, text=capital(entry.text), when=entry.when, checkable=False)
            for entry in entries
        ]
        lines += [
            ListItem(item_id=f"free-{number}", text="Free", when=slot.in_words(), checkable=False)
            for number, slot in enumerate(slots)
        ]
        card_id = f"day-{on.isoformat()}"
        before = await self._notebook.card(card_id)
        card = ListCard(
            card_id=card_id,
            priority=85,
            revision=1 if before is None else before.revision + 1,
            list_id="day",
            title=f"{capital(_name(on, asked.now))}, {on.day} {on:%B}",
            items=tuple(_by_time(lines, entries, slots)),
            empty_text="Nothing is planned.",
            actions=(_next_day(on),),
        )
        name, part = capital(_name(on, asked.now)), str(asked.values.get(PART, ""))
        if part in PARTS:  # the card shows the whole day, the voice tells what was asked
            name = _name_of_part(name, part)
            entries = within(entries, part)
            slots = free_slots(on, entries, asked.now, PARTS[part]) if slots else ()
        return Plan(speech=_told(name, entries, slots, past=on < asked.now.date()), cards=(card,))

    async def act(self, card: AnyCard, action: str, text: str) -> Acted | None:  # noqa: ARG002
        """Go on to the day after."""
        verb, _, reference = action.partition(":")
        if verb != DAY or not isinstance(card, ListCard):
            return None
        now = datetime.fromtimestamp(self._clock.time(), LOCAL)
        asked = Asked(PLAN_DAY, f"My day on {reference}", {DAY: reference}, now)
        return Acted(asked=asked)

    def _note(self, collections: frozenset[str]) -> None:
        """Data fetched before is out of date: it belongs to other skills, whose changes are counted here."""
        if collections & {TIMERS, NOTES}:
            self._seen += 1


def _day(asked: Asked) -> date:
    try:
        return date.fromisoformat(str(asked.values.get(DAY, "")))
    except ValueError:
        return asked.now.date()


def _next_day(on: date) -> CardAction:
    after = on + timedelta(days=1)
    return CardAction(action=f"{DAY}:{after.isoformat()}", label="Next day", says=("and the next day", "the day after"))


def _name(on: date, now: datetime) -> str:
    """A day as one tells it: "today", "tomorrow", "Friday", "Monday 3 May"."""
    days = (on - now.date()).days
    if days in (-1, 0, 1):
        return ("yesterday", "today", "tomorrow")[days + 1]
    return f"{on:%A}" if 0 < days < _WEEK else f"{on:%A} {on.day} {on:%B}"


def _by_time(lines: Sequence[ListItem], entries: Sequence[Entry], slots: Sequence[Slot]) -> list[ListItem]:
    """Entries and free time in one row."""
    begins = [entry.at.timestamp() if entry.at is not None else 0.0 for entry in entries]
    begins += [slot.begin.timestamp() for slot in slots]
    order = sorted(range(len(lines)), key=lambda place: (begins[place], place))
    return [lines[place] for place in order]


def _name_of_part(name: str, part: str) -> str:
    """A part of a day that has a name: "This afternoon", "Tonight", "Friday morning"."""
    if name == "Today":
        return "Tonight" if part == "night" else f"This {part}"
    return f"{name} {part}"


def _told(name: str, entries: Sequence[Entry], slots: Sequence[Slot], *, past: bool) -> str:
    """The day in a few sentences."""
    if not entries:
        return f"{name} nothing {'was' if past else 'is'} planned."
    told = [_one(entry) for entry in entries[:_READ_OUT]]
    rest = len(entries) - len(told)
    more = f", and {rest} more" if rest else ""
    things = "one thing" if len(entries) == 1 else f"{len(entries)} things"
    words = f"{name} you {'had' if past else 'have'} {things}: {joined(told) if not rest else ', '.join(told)}{more}."
    if not slots:
        return words
    free = joined([f"from {slot.in_words()}" for slot in slots[:3]])
    return f"{words} You are free {free}."


def _one(entry: Entry) -> str:
    what = "an alarm" if entry.what == What.ALARM.value and entry.text == "Alarm" else second_person(inside(entry.text))
    return f"{what} all day" if entry.at is None else f"{what} at {entry.when}"
