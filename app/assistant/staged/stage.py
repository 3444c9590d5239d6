"""What a stage is, and what the seven of them work on together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from app.assistant.skills.skill import Asked, Data, Plan, Proposal, Section, Skill
from app.assistant.turn import Question, Responded, Turn
from app.assistant.understanding.meaning import Understanding
from app.contracts.cards import AnyCard
from app.contracts.skill_cards import ClarificationCard, PrePlanCard


class StageName(StrEnum):
    """The seven stages, in order."""

    UNDERSTAND = "understand"
    CLARIFY = "clarify"
    PRE_PLAN = "pre-plan"
    PLAN = "plan"
    PRESENTATION = "plan-presentation"
    EXECUTE = "execute"
    PRESENT = "present"


TARGET_MS = {
    StageName.UNDERSTAND: 100.0,
    StageName.CLARIFY: 500.0,
    StageName.PRE_PLAN: 200.0,
    StageName.PLAN: 500.0,
    StageName.PRESENTATION: 100.0,
    StageName.EXECUTE: 200.0,
    StageName.PRESENT: 50.0,
}
"""How long each may take; `sotto bench staged` prints what it took beside it."""
PROGRESS = dict(zip(StageName, (0.05, 0.15, 0.25, 0.4, 0.65, 0.75, 0.95), strict=True))
"""How far along the whole is when a stage begins, in [0, 1]."""


@dataclass(slots=True)
class Work:
    """One request on its way through the stages. Each stage adds what it found.

    Attributes:
        turn: Where it is shown and spoken.
        question: The words.
        now: Local time at its begin, aware.
        meaning: What the words are taken for.
        skill: Who answers; None for the language model.
        asked: What is asked of the skill.
        data: What was fetched.
        proposal: What the skill proposes, None when nothing has to be confirmed.
        plan: What is going to be shown, said and written.
        sections: Its cards to be filled, in the order in which they are shown.
        cards: Those that are there, by id, in order.
        notes: What the person should know besides.
        confirmed: The proposal or question that this answers, as it is shown since.
        presented: What was made is kept: it happened, whatever comes then.
        began: Monotonic seconds at which making it began: for the estimate of the next one.
    """

    turn: Turn
    question: Question
    now: datetime
    meaning: Understanding | None = None
    skill: Skill | None = None
    asked: Asked | None = None
    data: Data = field(default_factory=Data)
    proposal: Proposal | None = None
    plan: Plan = field(default_factory=Plan)
    sections: Sequence[Section] = ()
    cards: dict[str, AnyCard] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    confirmed: ClarificationCard | PrePlanCard | None = None
    presented: bool = False
    began: float = 0.0

    def request(self) -> tuple[Skill, Asked]:
        """Skill and request, once they are known."""
        if self.skill is None or self.asked is None:
            raise LookupError("no skill has been asked yet")
        return self.skill, self.asked


class Stage(Protocol):
    """One of the seven."""

    @property
    def name(self) -> StageName:
        """Which."""
        ...

    def skip(self, work: Work) -> str:
        """Why it is not needed this time, empty when it is."""
        ...

    def sentence(self, work: Work) -> str:
        """What is shown while it works."""
        ...

    async def run(self, work: Work) -> Responded | None:
        """Do it. What it returns ends the turn's work; None goes on with the next stage.

        Raises:
            SottoError: The turn fails with it.
        """
        ...


Clock = Callable[[], datetime]
"""Local time, aware."""
