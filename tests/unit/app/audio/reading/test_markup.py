# ruff: noqa: RUF001 - typographic marks are what is tested
from __future__ import annotations

import pytest

from app.audio.reading.markup import plain


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("### Title", "Title"),
        ("  - item", "item"),
        ("12) item", "12, item"),
        ("- [x] done", "done"),
        ("> > quote", "quote"),
        ("* * *", ""),
        ("2 * 3 and x**2", "2 × 3 and x2"),
        ("2**3", "2 to the power of 3"),
        ("*a* **b** ***c***", "a b c"),
        ("an open **mark", "an open mark"),
        ('[a][ref] and ![b](c.png "d")', "a and b"),
        ("a -> b => c", "a → b ⇒ c"),
        ("\\frac{1}{2}", "1 over 2"),
        ("<!-- no -->yes<br/>", " yes "),
        ("main.py stays", "main.py stays"),
    ],
)
def test_only_words_are_left(line: str, words: str) -> None:
    assert plain(line) == words
