"""Keeps a model's private reasoning out of what is shown and spoken, while the text is still arriving.

Why it exists: some models write ``<think>…</think>`` before they answer. The marks may be torn apart by the chunks they
arrive in, and the closing one may never come. What stands between them must reach neither the card nor the voice.
"""

from __future__ import annotations

import re

_NAMES = ("think", "thinking", "thought", "reasoning")
_OPEN = re.compile(rf"<(?:{'|'.join(_NAMES)})\s{{0,16}}>", re.IGNORECASE)
_CLOSE = re.compile(rf"</(?:{'|'.join(_NAMES)})\s{{0,16}}>", re.IGNORECASE)
_EITHER = re.compile(f"{_OPEN.pattern}|{_CLOSE.pattern}", re.IGNORECASE)
_LONGEST_TAIL = 64
"""No mark is longer than this, white space inside it included."""


def _unfinished(marks: tuple[str, ...]) -> re.Pattern[str]:
    """A pattern for the beginning of one of the marks at the end of a text."""
    names = [rf"{mark}\s{{0,16}}" for mark in marks]
    starts = [re.escape(mark[:end]) for mark in marks for end in range(1, len(mark))]
    return re.compile(rf"(?:{'|'.join([*names, *sorted(starts, key=len, reverse=True)])})\Z", re.IGNORECASE)


_OPEN_MARKS = tuple(f"<{name}" for name in _NAMES)
_CLOSE_MARKS = tuple(f"</{name}" for name in _NAMES)
_UNFINISHED_EITHER = _unfinished(_OPEN_MARKS + _CLOSE_MARKS)
_UNFINISHED_CLOSE = _unfinished(_CLOSE_MARKS)
_WHOLE_NAME = re.compile(rf"</?(?:{'|'.join(_NAMES)})\s{{0,16}}\Z", re.IGNORECASE)


class ThinkFilter:
    """Lets everything through but the reasoning. Push what comes, then flush.

    Everything behind a mark that is never closed stays hidden. A closing mark without an opening one is dropped. A
    lone ``<`` passes; it only waits until the next characters show that it begins no mark.
    """

    def __init__(self) -> None:
        self._held = ""
        self._hidden = False

    @property
    def hidden(self) -> bool:
        """True inside the reasoning."""
        return self._hidden

    def push(self, delta: str) -> str:
        """Take more text; returns what may be shown of the text so far and has not been returned yet."""
        text = self._held + delta
        shown: list[str] = []
        position = 0
        while match := (_CLOSE if self._hidden else _EITHER).search(text, position):
            if not self._hidden:
                shown.append(text[position : match.start()])
                self._hidden = not match.group().startswith("</")
            else:
                self._hidden = False
            position = match.end()
        rest = text[position:]
        tail = (_UNFINISHED_CLOSE if self._hidden else _UNFINISHED_EITHER).search(
            rest, max(0, len(rest) - _LONGEST_TAIL)
        )
        cut = tail.start() if tail else len(rest)
        if not self._hidden:
            shown.append(rest[:cut])
        self._held = rest[cut:]
        return "".join(shown)

    def flush(self) -> str:
        """No more text will come: returns what was held back, unless it names a mark that was cut off."""
        held, self._held = self._held, ""
        if self._hidden or _WHOLE_NAME.fullmatch(held):
            return ""
        return held
