"""Small questions about texts that several of these modules ask."""

from __future__ import annotations


def shared_characters(first: str, second: str) -> int:
    """Length of the longest beginning two texts have in common."""
    if second.startswith(first):
        return len(first)
    return next((at for at, (one, other) in enumerate(zip(first, second, strict=False)) if one != other), len(second))
