"""What a card will look like once the assistant has done what a button says, where that is plain beforehand.

Why it exists: a tick that appears a moment after the click feels broken. What is shown at once is a guess of the
window alone; the assistant's next revision of the card says what really is. Only what can be taken back without harm
is guessed: nothing here deletes, starts or ends anything.
"""

from __future__ import annotations

from dataclasses import replace

from app.contracts.cards import AnswerCard, AnyCard
from app.contracts.skill_cards import (
    AlternativesCard,
    ClarificationCard,
    ListCard,
    PrePlanCard,
    PrePlanState,
    SessionPlanCard,
)

_DECISIONS = {
    "proceed": PrePlanState.PROCEEDING,
    "modify": PrePlanState.MODIFIED,
    "cancel": PrePlanState.CANCELLED,
}


def hoped(card: AnyCard, action: str) -> AnyCard | None:
    """The card as the action will leave it, None where that cannot be known."""
    verb, _, reference = action.partition(":")
    match card:
        case ListCard() if verb == "check":
            items = tuple(
                replace(item, done=not item.done) if item.item_id == reference and item.checkable else item
                for item in card.items
            )
            return replace(card, items=items)
        case SessionPlanCard() if verb == "set-done":
            exercises = tuple(
                replace(each, sets_done=min(each.sets, each.sets_done + 1)) if each.exercise_id == reference else each
                for each in card.exercises
            )
            return replace(card, exercises=exercises)
        case ClarificationCard() if verb == "answer" and not card.chosen:
            label = next((choice.label for choice in card.choices if choice.value == reference), reference)
            return replace(card, chosen=label, actions=())
        case PrePlanCard(state=PrePlanState.WAITING) if verb in _DECISIONS:
            return replace(card, state=_DECISIONS[verb], actions=())
        case AlternativesCard() if verb == "choose":
            label = next((each.label for each in card.alternatives if each.reference == reference), "")
            return replace(card, chosen=label) if label else None
        case AnswerCard() if verb == "rate" and reference in ("1", "-1"):
            return replace(card, rated=int(reference))
        case _:
            return None
