"""Cutting long texts: nothing is lost, nothing is too long, and cuts are where a reader would make them."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from app.pipeline.text.cutting import cut
from tests.helpers.virtual_time import in_virtual_time


async def words(texts: Sequence[str]) -> tuple[int, ...]:
    return tuple(len(text.split()) for text in texts)


async def letters(texts: Sequence[str]) -> tuple[int, ...]:
    return tuple(len(text) for text in texts)


@in_virtual_time
async def test_it_ends_behind_sentences_and_repeats_the_last_one() -> None:
    text = "One two three four. Five six seven eight. Nine ten. Eleven twelve thirteen."
    pieces = await cut(text, 8, 2, words)
    assert [(piece.before, piece.text, piece.tokens) for piece in pieces] == [
        ("", "One two three four. ", 4),
        ("", "Five six seven eight. Nine ten. ", 6),
        ("Nine ten. ", "Eleven twelve thirteen.", 5),
    ]


@in_virtual_time
async def test_a_paragraph_that_ends_late_is_a_better_place() -> None:
    text = "One two three four.\nFive six seven.\n\nEight nine. Ten eleven twelve."
    pieces = await cut(text, 9, 0, words)
    assert [piece.text for piece in pieces] == [
        "One two three four.\nFive six seven.\n",
        "\nEight nine. Ten eleven twelve.",
    ]


@in_virtual_time
async def test_a_sentence_longer_than_a_piece_is_cut_between_words() -> None:
    pieces = await cut("one two three four five six seven eight nine ten", 3, 0, words)
    assert "".join(piece.text for piece in pieces) == "one two three four five six seven eight nine ten"
    assert all(piece.tokens <= 3 for piece in pieces)
    (first, *_) = await cut("x" * 100, 10, 0, letters)
    assert 0 < len(first.text) <= 10


@in_virtual_time
async def test_blank_is_nothing() -> None:
    assert await cut(" \n\n ", 10, 2, words) == ()


@settings(max_examples=60, deadline=None)
@given(
    st.text(alphabet="ab .!?\n1,", max_size=300),
    st.integers(min_value=1, max_value=40),
    st.integers(min_value=0, max_value=50),
)
def test_nothing_is_lost_and_nothing_is_too_long(text: str, tokens: int, overlap: int) -> None:
    @in_virtual_time
    async def run() -> None:
        pieces = await cut(text, tokens, overlap, letters)
        assert "".join(piece.text for piece in pieces) == (text if text.strip() else "")
        for at, piece in enumerate(pieces):
            assert piece.tokens == len(piece.before + piece.text) <= tokens
            assert at == 0 or pieces[at - 1].text.endswith(piece.before)

    run()
