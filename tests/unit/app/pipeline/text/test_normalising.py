"""Answers in one form each."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.pipeline.text.normalising import first_sentence, normalised, number_of, words


@pytest.mark.parametrize(
    ("answer", "form"),
    [
        ("Paris", "paris"),
        ("The capital of France is Paris.", "paris"),
        ("Paris is the capital of France.", "paris"),
        ("**Paris**!", "paris"),
        ("It is called Paris, which is a city.", "paris"),
        ("The answer is: Paris.", "paris"),
        ("Paris.\nIt lies on the Seine.", "paris"),
        ("São Paulo", "sao paulo"),
        ("the Amazon River", "amazon river"),
        ("Shakespeare wrote Hamlet.", "shakespeare"),
        ("Hamlet was written by William Shakespeare.", "william shakespeare"),
        ("George Washington was the first president.", "george washington"),
        ("Washington, D.C.", "washington d c"),
        ("twelve", "#12"),
        ("12", "#12"),
        ("12.0", "#12"),
        ("It is 12.", "#12"),
        ("-5", "#-5"),
        ("2.5", "#2.5"),
        ("1,000", "#1000"),
        ("one thousand", "#1000"),
        ("Three hundred and sixty-five", "#365"),
        ("twenty-one", "#21"),
        ("3.5 million", "#3500000"),
        ("two million five hundred thousand", "#2500000"),
        ("12 times 15 is 180.", "#180"),
        ("12 \u00d7 15 = 180", "#180"),
        ("2 + 2 = 4", "#4"),
        ("A spider has eight legs.", "#8"),
        ("There are seven days in a week.", "#7 d"),
        ("100 degrees Celsius", "#100 c"),
        ("Water boils at 100 °C.", "#100 c"),
        ("5 kilometres", "#5 km"),
        ("50%", "#50 %"),
        ("fifty percent", "#50 %"),
        ("Yes.", "yes"),
        ("yes, it is", "yes"),
        ("True.", "yes"),
        ("No, it is not.", "no"),
        ("Nope", "no"),
        ("No one knows.", "no one knows"),
        ("1776-07-04", "@1776-07-04"),
        ("July 4, 1776", "@1776-07-04"),
        ("It was the 4th of July 1776.", "@1776-07-04"),
        ("4 July", "@--07-04"),
        ("In 1945.", "#1945"),
        ("", ""),
        ("...", ""),
    ],
)
def test_forms(answer: str, form: str) -> None:
    assert normalised(answer) == form


@pytest.mark.parametrize(
    ("one", "other"), [("Paris", "Rome"), ("12", "13"), ("yes", "no"), ("5 km", "5 m"), ("4", "-4")]
)
def test_what_differs_stays_different(one: str, other: str) -> None:
    assert normalised(one) != normalised(other)


@given(st.text(max_size=200))
def test_any_text_has_a_form_that_case_and_space_do_not_change(text: str) -> None:
    form = normalised(text)
    assert normalised(f"  {text}  ") == form
    assert form == form.strip()


@given(st.integers(0, 10**12))
def test_a_number_is_itself_however_it_is_written(number: int) -> None:
    assert normalised(f"{number:,}") == normalised(str(number)) == normalised(f"The answer is {number}.")
    assert number_of(f"about {number:,} of them") == number


def test_parts_of_answers() -> None:
    assert first_sentence("Mr. Smith came. He left.") == "mr. smith came"
    assert words("The  Moon's end!") == "moons end"
    assert number_of("no number") is None
