"""Passages: bounded, exact, in order, and together the whole text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.pipeline.documents.chunking import Span, spans

PROSE = st.text(alphabet=st.sampled_from("ab .!?\n\té漢"), max_size=600) | st.text(max_size=300)


@given(text=PROSE, most=st.integers(1, 120), share=st.integers(0, 50))
def test_the_spans_cover_the_text_and_keep_their_bounds(text: str, most: int, share: int) -> None:
    overlap = most * share // 100
    found = list(spans(text, most, overlap))
    whole = ""
    for span in found:
        assert 0 < span.end - span.start <= most
        assert span.start <= len(whole) < span.end, "no gap, and each goes further than the one before"
        assert len(whole) - span.start <= overlap
        whole += text[len(whole) : span.end]
    assert whole == text
    assert [span.start for span in found] == sorted({span.start for span in found})


def test_paragraphs_are_kept_whole_where_they_fit() -> None:
    text = "One sentence here.\n\nAnother paragraph there.\n\nThe third."
    assert [text[span.start : span.end] for span in spans(text, 48, 0)] == [
        "One sentence here.\n\nAnother paragraph there.\n\n",
        "The third.",
    ]


def test_a_sentence_is_repeated_as_overlap() -> None:
    text = "First thing. Second thing. Third thing. Fourth thing."
    found = [text[span.start : span.end] for span in spans(text, 30, 14)]
    assert found == ["First thing. Second thing. ", "Second thing. Third thing. ", "Third thing. Fourth thing."]


def test_a_text_without_any_border_is_cut_at_the_bound() -> None:
    assert list(spans("x" * 25, 10, 0)) == [Span(0, 10), Span(10, 20), Span(20, 25)]


@pytest.mark.parametrize(("most", "overlap"), [(0, 0), (10, 6), (10, -1)])
def test_lengths_that_do_not_fit_are_refused(most: int, overlap: int) -> None:
    with pytest.raises(ValueError, match="overlap"):
        list(spans("abc", most, overlap))
