"""Finding the tokens of an answer again in what is held of it."""

from __future__ import annotations

import codecs

from hypothesis import given
from hypothesis import strategies as st

from models.llm.llama_state import as_written

QUESTION = [100, 101]


def text_of(pieces: list[bytes], shown: int) -> str:
    characters = codecs.getincrementaldecoder("utf-8")("replace")
    return "".join(characters.decode(piece) for piece in pieces[:shown])


def found(pieces: list[bytes], text: str) -> list[int]:
    return as_written([*QUESTION, *range(len(pieces))], QUESTION, text, lambda token: pieces[token])


def test_the_tokens_that_were_written_count_not_those_the_text_would_be_divided_into() -> None:
    assert found([b"un", b"believ", b"able"], "unbelievable") == [0, 1, 2]


def test_what_was_written_behind_it_is_left_out() -> None:
    assert found([b"The", b" sea", b" is"], "The sea") == [0, 1]


def test_half_a_character_is_left_out() -> None:
    wave = "\N{WATER WAVE}".encode()
    assert found([b"sea ", wave[:2], wave[2:], b"!"], "sea ") == [0]
    assert found([b"sea ", wave[:2], wave[2:], b"!"], "sea \N{WATER WAVE}") == [0, 1, 2]


def test_a_text_that_ends_within_a_token_is_not_found() -> None:
    assert found([b"The", b" seaside"], "The sea") == []


def test_nor_is_another_answer_or_one_to_another_question() -> None:
    assert found([b"The", b" sea"], "A sea") == []
    assert found([b"The"], "The sea") == []
    assert found([b"The"], "") == []
    assert as_written([100, 99, 0], QUESTION, "The", lambda token: b"The") == []
    assert as_written([100], QUESTION, "The", lambda token: b"The") == []


@given(st.lists(st.binary(max_size=4), max_size=20), st.data())
def test_whatever_was_written_it_is_found_up_to_where_the_text_ends(pieces: list[bytes], data: st.DataObject) -> None:
    shown = data.draw(st.integers(0, len(pieces)))
    text = text_of(pieces, shown)
    tokens = found(pieces, text)
    assert tokens == list(range(len(tokens)))
    assert len(tokens) <= shown
    assert text_of(pieces, len(tokens)) == text
    assert not tokens or text_of(pieces, len(tokens) - 1) != text
