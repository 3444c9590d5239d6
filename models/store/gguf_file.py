"""What a GGUF file says about itself, for the store: which kind of model it is, and that its tensors are all there."""

from __future__ import annotations

import mmap
from dataclasses import dataclass
from pathlib import Path

from app.contracts.errors import InvalidInput
from models.gguf import ARRAY, TEXT, GgufWalk, Scalar

_EMBEDDERS = ("bert", "embed", "gemma-embedding")
"""Parts of the names of architectures that make vectors and no text: bert, nomic-bert, jina-bert-v2, modern-bert, …"""


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
                return _read(GgufWalk(data))
        except ValueError as error:
            raise InvalidInput(
                f"{path.name} cannot be used: {error}.", code="model-damaged", remedy="Get the file again."
            ) from error


def _read(walk: GgufWalk) -> GgufFile:
    tensors, entries = walk.begin()
    values: dict[str, Scalar | str] = {}
    languages: tuple[str, ...] = ()
    for _ in range(entries):
        key, kind = walk.key()
        if kind == TEXT:
            values[key] = walk.text()
        elif kind == ARRAY:
            inner, count = walk.list_head()
            if key == "general.languages" and inner == TEXT:
                languages = tuple(walk.text() for _ in range(count))
            else:
                walk.skip_list(inner, count)
        else:
            values[key] = walk.scalar(kind)
    found = [walk.tensor() for _ in range(tensors)]
    alignment = values.get("general.alignment", 32)
    walk.check_whole(found, alignment if isinstance(alignment, int) else 32)
    architecture = str(values.get("general.architecture", ""))
    if not architecture or not tensors:
        raise ValueError("it names no architecture or holds no tensors, so it is no model")
    pooling = values.get(f"{architecture}.pooling_type", 0)
    return GgufFile(
        architecture=architecture,
        name=str(values.get("general.name", "")),
        licence=str(values.get("general.license", "")),
        languages=languages,
        part=str(values.get("general.type", "")),
        parameters=sum(tensor.weights for tensor in found),
        pooling=isinstance(pooling, int) and pooling > 0,
        tensors=tensors,
    )
