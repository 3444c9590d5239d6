# ruff: noqa: RUF001 - typographic marks are what is tested
from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.audio.sentences import LONG, TOO_LONG, Sentence, SentenceSplitter

TRICKY = [
    "Dr. ",
    " Smith",
    " 9 a.m. ",
    "U.S. ",
    "The ",
    "J. R. R. Tolkien ",
    "3.14",
    "22,1",
    "e.g. ",
    "No. 5 ",
    "...",
    "… ",
    "?! ",
    ". ",
    "! ",
    "? ",
    '"',
    "'",
    "”",
    ") ",
    "(",
    "1. ",
    "2. ",
    "3) ",
    "\n",
    "\n\n",
    "- ",
    "* ",
    "**",
    "```\n",
    "~~~\n",
    ", ",
    "; ",
    ": ",
    " — ",
    "—",
    " - ",
    "example.com ",
    "v1.2.3 ",
    "https://a.b/c.d ",
    "。",
    "！",
    "「",
    "」",
    "😀 ",
    "and ",
    "or ",
    "word ",
    "Word ",
    "a ",
    "I ",
    "42",
    "7.",
    "  ",
    "\t",
    "\r\n",
    "<think>",
    "</think>",
    "`",
    "_",
    "$3.50 ",
    "etc. ",
    "Inc. ",
    "x",
]
"""Pieces of text that make a splitter stumble."""

texts = st.lists(st.sampled_from([*TRICKY, "| a. B |\n"]), max_size=40).map("".join) | st.text(max_size=200)


def cut(text: str, *, first_clause: bool = False) -> list[str]:
    splitter = SentenceSplitter(first_clause=first_clause)
    return [piece.text for piece in [*splitter.push(text), *splitter.flush()]]


def chunked(text: str, borders: list[int]) -> list[str]:
    ends = sorted({border % (len(text) + 1) for border in borders} | {0, len(text)})
    return [text[start:end] for start, end in pairwise(ends)]


@settings(max_examples=400, deadline=None)
@given(
    text=texts,
    borders=st.lists(st.integers(0, 10_000), max_size=20),
    first_clause=st.booleans(),
    first_phrase=st.booleans(),
)
def test_the_pieces_are_the_text_and_chunks_make_no_difference(
    text: str, borders: list[int], first_clause: bool, first_phrase: bool
) -> None:
    whole = SentenceSplitter(first_clause=first_clause, first_phrase=first_phrase)
    expected = [*whole.push(text), *whole.flush()]
    splitter = SentenceSplitter(first_clause=first_clause, first_phrase=first_phrase)
    pieces = [piece for chunk in chunked(text, borders) for piece in splitter.push(chunk)] + splitter.flush()

    assert pieces == expected
    assert "".join(piece.text for piece in pieces) == text
    assert all(text[piece.start : piece.end] == piece.text for piece in pieces)
    assert all(piece.text.strip() for piece in pieces[:-1])


@settings(deadline=None)
@given(text=texts)
def test_letter_by_letter_is_the_same_as_all_at_once(text: str) -> None:
    splitter = SentenceSplitter(first_clause=True)
    pieces = [piece.text for letter in text for piece in splitter.push(letter)]
    assert pieces + [piece.text for piece in splitter.flush()] == cut(text, first_clause=True)


@pytest.mark.parametrize(
    "whole",
    [
        "Dr. Smith met Mr. and Mrs. Jones.",
        "It opens at 9 a.m. on Monday.",
        "It opens at 9 a.m. Monday.",
        "The U.S. Army came.",
        "J. R. R. Tolkien wrote it.",
        "Pi is 3.14 or so.",
        "It was 22,1 degrees.",
        "Take fruit, e.g. apples.",
        "See No. 5 on page 3.",
        "Wait... what is that?",
        "Apples, pears, etc. are fruit.",
        '"Really?" he said.',
        "Look at example.com or main.py now.",
        "Version v1.2.3 is out.",
        "Open https://a.b/c.d?e=f!g now.",
        "On Jan. 5 it rained.",
        "He has a Ph.D. from Paris.",
        "Use approx. five of them.",
        "1. Foo",
        "- A. Foo",
    ],
)
def test_stays_in_one_piece(whole: str) -> None:
    assert cut(whole) == [whole]


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("We left at 9 a.m. Then it rained.", ["We left at 9 a.m. ", "Then it rained."]),
        ("I live in the U.S. It is big.", ["I live in the U.S. ", "It is big."]),
        ("Pi is 3.14. Next.", ["Pi is 3.14. ", "Next."]),
        ("The answer is 42. 43 is wrong.", ["The answer is 42. ", "43 is wrong."]),
        ("I said no. It was.", ["I said no. ", "It was."]),
        ("Really?! Yes! Good.", ["Really?! ", "Yes! ", "Good."]),
        ('"Stop." He left. (See it.) Next.', ['"Stop." ', "He left. ", "(See it.) ", "Next."]),
        ("**Note.** This counts.", ["**Note.** ", "This counts."]),
        ("Well… Yes.", ["Well… ", "Yes."]),
        ("1. Foo\n2. Bar", ["1. Foo\n", "2. Bar"]),
        ("Do: 1. Wash 2. Dry. Done.", ["Do: 1. Wash ", "2. Dry. ", "Done."]),
        ("One\n\nTwo\n", ["One\n", "\nTwo\n"]),
        ("One.  \n  Two.", ["One.  \n", "  Two."]),
        ("你好。再见！「好。」是", ["你好。", "再见！", "「好。」", "是"]),
        ("all in small letters. next one.", ["all in small letters. ", "next one."]),
        ("See example.com. Then go.", ["See example.com. ", "Then go."]),
        ("Great! 😀 Next.", ["Great! ", "😀 Next."]),
        ("| a. B | c |\n|---|---|\nEnd. Yes.", ["| a. B | c |\n", "|---|---|\n", "End. ", "Yes."]),
        ("```py\na. B! C\n```\nOne. Two.", ["```py\n", "a. B! C\n", "```\n", "One. ", "Two."]),
        ("  \n ", ["  \n "]),
        ("", []),
    ],
)
def test_is_cut_here(text: str, pieces: list[str]) -> None:
    assert cut(text) == pieces


def test_several_sentences_in_one_delta_are_all_given() -> None:
    splitter = SentenceSplitter()
    assert [piece.text for piece in splitter.push("One. Two! Three? Fo")] == ["One. ", "Two! ", "Three? "]
    assert splitter.flush() == [Sentence("Fo", 17, 19)]


def test_a_full_stop_is_certain_with_the_next_letter() -> None:
    splitter = SentenceSplitter()
    assert splitter.push("It is Paris") == []
    assert splitter.push(".") == []
    assert splitter.push(" ") == []
    assert splitter.push("I") == [Sentence("It is Paris. ", 0, 13)]


def test_a_line_break_is_certain_at_once() -> None:
    assert SentenceSplitter().push("Hello\n") == [Sentence("Hello\n", 0, 6)]


def test_offsets_go_on_after_a_flush() -> None:
    splitter = SentenceSplitter()
    splitter.push("One")
    assert splitter.flush() == [Sentence("One", 0, 3)]
    splitter.push("Two")
    assert splitter.flush() == [Sentence("Two", 3, 6)]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("The capital of France is Paris, which is known for its art.", "The capital of France is Paris, "),
        ("I do not know that; maybe you do.", "I do not know that; "),
        ("Here is what you need: flour and eggs.", "Here is what you need: "),
        ("It is quite far away — about a mile.", "It is quite far away — "),
        ("I really like the red, green, blue, and yellow.", "I really like the red, green, blue, and yellow."),
        ("We have some red, green and blue.", "We have some red, green and blue."),
        ("It was about that day 22,1 degrees here.", "It was about that day 22,1 degrees here."),
        ("It happened on July 4, 1776, in the city.", "It happened on July 4, 1776, in the city."),
        ("Well, yes, I can do that.", "Well, yes, I can do that."),
        ("You may call me (or him, if that is better) now.", "You may call me (or him, if that is better) now."),
        ("That is just a well-known story.", "That is just a well-known story."),
        ("Yes it is that one, sir. Next.", "Yes it is that one, sir. "),
    ],
)
def test_first_clause(text: str, first: str) -> None:
    assert cut(text, first_clause=True)[0] == first


def test_only_the_first_piece_is_a_clause() -> None:
    text = "The capital of France is Paris, which is in the north, and it is large there, you know it."
    assert cut(text, first_clause=True) == [text[:32], text[32:]]


def test_a_very_long_piece_is_cut_behind_a_clause() -> None:
    text = "word " * (LONG // 5) + "and so on, then more words " + "word " * 10
    assert [len(piece) for piece in cut(text)] == [LONG + 11, len(text) - LONG - 11]


def test_an_endless_piece_is_cut_between_words_but_not_in_numbers() -> None:
    pieces = cut("word " * 300)
    assert max(len(piece) for piece in pieces) <= TOO_LONG + 5
    assert cut("1 " * 300) == ["1 " * 300]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("The capital of France is Paris.", "The capital of France "),
        ("The sky is blue because of light.", "The sky is blue "),
        ("The sky appears blue because of light.", "The sky appears blue "),
        ("Some old people say that it rains.", "Some old people say "),
        ("The long white coast road and the sea meet.", "The long white coast road "),
        ("She likes red, green blue yellow and pink.", "She likes red, green blue yellow and pink."),
        ("Paris is a city.", "Paris is a city."),
        ("It has 4 or 5 or 6 is that so?", "It has 4 or 5 or 6 is "),
        ("You can use (the red one that is new) now.", "You can use (the red one that is new) now."),
        ("Well, the capital of France is Paris.", "Well, the capital of France "),
    ],
)
def test_first_phrase(text: str, first: str) -> None:
    splitter = SentenceSplitter(first_phrase=True)
    assert (splitter.push(text) + splitter.flush())[0].text == first
