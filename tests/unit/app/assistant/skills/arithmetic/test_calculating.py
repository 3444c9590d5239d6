"""Calculations are read as people say them, worked out exactly, and never too large to tell."""

# ruff: noqa: RUF001 - typographic signs are what people read here
from __future__ import annotations

import time
from fractions import Fraction

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from app.assistant.skills.arithmetic.amounts import Amount
from app.assistant.skills.arithmetic.evaluating import outcome
from app.assistant.skills.arithmetic.parser import read
from app.assistant.skills.arithmetic.readable import equation, measured, number, written
from app.assistant.skills.arithmetic.tree import Applied, Function, Infix, Literal, Node, Operator
from app.contracts.errors import InvalidInput

ANSWERS = {
    "what is twelve times fifteen": "12 × 15 = 180.",
    "20 percent of 80": "20% of 80 = 16.",
    "What's the square root of 2?": "√2 is about 1.41421.",
    "7 squared": "7² = 49.",
    "a third of 90": "1/3 of 90 = 30.",
    "two thirds plus one quarter": "2/3 + 1/4 = 11/12, about 0.916667.",
    "(3+4)*5": "(3 + 4) × 5 = 35.",
    "open bracket 3 plus 4 close bracket times 5": "(3 + 4) × 5 = 35.",
    "3 + 4 * 5": "3 + 4 × 5 = 23.",
    "2^3^2": "2^3² = 512.",
    "-2^2": "−2² = −4.",
    "10 / 3": "10 ÷ 3 = 3 1/3, about 3.33333.",
    "0.1 + 0.2": "0.1 + 0.2 = 0.3.",
    "15 percent off 80": "15% off 80 = 68.",
    "80 plus 20%": "80 + 20% = 96.",
    "add 10 percent to 200": "200 + 10% = 220.",
    "what percent of 80 is 20": "20 is 25% of 80.",
    "20 is what percent of 80": "20 is 25% of 80.",
    "what percentage is 1 of 3": "1 is about 33.3333% of 3.",
    "subtract 5 from 12": "12 − 5 = 7.",
    "3 subtracted from 10": "10 − 3 = 7.",
    "divide 100 by 8": "100 ÷ 8 = 12.5.",
    "average of 10, 20 and 40": "average of 10, 20 and 40 = 23 1/3, about 23.3333.",
    "the sum of 3, 4 and five": "sum of 3, 4 and 5 = 12.",
    "the average of (1 + 2) and 4": "average of (1 + 2) and 4 = 3.5.",
    "sum of (3, 4, 5)": "sum of 3, 4 and 5 = 12.",
    "add up 12 and 30 and 8": "sum of 12, 30 and 8 = 50.",
    "what are 33 and 44 together": "sum of 33 and 44 = 77.",
    "take the square root of 169": "√169 = 13.",
    "250 less 20 percent": "250 − 20% = 200.",
    "20 divided by a half": "20 ÷ (1/2) = 40.",
    "half of a half": "1/2 of (1/2) = 0.25.",
    "the square of 12": "12² = 144.",
    "what is 9 point 5 plus 1": "9.5 + 1 = 10.5.",
    "3 * (2 + 1": "3 × (2 + 1) = 9.",
    "difference between 9 and 4": "9 − 4 = 5.",
    "remainder of 17 divided by 5": "17 mod 5 = 2.",
    "2 to the power of 100": "2^100 = 1,267,650,600,228,229,401,496,703,205,376.",
    "three to the fourth": "3^4 = 81.",
    "1000!": "1,000! is about 4.02387 × 10^2567.",
    "1.1^5000": "1.1^5,000 is about 9.19233 × 10^206.",
    "8^(1/3)": "8^(1 ÷ 3) = 2.",
    "cube root of 27": "cube root of 27 = 3.",
    "sin 30": "sin 30° = 0.5.",
    "cosine of pi": "cos π = −1.",
    "log of 1000": "log 1,000 = 3.",
    "half a million divided by four": "500,000 ÷ 4 = 125,000.",
    "double 17": "2 × 17 = 34.",
    "hey what is six times seven please": "6 × 7 = 42.",
    "the square root of 16 plus 9": "√16 + 9 = 13.",
    "2 (3 + 4)": "2 × (3 + 4) = 14.",
    "what is the absolute value of minus 5": "absolute value of (−5) = 5.",
    "3 1/2 + 1": "3 1/2 + 1 = 4.5.",
}
IMPOSSIBLE = {
    "9^9^9": "too-large",
    "9**9**9**9": "too-large",
    "1001!": "too-large",
    "10^-7000": "too-small",
    "100 divided by 0": "no-such-number",
    "17 mod 0": "no-such-number",
    "0^-1": "no-such-number",
    "sqrt(-4)": "no-such-number",
    "tan 90": "no-such-number",
    "log of 0": "no-such-number",
    "2.5!": "no-such-number",
    "+".join("1" * 150): "too-long",
    "(" * 70 + "1+1" + ")" * 70: "too-long",
}
NO_CALCULATIONS = (
    "what is 5",
    "-3",
    "the meaning of life",
    "calculate the meaning of life",
    "5 and 6",
    "what is 5 plus",
    "how many apples are 3 apples",
    "1 2/0 + 3",
    "3 + + ) 4",
    "add 3 from 4",
    "",
    "7" * 700 + "+1",
)


def answer(text: str) -> str:
    tree = read(text)
    assert tree is not None, text
    return equation(tree, outcome(tree))


@pytest.mark.parametrize("text", ANSWERS)
def test_answers(text: str) -> None:
    assert answer(text) == ANSWERS[text]


@pytest.mark.parametrize("text", IMPOSSIBLE)
def test_what_cannot_be_worked_out_is_said_at_once(text: str) -> None:
    began = time.perf_counter()
    with pytest.raises(InvalidInput) as failure:
        answer(text)
    assert failure.value.code == IMPOSSIBLE[text]
    assert time.perf_counter() - began < 0.5


@pytest.mark.parametrize("text", NO_CALCULATIONS)
def test_other_texts_are_no_calculations(text: str) -> None:
    assert read(text) is None


_LITERALS = st.integers(0, 999).map(lambda value: Literal(Amount(Fraction(value)))) | st.decimals(
    0, 999, places=2, allow_nan=False
).map(lambda value: Literal(Amount(Fraction(value))))
_BETWEEN = (
    Operator.ADD,
    Operator.SUBTRACT,
    Operator.MULTIPLY,
    Operator.DIVIDE,
    Operator.REMAINDER,
    Operator.OF,
    Operator.POWER,
)


def _larger(smaller: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    infix = st.builds(Infix, st.sampled_from(_BETWEEN), smaller, smaller)
    one = (Function.NEGATIVE, Function.SQUARE_ROOT, Function.PERCENT, Function.FACTORIAL, Function.ABSOLUTE)
    applied = st.builds(Applied, st.sampled_from(one), st.tuples(smaller))
    several = (Function.SUM, Function.AVERAGE, Function.LARGEST)
    listed = st.builds(Applied, st.sampled_from(several), st.lists(smaller, min_size=2, max_size=3).map(tuple))
    return infix | applied | listed


@settings(max_examples=80, deadline=None)
@given(st.recursive(_LITERALS, _larger, max_leaves=8))
def test_what_is_written_down_reads_as_the_same_number(tree: Node) -> None:
    try:
        expected = outcome(tree)
    except InvalidInput:
        return
    again = read(f"1 × ({written(tree)})")
    assert again is not None, written(tree)
    found = outcome(again)
    assert found.value == expected.value or not (found.exact and expected.exact)


@settings(max_examples=80, deadline=None)
@given(st.text(alphabet="0123456789+-*/^%!().,√ aeinpstodfruv", max_size=60))
def test_any_text_is_read_or_not(text: str) -> None:
    try:
        tree = read(text)
        if tree is not None:
            assert equation(tree, outcome(tree)).endswith(".")
    except InvalidInput as error:
        event(error.code)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (Fraction(-1234567), "−1,234,567"),
        (Fraction(1, 8), "0.125"),
        (Fraction(10**41), "1 × 10^41"),
        (Fraction(2, 3 * 10**9), "6.66667 × 10^−10"),
        (Fraction(2_000_001, 3), "666,667"),
        (Fraction(99_999_951, 100_000_000), "0.99999951"),
    ],
)
def test_numbers_as_people_read_them(value: Fraction, shown: str) -> None:
    assert number(value)[0] == shown


def test_a_measure_is_told_with_the_digits_that_are_of_use() -> None:
    assert measured(Fraction("828.05882775")) == ("828.06", False)
    assert measured(Fraction("8.04672")) == ("8.04672", True)
