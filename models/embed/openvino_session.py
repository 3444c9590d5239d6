"""One OpenVINO TextEmbeddingPipeline: texts in, vectors out.

Why it exists: everything that touches the library's types is here, and every `RuntimeError` it raises becomes one of
ours. Only this module imports it.

What was found out about version 2026.4: an empty list of texts ends the process; a list whose length is not the fixed
one, where there is one, is refused; the NPU's dynamic form takes one text at a time and its fixed form any number that
was named beforehand, so it is given one; on the software path the fixed form needs ``NPU_USE_NPUW`` as well, since the
plain plugin asks for a compiler that the wheel does not carry.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import openvino_genai

from models.embed.manner import Pooling
from models.openvino.library import translated
from models.openvino.target import NPU_ON_CPU, compiles_for, is_npu, plugin, software_path

_POOLINGS = {Pooling.MEAN: "MEAN", Pooling.CLS: "CLS", Pooling.LAST: "LAST_TOKEN"}


class OpenVinoEmbeddings:
    """A loaded model. Used from one thread.

    Args:
        folder: The model in OpenVINO's form, with its tokenizer.
        target: What the runtime calls the device.
        threads: Threads of the processor plugin.
        longest: Tokens of a text that count, with its marks.
        pooling: How states become one vector.
        cache: Where what is compiled is kept, None for nowhere.

    Raises:
        RuntimeFault: The model cannot be loaded.
    """

    def __init__(
        self, folder: Path, target: str, threads: int, longest: int, pooling: Pooling, cache: Path | None
    ) -> None:
        kinds: Any = openvino_genai.TextEmbeddingPipeline
        config: Any = kinds.Config()
        config.pooling_type = getattr(kinds.PoolingType, _POOLINGS[pooling])
        config.normalize = True
        config.max_length = longest
        if pooling is Pooling.LAST:
            config.padding_side = "left"
        if is_npu(target):
            config.batch_size = 1
            config.pad_to_max_length = True
        self._name = folder.name
        with translated(f"OpenVINO cannot load {folder.name}", code="model-unreadable"):
            self._pipeline = kinds(str(folder), plugin(target), config, **_properties(target, threads, cache))

    def vectors(self, texts: Sequence[str]) -> list[list[float]]:
        """A vector for each text; no text asks for nothing.

        Raises:
            RuntimeFault: The library could not make them.
        """
        if not texts:
            return []
        with translated(f"OpenVINO failed over a text with {self._name}"):
            return [list(map(float, row)) for row in self._pipeline.embed_documents(list(texts))]


def _properties(target: str, threads: int, cache: Path | None) -> Mapping[str, object]:
    properties: dict[str, object] = dict(software_path(target))
    if target == NPU_ON_CPU:
        properties["NPU_USE_NPUW"] = "YES"
    if target == "CPU":
        properties["INFERENCE_NUM_THREADS"] = threads
    if cache is not None and compiles_for(target):
        properties["CACHE_DIR"] = str(cache)
    return properties
