"""A request goes through the seven stages, asks when it has to, and leaves nothing half done."""

from __future__ import annotations

from pathlib import Path

from app.contracts.skill_cards import ListCard
from tests.helpers.staged import staged_assistant
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
