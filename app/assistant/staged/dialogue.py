"""What the assistant waits for: at most one question or proposal, and which words or buttons answer it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from app.assistant.skills.skill import Asked, Clarification, Proposal, Skill
from app.assistant.staged.matching import Sayable, chosen, exactly, plain
from app.assistant.understanding.meaning import Value
from app.contracts.skill_cards import ClarificationCard, PrePlanCard, PrePlanState

PROCEED, MODIFY, CANCEL = "proceed", "modify", "cancel"
ANSWER = "answer"
"""The action of a clarification's choice: ``answer:VALUE``."""
OTHER_INTENT = "intent"
"""The slot of the question "did you mean …?"; its value is the id of an intent."""
_CANCELS = frozenset(
    {"cancel", "never mind", "nevermind", "forget it", "stop", "no", "no thanks", "don't", "no cancel"}
)
_MODIFIES = frozenset({"modify", "change it", "change that", "change something", "something else", "edit"})


@dataclass(frozen=True, slots=True)
class Pending:
    """Something that waits for the person.

    Attributes:
        card: As it is shown.
        skill: Whose; None for the question which skill is meant.
        asked: The request so far.
        question: What is asked, None for a proposal.
        proposal: What is proposed, None for a question.
        turn_id: The turn that ended with it.
    """

    card: ClarificationCard | PrePlanCard
    skill: Skill | None
    asked: Asked
    turn_id: str
    question: Clarification | None = None
    proposal: Proposal | None = None

    @property
    def change(self) -> Clarification | None:
        """The question that words about a proposal answer without "modify" being said first; None for none."""
        return None if self.proposal is None else self.proposal.modify

    def label_of(self, action: str) -> str:
        """What the button of an action says."""
        return next((each.label for each in self.card.actions if each.action == action), action.partition(":")[2])


@dataclass(frozen=True, slots=True)
class Answer:
    """What the person answered: the value of a choice, or `PROCEED`, `MODIFY`, `CANCEL`; ``label`` for the card."""

    verb: str
    value: Value = ""
    label: str = ""


class Dialogue:
    """The one thing that waits."""

    def __init__(self) -> None:
        self._pending: Pending | None = None

    @property
    def pending(self) -> Pending | None:
        """It, None when nothing waits."""
        return self._pending

    def ask(self, pending: Pending) -> None:
        """From now on this waits."""
        self._pending = pending

    def take(self, card_id: str = "") -> Pending | None:
        """It is being answered, or no longer wanted; None when nothing waits, or another card does."""
        pending = self._pending
        if pending is None or card_id not in ("", pending.card.card_id):
            return None
        self._pending = None
        return pending

    def read(self, text: str) -> Answer | None:
        """What the words answer to it; None when nothing waits, or they are another request.

        A free answer is not read here: whether the words are an answer or a new request depends on both.
        """
        pending = self._pending
        if pending is None:
            return None
        said = plain(text)
        if said in _CANCELS:
            return Answer(CANCEL, label="Cancel")
        if pending.question is not None:
            options = [Sayable(each.value, each.label, each.says, each.default) for each in pending.question.choices]
            value = chosen(text, options)
            return None if value is None else Answer(ANSWER, value, _label(pending.question, value))
        if said in _MODIFIES:
            return Answer(MODIFY, label="Modify")
        if chosen(text, [Sayable(PROCEED, "Proceed", default=True)]) is not None:
            return Answer(PROCEED, label="Proceed")
        if pending.change is None:
            return None
        value = exactly(text, [Sayable(each.value, each.label, each.says) for each in pending.change.choices])
        return None if value is None else Answer(ANSWER, value, _label(pending.change, value))

    def press(self, action: str) -> Answer | None:
        """What a button answers, None when it is none of its buttons."""
        pending = self._pending
        verb, _, value = action.partition(":")
        if pending is None:
            return None
        if verb == ANSWER and pending.question is not None:
            return Answer(ANSWER, value, _label(pending.question, value))
        if verb in (PROCEED, MODIFY, CANCEL):
            return Answer(verb, label=verb.capitalize())
        return None


def expired(card: ClarificationCard | PrePlanCard) -> ClarificationCard | PrePlanCard:
    """The card as it is shown when it can no longer be answered."""
    if isinstance(card, ClarificationCard):
        return replace(card, expired=True, actions=(), revision=card.revision + 1)
    return replace(card, state=PrePlanState.EXPIRED, actions=(), revision=card.revision + 1)


def _label(question: Clarification, value: str) -> str:
    return next((choice.label for choice in question.choices if choice.value == value), value)
