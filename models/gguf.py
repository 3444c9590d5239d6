"""Goes through the head of a GGUF file: what it says of its model, and where its tensors end.

Why it exists: the store asks whether a file is whole and what it is before it takes it in, and OpenVINO's reader ends
the process with a segmentation fault on one that is not. Both read the same layout.

Source of the layout: the GGUF specification in ggml's documentation (magic, version 2 or 3, counts as 64 bits,
little-endian; metadata; tensor infos; padding; tensor data).
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Sequence
from dataclasses import dataclass

TEXT, ARRAY, UINT32 = 8, 9, 4
"""Kinds of metadata that are told apart."""
SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
"""How `struct` reads a metadata value, by its kind."""
BLOCKS = {
    0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34), 9: (32, 36),
    10: (256, 84), 11: (256, 110), 12: (256, 144), 13: (256, 176), 14: (256, 210), 15: (256, 292),
    16: (256, 66), 17: (256, 74), 18: (256, 98), 19: (256, 50), 20: (32, 18), 21: (256, 110), 22: (256, 82),
    23: (256, 136), 24: (1, 1), 25: (1, 2), 26: (1, 4), 27: (1, 8), 28: (1, 8), 29: (256, 56), 30: (1, 2),
    34: (256, 54), 35: (256, 66), 39: (32, 17),
}  # fmt: skip
"""Weights and bytes of a block by ggml's type of tensor; a type that is not here is not looked into."""
_VERSIONS = (2, 3)
_MOST_ITEMS = 10_000_000
_MOST_DIMENSIONS = 8

Scalar = int | float | bool


@dataclass(frozen=True, slots=True)
class Tensor:
    """One tensor of a file.

    Attributes:
        name: Its name.
        kind: ggml's type.
        weights: How many.
        end: Where it ends, in bytes from the beginning of all tensors; where it begins for a type not in `BLOCKS`.
    """

    name: str
    kind: int
    weights: int
    end: int


class GgufWalk:
    """A walk through the head, from its beginning on; every step raises `ValueError` where it does not hold together.

    Args:
        data: The file.
    """

    def __init__(self, data: mmap.mmap) -> None:
        self._data = data
        self._at = 0

    def begin(self) -> tuple[int, int]:
        """Number of tensors and of metadata entries."""
        if self._data[:4] != b"GGUF":
            raise ValueError("it is not a GGUF file")
        self._at = 4
        version = self.whole("I")
        if version not in _VERSIONS:
            raise ValueError(f"it is GGUF of version {version}, and only 2 and 3 are known")
        tensors, entries = self.whole("Q"), self.whole("Q")
        if max(tensors, entries) > _MOST_ITEMS:
            raise ValueError("its header is damaged")
        return tensors, entries

    def key(self) -> tuple[str, int]:
        """The next metadata entry's name and kind; its value is next."""
        return self.text(), self.whole("I")

    def skip(self, kind: int) -> None:
        """Pass over a value."""
        if kind == ARRAY:
            self.skip_list(*self.list_head())
        elif kind == TEXT:
            self.skip_text()
        else:
            self.scalar(kind)

    def list_head(self) -> tuple[int, int]:
        """Kind and number of the items of a list; they are next."""
        return self.whole("I"), self.whole("Q")

    def skip_list(self, inner: int, count: int) -> None:
        """Pass over the items of a list."""
        if inner in SCALARS:
            self._forward(count * struct.calcsize(f"<{SCALARS[inner]}"))
        elif inner == TEXT and count <= _MOST_ITEMS:
            for _ in range(count):
                self.skip_text()
        else:
            raise ValueError("its header is damaged")

    def tensor(self) -> Tensor:
        """The next tensor."""
        name, dimensions = self.text(), self.whole("I")
        if dimensions > _MOST_DIMENSIONS:
            raise ValueError("its header is damaged")
        weights = 1
        for _ in range(dimensions):
            weights *= self.whole("Q")
        kind, offset = self.whole("I"), self.whole("Q")
        per_block, size = BLOCKS.get(kind, (1, 0))
        return Tensor(name, kind, weights, offset + -(-weights // per_block) * size)

    def check_whole(self, tensors: Sequence[Tensor], alignment: int) -> None:
        """See that the file is long enough for its tensors; called right behind the last of them."""
        step = alignment if alignment > 0 else 32
        start = -(-self._at // step) * step
        missing = start + max((tensor.end for tensor in tensors), default=0) - len(self._data)
        if missing > 0:
            raise ValueError(f"it is cut off, {missing} bytes are missing at its end")

    def text(self) -> str:
        """A text; characters that are none are replaced."""
        length = self.whole("Q")
        start = self._at
        self._forward(length)
        return self._data[start : self._at].decode("utf-8", "replace")

    def skip_text(self) -> None:
        """Pass over a text: vocabularies have many thousands."""
        self._forward(self.whole("Q"))

    def scalar(self, kind: int) -> Scalar:
        """A number or a yes or no."""
        if kind not in SCALARS:
            raise ValueError("its header is damaged")
        return self._take(SCALARS[kind])

    def whole(self, form: str) -> int:
        """A whole number, as `struct` has it."""
        return int(self._take(form))

    def _take(self, form: str) -> Scalar:
        start = self._at
        self._forward(struct.calcsize(f"<{form}"))
        value: Scalar = struct.unpack_from(f"<{form}", self._data, start)[0]
        return value

    def _forward(self, count: int) -> None:
        self._at += count
        if self._at > len(self._data):
            raise ValueError("it is cut off in the middle of its header")
