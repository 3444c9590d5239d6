from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.audio.clauses import judge
from app.audio.stops import Verdict

AFTER = ["which ", "red, ", "and ", "or ", "blue", ". ", "5 ", "\n", "example.com ", "so "]


def verdict(text: str, mark: str, *, strict: bool = True, known: int | None = None) -> Verdict:
    """The verdict on the last place where a mark stands before the bar, which shows where the visible text goes on."""
    before, after = text.split("|")
    return judge((before + after)[:known], before.rindex(mark), len(before), strict=strict)


@pytest.mark.parametrize(
    ("text", "mark", "expected"),
    [
        ("The capital of France is Paris, |which is nice", ",", Verdict.ENDS),
        ("The capital of France is Paris, |which is", ",", Verdict.UNKNOWN),
        ("The capital of France is Paris, |not Lyon.", ",", Verdict.GOES_ON),
        ("Yes, it is, |which is nice", ",", Verdict.GOES_ON),
        ("We have the red, |green, blue", ",", Verdict.GOES_ON),
        ("We have some of red, green, |and so on and", ",", Verdict.GOES_ON),
        ("I went to the house, |and then I slept", ",", Verdict.ENDS),
        ("On the day of July 4, |1776, they", ",", Verdict.GOES_ON),
        ("It is the number 22,|1 there", ",", Verdict.GOES_ON),
        ("All you need is this: |f", ":", Verdict.ENDS),
        ("It was at about 14:|30 then", ":", Verdict.GOES_ON),
        ("It is far from here — |a", "—", Verdict.ENDS),
        ("It is far from here—|a", "—", Verdict.ENDS),
        ("It is a very well-|known", "-", Verdict.GOES_ON),
        ("It is between five and 5 - |6", "-", Verdict.GOES_ON),
        ("You can use this (or, |if you like", ",", Verdict.GOES_ON),
        ("You can use this **so, |if you like", ",", Verdict.GOES_ON),
    ],
)
def test_verdicts(text: str, mark: str, expected: Verdict) -> None:
    assert verdict(text, mark) is expected


def test_in_a_long_piece_any_clause_will_do() -> None:
    assert verdict("So, |i", ",", strict=False) is Verdict.ENDS
    assert verdict("22,|1", ",", strict=False) is Verdict.GOES_ON


@settings(deadline=None)
@given(after=st.lists(st.sampled_from(AFTER), min_size=1, max_size=5).map("".join), more=st.integers(1, 30))
def test_a_verdict_never_changes_when_more_is_known(after: str, more: int) -> None:
    if after[0].isspace():
        return
    text = f"The capital of France is Paris, |{after}"
    early = verdict(text, ",", known=text.index("|") + more)
    assert early in {Verdict.UNKNOWN, verdict(text, ",")}
