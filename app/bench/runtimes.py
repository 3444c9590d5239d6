"""Every text runtime with the same model, side by side."""

from __future__ import annotations

from collections.abc import Sequence

from app.contracts.errors import Unavailable


def main(arguments: Sequence[str]) -> int:
    """Run it; returns the exit code."""
    raise Unavailable(f"{arguments} It is not there yet.")
