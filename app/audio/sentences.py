"""Cuts text that is still being written into sentences, each as early as it is certain.

Why it exists: speech begins with the first sentence while a model writes the second. Nothing is lost or changed: the
pieces put together are the text, white space stays with the piece it follows, and how the text arrives (letter by
letter or all at once) makes no difference to where it is cut.

The rule, in the order in which it is applied to every mark:

* A line break ends a piece at once, unless the piece is still blank. Inside a fenced code block and in a table row (a
  line that begins with ``|``) nothing else does.
* The full stops of Chinese, Japanese and Hindi end a piece as soon as the next character shows that no closing mark
  belongs to it.
* ``! ?`` and runs of stops end a piece before the next visible character, when white space lies between. A lower-case
  letter after an ellipsis or after a closing quote goes on with the sentence.
* A single full stop ends a piece when white space follows and the next visible character is known and
  `app.audio.stops` says so; only after something like "U.S." or "etc." must the whole next word be known.
  A full stop behind a number at the start of a line or piece ("1. Flour") marks a list item and ends nothing; the next
  number of such a list begins a new piece.
* With ``first_clause`` the first piece may also end behind a clause, with ``first_phrase`` before a verb or a word that
  begins a clause, when three words stand before it (`app.audio.clauses`).
* A piece longer than `LONG` is cut behind any clause, one longer than `TOO_LONG` between any two words.
"""

# ruff: noqa: RUF001 - typographic marks are what this module is about
from __future__ import annotations

import re
from dataclasses import dataclass

from app.audio import clauses, stops
from app.audio.stops import Verdict

LONG = 240
"""From this many characters on any clause border will do."""
TOO_LONG = 400
"""From this many characters on any space will do."""

_WIDE_STOPS = "。！？｡．।॥"
_STOPS = ".!?…‽؟۔" + _WIDE_STOPS
_CLOSERS = "\"'”’»)]}*_`」』）】》〉"
_LOUD = "!?‽؟"
_RUN = re.compile(f"(?:[{_STOPS}]+[{re.escape(_CLOSERS)}]*)+")
_END = re.compile(f"[\n{_STOPS}]")
_END_OR_CLAUSE = re.compile(f"[\n{_STOPS}{re.escape(clauses.MARKS)}]")
_END_OR_SPACE = re.compile(f"[\\s{_STOPS}{re.escape(clauses.MARKS)}]")
_VISIBLE = re.compile(r"\S")
_LIST_START = re.compile(r"[\s*_#>\-•]*(?:\d{1,2}|[A-Za-z])")
_LIST_NUMBER = re.compile(r"[2-9]|[1-9]\d", re.ASCII)


@dataclass(frozen=True, slots=True)
class Sentence:
    """A piece of text to be spoken in one go.

    Attributes:
        text: The characters, white space included.
        start: Index of its first character in everything that was pushed.
        end: Index behind its last character.
    """

    text: str
    start: int
    end: int


class SentenceSplitter:
    """Cuts one text. Push what comes, then flush.

    Args:
        first_clause: The first piece may be the first clause of the first sentence, so that speech starts early.
        first_phrase: It may even be the first phrase.
    """

    def __init__(self, *, first_clause: bool = False, first_phrase: bool = False) -> None:
        self._clause_wanted = first_clause or first_phrase
        self._phrase_wanted = first_phrase
        self._text = ""
        self._scanned = 0
        self._offset = 0
        self._in_fence = False
        self._mid_line = False

    def push(self, delta: str) -> list[Sentence]:
        """Take more text; returns every sentence that is certain now, in order."""
        self._text += delta
        return self._cut(whole=False)

    def flush(self) -> list[Sentence]:
        """No more text will come; returns what is left, in order. What is pushed later is a text of its own."""
        pieces = self._cut(whole=True)
        if self._text:
            pieces.append(self._take(len(self._text)))
        self._in_fence = self._mid_line = False
        return pieces

    def _cut(self, *, whole: bool) -> list[Sentence]:
        pieces = []
        while (mark := self._next_mark()) is not None:
            border = self._border(mark, whole=whole)
            if border is None:
                break
            if border:
                pieces.append(self._take(border))
        return pieces

    def _take(self, border: int) -> Sentence:
        """Split the text at an index and give the part before it."""
        text, self._text = self._text[:border], self._text[border:]
        piece = Sentence(text, self._offset, self._offset + border)
        self._offset += border
        self._scanned = 0
        self._mid_line = not text.endswith("\n")
        self._clause_wanted = self._clause_wanted and not text.strip()
        self._phrase_wanted = self._phrase_wanted and not text.strip()
        return piece

    def _next_mark(self) -> int | None:
        """Index of the next character that could end a piece."""
        near = _END_OR_SPACE if self._phrase_wanted else _END_OR_CLAUSE if self._clause_wanted else _END
        for marks, begin, end in ((near, 0, LONG), (_END_OR_CLAUSE, LONG, TOO_LONG), (_END_OR_SPACE, TOO_LONG, None)):
            begin = max(begin, self._scanned)
            match = marks.search(self._text, begin, len(self._text) if end is None else end)
            if match is not None:
                return match.start()
        return None

    def _border(self, mark: int, *, whole: bool) -> int | None:
        """Where to cut because of the mark at an index: 0 for nowhere, None when more text has to be seen first."""
        sign = self._text[mark]
        if sign == "\n":
            return self._line_end(mark)
        if self._quiet(mark):
            self._scanned = mark + 1
            return 0
        if sign in _STOPS:
            return self._sentence_end(mark, whole=whole)
        return self._clause_end(mark, whole=whole)

    def _line_end(self, mark: int) -> int:
        start = self._text.rfind("\n", 0, mark) + 1
        if (start or not self._mid_line) and self._text[start:mark].lstrip().startswith(("```", "~~~")):
            self._in_fence = not self._in_fence
        self._scanned = mark + 1
        return 0 if self._text[: mark + 1].isspace() else mark + 1

    def _quiet(self, mark: int) -> bool:
        """Inside code or in a table row, where only the end of the line counts."""
        if self._in_fence:
            return True
        start = self._text.rfind("\n", 0, mark) + 1
        return (start > 0 or not self._mid_line) and self._text[start:mark].lstrip().startswith(("|", "```", "~~~"))

    def _sentence_end(self, mark: int, *, whole: bool) -> int | None:
        """Border for a run of stops and closing marks that begins at an index."""
        match = _RUN.match(self._text, mark)
        behind = match.end() if match else mark + 1
        if behind == len(self._text):
            return self._wait(mark, whole=whole)
        run = self._text[mark:behind]
        visible = self._visible(behind)
        self._scanned = behind
        if "\n" in self._text[behind:visible]:
            return 0
        if visible is None:
            return self._wait(mark, whole=whole)
        if run.rstrip(_CLOSERS)[-1] in _WIDE_STOPS:
            return visible
        return self._judged(mark, run, visible, whole=whole) if visible > behind else 0

    def _judged(self, mark: int, run: str, visible: int, *, whole: bool) -> int | None:
        """Border for a run of stops with white space and a visible character behind it."""
        bare = run.rstrip(_CLOSERS)
        softened = bare != run or not any(sign in _LOUD for sign in bare)
        if bare != "." or bare != run:
            return 0 if softened and self._text[visible].islower() else visible
        before = stops.word_before(self._text, mark)
        item = self._list_item(mark, before)
        if item is not None:
            return item
        verdict = stops.judge(before, self._text[visible:], whole=whole)
        if verdict is Verdict.UNKNOWN:
            return self._wait(mark, whole=whole)
        return visible if verdict is Verdict.ENDS else 0

    def _list_item(self, mark: int, before: str) -> int | None:
        """Where to cut when the full stop belongs to a list's number: 0 for nowhere, None when it is no such number."""
        start = self._text.rfind("\n", 0, mark) + 1
        if _LIST_START.fullmatch(self._text, start, mark):
            return 0
        if before == "1" and self._text[: mark - 1].rstrip().endswith(":"):
            return 0
        if not _LIST_NUMBER.fullmatch(before):
            return None
        first = re.search(rf"(?<!\S){int(before) - 1}[.)]\s", self._text[:mark])
        return mark - len(before) if first else None

    def _clause_end(self, mark: int, *, whole: bool) -> int | None:
        """Border behind a clause, or in a far too long piece behind a space."""
        visible = self._visible(mark + 1)
        self._scanned = mark + 1
        if "\n" in self._text[mark:visible]:
            return 0
        if visible is None:
            return self._wait(mark, whole=whole)
        if self._text[mark].isspace() and mark < TOO_LONG:
            verdict = clauses.judge_phrase(self._text, mark, visible)
        elif self._text[mark].isspace():
            before = self._text[:mark].rstrip()
            number = before[-1:].isdigit() and self._text[visible].isdigit()
            return visible if before and not number else 0
        else:
            verdict = clauses.judge(self._text, mark, visible, strict=self._clause_wanted and mark < LONG)
        if verdict is Verdict.UNKNOWN:
            return self._wait(mark, whole=whole)
        return visible if verdict is Verdict.ENDS else 0

    def _visible(self, begin: int) -> int | None:
        """Index of the next visible character, None when it has not come yet."""
        match = _VISIBLE.search(self._text, begin)
        return match.start() if match else None

    def _wait(self, mark: int, *, whole: bool) -> int | None:
        """Come back to a mark when more has come; at the end of the text it ends nothing."""
        self._scanned = mark + 1 if whole else mark
        return 0 if whole else None
