"""The skill of memory: what the person tells is kept, told back, listed and forgotten."""

from __future__ import annotations

import secrets
from collections.abc import Sequence, Set
from dataclasses import replace
from datetime import datetime
from typing import cast

from app.aio.clock import LOCAL
from app.assistant.skills.memory import reading
from app.assistant.skills.memory.facts import FACTS, Fact, answering, best, stems, subject
from app.assistant.skills.memory.intents import FORGET, RECALL, REMEMBER, SPEC
from app.assistant.skills.parts import SkillParts
from app.assistant.skills.skill import Acted, Asked, Clarification, Data, Fetch, Plan, Proposal, Skill
from app.assistant.skills.wording import second_person
from app.assistant.understanding.meaning import Guess, Value, Values
from app.assistant.wording import capital, joined, sentence
from app.contracts.card import CardAction, Emphasis
from app.contracts.cards import AnyCard
from app.contracts.skill_cards import ListCard, ListItem
from app.memory.notebook import CARDS, Put, Remove, Write, put_card

FACT, ABOUT, ALL = "fact", "about", "all"
CARD = "memory-facts"
LONGEST = 300
"""Characters of a fact."""
ANSWERS = 0.99
"""A fact answers a question when it holds all the words of it that say something."""
CONCERNS = 0.5
SURE = 0.93
_READ_OUT = 3


class MemorySkill(Skill):
    """What the person asked to remember.

    Args:
        parts: Clock and notebook.
    """

    spec = SPEC

    def __init__(self, parts: SkillParts) -> None:
        self._notebook = parts.notebook
        self._clock = parts.clock

    async def claim(self, text: str, now: datetime) -> Guess | None:  # noqa: ARG002
        """A question about the person that one of the facts answers."""
        if not reading.asks_of_self(text):
            return None
        facts = await self._notebook.entries(FACTS, Fact)
        return Guess(RECALL, SURE) if answering(facts, text) else None

    def values(self, intent: str, text: str, now: datetime) -> Values:  # noqa: ARG002
        """What is to be remembered, told or forgotten."""
        values: dict[str, Value] = {}
        if intent == REMEMBER and (words := reading.fact_of(text)):
            values[FACT] = words[:LONGEST]
        elif intent == RECALL and (about := reading.asked_about(text)):
            values[ABOUT] = about
        elif intent == FORGET and reading.everything(text):
            values[ALL] = True
        elif intent == FORGET and (about := reading.to_forget(text)):
            values[ABOUT] = about
        return values

    def fetches(self, asked: Asked) -> Sequence[Fetch]:  # noqa: ARG002
        """All facts."""

        async def facts() -> object:
            return await self._notebook.entries(FACTS, Fact)

        return (Fetch("facts", facts, (), "What I know about you could not be read.", kind="person"),)

    def clarify(self, asked: Asked, data: Data) -> Clarification | None:
        """What to remember, or to forget."""
        if asked.intent == REMEMBER and FACT not in asked.values:
            return Clarification(FACT, "What shall I remember?", ())
        if asked.intent == FORGET and not {ABOUT, ALL} & asked.values.keys() and _facts(data):
            return Clarification(ABOUT, "What shall I forget?", ())
        return None

    def read_answer(self, asked: Asked, slot: str, text: str) -> Value | None:
        """What an answer in the person's own words gives."""
        del asked
        return (reading.fact_of(text) if slot == FACT else reading.to_forget(text)) or None

    def propose(self, asked: Asked, data: Data) -> Proposal | None:
        """Forgetting more than one thing is asked about first."""
        found = _to_forget(asked, _facts(data)) if asked.intent == FORGET else ()
        if len(found) < 2 and not (found and asked.values.get(ALL) is True):
            return None
        what = "everything you told me" if len(found) == len(_facts(data)) else f"these {len(found)} things"
        preview = tuple(capital(second_person(fact.text)) for fact in found[:5])
        return Proposal(f"I'll forget {what}.", preview, weighty=True)

    async def plan(self, asked: Asked, data: Data) -> Plan:
        """Remember, tell, forget."""
        facts = _facts(data)
        if asked.intent == REMEMBER:
            return self._remembered(str(asked.values.get(FACT, "")), facts)
        if asked.intent == FORGET:
            return await self._forgotten(asked, facts)
        return await self._told(asked, facts, data.missing)

    async def act(self, card: AnyCard, action: str, text: str) -> Acted | None:  # noqa: ARG002
        """Forget one thing, or be asked about all of them."""
        verb, _, reference = action.partition(":")
        if not isinstance(card, ListCard):
            return None
        if verb == "remove":
            rest = tuple(item for item in card.items if item.item_id != reference)
            left = replace(card, items=rest, revision=card.revision + 1, actions=card.actions if rest else ())
            others, gone = await self._without({reference}, card.card_id)
            return Acted(cards=(left, *others), removed=gone, writes=(Remove(FACTS, reference),))
        if verb == "forget-all":
            now = datetime.fromtimestamp(self._clock.time(), LOCAL)
            return Acted(asked=Asked(FORGET, "Forget everything", {ALL: True}, now))
        return None

    def _remembered(self, words: str, facts: Sequence[Fact]) -> Plan:
        words = " ".join(words.split())[:LONGEST]
        if not words:
            return Plan(speech="There was nothing to remember.")
        about = subject(words)
        before = next((fact for fact in facts if about and subject(fact.text) == about), None)
        before = before or next((fact for fact in facts if fact.text.lower() == words.lower()), None)
        fact_id = secrets.token_hex(6) if before is None else before.fact_id
        fact = Fact(fact_id, words, self._clock.time())
        replaced = before is not None and before.text.lower() != words.lower()
        instead = f" Before, {second_person(before.text)}." if before is not None and replaced else ""
        speech = sentence(f"I'll remember that {second_person(words)}") + instead
        card = self._card((fact,), None, f"memory-{fact_id}-{int(fact.told_at)}", "Remembered")
        return Plan(speech=speech, cards=(card,), writes=(Put(FACTS, fact_id, fact, fact.told_at),))

    async def _told(self, asked: Asked, facts: Sequence[Fact], missing: Sequence[str]) -> Plan:
        if not facts:
            return Plan(speech="" if missing else "You have not asked me to remember anything yet.")
        about = str(asked.values.get(ABOUT, ""))
        found = (answering(facts, about) or best(facts, stems(about), CONCERNS)) if about else tuple(reversed(facts))
        if not found:
            return Plan(speech=f"I know nothing about {second_person(about)}.")
        told = [second_person(fact.text) for fact in found]
        if about:
            card = self._card(found, None, f"memory-{found[0].fact_id}-{self._clock.time():.0f}", "You told me")
            return Plan(speech=" ".join(sentence(each) for each in told[:_READ_OUT]), cards=(card,))
        before = await self._notebook.card(CARD)
        count = "one thing" if len(found) == 1 else f"{len(found)} things"
        rest = "" if len(told) <= _READ_OUT else " The rest is on the card."
        speech = f"You told me {count}: {joined(told[:_READ_OUT]) if not rest else ', '.join(told[:_READ_OUT])}.{rest}"
        return Plan(speech=speech, cards=(self._card(found, before),))

    async def _forgotten(self, asked: Asked, facts: Sequence[Fact]) -> Plan:
        found = _to_forget(asked, facts)
        if not found:
            return Plan(speech="I know nothing of the kind." if facts else "There is nothing to forget.")
        others, gone = await self._without({fact.fact_id for fact in found}, CARD)
        writes: list[Write] = [Remove(FACTS, fact.fact_id) for fact in found]
        writes += [put_card(card, self._clock.time()) for card in others]
        writes += [Remove(CARDS, card_id) for card_id in gone]
        speech = (
            sentence(f"Forgotten: {second_person(found[0].text)}")
            if len(found) == 1
            else f"Forgotten, all {len(found)} of them."
        )
        before = await self._notebook.card(CARD)
        rest = tuple(fact for fact in reversed(facts) if fact not in found)
        return Plan(speech=speech, cards=(self._card(rest, before),), writes=tuple(writes))

    async def _without(self, fact_ids: Set[str], but: str) -> tuple[tuple[ListCard, ...], tuple[str, ...]]:
        """All cards but one without what is forgotten, and the ids of those that hold nothing else."""
        kept: list[ListCard] = []
        gone: list[str] = []
        for card in await self._notebook.cards_of(SPEC.skill_id):
            if not isinstance(card, ListCard) or card.card_id == but:
                continue
            rest = tuple(item for item in card.items if item.item_id not in fact_ids)
            if not rest:
                gone.append(card.card_id)
            elif rest != card.items:
                kept.append(replace(card, items=rest, revision=card.revision + 1))
        return tuple(kept), tuple(gone)

    def _card(
        self,
        facts: Sequence[Fact],
        before: AnyCard | None = None,
        card_id: str = "",
        title: str = "What I know about you",
    ) -> ListCard:
        """Some facts; each can be deleted."""
        lines = tuple(
            ListItem(item_id=fact.fact_id, text=sentence(second_person(fact.text)), checkable=False) for fact in facts
        )
        forget = CardAction(
            action="forget-all",
            label="Forget everything",
            says=("forget everything about me",),
            emphasis=Emphasis.QUIET,
        )
        whole = not card_id
        return ListCard(
            card_id=card_id or CARD,
            turn_id="" if before is None else before.turn_id,
            priority=85,
            revision=1 if before is None else before.revision + 1,
            list_id="facts",
            title=title,
            items=lines,
            empty_text="Nothing yet. Say: remember that …",
            actions=(forget,) if whole and len(lines) > 1 else (),
        )


def _facts(data: Data) -> tuple[Fact, ...]:
    return cast("tuple[Fact, ...]", data.found.get("facts", ()))


def _to_forget(asked: Asked, facts: Sequence[Fact]) -> tuple[Fact, ...]:
    """What is meant: everything, the very words, or whatever has to do with it."""
    if asked.values.get(ALL) is True:
        return tuple(facts)
    about = str(asked.values.get(ABOUT, ""))
    same = tuple(fact for fact in facts if fact.text.lower() == about.lower())
    if same or not about:
        return same
    return best(facts, stems(about), ANSWERS) or best(facts, stems(about), CONCERNS)[:1]
