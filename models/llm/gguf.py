"""A look at a GGUF file before a library maps it.

Why it exists: OpenVINO's reader ends the process with a segmentation fault on a truncated file. Whether everything the
header promises is there can be told from the header alone.
"""

from __future__ import annotations

import mmap
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from app.contracts.errors import RuntimeFault
from models.gguf import ARRAY, TEXT, UINT32, GgufWalk

_ALIGNMENT = 32
_READ = frozenset({0, 1, 2, 3, 8, 12, 14, 30})
"""The types of tensors OpenVINO's reader knows: F32, F16, Q4_0, Q4_1, Q8_0, Q4_K, Q6_K, BF16."""


def check_gguf(path: Path) -> None:
    """Look whether a GGUF file is whole and made of tensor types OpenVINO reads.

    Raises:
        RuntimeFault: It is not (``model-unreadable``); the sentence says what is wrong.
    """
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            _check(GgufWalk(data))
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
            return _read_facts(GgufWalk(data))
    except (OSError, ValueError):
        return GgufFacts()


def _check(walk: GgufWalk) -> None:
    tensors, entries = walk.begin()
    alignment = _ALIGNMENT
    for _ in range(entries):
        key, kind = walk.key()
        if key == "general.alignment" and kind == UINT32:
            alignment = walk.whole("I")
        else:
            walk.skip(kind)
    found = [walk.tensor() for _ in range(tensors)]
    for tensor in found:
        if tensor.kind not in _READ:
            raise ValueError(f"its tensor {tensor.name} is of type {tensor.kind}, which the reader does not know")
    walk.check_whole(found, alignment)


def _read_facts(walk: GgufWalk) -> GgufFacts:
    """Read plain entries up to the first long list, before which writers put what is asked here."""
    architecture, context = "", 0
    for _ in range(walk.begin()[1]):
        key, kind = walk.key()
        if key == "general.architecture" and kind == TEXT:
            architecture = walk.text()
        elif key.endswith(".context_length") and kind == UINT32:
            context = walk.whole("I")
        elif kind == ARRAY and key.startswith("tokenizer."):
            break
        else:
            walk.skip(kind)
        if architecture and context:
            break
    return GgufFacts(architecture, context)
