"""PDF: the words of each page."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pypdf
from pypdf.errors import DependencyError

from app.contracts.errors import InvalidInput
from app.pipeline.documents.readers.section import PAGE, Section, Window

_SCAN = "It holds pictures of pages and no words: recognise its text first, then index it again."
_BROKEN = "The PDF is damaged: {}."


def read(path: Path, begin: int, most: int) -> Window:
    """A PDF; positions are pages, counted from 0.

    Raises:
        InvalidInput: It is damaged, or protected by a password.
    """
    with _quiet(), path.open("rb") as file:
        try:
            reader = pypdf.PdfReader(file, strict=False)
            _unlock(reader)
            total = len(reader.pages)
        except (InvalidInput, MemoryError):
            raise
        except Exception as error:
            raise InvalidInput(_BROKEN.format(_why(error)), code="document-broken") from error
        return _pages(reader, begin, total, most)


def _pages(reader: pypdf.PdfReader, begin: int, total: int, most: int) -> Window:
    sections: list[Section] = []
    notes: list[str] = []
    size = 0
    for index in range(begin, total):
        try:
            text = reader.pages[index].extract_text() or ""
        except MemoryError:
            raise
        except Exception as error:  # noqa: BLE001 - one bad page leaves the others readable
            notes.append(f"Page {index + 1} cannot be read: {_why(error)}.")
            continue
        if text.strip():
            sections.append(Section(text, unit=PAGE, number=index + 1))
            size += len(text)
        if size >= most and index + 1 < total:
            return Window(tuple(sections), index + 1, tuple(notes), _SCAN)
    if not sections and len(notes) == total - begin > 0 and begin == 0:
        raise InvalidInput(_BROKEN.format("no page of it can be read"), code="document-broken")
    return Window(tuple(sections), None, tuple(notes), _SCAN)


def _unlock(reader: pypdf.PdfReader) -> None:
    """Many PDFs are encrypted with an empty password only to forbid printing."""
    if not reader.is_encrypted:
        return
    try:
        opened = bool(reader.decrypt(""))
    except (DependencyError, NotImplementedError):
        opened = False
    if not opened:
        raise InvalidInput("It is protected by a password: save a copy without one.", code="document-locked")


def _why(error: Exception) -> str:
    return (str(error).splitlines() or [""])[0].rstrip(".")[:120] or type(error).__name__


@contextmanager
def _quiet() -> Iterator[None]:
    """The library complains about every untidy file; what matters becomes a sentence here."""
    logger = logging.getLogger("pypdf")
    before = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(before)
