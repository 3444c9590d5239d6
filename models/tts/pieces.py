"""Text in pieces a voice takes at once.

Why it exists: from letters to phonemes the library holds the interpreter, and a neural voice cannot be stopped in the
middle of what it was given. Both are short when the piece is short.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

LONGEST_PIECE = 240
"""Characters; some fifteen seconds of speech."""

_CLOSING = r"[\"'\u00bb\u201d\u2019)\]]*"
_SENTENCE = re.compile(rf"(?<=[.!?\u2026]){_CLOSING}\s+|(?<=[\u3002\uff01\uff1f]){_CLOSING}\s*|\n\s*\n")
_CLAUSE = re.compile(r"(?<=[,;:])\s+|(?<=[\uff0c\u3001\uff1b\uff1a])\s*|\s+(?=[-\u2013\u2014(])")
_SPACE = re.compile(r"\s+")


def pieces(text: str, longest: int = LONGEST_PIECE) -> Iterator[str]:
    """A text in pieces of at most so many characters, each as long as can be.

    Text that is short enough comes whole: the voice finds the ends of its sentences itself. Longer text is cut at the
    ends of sentences, a sentence that is too long at commas, a clause that is too long between words, and what has no
    space anywhere is.
    """
    yield from (piece for piece in _cut(text.strip(), longest, (_SENTENCE, _CLAUSE, _SPACE)) if piece)


def speakable(text: str) -> str:
    """A text without what a phonemizer would take for something else: marks for raw phonemes, and broken characters."""
    whole = text.encode("utf-8", "replace").decode("utf-8")
    printable = "".join(letter if letter.isprintable() or letter.isspace() else " " for letter in whole)
    return printable.replace("[[", "[ [").replace("]]", "] ]")


def _cut(text: str, longest: int, seams: tuple[re.Pattern[str], ...]) -> Iterator[str]:
    if len(text) <= longest:
        yield text
        return
    if not seams:
        yield from (text[at : at + longest] for at in range(0, len(text), longest))
        return
    gathered = ""
    for part in _parts(text, seams[0]):
        if len((gathered + part).rstrip()) <= longest:
            gathered += part
            continue
        if gathered.strip():
            yield gathered.strip()
        gathered = part
        if len(part.strip()) > longest:
            *whole, gathered = _cut(part.strip(), longest, seams[1:])
            yield from whole
            gathered += " "
    if gathered.strip():
        yield gathered.strip()


def _parts(text: str, seam: re.Pattern[str]) -> Iterator[str]:
    """The text between seams, each part with the seam that ends it, so that together they are the text again."""
    begin = 0
    for found in seam.finditer(text):
        if found.end() > begin:
            yield text[begin : found.end()]
            begin = found.end()
    if begin < len(text):
        yield text[begin:]
