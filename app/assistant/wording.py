"""Words as people put them: in a row, counted, with a capital and an end. The whole assistant says them this way."""

from __future__ import annotations

from collections.abc import Sequence


def capital(words: str) -> str:
    """Words with a capital in front."""
    return f"{words[:1].upper()}{words[1:]}"


def sentence(words: str) -> str:
    """Words with a capital and an end."""
    words = capital(words.strip())
    return words if words.endswith((".", "!", "?")) else f"{words}."


def joined(words: Sequence[str], last: str = "and") -> str:
    """Words in a row: "a", "a and b", "a, b and c"; ``last`` stands before the last one. Empty for none."""
    return f"{', '.join(words[:-1])} {last} {words[-1]}" if len(words) > 1 else "".join(words)


def counted(count: int, one: str) -> str:
    """So many of something that takes an s: "1 step", "2,500 days"."""
    return f"{count:,} {one}{'' if count == 1 else 's'}"


def singular(word: str) -> str:
    """A word in lower case without the ending of more than one: "berries", "boxes" and "cars" lose it, "glass" none."""
    if len(word) > 4 and word.endswith("ies"):
        return f"{word[:-3]}y"
    if len(word) > 4 and word.endswith(("oes", "ches", "shes", "xes", "sses")):
        return word[:-2]
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")) else word
