from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.audio.think import ThinkFilter

shown = st.text(alphabet="ab <\n/t", max_size=8)
hidden = st.text(alphabet="xyz <\n/", max_size=8)
marks = st.sampled_from([("<think>", "</think>"), ("<Thinking >", "</THINKING>"), ("<thought>", "</thought\n>")])


def through(chunks: list[str]) -> str:
    think = ThinkFilter()
    return "".join([*(think.push(chunk) for chunk in chunks), think.flush()])


def chunks_of(text: str, borders: list[int]) -> list[str]:
    ends = sorted({border % (len(text) + 1) for border in borders} | {0, len(text)})
    return [text[start:end] for start, end in pairwise(ends)]


@settings(deadline=None)
@given(
    blocks=st.lists(st.tuples(shown, marks, hidden), max_size=4),
    last=shown,
    borders=st.lists(st.integers(0, 1000), max_size=12),
)
def test_only_what_stands_outside_comes_through(
    blocks: list[tuple[str, tuple[str, str], str]], last: str, borders: list[int]
) -> None:
    text = "".join(before + opening + inside + closing for before, (opening, closing), inside in blocks) + last
    assert through(chunks_of(text, borders)) == "".join(before for before, _, _ in blocks) + last


@settings(deadline=None)
@given(text=st.text(alphabet="<>/thinkTHIN g a", max_size=60), borders=st.lists(st.integers(0, 1000), max_size=12))
def test_chunks_make_no_difference(text: str, borders: list[int]) -> None:
    assert through(chunks_of(text, borders)) == through([text])


@settings(deadline=None)
@given(
    before=shown, secret=st.text(alphabet="XYZ<> \n", min_size=1), borders=st.lists(st.integers(0, 1000), max_size=9)
)
def test_an_unclosed_block_hides_everything_behind_it(before: str, secret: str, borders: list[int]) -> None:
    assert through(chunks_of(f"{before}<think>{secret}", borders)) == before


@pytest.mark.parametrize(
    ("chunks", "expected"),
    [
        (["<th", "ink>secret</th", "ink>Paris."], "Paris."),
        (["a < b and c <", " d"], "a < b and c < d"),
        (["1 <"], "1 <"),
        (["x <th"], "x <th"),
        (["x <think"], "x "),
        (["x </think"], "x "),
        (["so </think>Paris."], "so Paris."),
        (["<thinker>yes"], "<thinker>yes"),
        (["<think>a<think>b</think>c"], "c"),
    ],
)
def test_examples(chunks: list[str], expected: str) -> None:
    assert through(chunks) == expected


def test_text_is_not_held_back_longer_than_needed() -> None:
    think = ThinkFilter()
    assert think.push("Hello <") == "Hello "
    assert think.push("b") == "<b"
    assert not think.hidden
    assert think.push("<think>x") == ""
    assert think.hidden
