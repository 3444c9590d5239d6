"""Numbers written as English words, turned into digits, so that "twenty-five" and "25" are the same word."""

from __future__ import annotations

from collections.abc import Sequence

_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
)
_SMALL = {word: value for value, word in enumerate(f"{_ONES} eighteen nineteen".split())}
_TENS = {
    word: 10 * value
    for value, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), start=2)  # noqa: SIM905
}
_SCALES = {"thousand": 1_000, "million": 1_000_000, "billion": 1_000_000_000}
_ORDINALS = {
    "1st": "first", "2nd": "second", "3rd": "third", "4th": "fourth", "5th": "fifth", "6th": "sixth", "7th": "seventh",
    "8th": "eighth", "9th": "ninth", "10th": "tenth", "11th": "eleventh", "12th": "twelfth", "20th": "twentieth",
}  # fmt: skip


def digits_for_words(words: Sequence[str]) -> list[str]:
    """The same words with every number in digits.

    Args:
        words: Lower case, one word each; "twenty-five" is two.

    Returns:
        "two hundred and five" becomes "205", "nineteen ninety nine" "1999", "three point one four" "3.14", "2nd"
        "second". Digits that are spelled one by one stay one by one.
    """
    out: list[str] = []
    position = 0
    while position < len(words):
        value, end = _number(words, position)
        if value is None:
            out.append(_ORDINALS.get(words[position], words[position]))
            position += 1
        else:
            number, position = _with_decimals(words, value, end)
            out.append(number)
    return out


def _number(words: Sequence[str], start: int) -> tuple[int | None, int]:
    """The number that begins at an index and the index behind it; None when no number begins there."""
    total: int | None = None
    position = follows = start
    while True:
        group, after = _below_thousand(words, follows)
        if group is None:
            return total, position
        position = after
        if position == len(words) or words[position] not in _SCALES:
            return (total or 0) + group, position
        total = (total or 0) + group * _SCALES[words[position]]
        position += 1
        follows = position + (position < len(words) and words[position] == "and")


def _below_thousand(words: Sequence[str], start: int) -> tuple[int | None, int]:
    """A number up to 999, or a year said in two pairs."""
    first, position = _below_hundred(words, start)
    if first is None:
        return None, start
    if position < len(words) and words[position] == "hundred":
        follows = position + 1 + (position + 1 < len(words) and words[position + 1] == "and")
        rest, after = _below_hundred(words, follows)
        return (first * 100, position + 1) if rest is None else (first * 100 + rest, after)
    if 10 < first <= 20:
        second, after = _below_hundred(words, position)
        if second is not None and second >= 10:
            return first * 100 + second, after
        if position + 1 < len(words) and words[position] in {"oh", "o"} and words[position + 1] in _SMALL:
            return first * 100 + _SMALL[words[position + 1]], position + 2
    return first, position


def _below_hundred(words: Sequence[str], start: int) -> tuple[int | None, int]:
    if start >= len(words):
        return None, start
    word = words[start]
    if word in _TENS:
        follows = _SMALL.get(words[start + 1], 0) if start + 1 < len(words) else 0
        return (_TENS[word] + follows, start + 2) if 1 <= follows <= 9 else (_TENS[word], start + 1)
    if word in _SMALL:
        return _SMALL[word], start + 1
    return None, start


def _with_decimals(words: Sequence[str], value: int, position: int) -> tuple[str, int]:
    """Digits behind a spoken "point"."""
    decimals = ""
    if position + 1 < len(words) and words[position] == "point":
        end = position + 1
        while end < len(words) and _SMALL.get(words[end], 10) < 10:
            decimals += str(_SMALL[words[end]])
            end += 1
        if decimals:
            return f"{value}.{decimals}", end
    return str(value), position
