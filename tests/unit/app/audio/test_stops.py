from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.audio.stops import Verdict, judge, word_before

WORDS = [
    "Dr",
    "U.S",
    "a.m",
    "No",
    "etc",
    "J",
    "Paris",
    "paris",
    "42",
    "Ph.D",
    "in",
    "3.14",
    "example.com",
    "",
    "I",
    "end",
]
AFTER = ["The ", "the ", "Then", "Smith ", "I. ", "I ", "5 ", '"', "(", "He's ", "É", ".", ", ", "\u0410", "😀", " "]


@settings(deadline=None)
@given(
    before=st.sampled_from(WORDS),
    after=st.lists(st.sampled_from(AFTER), max_size=4).map("".join),
    known=st.integers(0, 20),
)
def test_a_verdict_never_changes_when_more_is_known(before: str, after: str, known: int) -> None:
    if after[:1].isspace():
        return
    early = judge(before, after[:known], whole=False)
    assert early in {Verdict.UNKNOWN, judge(before, after, whole=False)}
    assert judge(before, after, whole=True) is not Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("before", "after", "verdict"),
    [
        ("Dr", "The", Verdict.GOES_ON),
        ("Paris", "I", Verdict.ENDS),
        ("Paris", "", Verdict.UNKNOWN),
        ("U.S", "The", Verdict.UNKNOWN),
        ("U.S", "The ", Verdict.ENDS),
        ("U.S", "Army ", Verdict.GOES_ON),
        ("U.S", "army", Verdict.GOES_ON),
        ("J", "I. ", Verdict.GOES_ON),
        ("J", '"The ', Verdict.ENDS),
        ("No", "5", Verdict.GOES_ON),
        ("No", "It", Verdict.ENDS),
        ("paris", "it", Verdict.ENDS),
        ("xy", "it", Verdict.GOES_ON),
    ],
)
def test_verdicts(before: str, after: str, verdict: Verdict) -> None:
    assert judge(before, after, whole=False) is verdict


def test_at_the_end_of_the_text_nothing_is_unknown() -> None:
    assert judge("U.S", "The", whole=True) is Verdict.ENDS
    assert judge("Paris", "", whole=True) is Verdict.GOES_ON


@pytest.mark.parametrize(
    ("text", "word"), [('say "Dr', "Dr"), ("(e.g", "e.g"), ("well—Mr", "Mr"), ("don't", "don't"), ("", "")]
)
def test_word_before(text: str, word: str) -> None:
    assert word_before(text, len(text)) == word
