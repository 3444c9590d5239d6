"""How well requests are understood: accuracy, confusion, calibration and time on the utterances that come with Sotto.

There are three sets. What is measured is nobody's example, and nothing is tuned on it. Words, patterns and weights are
tuned on the development set; `app.bench.intents_fit` fits confidences to a third set, which neither is tuned on.
``python -m app.bench.intents`` prints what the skills that come with the program reach.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from app.assistant.routines.skill import Routines
from app.assistant.skills.arithmetic.skill import ArithmeticSkill
from app.assistant.skills.clock.skill import ClockSkill
from app.assistant.skills.day.skill import DaySkill
from app.assistant.skills.documents.skill import DocumentsSkill
from app.assistant.skills.lists.skill import ListsSkill
from app.assistant.skills.machine.skill import MachineSkill
from app.assistant.skills.memory.skill import MemorySkill
from app.assistant.skills.skill import SkillSpec
from app.assistant.skills.timers.skill import TimersSkill
from app.assistant.skills.workout.skill import WorkoutSkill
from app.assistant.understanding.matcher import Able, Matcher
from app.assistant.understanding.meaning import NO_VALUES, OPEN_QUESTION, Values
from app.bench.report import percentile
from app.pipeline.confidence.scoring import Bin, brier, reliability
from app.settings.paths import asset

UTTERANCES = "bench/intents/utterances.jsonl"
DEVELOPMENT = "bench/intents/development.jsonl"
CALIBRATION = "bench/intents/calibration.jsonl"
CORE = (
    "ask_time", "ask_date", "calculate", "convert_units", "set_timer", "set_alarm", "set_reminder", "add_to_list",
    "show_list", "machine_state", "search_documents", "plan_workout",
)  # fmt: skip
"""The twelve intents with the most utterances."""
NOW = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)


BUILT_IN = (
    ClockSkill, ArithmeticSkill, TimersSkill, ListsSkill, MemorySkill, MachineSkill, DocumentsSkill, DaySkill,
    WorkoutSkill, Routines,
)  # fmt: skip
"""The skills that come with the program."""


@dataclass(frozen=True, slots=True)
class InWords:
    """A skill as far as it is understood: its examples and patterns, without what it does."""

    spec: SkillSpec

    def values(self, intent: str, text: str, now: datetime) -> Values:  # noqa: ARG002
        """No value is read."""
        return NO_VALUES


@dataclass(frozen=True, slots=True)
class Utterance:
    """Something a person may say, and what it should be taken for."""

    text: str
    intent: str


@dataclass(frozen=True, slots=True)
class Judged:
    """An utterance and what it was taken for; ``ms`` is how long that took."""

    utterance: Utterance
    intent: str
    confidence: float
    ms: float

    @property
    def right(self) -> bool:
        """It was understood."""
        return self.intent == self.utterance.intent


@dataclass(frozen=True, slots=True)
class IntentReport:
    """What understanding comes to on a set of utterances.

    Attributes:
        judged: Each utterance of an intent that the skills have, and each open question.
        left_out: Utterances of intents no skill has.
        examples: Utterances that are an example of a skill after all; they are not judged.
    """

    judged: tuple[Judged, ...]
    left_out: int = 0
    examples: int = 0

    @property
    def accuracy(self) -> float:
        """Share understood, in [0, 1]; 0 of none."""
        return _share(self.judged)

    @property
    def core_accuracy(self) -> float:
        """The same over the twelve intents of `CORE`."""
        return _share([each for each in self.judged if each.utterance.intent in CORE])

    @property
    def open_kept(self) -> float:
        """Share of the open questions that no skill takes."""
        return _share([each for each in self.judged if each.utterance.intent == OPEN_QUESTION])

    @property
    def macro_f1(self) -> float:
        """Mean over the intents of the harmonic mean of precision and recall."""
        wanted = Counter(each.utterance.intent for each in self.judged)
        given = Counter(each.intent for each in self.judged)
        right = Counter(each.intent for each in self.judged if each.right)
        scores = [2 * right[name] / (wanted[name] + given[name]) for name in wanted]
        return sum(scores) / len(scores) if scores else 0.0

    @property
    def bins(self) -> tuple[Bin, ...]:
        """Confidence against truth in ten rows."""
        return reliability(*self._confidences())

    @property
    def calibration_error(self) -> float:
        """Expected calibration error: the rows' mean distance of confidence from truth, weighed by their counts."""
        return sum(row.count * abs(row.confidence - row.right) for row in self.bins) / max(1, len(self.judged))

    @property
    def brier(self) -> float:
        """Mean square of confidence minus truth.

        Raises:
            ValueError: Nothing was judged.
        """
        return brier(*self._confidences())

    def ms(self, share: float) -> float:
        """Time to understand, in milliseconds: its percentile, ``share`` in [0, 1]; 0 when nothing was judged."""
        return percentile([each.ms for each in self.judged], share) if self.judged else 0.0

    def confusion(self) -> str:
        """Wanted intents as rows, those they were taken for as columns; a point is 0."""
        names = sorted({each.utterance.intent for each in self.judged} | {each.intent for each in self.judged})
        counts = Counter((each.utterance.intent, each.intent) for each in self.judged)
        width = max((len(name) for name in names), default=0)
        head = " " * (width + 4) + " ".join(f"{at:>2}" for at in range(1, len(names) + 1))
        rows = [
            f"{at:>2} {wanted:<{width}} " + " ".join(f"{counts[wanted, given] or '.':>2}" for given in names)
            for at, wanted in enumerate(names, start=1)
        ]
        return "\n".join((head, *rows))

    def table(self) -> str:
        """Figures, confusion, calibration and what was not understood, in words."""
        rows = [f"{row.low:.1f}-{row.high:.1f} {row.count:>5} {row.confidence:>11.2f} {row.right:>7.2f}"
                for row in self.bins if row.count]  # fmt: skip
        wrong = [f"{each.utterance.text!r}: {each.utterance.intent}, taken for {each.intent} ({each.confidence:.2f})"
                 for each in self.judged if not each.right]  # fmt: skip
        return "\n".join(
            (
                f"{len(self.judged)} utterances, {self.left_out} of intents no skill has, {self.examples} are examples",
                f"accuracy {self.accuracy:.3f}, of the twelve {self.core_accuracy:.3f}, macro F1 {self.macro_f1:.3f}",
                f"open questions kept {self.open_kept:.3f}",
                f"calibration error {self.calibration_error:.3f}, Brier {self.brier:.3f}",
                f"p50 {self.ms(0.5):.2f} ms, p95 {self.ms(0.95):.2f} ms",
                "",
                self.confusion(),
                "",
                "range   count  confidence   right",
                *rows,
                "",
                *wrong,
            )
        )

    def _confidences(self) -> tuple[list[float], list[bool]]:
        return [each.confidence for each in self.judged], [each.right for each in self.judged]


def utterances(relative: str = UTTERANCES) -> tuple[Utterance, ...]:
    """The utterances of a file of the program.

    Raises:
        Unavailable: It is missing.
    """
    lines = asset(relative).read_text(encoding="utf-8").splitlines()
    return tuple(Utterance(**json.loads(line)) for line in lines if line)


def measure(skills: Iterable[Able], said: Sequence[Utterance] | None = None) -> IntentReport:
    """Understand every utterance once.

    Args:
        skills: Those whose intents are told apart.
        said: The utterances; those that come with the program when None.
    """
    able = tuple(skills)
    matcher = Matcher(able)
    matcher.prepare()
    all_said = utterances() if said is None else said
    known = {intent.intent_id for skill in able for intent in skill.spec.intents} | {OPEN_QUESTION}
    left_out = sum(each.intent not in known for each in all_said)
    fresh = judgeable(able, all_said)
    examples = len(all_said) - left_out - len(fresh)
    return IntentReport(tuple(_judged(matcher, each) for each in fresh), left_out, examples)


def built_in() -> tuple[InWords, ...]:
    """The skills that come with the program, in words."""
    return tuple(InWords(skill.spec) for skill in BUILT_IN)


def judgeable(skills: Iterable[Able], said: Sequence[Utterance]) -> list[Utterance]:
    """The utterances whose intent the skills have, and that are none of their examples."""
    intents = [intent for skill in skills for intent in skill.spec.intents]
    known = {intent.intent_id for intent in intents} | {OPEN_QUESTION}
    examples = {_plain(text) for intent in intents for text in intent.examples}
    return [each for each in said if each.intent in known and _plain(each.text) not in examples]


def _judged(matcher: Matcher, utterance: Utterance) -> Judged:
    began = time.perf_counter()
    meaning = matcher.understand(utterance.text, NOW)
    return Judged(utterance, meaning.intent, meaning.confidence, (time.perf_counter() - began) * 1000.0)


def _plain(text: str) -> str:
    return " ".join(text.lower().strip(" .?!").split())


def _share(judged: Sequence[Judged]) -> float:
    return sum(each.right for each in judged) / len(judged) if judged else 0.0


if __name__ == "__main__":
    print(measure(built_in()).table())
