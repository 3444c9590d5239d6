"""Tells from a file's own structure whether its end is there, without the library that would load it.

Why it exists: a copy that broke off halfway is found when a model comes in, not by a crash in its host. Nothing here
looks at values; a library may still refuse a model that is whole.
"""

from __future__ import annotations

import mmap
import re
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_DATA = re.compile(rb'<data element_type="(\w+)" shape="([\d, ]*)" offset="(\d+)" size="(\d+)"')
_LEAST_WEIGHTS = 4096
"""Smaller constants of a graph are scales and shapes."""
_CT2_VERSION = 6
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_MOST_DIMENSIONS = 16


@contextmanager
def _mapped(path: Path) -> Iterator[mmap.mmap]:
    """A file's bytes. `ValueError` for an empty one."""
    with path.open("rb") as file:
        if not path.stat().st_size:
            raise ValueError("it is empty")
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            yield data


def check_ir(xml: Path) -> int:
    """See that a graph in OpenVINO's form is whole and its weights are beside it; returns the number of weights.

    Raises:
        ValueError: It is not; the message says what is wrong.
        OSError: It cannot be read.
    """
    weights = xml.with_suffix(".bin")
    there = weights.stat().st_size if weights.is_file() else -1
    count = end = 0
    with _mapped(xml) as data:
        if data.find(b"<net ", 0, 4096) < 0:
            raise ValueError("it is not in OpenVINO's form")
        if data.rfind(b"</net>") < 0:
            raise ValueError("it is cut off")
        for kind, shape, offset, size in (found.groups() for found in _DATA.finditer(data)):
            end = max(end, int(offset) + int(size))
            elements = 1
            for dimension in shape.split(b","):
                elements *= int(dimension) if dimension.strip() else 1
            if elements >= _LEAST_WEIGHTS and kind != b"i64":
                count += elements
    if end and there < 0:
        raise ValueError(f"{weights.name} is missing beside it")
    if end > there:
        raise ValueError(f"{weights.name} beside it is cut off, {end - there} bytes are missing")
    return count


def mentions(xml: Path, text: bytes) -> bool:
    """Whether a graph has something of that name.

    Raises:
        ValueError: It is empty.
        OSError: It cannot be read.
    """
    with _mapped(xml) as data:
        return data.find(text) >= 0


def check_onnx(path: Path) -> None:
    """See that a file is a protobuf message from beginning to end, with a graph in it.

    Field 7 of ONNX's ModelProto is the graph (onnx.proto).

    Raises:
        ValueError: It is not.
        OSError: It cannot be read.
    """
    graph = 7
    seen = set()
    with _mapped(path) as data:
        at = 0
        while at < len(data):
            tag, at = _varint(data, at)
            field, kind = tag >> 3, tag & 7
            seen.add(field)
            if kind == _VARINT:
                _, at = _varint(data, at)
            elif kind in {_FIXED64, _FIXED32}:
                at += 8 if kind == _FIXED64 else 4
            elif kind == _BYTES:
                length, at = _varint(data, at)
                at += length
            else:
                raise ValueError("it is not an ONNX file")
        if graph not in seen:
            raise ValueError("it is not an ONNX file")
        if at > len(data):
            raise ValueError(f"it is cut off, {at - len(data)} bytes are missing at its end")


def check_ort(path: Path) -> None:
    """See that a file begins as ONNX Runtime's own form does; its end cannot be told without the library.

    Raises:
        ValueError: It does not.
        OSError: It cannot be read.
    """
    with path.open("rb") as file:
        if file.read(8)[4:] != b"ORTM":
            raise ValueError("it is not in ONNX Runtime's form")


def check_ct2(path: Path) -> tuple[str, int]:
    """See that a CTranslate2 model is whole; returns what it is a model of, and the number of weights.

    The layout is that of `ctranslate2.specs.model_spec.ModelSpec`, version 6.

    Raises:
        ValueError: It is not; the message says what is wrong.
        OSError: It cannot be read.
    """
    with _mapped(path) as data:
        walk = _Walk(data)
        version = walk.number("I")
        if not 1 <= version <= _CT2_VERSION:
            raise ValueError("it is not in CTranslate2's form")
        spec, _revision = walk.text(), walk.number("I")
        if version < _CT2_VERSION:
            return spec, 0
        weights = 0
        for _ in range(walk.number("I")):
            walk.text()
            dimensions = walk.number("B")
            if dimensions > _MOST_DIMENSIONS:
                raise ValueError("it is damaged")
            elements = 1
            for _ in range(dimensions):
                elements *= walk.number("I")
            walk.number("B")
            walk.forward(walk.number("I"))
            weights += elements
        return spec, weights


class _Walk:
    """Goes through bytes; `ValueError` where they end too early."""

    def __init__(self, data: mmap.mmap) -> None:
        self._data = data
        self._at = 0

    def number(self, form: str) -> int:
        start = self._at
        self.forward(struct.calcsize(f"<{form}"))
        value: int = struct.unpack_from(f"<{form}", self._data, start)[0]
        return value

    def text(self) -> str:
        length = self.number("H")
        start = self._at
        self.forward(length)
        return self._data[start : self._at].rstrip(b"\0").decode("utf-8", "replace")

    def forward(self, count: int) -> None:
        self._at += count
        if self._at > len(self._data):
            raise ValueError(f"it is cut off, at least {self._at - len(self._data)} bytes are missing")


def _varint(data: mmap.mmap, at: int) -> tuple[int, int]:
    """Protobuf's number at a place, and the place after it."""
    value = shift = 0
    while True:
        if at >= len(data):
            raise ValueError("it is cut off")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if not byte & 0x80:
            return value, at
        shift += 7
        if shift > 63:
            raise ValueError("it is not an ONNX file")
