"""Shades of an answer in a terminal: what the model was less sure of is tinted, what it doubts is underlined too."""

from __future__ import annotations

import os

FAIR_FROM = 0.7
SURE_FROM = 0.9
"""Borders of confidence between the three shades."""
NEWEST = 0.25
"""Weight of the newest token in the running confidence."""
_FAIR = "\x1b[36m"
_UNSURE = "\x1b[33;4m"
_END = "\x1b[0m"


def colours_wanted(*, terminal: bool) -> bool:
    """Whether colours may be used: in a terminal that has them, unless the person set ``NO_COLOR``."""
    return terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


class Shading:
    """Shades a text that comes token by token: no word changes its shade, and one unsure token makes no patch.

    The confidence of a token goes into a running one; a piece of several words has its own.
    """

    def __init__(self) -> None:
        self._running: float | None = None
        self._shade: float | None = None

    def __call__(self, text: str, confidence: float | None) -> str:
        """The next text in its shade."""
        if confidence is None:
            self._shade = None
        elif len(text.split()) > 1 or self._running is None:
            self._running = self._shade = confidence
        else:
            self._running += NEWEST * (confidence - self._running)
            if text[:1].isspace():
                self._shade = self._running
        return shaded(text, self._shade)


def shaded(text: str, confidence: float | None) -> str:
    """Text in the shade of a confidence in [0, 1]; as it is where nobody knows it. Line ends stay outside."""
    if confidence is None or confidence >= SURE_FROM or not text.strip():
        return text
    words = text.rstrip("\n")
    return f"{_FAIR if confidence >= FAIR_FROM else _UNSURE}{words}{_END}{text[len(words) :]}"
