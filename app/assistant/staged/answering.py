"""Stages four to seven: plan, arrange, fill in, and put everything down in one transaction."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace

from app.assistant.skills.skill import Plan, Skill
from app.assistant.staged.making import Making, broke, ordered, too_slow
from app.assistant.staged.stage import StageName, Work
from app.assistant.staged.timings import Timings
from app.assistant.turn import Responded, Turn
from app.contracts.capabilities import ConfidenceSource
from app.contracts.cards import CARD_TYPES, AnswerCard, AnyCard
from app.contracts.devices import Tier
from app.contracts.errors import SottoError, StorageError
from app.contracts.events import CardChanged, Complete, SystemEvent
from app.memory.notebook import CARDS, Notebook, Put, Remove, Write, put_card

log = logging.getLogger(__name__)


class PlanIt:
    """Stage four: work out what to show, say and write; nothing happens yet."""

    name = StageName.PLAN

    def __init__(self, making: Making) -> None:
        self._making = making

    def skip(self, work: Work) -> str:  # noqa: ARG002
        """It is always needed."""
        return ""

    def sentence(self, work: Work) -> str:  # noqa: ARG002
        """What is shown meanwhile."""
        return "Preparing…"

    async def run(self, work: Work) -> Responded | None:
        """Plan; words that the language model has to write end the stages here."""
        skill, asked = work.request()
        if asked.confirmed:
            work.data = await self._making.data(skill, asked)
            work.notes.extend(work.data.missing)
        work.plan = await self._making.plan(skill, asked, work.data)
        work.notes.extend(work.plan.notes)
        if work.plan.ask is None:
            return None
        for card in work.plan.cards:  # what the words are going to rest on is there before them
            work.turn.show(replace(card, turn_id=work.turn.stream.turn_id, skill=skill.spec.skill_id))
        return Responded(answered=False, ask=work.plan.ask, meaning=work.meaning)


class PlanPresentation:
    """Stage five: which cards, in which order."""

    name = StageName.PRESENTATION

    def skip(self, work: Work) -> str:
        """A plan whose cards are complete needs no arranging."""
        skill, _ = work.request()
        return "" if skill.sections(work.plan) else "The cards are complete."

    def sentence(self, work: Work) -> str:  # noqa: ARG002
        """What is shown meanwhile."""
        return "Arranging the cards…"

    async def run(self, work: Work) -> Responded | None:
        """Put the sections in order."""
        skill, _ = work.request()
        work.sections = ordered(skill.sections(work.plan))
        return None


class Execute:
    """Stage six: fill in the cards, the most important first, each further with every revision."""

    name = StageName.EXECUTE

    def __init__(self, making: Making) -> None:
        self._making = making

    def skip(self, work: Work) -> str:  # noqa: ARG002
        """It is always needed."""
        return ""

    def sentence(self, work: Work) -> str:  # noqa: ARG002
        """What is shown meanwhile."""
        return "Filling in the details…"

    async def run(self, work: Work) -> Responded | None:
        """Show every card as soon as there is something of it; none can be used before all are kept."""
        skill, asked = work.request()
        for card in work.plan.cards:
            self._put(work, skill, card)
        for step in range(max((section.steps for section in work.sections), default=0)):
            for section in work.sections:
                if step < section.steps:
                    filled = await self._making.cards(skill, asked, work.plan, section, step)
                    if filled is not None:
                        self._put(work, skill, replace(filled, priority=section.priority))
        return None

    def _put(self, work: Work, skill: Skill, card: AnyCard) -> None:
        before = work.cards.get(card.card_id)
        card = replace(
            card,
            turn_id=work.turn.stream.turn_id,
            skill=card.skill or skill.spec.skill_id,
            revision=before.revision + 1 if before is not None else card.revision,
        )
        work.cards[card.card_id] = card
        work.turn.show(replace(card, actions=()), settled=False)


class Present:
    """Stage seven: cards and changes are written down together; then the cards can be used and the answer is said."""

    name = StageName.PRESENT

    def __init__(self, notebook: Notebook, timings: Timings, publish: Callable[[SystemEvent], None]) -> None:
        self._notebook = notebook
        self._timings = timings
        self._publish = publish

    def skip(self, work: Work) -> str:  # noqa: ARG002
        """It is always needed."""
        return ""

    def sentence(self, work: Work) -> str:  # noqa: ARG002
        """What is shown meanwhile."""
        return "Finalizing…"

    async def run(self, work: Work) -> Responded | None:
        """Commit, make the cards usable, report that all is there.

        A commit that has begun is finished, whatever becomes of the turn: what was written and what is shown agree.
        """
        skill, asked = work.request()
        turn = work.turn
        clock = turn.parts.clock
        final = {
            card.card_id: replace(card, revision=card.revision + 1) if card.actions else card
            for card in work.cards.values()
        }
        timing = self._timings.took(asked.intent, clock.monotonic() - work.began)
        puts = [put_card(card, clock.time()) for card in final.values()]
        for card_id in final:
            turn.settle(card_id)
        writes = (*puts, *work.plan.writes)
        if writes:  # a commit waits for the disk; where nothing else is kept, the next one brings the time along
            writes = (*writes, timing)
        landing = asyncio.create_task(self._land(writes, skill, work), name="commit")
        try:
            trouble = await asyncio.shield(landing)
        except asyncio.CancelledError:
            with contextlib.suppress(SottoError):
                await landing
                for card in final.values():
                    self._publish(CardChanged(card=card))
            raise
        except SottoError:
            for card_id in final:
                turn.remove(card_id)
            raise
        for card in final.values():
            if card is not work.cards[card.card_id]:
                turn.show(card)
        _show_earlier(turn, work.plan.writes)
        if trouble is not None:
            turn.notice(trouble.message, code=trouble.code)
        turn.stream.emit(Complete(cards_published=len(final)))
        return None

    async def _land(self, writes: tuple[Write, ...], skill: Skill, work: Work) -> SottoError | None:
        """Keep it and tell the skill; what goes wrong in telling undoes nothing any more.

        An answer that changes nothing is given also where it cannot be kept.
        """
        try:
            await self._notebook.commit(writes)
        except StorageError as error:
            if work.plan.writes:
                raise
            return error
        work.presented = True
        try:
            async with asyncio.timeout(skill.patience_s):
                await skill.written(work.plan)
        except SottoError as error:
            return error
        except TimeoutError:
            log.warning("skill %s took too long after its plan was written", skill.spec.skill_id)
            return too_slow(skill)
        except Exception:
            log.exception("skill %s broke after its plan was written", skill.spec.skill_id)
            return broke(skill)
        return None


def _show_earlier(turn: Turn, writes: Sequence[Write]) -> None:
    """Show what a plan changed in cards of earlier turns."""
    for write in writes:
        match write:
            case Remove(collection=collection, entry_id=card_id) if collection == CARDS:
                turn.remove(card_id)
            case Put(collection=collection, value=card) if collection == CARDS and isinstance(card, CARD_TYPES):
                turn.show(card)


async def say(work: Work, plan: Plan) -> Responded:
    """The answer in words, after everything it claims has happened."""
    for number, note in enumerate(dict.fromkeys(work.notes)):
        work.turn.notice(note, code=f"note-{number}")
    await tell(work, plan.speech, shown=True)
    return Responded(answered=True, said=plan.speech, meaning=work.meaning)


async def tell(work: Work, words: str, *, shown: bool) -> None:
    """Say something that nobody guessed at.

    Args:
        work: Whose turn it is.
        words: It.
        shown: On a card of its own too; a question that is spoken stands on its card already.
    """
    turn = work.turn
    by = work.skill.spec.skill_id if work.skill is not None else ""
    rule = ConfidenceSource.RULE
    card = AnswerCard(card_id=turn.answer_id, priority=97, stage=by, confidence=1.0, confidence_source=rule)
    async with turn.reply(card if shown else None) as text:
        text.say(text.show(words, 1.0, Tier("", by)))
        text.say_rest()
        if shown:
            turn.ledger.first_token = text.times.first_text
