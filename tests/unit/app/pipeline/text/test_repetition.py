"""Loops are found; what merely repeats itself is not."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.pipeline.text.repetition import RepetitionDetector

LOOPS = {
    "empty code blocks": ("These are the parts:\n\n" + "```\n\n" * 40, "These are the parts:\n\n"),
    "line breaks": ("It is so." + "\n" * 60, "It is so."),
    "lines of spaces": ("It is so." + "  \n" * 60, "It is so."),
    "spaces": ("It is so." + " " * 900 + "Yes", "It is so."),
    "a row without an end": ("|---" * 1500, "|---" * 250),
    "one word": ("very " * 40, "very"),
    "two words": ("I know " * 20, "I know"),
    "a sentence": ("It rains. I like it a lot. " * 9, "It rains. I like it a lot."),
    "behind a beginning": ("We like it. " + "I like it. " * 20, "We like it. I like it."),
    "lines": ("Here:\n" + "The cat sat on the mat\n" * 9, "Here:\nThe cat sat on the mat"),
    "a numbered list of one item": (
        "".join(f"{number}. Eat more fruit every day.\n" for number in range(1, 20)),
        "1. Eat more fruit every day.",
    ),
    "case and marks": ("I know it, really. i know it really! " * 9, "I know it, really."),
    "a paragraph": (
        " ".join(f"Sentence number {word} says something else again." for word in ("one", "two", "three")) + "\n",
        "",
    ),
    "Chinese": ("好的我知道了。" * 20, "好的我知道了。"),
    "one sentence between others": (
        "".join(f"Thing {n} is new.\nThis is the one that comes again.\n" + "This is the one that comes again.\n"
        for n in range(9)),
        "Thing 0 is new.\nThis is the one that comes again.",
    ),
    "code": ("```\n" + "print(value + 1)\n" * 60, "```\nprint(value + 1)"),
    "table rows": ("| a | b |\n|---|---|\n" + "| 1 | 2 |\n" * 60, ""),
}  # fmt: skip


@pytest.mark.parametrize("name", [name for name in LOOPS if name not in ("a paragraph", "table rows")])
def test_a_loop_is_found_and_one_copy_stays(name: str) -> None:
    text, kept = LOOPS[name]
    loop = RepetitionDetector().push(text)
    assert loop is not None
    assert text[: loop.ends[0]] == kept


def test_a_paragraph_and_a_row_are_found_too() -> None:
    paragraph = LOOPS["a paragraph"][0]
    loop = RepetitionDetector().push(paragraph * 5)
    assert loop is not None
    assert (paragraph * 5)[: loop.ends[0]] == paragraph.rstrip("\n")
    assert RepetitionDetector().push(LOOPS["table rows"][0]) is not None


INNOCENT = {
    "many code blocks": "First:\n```python\nx = 1\n```\nthen:\n```\ny\n```\n" + "```\n```\n" * 3 + "Done.\n",
    "a shopping list": "".join(f"- {item}\n" for item in ("milk", "bread", "milk", "eggs", "milk", "tea") * 2),
    "steps": "".join(f"{n}. Turn the wheel {n} times to the {'left' if n % 2 else 'right'}.\n" for n in range(1, 30)),
    "a table of yes and no": "| day | " + " | ".join("abcdefgh") + " |\n" + "|---" * 9 + "|\n"
    + "".join(f"| {day} |" + " yes |" * 8 + "\n" for day in ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")),
    "equal rows": "| a | b |\n|---|---|\n" + "| no | no |\n" * 10,
    "zeros": "[" + "0, " * 40 + "0]",
    "braces": "```c\n" + "    }\n" * 12 + "```\n",
    "calls": "```python\n" + "next(it)\n" * 12 + "```\n",
    "css": "".join(f".c{n} {{\n  margin: 0;\n  padding: 0;\n}}\n" for n in range(12)),
    "a song": "Row, row, row your boat\nGently down the stream\nMerrily, merrily, merrily, merrily\n"
    "Life is but a dream\n" * 2,
    "a refrain": "".join(
        f"This is verse {n} of a song that nobody knows by heart\nAnd on they went and on they went and on\n"
        "And nobody ever heard of them again\n\n"
        for n in range(12)
    ),
    "a litany": "".join(
        f"From {evil}, deliver us, o Lord, we pray to thee.\nDeliver us now, o Lord, we pray.\n"
        for evil in ("evil", "sin", "wrath", "pride", "sloth", "envy", "greed", "lust", "war", "fire", "flood")
    ),
    "a chorus four times": ("Let it be, let it be\n" * 4 + "Whisper words of wisdom\n") * 2,
    "laughing": "Ha ha ha ha ha! That is funny. No, no, no, no.",
    "numbers": " ".join(map(str, range(300))),
    "json": "[" + ",\n ".join(f'{{"id": {n}, "name": "user {n}", "active": true}}' for n in range(30)) + "]",
    "a ruler": "=" * 200 + "\n" + "-" * 200 + "\n",
}  # fmt: skip


@pytest.mark.parametrize("name", INNOCENT)
def test_what_repeats_itself_for_a_reason_is_left_alone(name: str) -> None:
    assert RepetitionDetector().push(INNOCENT[name]) is None


@given(st.sampled_from(sorted(LOOPS)), st.lists(st.integers(0, 2000), max_size=20))
def test_how_the_text_arrives_makes_no_difference(name: str, cuts: list[int]) -> None:
    text = LOOPS[name][0]
    detector = RepetitionDetector()
    places = [0, *sorted(cut % (len(text) + 1) for cut in cuts), len(text)]
    for start, end in itertools.pairwise(places):
        detector.push(text[start:end])
    whole = RepetitionDetector()
    whole.push(text)
    assert (detector.found is None) == (whole.found is None)
    if detector.found and whole.found:
        assert detector.found.ends[0] == whole.found.ends[0]


def test_doubt_begins_with_the_second_round() -> None:
    detector = RepetitionDetector()
    detector.push("It is very nice here. ")
    assert not detector.doubtful
    detector.push("It is very ")
    assert detector.doubtful
    detector.push("good there. ")
    assert not detector.doubtful
