"""The scripted day: what is asked when, how long people think, and what happened.

People pause: they read, decide, and speak a word every third of a second. All pauses are shortened by `QUICKER`, so
that a day ends within minutes; the work is not. What is made ahead has so much less time than with people.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.assistant.speculation.predictor import hour_band
from app.bench.staged_house import House
from app.bench.staged_people import Person
from app.contracts.events import CardUpserted, Complete, TextDelta, TurnEvent, TurnFailed, Understood
from app.contracts.skill_cards import ClarificationCard, PrePlanCard, SessionPlanCard
from app.settings.paths import asset

QUICKER = 5.0
WORD_S = 0.33
"""A spoken word, and a look of the recogniser at the words so far."""
LOST = 0.04
"""Share of spoken words that the recogniser does not hear."""
READS_S, LONGEST_READ_S = 2.0, 6.0
"""Median of a pause before a decision or the next request, and the longest one."""
HOURS = (7, 12, 18)
"""When the scenes of a day begin: morning, midday, evening."""
MOST_ANSWERS = 6
"""Turns that one request leads to at most."""


@dataclass(frozen=True, slots=True)
class Request:
    """Something that is asked for: the words, the intent that is meant, the hour bands, how often."""

    text: str
    meant: str
    when: tuple[str, ...] = ()
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Script:
    """The day as it ships: requests, what is said at its begin, and what the language model answers."""

    requests: tuple[Request, ...]
    first: tuple[Request, ...]
    answers: dict[str, str]
    otherwise: str


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn as it went.

    Attributes:
        kind: ``request``, ``answer`` to a question, or the verb of a decision: ``proceed``, ``modify``, ``cancel``.
        events: All of them.
        as_meant: A request was taken for what was meant; other turns are.
        spoken: The words were heard one after the other before the turn.
        content: The person would give it a thumbs up.
    """

    kind: str
    events: Sequence[TurnEvent]
    as_meant: bool
    spoken: bool
    content: bool


def script() -> Script:
    """The script that ships with the program."""
    data = json.loads(asset("bench/staged/day.json").read_text(encoding="utf-8"))

    def requests(entries: Sequence[Mapping[str, object]]) -> tuple[Request, ...]:
        return tuple(
            Request(str(e["text"]), str(e["meant"]), tuple(e.get("when", ())), float(e.get("weight", 1.0)))  # type: ignore[arg-type]
            for e in entries
        )

    return Script(requests(data["requests"]), requests(data["first"]), data["answers"], data["otherwise"])


class Day:
    """One person's day.

    Args:
        house: Their assistant.
        person: They.
        plan: What may be asked.
        seed: Draws the requests; what they choose is drawn by themselves.
        begins: Its first moment.
    """

    def __init__(self, house: House, person: Person, plan: Script, seed: int, begins: datetime) -> None:
        self._house = house
        self._person = person
        self._plan = plan
        self._chance = random.Random(f"{seed} {person.name} day")  # noqa: S311 - the same day every time
        self._begins = begins
        self.turns: list[Turn] = []

    async def live(self, turns: int) -> list[Turn]:
        """Ask, answer and decide until so many turns are over, scene after scene and day after day."""
        for request in self._plan.first:
            await self._ask(request)
        scene, scenes = 0, max(3, turns // 8)
        while len(self.turns) < turns:
            at = self._begins.replace(hour=HOURS[scene % len(HOURS)]) + timedelta(days=scene // len(HOURS))
            self._house.clock.go_to(at)
            band = hour_band(at)
            until = len(self.turns) + max(4, turns // scenes)
            while len(self.turns) < min(until, turns):
                fitting = [request for request in self._plan.requests if band in request.when]
                request = self._chance.choices(fitting, [each.weight for each in fitting])[0]
                await self._ask(request)
            scene += 1
        return self.turns

    async def _ask(self, request: Request) -> None:
        """One request and everything it leads to."""
        await self._pause()
        spoken = self._person.chance.random() < self._person.speaks
        words = request.text.split()
        if spoken:
            words = [word for word in words if self._person.chance.random() >= LOST] or words
            for end in range(1, len(words) + 1):
                self._house.staged.hear(" ".join(words[:end]))
                await asyncio.sleep(WORD_S / QUICKER)
        await self._note(self._house.assistant.ask(" ".join(words)), "request", request.meant, spoken=spoken)
        for _ in range(MOST_ANSWERS):
            pending = self._house.staged.pending
            if pending is None:
                return
            await self._pause()
            await self._answer(pending.card)

    async def _answer(self, card: ClarificationCard | PrePlanCard) -> None:
        """Answer the card that waits: half of the time by its button, else in words."""
        if isinstance(card, ClarificationCard):
            pending = self._house.staged.pending
            slot = f"{pending.asked.intent if pending else ''}.{card.slot}"
            choice = self._person.choose(slot, card.choices, hour_band(self._house.clock.now()))
            action, words, kind = f"answer:{choice.value}", choice.label, "answer"
        else:
            decision = self._person.decide(card.actions)
            action, words, kind = decision.action, decision.label, decision.action
        if self._person.chance.random() < self._person.speaks:
            await self._note(self._house.assistant.ask(words), kind)
        else:
            self._house.assistant.act(card.card_id, action)
            await self._note(self._house.diary.newest, kind)

    async def _note(self, turn_id: str, kind: str, meant: str = "", *, spoken: bool = False) -> None:
        events = await self._house.diary.end_of(turn_id)
        taken = next((event.intent for event in events if isinstance(event, Understood)), meant)
        failed = any(isinstance(event, TurnFailed) for event in events)
        as_meant = not meant or taken == meant
        content = self._person.content(as_meant=as_meant, failed=failed, first_ms=first_content_ms(events))
        self.turns.append(Turn(kind, events, as_meant, spoken, content))
        await self._use_cards(events)

    async def _use_cards(self, events: Sequence[TurnEvent]) -> None:
        """Train a little: tick sets off, now and then to the end."""
        shown = [event.card for event in events if isinstance(event, CardUpserted)]
        session = next((card for card in reversed(shown) if isinstance(card, SessionPlanCard)), None)
        if session is None or not any(isinstance(event, Complete) for event in events):
            return
        for action in [each.action for each in session.actions][:2]:
            if action.startswith("set-done") or self._chance.random() < 0.3:
                await self._pause()
                self._house.assistant.act(session.card_id, action)

    async def _pause(self) -> None:
        """As long as people need to read and decide, shortened."""
        seconds = min(LONGEST_READ_S, self._person.chance.lognormvariate(0.0, 0.5) * READS_S)
        await asyncio.sleep(seconds / QUICKER)


def first_content_ms(events: Sequence[TurnEvent]) -> float:
    """When the first card of the answer, or its first word, was there: milliseconds from the begin of the turn."""
    for event in events:
        if isinstance(event, TextDelta):
            return event.t_ms
        if isinstance(event, CardUpserted) and event.card.kind not in ("question", "status", "answer"):
            return event.t_ms
    return events[-1].t_ms if events else 0.0
