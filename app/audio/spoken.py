"""Turns shown text into what a voice says: no marks, no code, no tables, no pictures; figures and short forms as words.

Why it exists: a card shows Markdown, a voice would read its stars and bars aloud. What spans several sentences (a code
block, a table, hidden reasoning) is remembered from one sentence to the next, so there is one `SpokenForm` for an
answer. `ThinkFilter` belongs before the sentence splitter, so that neither card nor voice ever sees reasoning; here it
stands once more for texts that did not come that way.
"""

from __future__ import annotations

import re
from enum import Enum, auto

from app.audio.reading.figures import read_figures
from app.audio.reading.markup import plain
from app.audio.reading.words import read_words
from app.audio.think import ThinkFilter

__all__ = ["CODE_NOTE", "TABLE_NOTE", "SpokenForm", "ThinkFilter", "heard_text", "spoken_form"]

CODE_NOTE = "Code shown on screen."
"""Said once for all code blocks of an answer."""
TABLE_NOTE = "Table shown on screen."
"""Said once for each table."""

_FENCES = ("```", "~~~")
_WORD = re.compile(r"\s*\S+")
_WORD_END_SHARE = 0.8
"""A word of which this share was heard counts as heard: its last sounds carry little, and silence follows."""
_COMMA_PAUSE = 3.0
_STOP_PAUSE = 6.0
"""Pauses behind a word, in letters' worth of time."""


class _Line(Enum):
    """What the line that is being read is part of."""

    TEXT = auto()
    TABLE = auto()
    CODE = auto()


class SpokenForm:
    """The spoken form of one answer, sentence by sentence and in order."""

    def __init__(self) -> None:
        self._think = ThinkFilter()
        self._fence = ""
        self._code_told = False
        self._table = False
        self._at_line_start = True
        self._line = _Line.TEXT

    def sentence(self, text: str) -> str:
        """What to say for the next sentence; empty when there is nothing to say.

        Args:
            text: The sentence as it is shown. A block that it leaves open goes on in the next sentence.
        """
        visible = self._think.push(text) + self._think.flush()
        said = (self._part(part) for part in visible.splitlines(keepends=True))
        return " ".join(part for part in said if part)

    def _part(self, part: str) -> str:
        """One line, or what there is of it."""
        told = self._begin_line(part) if self._at_line_start else ""
        line, self._at_line_start = self._line, part.endswith(("\n", "\r", "\u2028", "\u2029"))
        if line is not _Line.TEXT:
            return told
        text = part
        if part.count("```") % 2 == 1:
            text = part[: part.rfind("```")]
            self._fence, self._line = "```", _Line.CODE
            told = self._tell_code()
        words = read_words(read_figures(plain(text.strip())))
        return f"{words} {told}".strip()

    def _begin_line(self, part: str) -> str:
        """Find out what a new line is part of; returns what is to be said about it."""
        stripped = part.strip()
        if self._fence:
            self._line = _Line.CODE
            if stripped.startswith(self._fence):
                self._fence = ""
            return ""
        if stripped.startswith(_FENCES):
            self._line = _Line.CODE
            mark = stripped[:3]
            if stripped.count(mark) == 1:
                self._fence = mark
            return self._tell_code()
        was_table, self._table = self._table, stripped.startswith("|") and len(stripped) > 1
        self._line = _Line.TABLE if self._table else _Line.TEXT
        return TABLE_NOTE if self._table and not was_table else ""

    def _tell_code(self) -> str:
        told, self._code_told = self._code_told, True
        return "" if told else CODE_NOTE


def spoken_form(text: str) -> str:
    """What to say for a whole text on its own."""
    return SpokenForm().sentence(text)


def heard_text(shown: str, share: float) -> str:
    """The part of a sentence that was heard, cut behind a whole word.

    Each word takes the time of its spoken form ("$3.50" takes longer than "four") and of the pause behind it.

    Args:
        shown: The sentence as it is shown.
        share: Heard samples over all samples of the sentence; below 0 counts as 0, above 1 as 1.

    Returns:
        A beginning of ``shown``: all of it at 1, nothing at 0.
    """
    if share >= 1.0:
        return shown
    words = [(match.end(), _length(match.group().strip())) for match in _WORD.finditer(shown)]
    left = max(0.0, share) * sum(length for _, length in words)
    heard = 0
    for end, length in words:
        if left <= 0.0 or left < length * _WORD_END_SHARE:
            break
        left -= length
        heard = end
    return shown[:heard]


def _length(word: str) -> float:
    """How long a word takes to say, in letters."""
    pause = _STOP_PAUSE if word[-1] in ".!?:;" else _COMMA_PAUSE if word[-1] == "," else 1.0
    return len(spoken_form(word)) + pause
