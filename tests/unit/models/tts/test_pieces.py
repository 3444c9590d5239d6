"""Long text in pieces, and text a phonemizer cannot misunderstand."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from models.tts.pieces import LONGEST_PIECE, pieces, speakable


def test_short_text_comes_whole() -> None:
    assert list(pieces(" Hello there. How are you? ")) == ["Hello there. How are you?"]
    assert list(pieces("  \n")) == []


def test_long_text_is_cut_at_the_ends_of_sentences() -> None:
    assert list(pieces("One two three. Four five six! Seven?", 21)) == ["One two three.", "Four five six! Seven?"]


def test_a_number_is_no_end_of_a_sentence() -> None:
    assert list(pieces("It costs 3.14 and 22,1 of them", 18)) == ["It costs 3.14 and", "22,1 of them"]


def test_a_long_sentence_is_cut_at_commas_and_a_long_clause_between_words() -> None:
    assert list(pieces("first clause here, second clause here, third", 22)) == [
        "first clause here,",
        "second clause here,",
        "third",
    ]
    assert list(pieces("one two three four five", 10)) == ["one two", "three four", "five"]


def test_what_has_no_space_is_cut_anywhere() -> None:
    assert list(pieces("a" * 25, 10)) == ["a" * 10, "a" * 10, "a" * 5]


def test_text_without_spaces_is_cut_at_its_own_marks() -> None:
    assert list(pieces("\u4eca\u65e5\u306f\u3002\u660e\u65e5\u306f\u3002", 5)) == [
        "\u4eca\u65e5\u306f\u3002",
        "\u660e\u65e5\u306f\u3002",
    ]


@given(st.text(alphabet="ab .,!?\n\u3002(-\u2014\"'1", max_size=400), st.integers(5, 60))
def test_nothing_is_lost_or_said_twice_and_no_piece_is_too_long(text: str, longest: int) -> None:
    found = list(pieces(text, longest))
    assert all(0 < len(piece) <= longest for piece in found)
    assert "".join("".join(found).split()) == "".join(text.split())


def test_the_longest_piece_is_short_enough_to_be_spoken_in_one_go() -> None:
    assert max(len(piece) for piece in pieces("Some words to say. " * 100)) <= LONGEST_PIECE


def test_marks_of_raw_phonemes_and_broken_characters_are_text() -> None:
    assert "[[" not in speakable("say [[h@loU]] now")
    assert speakable("nul\0 lone \ud800 end") == "nul  lone ? end"
    assert speakable("na\u00efve caf\u00e9, 12 \u20ac\n") == "na\u00efve caf\u00e9, 12 \u20ac\n"
