"""The labelled questions of the escalation benchmark, and what counts as a right answer.

Two sets, disjoint: confidence is fitted on ``calibration`` and every figure is taken on ``test``.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from app.contracts.errors import InvalidInput
from app.pipeline.text.normalising import first_sentence, normalised, words

_DENIED = re.compile(r"\b(?:not|isn t|never|n t) (?:the )?$")


@dataclass(frozen=True, slots=True)
class Question:
    """One question.

    Attributes:
        question_id: Unique in both sets.
        kind: ``capital``, ``arithmetic``, ``units``, ``count``, ``yesno`` or ``fact``.
        question: As it is asked.
        answers: Any of these is right; the first is what the key says.
    """

    question_id: str
    kind: str
    question: str
    answers: tuple[str, ...]


def read_questions(path: Path) -> tuple[Question, ...]:
    """The questions of a file, one JSON object a line.

    Raises:
        InvalidInput: A line is damaged.
    """
    questions = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if line.strip():
            questions.append(_question(line, f"{path.name}:{number}"))
    return tuple(questions)


def _question(line: str, place: str) -> Question:
    try:
        said = json.loads(line)
        answers = tuple(str(answer) for answer in said["answers"])
        question = Question(str(said["id"]), str(said["kind"]), str(said["question"]), answers)
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidInput(f"{place} is no question.", code="bad-question") from error
    if not answers or not question.question:
        raise InvalidInput(f"{place} has no answer or no question.", code="bad-question")
    return question


def is_right(answer: str, question: Question) -> bool:
    """Whether an answer says what the key says.

    Numbers and yes or no are right when the final answer is that value, whatever unit stands behind it. Anything else
    is right when its first sentence holds the words of one accepted answer and does not deny them.
    """
    wanted = {normalised(accepted) for accepted in question.answers}
    given = normalised(answer)
    if given in wanted:
        return True
    if any(form.startswith("#") for form in wanted):
        return given.split(" ")[0] in wanted
    if wanted <= {"yes", "no"}:
        return False
    said = f" {words(first_sentence(answer))} "
    return any(_holds(said, f" {words(accepted)} ") for accepted in question.answers if len(words(accepted)) > 2)


def _holds(said: str, accepted: str) -> bool:
    at = said.find(accepted)
    return at >= 0 and _DENIED.search(said[: at + 1]) is None
