from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from app.assistant.trimming import NOTE, TokenCounts, trimmed


async def letters(texts: Sequence[str]) -> tuple[int, ...]:
    return tuple((len(text) + 2) // 3 for text in texts)


async def test_a_short_text_stays_as_it_is() -> None:
    assert await trimmed("Hello there", 4, TokenCounts(), letters) == "Hello there"


async def test_beginning_and_end_of_a_long_text_stay() -> None:
    text = " ".join(f"word{index}" for index in range(400))
    short = await trimmed(text, 100, TokenCounts(), letters)
    beginning, end = short.split(NOTE)
    assert text.startswith(beginning + " ")
    assert text.endswith(" " + end)
    assert len(beginning) > len(end) > 50


async def test_a_tiny_limit_keeps_the_beginning() -> None:
    assert await trimmed("a very long text " * 20, 5, TokenCounts(), letters) == "a very long"


@settings(deadline=None)
@given(text=st.text(max_size=600), limit=st.integers(4, 120))
async def test_the_limit_is_kept(text: str, limit: int) -> None:
    short = await trimmed(text, limit, TokenCounts(), letters)
    assert (await letters([short]))[0] <= limit
    assert short == text or len(text) > 3 * limit


async def test_counts_are_remembered_and_the_oldest_forgotten() -> None:
    asked: list[str] = []

    async def counting(texts: Sequence[str]) -> tuple[int, ...]:
        asked.extend(texts)
        return tuple(map(len, texts))

    counts = TokenCounts(kept=2)
    assert await counts.of(["a", "bb", "a"], counting) == (1, 2, 1)
    assert await counts.of(["a"], counting) == (1,)
    assert await counts.of(["ccc"], counting) == (3,)
    assert await counts.of(["a", "bb"], counting) == (1, 2)
    assert asked == ["a", "bb", "ccc", "bb"]
