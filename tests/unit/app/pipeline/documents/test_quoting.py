"""An answer with its sources, or a quotation in its stead."""

from __future__ import annotations

import pytest

from app.pipeline.documents.quoting import best_sentence, cite
from app.pipeline.values import Passage

PASSAGES = (
    Passage("The Korvath loom stands in hall 3. One filling takes 2.5 litres of oil.", "loom.pdf", "page 2"),
    Passage("Fault E17 stands for a worn drive belt.", "faults.md", "Faults, line 9"),
)


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        ("It takes 2.5 litres of oil.", "It takes 2.5 litres of oil. [1]\n\nSource:\n[1] loom.pdf, page 2"),
        (
            "It takes 2.5 litres of oil.\n\nQuestion: What?\n\n[3] x",
            "It takes 2.5 litres of oil. [1]\n\nSource:\n[1] loom.pdf, page 2",
        ),
        ("A worn belt [2].", "A worn belt [2].\n\nSource:\n[2] faults.md, Faults, line 9"),
        (
            "Oil [1] and a belt [2] [7].",
            "Oil [1] and a belt [2].\n\nSources:\n[1] loom.pdf, page 2\n[2] faults.md, Faults, line 9",
        ),
    ],
)
def test_an_answer_that_rests_on_passages_keeps_its_words(answer: str, text: str) -> None:
    made = cite("How much does it take?", answer, PASSAGES, min_overlap=0.5, most=3)
    assert (made.text, made.quoted) == (text, False)


@pytest.mark.parametrize(
    "answer",
    [
        "Weaving began in ancient Egypt.",
        "It takes 7 litres of oil.",
        "It takes 2.5 buckets of oil.",
        "It takes 3 litres of oil.",
        "",
        "How much oil does the loom take?",
        "[9]",
    ],
)
def test_an_answer_out_of_its_own_head_gives_way_to_a_quotation(answer: str) -> None:
    made = cite("How much oil does the loom take?", answer, PASSAGES, min_overlap=0.5, most=3)
    assert made.quoted
    assert made.text == "“One filling takes 2.5 litres of oil.” [1]\n\nSource:\n[1] loom.pdf, page 2"


def test_the_best_sentence_knows_rare_words_and_decimals() -> None:
    assert best_sentence("What is fault E17?", PASSAGES) == (2, "Fault E17 stands for a worn drive belt.")
    assert best_sentence("nothing in common", PASSAGES)[0] == 1
    assert best_sentence("x", (Passage("y" * 400, "a"),))[1] == "y" * 300 + " …"
    assert best_sentence("x", (Passage("", "a"),)) == (1, "")


@pytest.mark.parametrize(
    ("question", "quote"),
    [
        ("How often is it serviced?", "The interval is 21 weeks."),
        ("How hot may it get?", "It stays below 90 degrees."),
        ("When was it built?", "It dates from 1926."),
        ("What was the price?", "It was 700 euros then."),
        ("How high up does it stand?", "The hall lies at 450 metres."),
    ],
)
def test_a_sentence_that_looks_like_what_is_asked_for_is_preferred(question: str, quote: str) -> None:
    told = (
        "It is red.",
        "The interval is 21 weeks.",
        "It stays below 90 degrees.",
        "It dates from 1926.",
        "It was 700 euros then.",
        "The hall lies at 450 metres.",
    )
    assert best_sentence(question, [Passage("\n\n".join(told), "a.txt")]) == (1, quote)
