"""The labelled questions that ship, and what counts as right."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.bench.escalation import questions
from app.bench.escalation_set import Question, is_right, read_questions
from app.contracts.errors import InvalidInput


def asked(*answers: str) -> Question:
    return Question("x", "fact", "What?", answers)


@pytest.mark.parametrize(
    ("answer", "accepted"),
    [
        ("Paris", ("Paris",)),
        ("The capital of France is Paris.", ("Paris",)),
        ("It is the city of Paris in France.", ("Paris",)),
        ("Washington, D.C.", ("Washington, D.C.", "Washington")),
        ("The capital is Washington.", ("Washington, D.C.", "Washington")),
        ("8", ("8",)),
        ("A spider has eight legs.", ("8",)),
        ("There are 365 days in a year.", ("365",)),
        ("3,600 seconds", ("3600",)),
        ("Yes, it is.", ("yes",)),
        ("No.", ("no",)),
        ("The blue whale is the largest animal on Earth.", ("blue whale",)),
        ("Au", ("Au",)),
        ("The symbol for gold is Au.", ("Au",)),
    ],
)
def test_right(answer: str, accepted: tuple[str, ...]) -> None:
    assert is_right(answer, asked(*accepted))


@pytest.mark.parametrize(
    ("answer", "accepted"),
    [
        ("Lyon", ("Paris",)),
        ("", ("Paris",)),
        ("The capital is Sydney.\nParis is not it.", ("Paris",)),
        ("The capital is not Paris.", ("Paris",)),
        ("Parisian", ("Paris",)),
        ("A spider has six legs.", ("8",)),
        ("80", ("8",)),
        ("-8", ("8",)),
        ("I think so.", ("yes",)),
        ("No, it is yes-like.", ("yes",)),
        ("The symbol for gold is gold.", ("Au",)),
        ("It is O positive", ("O",)),
    ],
)
def test_wrong(answer: str, accepted: tuple[str, ...]) -> None:
    assert not is_right(answer, asked(*accepted))


def test_the_sets_are_large_disjoint_and_alike() -> None:
    calibration, test = questions("calibration"), questions("test")
    assert len(calibration) >= 120
    assert len(test) >= 120
    assert not {one.question for one in calibration} & {one.question for one in test}
    every = [*calibration, *test]
    assert len({one.question_id for one in every}) == len(every)
    assert {one.kind for one in calibration} == {one.kind for one in test}


def test_the_key_itself_is_right() -> None:
    for question in (*questions("calibration"), *questions("test")):
        for answer in question.answers:
            assert is_right(answer, question), question


@pytest.mark.parametrize("line", ["{", "[]", '{"id": "a"}', '{"id": "a", "kind": "b", "question": "c", "answers": []}'])
def test_a_damaged_line_is_located(line: str, tmp_path: Path) -> None:
    path = tmp_path / "set.jsonl"
    path.write_text('{"id": "a", "kind": "b", "question": "c", "answers": ["d"]}\n\n' + line)
    with pytest.raises(InvalidInput, match=r"set\.jsonl:3"):
        read_questions(path)
