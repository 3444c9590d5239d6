"""Reads what a GGUF file says about itself, and whether all of its tensors are there.

Source of the layout: the GGUF specification in ggml's documentation (magic, version 2 or 3, counts as 64 bits,
little-endian; metadata; tensor infos; padding; tensor data).
"""

from __future__ import annotations

import mmap
import struct
from dataclasses import dataclass
from pathlib import Path

from app.contracts.errors import InvalidInput

_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_TEXT, _ARRAY = 8, 9
_VERSIONS = (2, 3)
_BLOCKS = {
    0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34), 9: (32, 36),
    10: (256, 84), 11: (256, 110), 12: (256, 144), 13: (256, 176), 14: (256, 210), 15: (256, 292),
    16: (256, 66), 17: (256, 74), 18: (256, 98), 19: (256, 50), 20: (32, 18), 21: (256, 110), 22: (256, 82),
    23: (256, 136), 24: (1, 1), 25: (1, 2), 26: (1, 4), 27: (1, 8), 28: (1, 8), 29: (256, 56), 30: (1, 2),
    34: (256, 54), 35: (256, 66), 39: (32, 17),
}  # fmt: skip
"""Weights and bytes of a block by ggml's type of tensor; a type that is not here is not looked into."""
_EMBEDDERS = ("bert", "embed", "gemma-embedding")
"""Parts of the names of architectures that make vectors and no text: bert, nomic-bert, jina-bert-v2, modern-bert, …"""
_MOST_ITEMS = 10_000_000
_MOST_DIMENSIONS = 8

Value = int | float | bool | str


@dataclass(frozen=True, slots=True)
class GgufFile:
    """What a GGUF file says about itself.

    Attributes:
        architecture: ``llama``, ``qwen2``, ``bert``, …
        name: The model's own name, empty when it has none.
        licence: As the file has it, empty when it says nothing.
        languages: As the file has them.
        part: What it is a part of: ``adapter``, ``mmproj`` and the like; ``model`` or empty for a whole model.
        parameters: Number of weights, counted over its tensors.
        pooling: It is made to give vectors of whole texts.
        tensors: How many.
    """

    architecture: str
    name: str
    licence: str
    languages: tuple[str, ...]
    part: str
    parameters: int
    pooling: bool
    tensors: int

    @property
    def makes_vectors(self) -> bool:
        """It embeds texts instead of writing them."""
        return self.pooling or any(part in self.architecture for part in _EMBEDDERS)


def read_gguf(path: Path) -> GgufFile:
    """Read the head of a GGUF file and see that its tensors are all there.

    Raises:
        InvalidInput: It is damaged or cut off; the sentence says which.
        OSError: It cannot be read.
    """
    with path.open("rb") as file:
        try:
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                return _Head(data).read()
        except ValueError as error:
            raise InvalidInput(
                f"{path.name} cannot be used: {error}.", code="model-damaged", remedy="Get the file again."
            ) from error


class _Head:
    """Goes through the head of a file; `ValueError` where it does not hold together."""

    def __init__(self, data: mmap.mmap) -> None:
        self._data = data
        self._at = 0
        self._values: dict[str, Value] = {}
        self._lists: dict[str, tuple[str, ...]] = {}

    def read(self) -> GgufFile:
        if self._data[:4] != b"GGUF":
            raise ValueError("it is not a GGUF file")
        self._at = 4
        version = self._number("I")
        if version not in _VERSIONS:
            raise ValueError(f"it is GGUF of version {version}, and only 2 and 3 are known")
        tensors, entries = int(self._number("Q")), int(self._number("Q"))
        if max(tensors, entries) > _MOST_ITEMS:
            raise ValueError("its head is damaged")
        for _ in range(entries):
            self._entry()
        found = [self._tensor() for _ in range(tensors)]
        alignment = self._values.get("general.alignment", 32)
        step = alignment if isinstance(alignment, int) and alignment > 0 else 32
        start = -(-self._at // step) * step
        missing = start + max((end for end, _ in found), default=0) - len(self._data)
        if missing > 0:
            raise ValueError(f"it is cut off, {missing} bytes are missing at its end")
        architecture = str(self._values.get("general.architecture", ""))
        if not architecture or not tensors:
            raise ValueError("it names no architecture or holds no tensors, so it is no model")
        pooling = self._values.get(f"{architecture}.pooling_type", 0)
        return GgufFile(
            architecture=architecture,
            name=str(self._values.get("general.name", "")),
            licence=str(self._values.get("general.license", "")),
            languages=self._lists.get("general.languages", ()),
            part=str(self._values.get("general.type", "")),
            parameters=sum(weights for _, weights in found),
            pooling=isinstance(pooling, int) and pooling > 0,
            tensors=tensors,
        )

    def _entry(self) -> None:
        key, kind = self._text(), int(self._number("I"))
        if kind == _TEXT:
            self._values[key] = self._text()
        elif kind == _ARRAY:
            inner, count = int(self._number("I")), int(self._number("Q"))
            self._list(key, inner, count)
        elif kind in _SCALARS:
            self._values[key] = self._number(_SCALARS[kind])
        else:
            raise ValueError("its head is damaged")

    def _list(self, key: str, inner: int, count: int) -> None:
        if inner in _SCALARS:
            self._forward(count * struct.calcsize(f"<{_SCALARS[inner]}"))
        elif inner == _TEXT and count <= _MOST_ITEMS:
            keep = key == "general.languages"
            texts = [self._text() if keep else self._skip_text() for _ in range(count)]
            if keep:
                self._lists[key] = tuple(texts)
        else:
            raise ValueError("its head is damaged")

    def _tensor(self) -> tuple[int, int]:
        """Where a tensor ends, counted from the beginning of all of them, and its number of weights."""
        self._skip_text()
        dimensions = int(self._number("I"))
        if dimensions > _MOST_DIMENSIONS:
            raise ValueError("its head is damaged")
        weights = 1
        for _ in range(dimensions):
            weights *= int(self._number("Q"))
        kind, offset = int(self._number("I")), int(self._number("Q"))
        per_block, size = _BLOCKS.get(kind, (1, 0))
        return offset + -(-weights // per_block) * size, weights

    def _text(self) -> str:
        length = int(self._number("Q"))
        start = self._at
        self._forward(length)
        return self._data[start : self._at].decode("utf-8", "replace")

    def _skip_text(self) -> str:
        self._forward(int(self._number("Q")))
        return ""

    def _number(self, form: str) -> int | float | bool:
        start = self._at
        self._forward(struct.calcsize(f"<{form}"))
        value: int | float | bool = struct.unpack_from(f"<{form}", self._data, start)[0]
        return value

    def _forward(self, count: int) -> None:
        self._at += count
        if self._at > len(self._data):
            raise ValueError("it is cut off in the middle of its head")
