"""Documents for tests: a sandbox that calls in this process, and files of every kind written by hand."""

from __future__ import annotations

import asyncio
import importlib
import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import docx

from app.contracts.capabilities import CancelGranularity, Capabilities, ConfidenceSource
from app.contracts.devices import Backend, Device, WarmUp
from app.contracts.errors import SottoError
from app.pipeline.definition import OptionValue


class InProcessSandbox:
    """Runs operations here, in a thread; the errors a child would be ended for can be scripted by file name."""

    def __init__(self) -> None:
        self.calls: list[Mapping[str, OptionValue]] = []
        self.before: Callable[[Path], None] = lambda _path: None
        self.errors: dict[str, SottoError] = {}

    async def call(
        self, operation: str, arguments: Mapping[str, OptionValue], *, timeout_s: float = 5.0
    ) -> OptionValue:
        self.calls.append(dict(arguments))
        path = Path(str(arguments["path"]))
        self.before(path)
        if path.name in self.errors:
            raise self.errors[path.name]
        module, _, function = operation.partition(":")
        work: Callable[..., Any] = getattr(importlib.import_module(module), function)
        return await asyncio.to_thread(work, **arguments)  # type: ignore[no-any-return]

    async def aclose(self) -> None:
        return


class LetterEmbedder:
    """Vectors from the letters of a text, normalised: equal texts have equal vectors, and nothing is random."""

    def __init__(self, model: str = "letters") -> None:
        self.model = model
        self.texts: list[str] = []
        self.error: SottoError | None = None

    @property
    def backend(self) -> Backend:
        return Backend("letters-cpu", "letters", Device.CPU, self.model)

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(False, ConfidenceSource.NONE, CancelGranularity.REQUEST)

    async def warm_up(self) -> WarmUp:
        return WarmUp(Device.CPU, 0.0)

    async def aclose(self) -> None:
        return

    async def embed(self, texts: Sequence[str], *, query: bool = False) -> tuple[tuple[float, ...], ...]:
        if self.error is not None:
            raise self.error
        self.texts.extend(texts)
        return tuple(_letters(text) for text in texts)


def _letters(text: str) -> tuple[float, ...]:
    counts = [text.lower().count(letter) + 0.01 for letter in "abcdefghijklmnopqrstuvwxyz"]
    length = sum(count * count for count in counts) ** 0.5
    return tuple(count / length for count in counts)


def pdf(*pages: str, packed: bool = False) -> bytes:
    """A PDF of Latin-1 text, one string a page; lines of a page are apart by line ends. An empty page has no text."""
    objects: list[bytes] = [b"", b"", b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"]
    kids: list[int] = []
    for page in pages:
        lines = [line.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)") for line in page.split("\n")]
        shown = " T* ".join(f"({line}) Tj" for line in lines)
        content = f"BT /F1 11 Tf 14 TL 50 780 Td {shown} ET".encode("latin-1") if page else b""
        extra = b""
        if packed:
            content, extra = zlib.compress(content), b" /Filter /FlateDecode"
        objects.append(b"<< /Length %d%s >>\nstream\n%s\nendstream" % (len(content), extra, content))
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents %d 0 R "
            b"/Resources << /Font << /F1 3 0 R >> >> >>" % len(objects)
        )
        kids.append(len(objects))
    objects[0] = b"<< /Type /Catalog /Pages 2 0 R >>"
    objects[1] = b"<< /Type /Pages /Count %d /Kids [%s] >>" % (len(kids), b" ".join(b"%d 0 R" % kid for kid in kids))
    out = bytearray(b"%PDF-1.4\n")
    places = []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    at = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, at)
    return bytes(out)


def write_docx(
    path: Path, title: str, sections: Sequence[tuple[str, str]], table: Sequence[Sequence[str]] = ()
) -> None:
    """A Word document with headings, paragraphs and a table."""
    document = docx.Document()
    if title:
        document.add_heading(title, 0)
    for heading, body in sections:
        if heading:
            document.add_heading(heading, 1)
        for paragraph in body.split("\n"):
            document.add_paragraph(paragraph)
    if table:
        grid = document.add_table(len(table), len(table[0]))
        for row, words in zip(grid.rows, table, strict=True):
            for cell, word in zip(row.cells, words, strict=True):
                cell.text = word
    document.save(str(path))
