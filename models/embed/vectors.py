"""Vectors on their way out of an engine: of length 1, free of anything that is no number, and packed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from app.contracts.errors import RuntimeFault
from models.host.engine import JsonValue, Reply

Vector = npt.NDArray[np.float32]


def unit(vector: npt.ArrayLike, model: str) -> Vector:
    """A vector of length 1; along the first axis when it has none.

    Args:
        vector: One dimension.
        model: Whose it is, for the sentence.

    Raises:
        RuntimeFault: It holds something that is no number (``model-damaged``).
    """
    made = np.asarray(vector, dtype=np.float32)
    if not np.isfinite(made).all():
        raise RuntimeFault(
            f"{model} gives no numbers: the model is damaged.",
            code="model-damaged",
            remedy="Read its files again with `sotto models verify`.",
        )
    length = float(np.linalg.norm(made))
    if length < 1e-12:
        made, length = np.eye(1, len(made), dtype=np.float32)[0], 1.0
    return (made / length).astype(np.float32)


def packed(rows: Sequence[Vector], dimensions: int) -> Reply:
    """The reply to ``embed``: little-endian float32, text by text."""
    return Reply({"dimensions": dimensions}, np.stack(rows).astype("<f4").tobytes() if rows else b"")


def whole(text: str) -> str:
    """The text with half characters, as a terminal can deliver them, made question marks: libraries take whole ones."""
    return text.encode("utf-8", "replace").decode("utf-8")


def asks(args: Mapping[str, JsonValue]) -> bool:
    """Whether the texts of an ``embed`` call ask, as opposed to being what is to be found."""
    return args.get("query") is True
