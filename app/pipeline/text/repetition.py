"""Notices a model that goes round in circles, and says where the first round ends.

Why it exists: small models fall into loops and would fill the whole answer with one sentence. But lists, tables, code
and poems repeat themselves too, so the rule asks for many copies, directly one after the other:

* The text is taken word by word; marks of lists, case and punctuation do not count. A word is looked at once it is
  whole, so the verdict does not depend on how the text arrives.
* A loop is a stretch that has come again, word for word, so often: one word 12 times, up to three words 9 times, up to
  five words 7 times, up to twelve words 5 times, up to 24 words 4 times, up to 64 words 3 times. In a fenced code block
  three times as often; without a single letter in the stretch four times as often.
* In a table (lines that begin with ``|``) only whole rows count, each as one word; a row that does not end is none.
* Four empty code blocks in a row are a loop, and so are 40 line breaks or 300 spaces with nothing between them. Of
  these nothing is worth keeping, so the text ends before the first.
* It is also a loop when one sentence of at least six words makes up ten of the last 14 sentences and lines: a refrain
  after every verse stays under that.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

LONGEST_PERIOD = 64
"""Words in the longest stretch that is noticed."""
_COPIES = ((1, 12), (3, 9), (5, 7), (12, 5), (24, 4), (LONGEST_PERIOD, 3))
_IN_CODE = 3
_WITHOUT_LETTERS = 4
_DOUBT_WORDS = 3
_LAST_SENTENCES = 14
_TOO_OFTEN = 10
_SENTENCE_WORDS = 6
_LONGEST_WORD = 40
_FENCES = ("```", "~~~")
_EMPTY_BLOCKS = 4
_LINE_BREAKS = 40
_SPACES = 300
_LONGEST_ROW = 1000
_LIST_MARK = re.compile(r"(?:\d{1,4}[.):]|[-*+•–—])\Z")  # noqa: RUF001 - dashes are list marks too
_BARE = re.compile(r"[\W_]+")
_ENDS = re.compile(r"[.!?…。！？][\"'”’»)\]*_]*\Z")  # noqa: RUF001 - full stops of other scripts
_WIDE = r"\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
_WORD = re.compile(rf"[{_WIDE}][^\s{_WIDE}\w]*|[^\s{_WIDE}]{{1,{_LONGEST_WORD}}}|\n|[^\S\n]{{{_SPACES}}}")


@dataclass(frozen=True, slots=True)
class Loop:
    """A loop that was found.

    Attributes:
        ends: Characters up to the end of each copy, the first copy first.
        words: Words in one copy.
        copies: How often it has come by now.
    """

    ends: tuple[int, ...]
    words: int
    copies: int

    def kept(self, standing: int) -> int:
        """Characters that stay: one copy, or as many as it takes to reach what stands already."""
        return first_at(self.ends, standing)


def first_at(ends: tuple[int, ...], standing: int) -> int:
    """The first of some places that is not before what stands; what stands when all are."""
    return next((end for end in ends if end >= standing), standing)


@dataclass(frozen=True, slots=True)
class _Word:
    """One word as it is compared, and where it ends in the text."""

    key: str
    end: int
    ends: bool


def _copies_of(period: int) -> int:
    return next(copies for longest, copies in _COPIES if period <= longest)


_NEEDED = (0, *(_copies_of(period) for period in range(1, LONGEST_PERIOD + 1)))


class RepetitionDetector:
    """Looks at one text while it comes. After a loop was found it looks no further."""

    def __init__(self) -> None:
        self._held = ""
        self._position = 0
        self._line = ""
        self._in_code = False
        self._words: list[_Word] = []
        self._runs = [0] * (LONGEST_PERIOD + 1)
        self._sentence: list[str] = []
        self._sentences: deque[tuple[str, int]] = deque(maxlen=_LAST_SENTENCES)
        self._found: Loop | None = None
        self._said = 0
        self._line_breaks = 0
        self._opened = 0
        self._empty_so_far = False
        self._empty_blocks: list[int] = []

    @property
    def found(self) -> Loop | None:
        """The loop, None while there is none."""
        return self._found

    @property
    def doubtful(self) -> bool:
        """The last words have come before in the same order: it may become a loop."""
        return self._found is not None or max(self._runs) >= _DOUBT_WORDS

    def push(self, text: str) -> Loop | None:
        """Take more text; returns the loop once there is one."""
        self._held += text
        for word in self._whole_words():
            if self._found is None:
                self._take(word)
        return self._found

    def _whole_words(self) -> Iterator[re.Match[str]]:
        """Words behind which something else has come already."""
        taken = 0
        for match in _WORD.finditer(self._held):
            if match.end() == len(self._held) and match.group() != "\n":
                break
            yield match
            taken = match.end()
        self._held = self._held[taken:]
        self._position += taken

    def _take(self, match: re.Match[str]) -> None:
        word, end = match.group(), self._position + match.end()
        if word.isspace():
            self._take_blank(word, end)
            return
        self._said, self._line_breaks = end, 0
        first = not self._line
        self._line += word + " "
        if (self._line.startswith("|") and len(self._line) < _LONGEST_ROW) or (first and _LIST_MARK.match(word)):
            return
        key = _BARE.sub("", word).casefold() or word
        self._add(_Word(key, end, bool(_ENDS.search(word))))
        if not self._in_code:
            self._sentence.append(key)
            if _ENDS.search(word):
                self._end_sentence(end)

    def _take_blank(self, blank: str, end: int) -> None:
        """A line break, or many spaces."""
        self._line_breaks += 1
        if blank != "\n" or self._line_breaks >= _LINE_BREAKS:
            self._found = Loop((self._said,), 1, self._line_breaks if blank == "\n" else _SPACES)
        else:
            self._end_line(end)

    def _fence(self, line: str, end: int) -> None:
        """A code block begins or ends. One with nothing in it is counted, where nothing but blocks came before."""
        if not self._in_code:
            self._opened = end - len(line)
        elif self._empty_so_far:
            self._empty_blocks = [*(self._empty_blocks or [self._opened]), end]
        self._empty_so_far = True
        if len(self._empty_blocks) > _EMPTY_BLOCKS:
            self._found = Loop(tuple(self._empty_blocks), 1, _EMPTY_BLOCKS)

    def _end_line(self, end: int) -> None:
        line, self._line = self._line, ""
        if line.strip() and not line.startswith(_FENCES):
            self._empty_so_far, self._empty_blocks = False, []
        if line.startswith(_FENCES):
            self._fence(line, end)
            self._in_code = not self._in_code
            self._runs = [0] * (LONGEST_PERIOD + 1)
        elif line.startswith("|"):
            self._add(_Word(line, end, ends=True))
        elif self._words and line:
            last = self._words[-1]
            self._words[-1] = _Word(last.key, last.end, ends=True)
        self._end_sentence(end)

    def _add(self, word: _Word) -> None:
        """One more word; the length of the run says how far back the text agrees with itself so many words before."""
        words, runs = self._words, self._runs
        words.append(word)
        at = len(words) - 1
        for period in range(1, min(at, LONGEST_PERIOD) + 1):
            if words[at - period].key != word.key:
                runs[period] = 0
                continue
            runs[period] += 1
            if self._found is None and runs[period] >= period * (_NEEDED[period] - 1) and self._enough(period):
                self._found = self._loop(period)

    def _enough(self, period: int) -> bool:
        needed = _NEEDED[period] * (_IN_CODE if self._in_code else 1)
        if not any(sign.isalpha() for word in self._words[-period:] for sign in word.key):
            needed *= _WITHOUT_LETTERS
        return self._runs[period] >= period * (needed - 1)

    def _loop(self, period: int) -> Loop:
        """A copy ends at its last word, or where the sentence ends when that is before the end of the next copy."""
        start = len(self._words) - self._runs[period] - period
        last = start + period - 1
        shift = next((at for at in range(period) if self._words[last + at].ends), 0)
        ends = tuple(word.end for word in self._words[last + shift :: period])
        return Loop(ends, period, self._runs[period] // period + 1)

    def _end_sentence(self, end: int) -> None:
        words, self._sentence = self._sentence, []
        if self._in_code or not words:
            return
        key = " ".join(words)
        self._sentences.append((key, end))
        same = [place for other, place in self._sentences if other == key]
        if self._found is None and len(words) >= _SENTENCE_WORDS and len(same) >= _TOO_OFTEN:
            self._found = Loop(tuple(same), len(words), len(same))
