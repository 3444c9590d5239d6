"""What the assistant waits for: at most one question or proposal, and which words or buttons answer it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from app.assistant.skills.skill import Asked, Clarification, Proposal, Skill
from app.assistant.staged.matching import Sayable, chosen, exactly, is_no, is_not_this, is_yes, plain, ruled_out
from app.assistant.staged.sounding import alike
from app.assistant.understanding.meaning import Value
from app.contracts.skill_cards import ClarificationCard, PrePlanCard, PrePlanState

PROCEED, MODIFY, CANCEL = "proceed", "modify", "cancel"
ANSWER = "answer"
"""The action of a clarification's choice: ``answer:VALUE``."""
OTHER_INTENT = "intent"
"""The slot of the question "did you mean …?"; its value is the id of an intent."""
GOES_ON_FOR_S = 120.0
"""So long after a request "and tomorrow?" goes on from it."""
SORRY = "Sorry, I did not get that. "
"""Before a question that is asked once more."""
_MODIFIES = frozenset(
    {"modify", "change it", "change that", "change something", "something else", "edit", "not like that"}
)


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
        self._before: Asked | None = None

    def before(self, now: datetime) -> Asked | None:
        """The request that was answered last, as long as people still go on from it; None when there is none."""
        before = self._before
        return before if before is not None and (now - before.now).total_seconds() <= GOES_ON_FOR_S else None

    def answered(self, asked: Asked | None) -> None:
        """This request was answered; None when it was an open question, which nothing goes on from."""
        self._before = asked

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
        if is_no(text):
            return Answer(CANCEL, label="Cancel")
        if pending.question is not None:
            value = chosen(text, _options(pending.question))
            return None if value is None else Answer(ANSWER, value, _label(pending.question, value))
        if said in _MODIFIES or is_not_this(text):
            return Answer(MODIFY, label="Modify")
        if is_yes(text) or chosen(text, [Sayable(PROCEED, "Proceed")]) is not None:
            return Answer(PROCEED, label="Proceed")
        if pending.change is None:
            return None
        value = exactly(text, [Sayable(each.value, each.label, each.says) for each in pending.change.choices])
        return None if value is None else Answer(ANSWER, value, _label(pending.change, value))

    def guess(self, text: str) -> Answer | None:
        """What the words sound like, when they are neither an answer nor another request; never for a proposal."""
        question = None if self._pending is None else self._pending.question
        value = None if question is None else alike(text, _options(question))
        return None if question is None or value is None else Answer(ANSWER, value, _label(question, value))

    def press(self, action: str) -> Answer | None:
        """What a button answers, None when it is none of its buttons."""
        pending = self._pending
        verb, _, value = action.partition(":")
        if pending is None:
            return None
        if pending.question is not None:
            offered = verb == ANSWER and value in {choice.value for choice in pending.question.choices}
            return Answer(ANSWER, value, _label(pending.question, value)) if offered else None
        if verb in (PROCEED, MODIFY, CANCEL) and (verb != MODIFY or pending.change is not None):
            return Answer(verb, label=verb.capitalize())
        return None


def expired(card: ClarificationCard | PrePlanCard) -> ClarificationCard | PrePlanCard:
    """The card as it is shown when it can no longer be answered."""
    if isinstance(card, ClarificationCard):
        return replace(card, expired=True, actions=(), revision=card.revision + 1)
    return replace(card, state=PrePlanState.EXPIRED, actions=(), revision=card.revision + 1)


def without(question: Clarification, text: str) -> Clarification:
    """A question less the choices that words rule out, asked once more; one of those that are left is the default."""
    gone = ruled_out(text, _options(question))
    left = tuple(choice for choice in question.choices if choice.value not in gone) or question.choices
    if not any(choice.default for choice in left):
        left = (replace(left[0], default=True), *left[1:]) if left else left
    sorry = "" if gone else SORRY
    return replace(question, question=f"{sorry}{question.question.removeprefix(SORRY)}", choices=left)


def _options(question: Clarification) -> list[Sayable]:
    return [Sayable(each.value, each.label, each.says, each.default) for each in question.choices]


def _label(question: Clarification, value: str) -> str:
    return next((choice.label for choice in question.choices if choice.value == value), value)
