"""Web pages: the words a reader would see, under their titles. Nothing a page refers to is fetched."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from bs4 import BeautifulSoup
from bs4.element import NavigableString, PreformattedString, Tag

from app.contracts.errors import InvalidInput
from app.pipeline.documents.readers.section import Headings, Section, Window, window
from app.pipeline.documents.readers.text import LONGEST_SHARE, WIDE_MARKS

_UNSEEN_TAGS = "script style nav noscript template svg math iframe object embed head select button canvas audio video"
_BLOCK_TAGS = """
p div section article main header footer aside li ul ol dl dt dd table tr blockquote pre figure figcaption br hr
h1 h2 h3 h4 h5 h6 address details summary form fieldset
"""
_UNSEEN = frozenset(_UNSEEN_TAGS.split())
_BLOCKS = frozenset(_BLOCK_TAGS.split())
_CELLS = frozenset({"td", "th"})
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_DEEPEST = 400
_SPACES = re.compile(r"[ \t\r\f\v\xa0]*\n\s*")


def read(path: Path, begin: int, most: int) -> Window:
    """A page; positions are sections.

    Raises:
        InvalidInput: It is nested without end, or no text.
    """
    content = path.read_bytes()
    sample = content[:65536]
    if not sample.startswith(WIDE_MARKS) and sample.count(0) > LONGEST_SHARE * len(sample):
        raise InvalidInput("This is not text but binary data.", code="document-binary")
    open_comment = content.find(b"<!--", content.rfind(b"-->") + 1)
    if open_comment >= 0:  # it goes to the end of the page; the parser would look for its end again and again
        content = content[:open_comment]
    soup = BeautifulSoup(content, "html.parser")
    return window(_sections(soup), begin, most)


def _sections(soup: BeautifulSoup) -> Iterator[Section]:
    headings = Headings()
    if soup.title is not None:
        headings.enter(0, soup.title.get_text())
    held: list[str] = []
    for level, text in _pieces(soup):
        if level:
            if body := _tidy(held):
                yield Section(body, headings.path)
            held = []
            headings.enter(level, text)
        held.append(f"\n{text}\n" if level else text)
    if body := _tidy(held):
        yield Section(body, headings.path)


def _pieces(soup: Tag) -> Iterator[tuple[int, str]]:
    """Text in order, with the level of a title and 0 for anything else; blocks are apart by line ends."""
    waiting: list[tuple[Tag | NavigableString | str, int]] = [(soup, 0)]
    while waiting:
        node, depth = waiting.pop()
        if isinstance(node, str) and not isinstance(node, NavigableString):
            yield 0, node
        elif isinstance(node, NavigableString):
            if not isinstance(node, PreformattedString):
                yield 0, " ".join(f".{node}.".split())[1:-1]
        elif node.name in _UNSEEN or _is_hidden(node):
            continue
        elif node.name in {"h1", "h2", "h3", "h4", "h5", "h6"}:
            yield int(node.name[1]), " ".join(node.get_text(" ").split())
        else:
            if depth > _DEEPEST:
                raise InvalidInput("The page is nested too deeply to be read.", code="document-broken")
            border = "\n" if node.name in _BLOCKS else " " if node.name in _CELLS else ""
            waiting.append((border, depth))
            waiting.extend(
                (child, depth + 1) for child in reversed(node.contents) if isinstance(child, Tag | NavigableString)
            )
            waiting.append((border, depth))


def _is_hidden(node: Tag) -> bool:
    return node.has_attr("hidden") or bool(_HIDDEN.search(str(node.get("style") or "")))


def _tidy(held: list[str]) -> str:
    lines = (" ".join(line.split()) for line in _SPACES.sub("\n", "".join(held)).split("\n"))
    return "\n".join(line for line in lines if line)
