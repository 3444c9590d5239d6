"""A look at a GGUF file before a library maps it.

Why it exists: OpenVINO's reader ends the process with a segmentation fault on a truncated file. Whether everything the
header promises is there can be told from the header alone.
"""

from __future__ import annotations

import mmap
import struct
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from app.contracts.errors import RuntimeFault

_SCALARS = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
"""Bytes of a metadata value, by its type."""

_TEXT, _ARRAY, _UINT32 = 8, 9, 4

_BLOCKS = {0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 8: (32, 34), 12: (256, 144), 14: (256, 210), 30: (1, 2)}
"""Weights and bytes of a block, by tensor type: the types OpenVINO's reader knows."""

_MAX_DIMENSIONS = 4


def check_gguf(path: Path) -> None:
    """Look whether a GGUF file is whole and made of tensor types OpenVINO reads.

    Raises:
        RuntimeFault: It is not (``model-unreadable``); the sentence says what is wrong.
    """
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            _Walk(data).check()
    except (OSError, ValueError) as error:
        raise RuntimeFault(
            f"OpenVINO cannot load {path.name}: {error}.",
            code="model-unreadable",
            remedy="Install the model again.",
        ) from error


@dataclass(frozen=True, slots=True)
class GgufFacts:
    """What the head of a GGUF file says of its model.

    Attributes:
        architecture: For instance ``llama``; empty when it does not say.
        context_tokens: Tokens it was trained for; 0 when it does not say.
    """

    architecture: str = ""
    context_tokens: int = 0


def gguf_facts(path: Path) -> GgufFacts:
    """What the head of a file says; nothing when it is not there or not readable. Quick: vocabularies are not read."""
    try:
        status = path.stat()
    except OSError:
        return GgufFacts()
    return _facts(path, status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=256)
def _facts(path: Path, _size: int, _modified_ns: int) -> GgufFacts:
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return _Walk(data).facts()
    except (OSError, ValueError):
        return GgufFacts()


class _Walk:
    """Goes through the header; `ValueError` where it does not hold together."""

    def __init__(self, data: mmap.mmap) -> None:
        self._data = data
        self._at = 0
        self._alignment = 32

    def check(self) -> None:
        if self._data[:4] != b"GGUF":
            raise ValueError("it is not a GGUF file")
        self._at = 8
        tensors, entries = self._take("Q"), self._take("Q")
        for _ in range(entries):
            self._entry()
        ends = [self._tensor() for _ in range(tensors)]
        start = -(-self._at // self._alignment) * self._alignment
        missing = start + max(ends, default=0) - len(self._data)
        if missing > 0:
            raise ValueError(f"it is cut off, {missing} bytes are missing at its end")

    def facts(self) -> GgufFacts:
        """Read plain entries up to the first long list, before which writers put what is asked here."""
        if self._data[:4] != b"GGUF":
            raise ValueError("it is not a GGUF file")
        self._at = 16
        architecture, context = "", 0
        for _ in range(self._take("Q")):
            key, kind = self._text(), self._take("I")
            if key == b"general.architecture" and kind == _TEXT:
                architecture = self._text().decode("utf-8", "replace")
            elif key.endswith(b".context_length") and kind == _UINT32:
                context = self._take("I")
            elif kind == _ARRAY and key.startswith(b"tokenizer."):
                break
            else:
                self._skip(kind)
            if architecture and context:
                break
        return GgufFacts(architecture, context)

    def _entry(self) -> None:
        is_alignment = self._text() == b"general.alignment"
        kind = self._take("I")
        if is_alignment and kind == _UINT32:
            self._alignment = max(1, self._take("I"))
        else:
            self._skip(kind)

    def _skip(self, kind: int) -> None:
        if kind == _TEXT:
            self._text()
        elif kind == _ARRAY:
            inner, count = self._take("I"), self._take("Q")
            if inner in _SCALARS:
                self._forward(count * _SCALARS[inner])
            elif inner == _TEXT:
                for _ in range(count):
                    self._text()
            else:
                raise ValueError("its header is damaged")
        elif kind in _SCALARS:
            self._forward(_SCALARS[kind])
        else:
            raise ValueError("its header is damaged")

    def _tensor(self) -> int:
        """Where this tensor ends, counted from the beginning of the weights."""
        name = self._text().decode("utf-8", "replace")
        dimensions = self._take("I")
        if dimensions > _MAX_DIMENSIONS:
            raise ValueError("its header is damaged")
        weights = 1
        for _ in range(dimensions):
            weights *= self._take("Q")
        kind, offset = self._take("I"), self._take("Q")
        if kind not in _BLOCKS:
            raise ValueError(f"its tensor {name} is of type {kind}, which the reader does not know")
        per_block, size = _BLOCKS[kind]
        return int(offset + -(-weights // per_block) * size)

    def _text(self) -> bytes:
        length = self._take("Q")
        start = self._at
        self._forward(length)
        return self._data[start : self._at]

    def _take(self, form: str) -> int:
        start = self._at
        self._forward(struct.calcsize(f"<{form}"))
        value: int = struct.unpack_from(f"<{form}", self._data, start)[0]
        return value

    def _forward(self, count: int) -> None:
        self._at += count
        if self._at > len(self._data):
            raise ValueError("it is cut off in the middle of its header")
