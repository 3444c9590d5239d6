"""Does what the buttons of the skills' cards say, also when it is said aloud."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from dataclasses import dataclass, replace

from app.assistant.skills.skill import Acted, Asked, Skill
from app.assistant.staged.dialogue import expired
from app.assistant.staged.making import broke
from app.assistant.staged.matching import Sayable, exactly
from app.assistant.staged.skillset import SkillSet
from app.assistant.staged.stage import Clock, Work
from app.assistant.turn import Responded
from app.contracts.cards import AnyCard
from app.contracts.errors import InvalidInput, SottoError
from app.contracts.events import CardChanged, CardRemoved, CardUpserted, SystemEvent, TurnEvent
from app.contracts.skill_cards import AlternativesCard, ClarificationCard, PrePlanCard, SessionPlanCard
from app.memory.notebook import CARDS, Notebook, Remove, put_card

log = logging.getLogger(__name__)

TOO_LATE = "That was asked a while ago. Please ask again."
AT_HAND = 200
"""Cards that are remembered without asking the notebook."""
NEWEST_IS_MEANT = (SessionPlanCard, AlternativesCard)
"""Cards of which only the newest is in use: "next set done" is said to that one. Two timers have to be told apart."""
WITHIN_EARSHOT = 12
"""Of the newest cards so many can be worked by voice."""


@dataclass(frozen=True, slots=True)
class Done:
    """What an action came to: cards shown and removed already; what remains to be said, only aloud, or asked next."""

    cards: tuple[AnyCard, ...] = ()
    removed: tuple[str, ...] = ()
    say: str = ""
    asked: Asked | None = None
    spoken: str = ""


class Acting:
    """The cards that can be used, and what using them does.

    Args:
        skills: Whose cards they are.
        notebook: Where cards and changes are kept.
        now: Local time, aware.
    """

    def __init__(self, skills: SkillSet, notebook: Notebook, now: Clock) -> None:
        self._skills = skills
        self._notebook = notebook
        self._now = now
        self._cards: OrderedDict[str, AnyCard] = OrderedDict()
        self._one_by_one = asyncio.Lock()

    def note(self, event: TurnEvent | SystemEvent) -> None:
        """Remember the newest form of every card of a skill."""
        match event:
            case CardUpserted(card=card) | CardChanged(card=card) if card.skill:
                self._cards[card.card_id] = card
                self._cards.move_to_end(card.card_id)
                while len(self._cards) > AT_HAND:
                    self._cards.popitem(last=False)
            case CardRemoved(card_id=card_id):
                self._cards.pop(card_id, None)

    async def card(self, card_id: str) -> AnyCard | None:
        """A card as it is shown now, None when nobody knows it."""
        return self._cards.get(card_id) or await self._notebook.card(card_id)

    async def act(self, card_id: str, action: str, text: str = "") -> Done:
        """Do what a button says, one at a time, and keep what came of it.

        Raises:
            InvalidInput: The card is gone, or knows no such action.
            SottoError: It failed; nothing has changed.
        """
        async with self._one_by_one:
            card = await self.card(card_id)
            if isinstance(card, ClarificationCard | PrePlanCard):  # one that still waits starts a turn instead
                return Done((expired(card),), say=TOO_LATE)
            skill = None if card is None else self._skills.get(card.skill)
            if card is None or skill is None:
                raise InvalidInput("That card is no longer there.", code="no-card", remedy="Ask again.")
            try:
                acted = await skill.act(card, action, text)
            except SottoError:
                raise
            except Exception as error:
                log.exception("skill %s broke at the action %s", skill.spec.skill_id, action.partition(":")[0])
                raise broke(skill) from error
            if acted is None:
                raise InvalidInput(f"That card knows no {action!r}.", code="no-action")
            return await self._kept(acted, skill)

    async def by_voice(self, work: Work) -> Responded | None:
        """Words that are exactly those of a button of one of the newest cards; None when they are not."""
        found = self._meant(work.question.text)
        if found is None:
            return None
        card_id, action = found
        done = await self.act(card_id, action)
        for card in done.cards:
            work.turn.show(card)
        for gone in done.removed:
            work.turn.remove(gone)
        if done.asked is not None:
            work.asked, work.skill = done.asked, self._skills.of_intent(done.asked.intent)
            return None
        return Responded(answered=True, said=done.say or done.spoken or "Done.")

    def _meant(self, text: str) -> tuple[str, str] | None:
        """Id of the one card whose button is said, and its action; of several sessions it is the newest."""
        found: list[tuple[AnyCard, str]] = []
        for card in list(self._cards.values())[-WITHIN_EARSHOT:]:
            action = exactly(text, [Sayable(each.action, each.label, each.says) for each in card.actions])
            if action is not None:
                found.append((card, action))
        if not found or (len(found) > 1 and not all(isinstance(card, NEWEST_IS_MEANT) for card, _ in found)):
            return None
        return found[-1][0].card_id, found[-1][1]

    async def _kept(self, acted: Acted, skill: Skill) -> Done:
        at = self._now().timestamp()
        shown = tuple(replace(card, skill=card.skill or skill.spec.skill_id) for card in acted.cards)
        gone = (Remove(CARDS, card_id) for card_id in acted.removed)
        await self._notebook.commit((*(put_card(card, at) for card in shown), *gone, *acted.writes))
        for card in shown:
            self._cards[card.card_id] = card
        return Done(shown, acted.removed, acted.say, acted.asked, acted.spoken)
