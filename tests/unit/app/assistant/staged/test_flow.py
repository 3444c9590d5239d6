"""A request goes through the seven stages, asks when it has to, and leaves nothing half done."""

from __future__ import annotations

import threading
from datetime import datetime
from pathlib import Path

from app.assistant.skills.skill import Asked, Data, Intent, Plan, Skill, SkillSpec
from app.assistant.understanding.meaning import Guess, Understanding
from app.contracts.cards import NoticeCard
from app.contracts.skill_cards import ListCard
from app.memory.notebook import CARDS, Notebook, Remove, put_card
from tests.helpers.assistants import cast
from tests.helpers.staged import Picnic, Scripted, staged_assistant, wired
from tests.helpers.virtual_time import in_virtual_time


@in_virtual_time
async def test_a_request_with_a_question_and_a_proposal(tmp_path: Path) -> None:
    async with staged_assistant(tmp_path) as stage:
        asked = await stage.ask("pack a picnic")
        question = stage.staged.pending
        assert question is not None
        proposed = await stage.press(question.card.card_id, "answer:4")
        proposal = stage.staged.pending
        assert proposal is not None
        done = await stage.press(proposal.card.card_id, "proceed")
        card = await stage.notebook.card("picnic-basket")
    assert asked[-3:] == ["card clarification people r1 usable", "asked", "finished, waits for people"]
    assert proposed[-3:] == ["card pre-plan pre-plan r1 usable", "asked", "finished, waits for pre-plan"]
    assert done == [
        "start card",
        "card question question r1",
        "card pre-plan pre-plan r2",
        "understand skipped",
        "clarify skipped",
        "pre-plan skipped",
        "plan: Preparing…",
        "plan-presentation: Arranging the cards…",
        "execute: Filling in the details…",
        "card list basket r1",
        "card notice notes r1",
        "card list basket r2",
        "present: Finalizing…",
        "complete 2",
        "card answer answer r1",
        "text Packed for 4.",
        "card answer answer r2",
        "finished",
    ]
    assert isinstance(card, ListCard)
    assert [item.text for item in card.items] == ["BREAD", "CHEESE"]


@in_virtual_time
async def test_a_document_is_understood_beside_the_loop(tmp_path: Path) -> None:
    threads: dict[int, int] = {}

    class Noting(Scripted):
        def understand(self, text: str, now: datetime) -> Understanding:
            threads[len(text)] = threading.get_ident()
            return super().understand(text, now)

    players = cast()
    notebook = Notebook(tmp_path / "notebook.sqlite")
    async with wired(tmp_path, players, (Picnic(),), Noting({}), notebook) as (assistant, _staged, watched):
        for number, text in enumerate(("what now", "what now " * 400), start=1):
            assistant.ask(text)
            await watched.ended(number)
    assert threads[len("what now")] == threading.get_ident()
    assert threads[len(("what now " * 400).strip())] != threading.get_ident()


class Tidying(Skill):
    """Takes the basket of the picnic away, and changes its note."""

    spec = SkillSpec("tidying", "Tidying", "Tidies up.", (Intent("tidy_up", ("tidy up",)),))

    async def plan(self, asked: Asked, data: Data) -> Plan:
        note = NoticeCard(card_id="picnic-notes", message="The blanket is back.", revision=2)
        return Plan("Tidied.", writes=(Remove(CARDS, "picnic-basket"), put_card(note, 1.0)))


@in_virtual_time
async def test_cards_of_earlier_turns_change_with_a_plan(tmp_path: Path) -> None:
    known = {"tidy up": ("tidy_up", "tidying", 0.95)}
    async with staged_assistant(tmp_path, skills=(Tidying(),), known=known) as stage:
        await stage.ask("pack a picnic")
        for action in ("answer:4", "proceed"):
            assert stage.staged.pending is not None
            await stage.press(stage.staged.pending.card.card_id, action)
        tidied = await stage.ask("tidy up")
        basket, note = await stage.notebook.card("picnic-basket"), await stage.notebook.card("picnic-notes")
    shown = [line for line in tidied if line.startswith(("card away basket", "card notice", "complete"))]
    assert shown == ["card away basket", "card notice notes r2", "complete 0"]
    assert basket is None
    assert isinstance(note, NoticeCard)
    assert note.message == "The blanket is back."


class Claiming(Tidying):
    """Knows words of the person's own for it."""

    async def claim(self, text: str, now: datetime) -> Guess | None:
        return Guess("tidy_up", 0.95) if text == "blanket time" else None


@in_virtual_time
async def test_what_a_skill_claims_is_no_answer_to_the_question_of_another(tmp_path: Path) -> None:
    async with staged_assistant(tmp_path, skills=(Claiming(),)) as stage:
        await stage.ask("pack a picnic")
        assert stage.staged.pending is not None
        told = await stage.ask("blanket time")
        assert stage.staged.pending is None
    assert "text Tidied." in told
