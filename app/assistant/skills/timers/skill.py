"""The skill of timers, alarms and reminders: words and buttons in, cards and changes out; the `Scheduler` rings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, tzinfo
from typing import cast

from app.aio.clock import LOCAL
from app.assistant.skills.parts import SkillParts
from app.assistant.skills.skill import Acted, Asked, Clarification, Data, Fetch, Plan, Proposal, Skill
from app.assistant.skills.timers import changing, reading, repeats, setting
from app.assistant.skills.timers.correcting import WITHIN_S, correction
from app.assistant.skills.timers.hands import Hands
from app.assistant.skills.timers.intents import CHANGE, SET_ALARM, SET_REMINDER, SET_TIMER, SHOW, SPEC
from app.assistant.skills.timers.reading import BY, NAME, TO, WHAT
from app.assistant.skills.timers.scheduler import Scheduler
from app.assistant.skills.timers.timer import TIMERS, Timer, What
from app.assistant.skills.timers.wording import kinds_of, state, when
from app.assistant.understanding.meaning import NO_VALUES, Guess, Value, Values
from app.assistant.wording import capital, joined
from app.contracts.cards import AnyCard
from app.contracts.skill_cards import ListCard, ListItem, TimerCard, TimerState
from app.memory.notebook import Write

LIST_CARD = "timers-list"
ONLY_WHILE_IT_RUNS = "It rings while Sotto runs: leave its window open, or `sotto listen` running."
"""For a command that answers one question and ends."""
SURE = 0.94
"""How sure words are meant for the timer that was set just now."""
_TOLD = 3
"""So many are told one by one; of more only the number, the rest is on the card."""


class TimersSkill(Skill):
    """Timers, alarms and reminders.

    Args:
        parts: Clock, notebook, whom to tell.
        zone: Whose clock on the wall; None for that of this machine.
    """

    spec = SPEC

    def __init__(self, parts: SkillParts, zone: tzinfo | None = None) -> None:
        self._notebook = parts.notebook
        self._hands = Hands(parts.clock, zone)
        self._zone = zone or LOCAL
        self._scheduler = Scheduler(parts, self._hands, zone)
        self._set: tuple[Timer, ...] = ()
        self._watched = False

    async def start(self) -> None:
        """Tell what was missed, and watch the clock from now on."""
        self._watched = True
        await self._scheduler.start()

    async def aclose(self) -> None:
        """Watch no longer."""
        await self._scheduler.aclose()

    async def claim(self, text: str, now: datetime) -> Guess | None:
        """Words that put right the one that was set a moment ago: "no, make it 8 minutes"."""
        if correction(text, now) is None:
            return None
        made_at = max((timer.made_at for timer in await self._notebook.entries(TIMERS, Timer)), default=0.0)
        return Guess(CHANGE, SURE) if 0.0 <= now.timestamp() - made_at <= WITHIN_S else None

    def values(self, intent: str, text: str, now: datetime) -> Values:
        """What the words say."""
        match intent:
            case "set_timer":
                return reading.timer_values(text, now)
            case "set_alarm":
                return reading.alarm_values(text, now)
            case "set_reminder":
                return reading.reminder_values(text, now)
            case "change_timer" if (put_right := correction(text, now)) is not None:
                return reading.correcting_values(put_right)
            case "show_timers" | "change_timer":
                return reading.change_values(text)
            case _:
                return NO_VALUES

    def fetches(self, asked: Asked) -> Sequence[Fetch]:
        """Those that are set, where they are needed."""
        if asked.intent not in (SHOW, CHANGE):
            return ()

        async def read() -> object:
            self._set = await self._notebook.entries(TIMERS, Timer)
            return self._set

        return (Fetch("timers", read, (), "The timers could not be read."),)

    def clarify(self, asked: Asked, data: Data) -> Clarification | None:
        """How long, when, what of, or which one."""
        if asked.intent in (SET_TIMER, SET_ALARM, SET_REMINDER):
            return setting.missing(asked)
        return changing.question(asked, _timers(data), self._hands) if asked.intent == CHANGE else None

    def read_answer(self, asked: Asked, slot: str, text: str) -> Value | None:
        """What an answer in the person's own words gives."""
        if slot == changing.WHICH:
            return changing.read_which(asked, text, self._set)
        return setting.read_answer(asked, slot, text)

    def propose(self, asked: Asked, data: Data) -> Proposal | None:
        """Ending several at once is asked about."""
        return changing.proposal(asked, _timers(data), self._hands) if asked.intent == CHANGE else None

    async def plan(self, asked: Asked, data: Data) -> Plan:
        """Set, show or change."""
        if asked.intent == SHOW:
            return await self._shown(asked, _timers(data), data.missing)
        if asked.intent == CHANGE:
            return await self._changed(asked, _timers(data))
        plan = setting.plan(asked, self._hands)
        return plan if self._watched or not plan.writes else replace(plan, notes=(ONLY_WHILE_IT_RUNS,))

    async def act(self, card: AnyCard, action: str, text: str) -> Acted | None:  # noqa: ARG002
        """The buttons of a timer, and those of the list."""
        verb, _, reference = action.partition(":")
        deeds = {
            "pause": "pause",
            "resume": "resume",
            "cancel": "cancel",
            "stop": "stop",
            "snooze": "snooze",
            "plus-minute": "add",
        }
        timer_id, deed = "", ""
        if isinstance(card, TimerCard) and verb in deeds:
            timer_id, deed = card.timer_id, deeds[verb]
        elif isinstance(card, ListCard) and verb == "remove":
            timer_id, deed = reference, "cancel"
        if not deed:
            return None
        by_s = float(reference) if verb == "snooze" and reference.isdigit() else None
        return await self._done(card, timer_id, deed, by_s)

    async def _done(self, card: AnyCard, timer_id: str, deed: str, by_s: float | None) -> Acted:
        """A button's work: the cards as they are then, what is written, and what is said to whoever said it aloud."""
        timer = await self._notebook.entry(TIMERS, timer_id, Timer)
        cards: list[AnyCard] = []
        writes: tuple[Write, ...] = ()
        spoken = "That is over already."
        if timer is not None:
            now = datetime.fromtimestamp(self._hands.now(), self._zone)
            change = changing.changed(timer, deed, by_s, self._hands, now)
            changed, writes = await self._of(timer, change)
            spoken = change.says or "All right."
            cards.append(changed)
        elif isinstance(card, TimerCard):  # it ended while the card was looked at
            gone = replace(card, state=TimerState.DONE, actions=(), revision=card.revision + 1)
            cards.append(gone)
        if isinstance(card, ListCard):
            rest = tuple(item for item in card.items if item.item_id != timer_id)
            cards.append(replace(card, items=rest, revision=card.revision + 1))
        return Acted(cards=tuple(cards), writes=writes, spoken=spoken)

    async def _of(self, timer: Timer, change: changing.Change) -> tuple[TimerCard, tuple[Write, ...]]:
        if change.timer is not None:
            return await self._scheduler.changed(change.timer)
        return await self._scheduler.ended(timer, change.state)

    async def _changed(self, asked: Asked, timers: Sequence[Timer]) -> Plan:
        found = changing.meant(asked, timers)
        if not found:
            return Plan(speech=changing.nothing_fits(asked, timers))
        by_s = asked.values.get(BY)
        seconds = float(by_s) if isinstance(by_s, int | float) else None
        cards: list[AnyCard] = []
        writes: list[Write] = []
        said: list[str] = []
        for timer in found:
            if changing.deed_of(asked) == "move":
                change = changing.moved_to(timer, str(asked.values.get(TO, "")), self._hands, asked.now)
            else:
                change = changing.changed(timer, changing.deed_of(asked), seconds, self._hands, asked.now)
            card, written = await self._of(timer, change)
            cards.append(card)
            writes.extend(written)
            said.append(change.says)
        speech = " ".join(each for each in dict.fromkeys(said) if each) if len(found) <= _TOLD else "All cancelled."
        return Plan(speech=speech or "All right.", cards=tuple(cards), writes=tuple(writes))

    async def _shown(self, asked: Asked, timers: Sequence[Timer], missing: Sequence[str]) -> Plan:
        named = replace(asked, values={key: asked.values[key] for key in (WHAT, NAME) if key in asked.values})
        found = changing.meant(named, timers) or changing.meant(replace(asked, values=_kind_of(asked)), timers)
        if not found:
            kind = f"{asked.values.get(WHAT, 'timer')}s"
            return Plan(speech="" if missing else f"There are no {kind} set.")
        before = await self._notebook.card(LIST_CARD)
        items = tuple(
            ListItem(
                item_id=timer.timer_id,
                text=capital(timer.name),
                when=_when(timer, self._hands, asked.now),
                checkable=False,
            )
            for timer in found
        )
        card = ListCard(
            card_id=LIST_CARD,
            list_id="timers",
            title="Timers, alarms and reminders",
            priority=85,
            items=items,
            revision=1 if before is None else before.revision + 1,
        )
        return Plan(speech=_told(found, self._hands, asked.now), cards=(card,))


def _timers(data: Data) -> tuple[Timer, ...]:
    return cast("tuple[Timer, ...]", data.found.get("timers", ()))


def _kind_of(asked: Asked) -> Values:
    """A question about one that is not there shows the others of its kind."""
    return {key: asked.values[key] for key in (WHAT,) if key in asked.values}


def _when(timer: Timer, hands: Hands, now: datetime) -> str:
    """The right column of the list."""
    again = repeats.in_words(timer.repeats)
    return f"{state(timer, hands, now)} ({again})" if again else state(timer, hands, now)


def _told(timers: Sequence[Timer], hands: Hands, now: datetime) -> str:
    """What is set, in a sentence."""
    if len(timers) > _TOLD:
        return f"You have {kinds_of(timers)}; the next is the {timers[0].name}, {state(timers[0], hands, now)}."
    return " ".join(_one(timer, hands, now) for timer in timers) if len(timers) == 1 else _several(timers, hands, now)


def _one(timer: Timer, hands: Hands, now: datetime) -> str:
    if timer.state is TimerState.RUNNING and timer.what is What.TIMER:
        return f"The {timer.name} has {state(timer, hands, now)}."
    if timer.state is TimerState.RUNNING:
        again = repeats.in_words(timer.repeats)
        return f"Your {timer.name} is set for {again or when(timer.due_at, now).removeprefix('at ')}."
    return f"The {timer.name} is {state(timer, hands, now)}."


def _several(timers: Sequence[Timer], hands: Hands, now: datetime) -> str:
    told = [f"the {timer.name}, {state(timer, hands, now)}" for timer in timers]
    return f"You have {kinds_of(timers)}: {joined(told)}."
