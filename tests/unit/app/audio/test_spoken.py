# ruff: noqa: RUF001 - typographic marks are what is tested
from __future__ import annotations

import re
import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.audio.sentences import SentenceSplitter
from app.audio.spoken import CODE_NOTE, TABLE_NOTE, SpokenForm, ThinkFilter, heard_text, spoken_form

PIECES = [
    "word",
    "Word",
    "the",
    "USB",
    "CPUs",
    "e.g. ",
    "Dr. ",
    "St. ",
    "a.m. ",
    "$3.50",
    "€5",
    "5 €",
    "25 °C",
    "10 km/h",
    "50 %",
    "2026-11-21",
    "14:30",
    "1/2",
    "½",
    "22,1",
    "1,234,567",
    "-5",
    "2 + 2 = 4",
    "5-3",
    "#5",
    "C#",
    "C++",
    "a_b",
    "**",
    "*",
    "_",
    "__",
    "`",
    "```",
    "~~~",
    "~",
    "# ",
    "## ",
    "- ",
    "> ",
    "1. ",
    "[x](http://a.b)",
    "[",
    "]",
    "(",
    ")",
    "!",
    "https://a.b/c",
    "a@b.co",
    "<b>",
    "<",
    ">",
    "&",
    "&amp;",
    "=",
    "→",
    "😀",
    "❤️",
    "🇫🇷",
    "1️⃣",
    "👨\u200d👩\u200d👧",
    "‼",
    "©",
    "™",
    "\n",
    "\n\n",
    " ",
    "  ",
    ", ",
    ". ",
    "? ",
    "—",
    " - ",
    "…",
    "“",
    "”",
    "\\frac{1}{2}",
    "\\",
    "^",
    "²",
    "Louis XIV",
    "WE ARE NOT",
    "<think>",
    "</think>",
    "'",
    '"',
    "/",
    "and/or",
    "%",
    "@",
    "你好。",
    "नमस्ते",
    "é",
    "\x00",
    "\ufeff",
    "\u200b",
    "999999999999999999999",
    "1e9",
    "0:00",
    "24:61",
    "99/99/9999",
]
texts = st.lists(st.sampled_from([*PIECES, "|", "| a | b |\n"]), max_size=30).map("".join) | st.text(max_size=120)

FORBIDDEN = re.compile(r"[\x00-\x1f\"#*_`~|\\\[\](){}<>^@=+&%$/]")


def emoji_in(text: str) -> list[str]:
    return [
        character
        for character in text
        if unicodedata.category(character) in {"So", "Sk", "Cs", "Co", "Cn", "Cc"}
        or character in "\ufe0f\u200d\u20e3‼⁉ℹ〰"
    ]


def spoken_parts(text: str, chunks: list[str]) -> list[str]:
    """The whole way of an answer: filter, splitter, spoken form."""
    think, splitter, form = ThinkFilter(), SentenceSplitter(first_clause=True), SpokenForm()
    pieces = [piece for chunk in chunks for piece in splitter.push(think.push(chunk))]
    pieces += [*splitter.push(think.flush()), *splitter.flush()]
    return [form.sentence(piece.text) for piece in pieces]


@settings(max_examples=500, deadline=None)
@given(text=texts)
def test_never_raises_and_leaves_no_mark_and_no_picture(text: str) -> None:
    said = spoken_form(text)
    assert not FORBIDDEN.search(said)
    assert not emoji_in(said)
    assert said == said.strip()
    assert "  " not in said
    assert said == "" or any(character.isalnum() for character in said)


@settings(deadline=None)
@given(text=texts, borders=st.lists(st.integers(0, 5000), max_size=15))
def test_chunks_make_no_difference_to_what_is_said(text: str, borders: list[int]) -> None:
    ends = sorted({border % (len(text) + 1) for border in borders} | {0, len(text)})
    chunks = [text[start:end] for start, end in pairwise(ends)]
    assert spoken_parts(text, chunks) == spoken_parts(text, [text])


@settings(deadline=None)
@given(text=texts, secret=st.sampled_from(["hushhush", "Hushhush. Hushhush!", "hushhush\n\n```hushhush", "1 hushhush"]))
def test_reasoning_is_never_said(text: str, secret: str) -> None:
    assert "hushhush" not in spoken_form(f"{text}<think>{secret}</think>{text}").lower()
    assert "hushhush" not in spoken_form(f"{text}<think>{secret}").lower()
    form = SpokenForm()
    assert "hushhush" not in (form.sentence(f"{text}<think>{secret}") + form.sentence(f"{secret} ")).lower()


@settings(deadline=None)
@given(
    words=st.lists(st.sampled_from(["plain", "words", "stay", "as", "they", "are", "don't", "42", "3.14"]), min_size=1)
)
def test_plain_words_stay_as_they_are(words: list[str]) -> None:
    said = " ".join(words) + "."
    assert spoken_form(said) == said


@settings(deadline=None)
@given(text=texts)
def test_what_is_said_can_be_said_again(text: str) -> None:
    said = spoken_form(text)
    assert not FORBIDDEN.search(spoken_form(said))


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        ("**Bold**, *it*, `code`, ~~gone~~ and __under__.", "Bold, it, code, gone and under."),
        ("## A heading", "A heading"),
        ("- an item", "an item"),
        ("* [ ] a task", "a task"),
        ("2. Stir it.", "2, Stir it."),
        ("> A quote", "A quote"),
        ("---", ""),
        ("See [the page](https://a.example/x_(y)) now.", "See the page now."),
        ("![a cat](cat.png)", "a cat"),
        ("It is so.[1][^note]", "It is so."),
        ("See https://www.example.com/a?b=c.", "See example dot com."),
        ("See http://127.0.0.1:80/x now.", "See link now."),
        ("Go to example.org today.", "Go to example dot org today."),
        ("Write to jo.doe@site.org!", "Write to jo dot doe at site dot org!"),
        ("Great! 😀👨‍👩‍👧🇫🇷 1️⃣ ❤️ ✓", "Great! 1"),
        ("😀", ""),
        ("snake_case and <b>tags</b> &amp; <name>", "snake case and tags and name"),
        ("a < b, b > a", "a less than b, b greater than a"),
        ("It’s “so” — see (below).", "It's so, see, below."),
        ("(All of it.)", "All of it."),
        ("Wait… what?!", "Wait... what?!"),
        ("*", ""),
        ("你好，世界。", "你好，世界。"),
        ("नमस्ते दुनिया।", "नमस्ते दुनिया।"),
    ],
)
def test_marks(shown: str, said: str) -> None:
    assert spoken_form(shown) == said


def test_a_code_block_is_mentioned_once() -> None:
    form = SpokenForm()
    answer = [
        "Like this:\n",
        "```python\n",
        "print('x')\n",
        "# not a heading\n",
        "```\n",
        "Or:\n",
        "~~~\n",
        "x\n",
        "~~~\n",
        "Done.",
    ]
    assert [form.sentence(piece) for piece in answer] == [
        "Like this:",
        CODE_NOTE,
        "",
        "",
        "",
        "Or:",
        "",
        "",
        "",
        "Done.",
    ]


def test_a_code_block_that_opens_in_a_line_or_never_closes_is_not_said() -> None:
    form = SpokenForm()
    assert form.sentence("So: ```py\n") == f"So: {CODE_NOTE}"
    assert form.sentence("secret()\n") == ""
    assert form.sentence("more.") == ""


def test_code_on_one_line_is_said_as_words() -> None:
    assert spoken_form("Use ```ls``` here.") == "Use ls here."


def test_each_table_is_mentioned_once() -> None:
    form = SpokenForm()
    answer = ["Here:\n", "| a | b |\n", "|---|---|\n", "| 1 | 2. ", "Three |\n", "\nAnd:\n", "| c |\n"]
    assert [form.sentence(piece) for piece in answer] == ["Here:", TABLE_NOTE, "", "", "", "And:", TABLE_NOTE]


@settings(deadline=None)
@given(text=texts, share=st.floats(-0.5, 1.5), more=st.floats(0, 1))
def test_what_was_heard_is_a_beginning_and_only_grows(text: str, share: float, more: float) -> None:
    heard = heard_text(text, share)
    assert text.startswith(heard)
    assert heard_text(text, share + more).startswith(heard)
    assert heard == text or not heard or text[len(heard)].isspace()


def test_what_was_heard_ends_behind_a_word() -> None:
    sentence = "The capital of France is Paris. "
    assert heard_text(sentence, 0.0) == ""
    assert heard_text(sentence, 0.02) == ""
    assert heard_text(sentence, 0.5) == "The capital of"
    assert heard_text(sentence, 0.99) == "The capital of France is Paris."
    assert heard_text(sentence, 1.0) == sentence


def test_a_figure_takes_as_long_as_its_words() -> None:
    assert heard_text("It costs $1,234.56 now", 0.6) == "It costs"
    assert heard_text("It costs four now", 0.6) == "It costs"
    assert heard_text("It costs $1,234.56 now", 0.9) == "It costs $1,234.56"
