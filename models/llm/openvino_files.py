"""A look at a model in OpenVINO's form, before a library or a device is asked.

Why it exists: an NPU takes some models only, and says no in bad ways: it ends the process, hangs, or is slower than the
processor. What a folder holds can be told from its text files alone.
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

from models.json_file import read_object

_MODEL = "openvino_model.xml"
_TAIL_BYTES = 64 << 10
"""Where the notes of the exporter are: behind the graph."""
_SMALL_WEIGHTS = (b'element_type="i4"', b'element_type="nf4"', b'element_type="i8"', b'element_type="u8"')
_SOME = 8
"""Constants of such a type there are in every graph; weights make many more."""
_MOST_PARAMETERS = 9_000_000_000
"""What is called 8B has up to 8.2 thousand million weights; the next size is 12B."""


def why_not_npu(folder: Path, parameters: int = 0) -> str:
    """Why a language model does not suit an NPU, one sentence; empty when it does, or when it is not there.

    Args:
        folder: Where it lies.
        parameters: How many weights it has, 0 when unknown.
    """
    if parameters > _MOST_PARAMETERS:
        return "This model is too large for an NPU: 8B is the most their compilers take."
    if folder.is_file():
        return "An NPU takes no GGUF file; it needs the model in OpenVINO's form, with symmetric 4-bit weights."
    try:
        status = (folder / _MODEL).stat()
    except OSError:
        return ""
    return _looked(folder, status.st_size, status.st_mtime_ns)


def context_length(folder: Path) -> int:
    """Tokens the model was trained for, as its ``config.json`` says; 0 when it does not."""
    value = read_object(folder / "config.json").get("max_position_embeddings")
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


@lru_cache(maxsize=256)
def _looked(folder: Path, _size: int, _modified_ns: int) -> str:
    if "linear_attention" in json.dumps(read_object(folder / "config.json")):
        return "An NPU hangs on models of this kind (gated linear attention)."
    try:
        with (folder / _MODEL).open("rb") as file:
            file.seek(max(0, file.seek(0, 2) - _TAIL_BYTES))
            tail = file.read()
    except OSError:
        return ""
    if b'<mode value="int4_asym"' in tail:
        return "An NPU needs symmetric 4-bit weights; this model was exported with asymmetric ones."
    if b'<mode value="int' in tail or b'<mode value="nf4"' in tail or _has_small_weights(folder):
        return ""
    return "An NPU needs 4-bit or 8-bit weights; with the 16-bit weights of this model it is slower than the processor."


def _has_small_weights(folder: Path) -> bool:
    """Whether the graph has constants of 4 or 8 bits; looked for when the exporter left no note."""
    try:
        graph = (folder / _MODEL).read_bytes()
    except OSError:
        return True
    return sum(graph.count(mark) for mark in _SMALL_WEIGHTS) > _SOME
