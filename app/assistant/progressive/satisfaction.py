"""What the person was satisfied with, and what follows from it: from which confidence on an answer is left as it is.

For every kind of question (how much thought it needs, and its intent) and every stage there is a Beta posterior of "the
person was satisfied at this stage". Its prior, Beta(3, 1), has the mean that is aimed at, so that nothing moves before
anything was said. Where the stages that answered early satisfy more than that, less confidence suffices; where they
satisfy less, more is asked for. The threshold moves at most `STEP_A_DAY` a day and stays within `REACH` of `SUFFICES`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from app.assistant.progressive.routing import REACH, SUFFICES
from app.assistant.understanding.meaning import Complexity
from app.memory.notebook import Clear, Notebook, Put

COLLECTION = "routing"
STEP_A_DAY = 0.05
AIM = 0.75
"""Share of satisfied answers at which the threshold stays where it is."""
PRIOR = (3.0, 1.0)
"""Satisfied and not satisfied, before anything was said; their mean is `AIM`."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was said of answers that ended at one stage."""

    stage: str
    satisfied: int = 0
    unsatisfied: int = 0

    @property
    def mean(self) -> float:
        """Of the posterior, in (0, 1)."""
        return (PRIOR[0] + self.satisfied) / (sum(PRIOR) + self.satisfied + self.unsatisfied)


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of question.

    Attributes:
        complexity: How much thought it needs.
        intent: What it is about.
        threshold: Confidence in [0, 1] from which no further stage is asked.
        day: The local day it moved last, ISO; empty before it ever did.
        morning: What it was when that day began.
        evidence: What was said, by stage, sorted by name.
    """

    complexity: str
    intent: str
    threshold: float = SUFFICES
    day: str = ""
    morning: float = SUFFICES
    evidence: tuple[Evidence, ...] = ()

    @property
    def entry_id(self) -> str:
        """Its id in the notebook."""
        return f"{self.complexity}/{self.intent}"


def rated(kind: Kind, stage: str, rating: int, before: int, day: str, last: str) -> Kind:
    """The kind after a rating.

    Args:
        kind: As it was.
        stage: At which the answer ended.
        rating: 1 or -1, or 0 to take back what was said.
        before: What was said of the same answer before, 0 for nothing.
        day: Today, local, ISO.
        last: The stage behind which there is none: what was said of it tells nothing about stopping earlier.
    """
    known = {evidence.stage: evidence for evidence in kind.evidence}
    old = known.get(stage, Evidence(stage))
    known[stage] = replace(
        old,
        satisfied=max(0, old.satisfied + (rating > 0) - (before > 0)),
        unsatisfied=max(0, old.unsatisfied + (rating < 0) - (before < 0)),
    )
    kind = replace(kind, evidence=tuple(known[name] for name in sorted(known)))
    if kind.day != day:
        kind = replace(kind, day=day, morning=kind.threshold)
    early = [evidence for name, evidence in known.items() if name != last]
    wanted = aimed_at(early)
    low, high = kind.morning - STEP_A_DAY, kind.morning + STEP_A_DAY
    return replace(kind, threshold=min(max(wanted, low, SUFFICES - REACH), high, SUFFICES + REACH, 1.0))


def aimed_at(early: Sequence[Evidence]) -> float:
    """The threshold that what was said of early answers asks for, within `REACH` of `SUFFICES`."""
    satisfied = sum(evidence.satisfied for evidence in early)
    unsatisfied = sum(evidence.unsatisfied for evidence in early)
    off = (AIM - Evidence("", satisfied, unsatisfied).mean) / (1.0 - AIM)
    return SUFFICES + REACH * min(1.0, max(-1.0, off))


class Satisfaction:
    """What was said of answers, kept in the notebook.

    Args:
        notebook: Where.
        now: Local time, aware.
    """

    def __init__(self, notebook: Notebook, now: Callable[[], datetime]) -> None:
        self._notebook = notebook
        self._now = now
        self._kinds: dict[tuple[str, str], Kind] = {}

    async def load(self) -> None:
        """Take up what earlier runs heard.

        Raises:
            StorageError: The notebook cannot be read.
        """
        for kind in await self._notebook.entries(COLLECTION, Kind):
            self._kinds.setdefault((kind.complexity, kind.intent), kind)

    def threshold(self, intent: str, complexity: Complexity) -> float:
        """Confidence in [0, 1] from which no further stage is asked."""
        return self._kind(intent, complexity).threshold

    def kinds(self) -> tuple[Kind, ...]:
        """Everything that was heard of, by complexity and intent."""
        order = list(Complexity)
        return tuple(
            sorted(self._kinds.values(), key=lambda kind: (order.index(Complexity(kind.complexity)), kind.intent))
        )

    def share(self) -> float | None:
        """Share of all ratings that were good, in [0, 1]; None before there was any."""
        said = [evidence for kind in self._kinds.values() for evidence in kind.evidence]
        good = sum(evidence.satisfied for evidence in said)
        count = good + sum(evidence.unsatisfied for evidence in said)
        return good / count if count else None

    async def rate(
        self, intent: str, complexity: Complexity, stage: str, rating: int, *, before: int = 0, last: str = ""
    ) -> Kind:
        """The person said what they thought of an answer; see `rated`.

        Raises:
            StorageError: It cannot be written down; nothing has changed.
        """
        now = self._now()
        kind = rated(self._kind(intent, complexity), stage, rating, before, now.date().isoformat(), last)
        await self._notebook.commit((Put(COLLECTION, kind.entry_id, kind, now.timestamp()),))
        self._kinds[kind.complexity, kind.intent] = kind
        return kind

    async def reset(self) -> int:
        """Forget all of it; returns how many kinds of questions that were.

        Raises:
            StorageError: The notebook cannot be written.
        """
        count = len(self._kinds)
        await self._notebook.commit((Clear(COLLECTION),))
        self._kinds.clear()
        return count

    def _kind(self, intent: str, complexity: Complexity) -> Kind:
        return self._kinds.get((complexity.value, intent), Kind(complexity.value, intent))
