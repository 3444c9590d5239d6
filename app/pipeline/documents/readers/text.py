"""Plain text and Markdown in whatever encoding; places are lines."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from pathlib import Path

from app.contracts.errors import InvalidInput
from app.pipeline.documents.readers.section import LINE, Headings, Section, Window, window

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
WIDE_MARKS = tuple(mark for mark, encoding in _MARKS if encoding != "utf-8-sig")
"""How text begins in which zeros are nothing strange."""
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_TITLE = re.compile(r" {0,3}(#{1,6})\s+(.*)")
_FENCE = re.compile(r" {0,3}(```+|~~~+)")
_UNDERLINE = re.compile(r" {0,3}(=+|-+)\s*$")
LONGEST_SHARE = 0.02
"""Text with more control characters than this is no text."""


def read(path: Path, begin: int, most: int) -> Window:
    """Plain text; positions are characters, and a part ends at the end of a line where there is one.

    Raises:
        InvalidInput: It is not text.
    """
    text = decoded(path.read_bytes())
    end = len(text)
    if end - begin > most:
        cut = text.rfind("\n", begin, begin + most) + 1
        end = cut if cut > begin else begin + most
    section = Section(text[begin:end], unit=LINE, number=text.count("\n", 0, begin) + 1)
    return Window((section,), end if end < len(text) else None)


def read_markdown(path: Path, begin: int, most: int) -> Window:
    """Markdown; a section for every title.

    Raises:
        InvalidInput: It is not text.
    """
    return window(_titled(decoded(path.read_bytes())), begin, most)


def decoded(content: bytes) -> str:
    """Bytes as text: by byte order mark, as UTF-8, as UTF-16 that looks like it, or as Windows' Western European.

    Raises:
        InvalidInput: It is not text.
    """
    text = _decoded(content).replace("\r\n", "\n").replace("\r", "\n")
    if len(_CONTROL.findall(text[:65536])) > LONGEST_SHARE * min(len(text), 65536):
        raise InvalidInput("This is not text but binary data.", code="document-binary")
    return text


def _decoded(content: bytes) -> str:
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return content.decode(encoding, errors="replace")
    sample = content[:4096]  # UTF-16 of plain English is also valid UTF-8, with a zero after every letter
    odd, even = sample[1::2].count(0), sample[::2].count(0)
    if max(odd, even) > len(sample) // 4 and min(odd, even) <= len(sample) // 16:
        return content.decode("utf-16-le" if odd > even else "utf-16-be", errors="replace")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        pass
    return content.decode("cp1252", errors="replace")


def _titled(text: str) -> Iterator[Section]:
    """The sections of Markdown; a title inside fenced code is none."""
    headings, fence = Headings(), ""
    lines = text.split("\n")
    held: list[str] = []
    first = 1
    for number, line in enumerate(lines, 1):
        if mark := _FENCE.match(line):
            if not fence:
                fence = mark[1]
            elif mark[1].startswith(fence):
                fence = ""
        title = None if fence else _title(line, lines[number] if number < len(lines) else "")
        if title is not None:
            if "".join(held).strip():
                yield Section("\n".join(held), headings.path, LINE, first)
            held, first = [], number
            headings.enter(*title)
        held.append(line)
    if "".join(held).strip():
        yield Section("\n".join(held), headings.path, LINE, first)


def _title(line: str, following: str) -> tuple[int, str] | None:
    """Level and words of a title in either of Markdown's forms; None for any other line."""
    if found := _TITLE.match(line):
        return len(found[1]), found[2].rstrip().rstrip("#").rstrip()
    if line.strip() and line.lstrip()[0] not in "-=>*#|" and (under := _UNDERLINE.match(following)):
        return (1 if under[1][0] == "=" else 2), line.strip()
    return None
