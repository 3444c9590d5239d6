"""Word documents: paragraphs and tables in order, under their titles."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import docx
from docx.document import Document
from docx.table import Table
from docx.text.paragraph import Paragraph

from app.contracts.errors import InvalidInput
from app.pipeline.documents.readers.section import Headings, Section, Window, window

_OLD_FORM = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""How a document begins that has a password, or is of Word's old kind."""
MOST_UNPACKED = 128 * 1024 * 1024
MOST_PARTS = 5_000
_MOST_SWOLLEN = 200
_WORTH_A_LOOK = 8 * 1024 * 1024
_LEVEL = re.compile(r"heading (\d)", re.IGNORECASE)


def read(path: Path, begin: int, most: int) -> Window:
    """A Word document; positions are sections.

    Raises:
        InvalidInput: It is damaged, protected by a password, or would unpack to something enormous.
    """
    _check(path)
    try:
        return window(_sections(docx.Document(str(path))), begin, most)
    except (InvalidInput, MemoryError):
        raise
    except Exception as error:
        raise InvalidInput("The Word document is damaged.", code="document-broken") from error


def _check(path: Path) -> None:
    """Look at the archive's own list before anything is unpacked; what it says is also all that is ever unpacked."""
    with path.open("rb") as file:
        if file.read(len(_OLD_FORM)) == _OLD_FORM:
            raise InvalidInput(
                "It is protected by a password, or of Word's old kind: save a copy as .docx without one.",
                code="document-locked",
            )
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise InvalidInput("The Word document is damaged.", code="document-broken") from error
    unpacked = sum(part.file_size for part in parts)
    packed = max(1, sum(part.compress_size for part in parts))
    swollen = unpacked > _WORTH_A_LOOK and unpacked / packed > _MOST_SWOLLEN
    if unpacked > MOST_UNPACKED or len(parts) > MOST_PARTS or swollen:
        raise InvalidInput(
            f"It would unpack to {unpacked // 1_000_000} MB in {len(parts)} parts, which no honest document does.",
            code="document-bomb",
        )


def _sections(document: Document) -> Iterator[Section]:
    headings = Headings()
    held: list[str] = []
    for block in document.iter_inner_content():
        if isinstance(block, Table):
            held.extend(_rows(block))
            continue
        level = _level(block)
        if level is not None:
            if body := "\n".join(held).strip():
                yield Section(body, headings.path)
            held = []
            headings.enter(level, block.text)
        held.append(block.text)
    if body := "\n".join(held).strip():
        yield Section(body, headings.path)


def _rows(table: Table) -> Iterator[str]:
    for row in table.rows:
        cells: list[str] = []
        for cell in row.cells:
            text = " ".join(cell.text.split())
            if text and (not cells or cells[-1] != text):  # a merged cell is listed once for every column it spans
                cells.append(text)
        if cells:
            yield " | ".join(cells)


def _level(paragraph: Paragraph) -> int | None:
    """0 for the document's title, 1 to 9 for its headings, None for anything else."""
    style = paragraph.style
    name = (style.name or "") if style is not None else ""
    if not paragraph.text.strip():
        return None
    if name.lower() == "title":
        return 0
    found = _LEVEL.fullmatch(name)
    return int(found[1]) if found else None
