"""Recipes of the runtimes that make vectors.

The NPU comes first, since vectors are made of whole folders in the background, where quiet counts for more than speed.
"""

from __future__ import annotations

from app.contracts.capabilities import CancelGranularity, Capabilities, ConfidenceSource
from app.contracts.devices import Device
from models.recipes.recipe import Recipe
from models.registry import EMBED_TOKENS, Library, Port
from models.store.model import InstalledModel, ModelFormat

_EMBEDDING = frozenset({"embed"})


def _maker(model: InstalledModel, cancel: CancelGranularity = CancelGranularity.CHUNK) -> Capabilities:
    """Between two texts a request notices that it is no longer wanted; llama.cpp notices within a text."""
    return Capabilities(
        streaming=False,
        confidence=ConfidenceSource.NONE,
        cancel=cancel,
        languages=model.languages,
        context_tokens=EMBED_TOKENS,
    )


def _openvino(device: Device) -> Recipe:
    return Recipe(
        name="openvino-embed",
        runtime="openvino",
        device=device,
        port=Port.EMBEDDING,
        formats=(ModelFormat.OPENVINO_EMBEDDING,),
        engine="models.embed.openvino:OpenVinoEmbedEngine",
        operations=_EMBEDDING,
        libraries=(Library("openvino_genai", "openvino-genai"), Library("openvino", "openvino")),
        capabilities=_maker,
        heavy=device is Device.CPU,
        options=lambda around: {
            "model_path": str(around.model),
            "target": around.target,
            "threads": around.threads,
            "cache_dir": around.cache_dir,
            "context_tokens": EMBED_TOKENS,
        },
    )


EMBEDDING: tuple[Recipe, ...] = (
    *(_openvino(device) for device in (Device.NPU, Device.IGPU, Device.GPU, Device.CPU)),
    Recipe(
        name="llama-embed",
        runtime="llama.cpp",
        device=Device.CPU,
        port=Port.EMBEDDING,
        formats=(ModelFormat.GGUF_EMBEDDING,),
        engine="models.embed.llama_gguf:LlamaGgufEmbedEngine",
        operations=_EMBEDDING,
        libraries=(Library("llama_cpp", "llama-cpp-python"),),
        capabilities=lambda model: _maker(model, CancelGranularity.TOKEN),
        heavy=True,
        options=lambda around: {
            "model_path": str(around.model),
            "threads": around.threads,
            "context_tokens": EMBED_TOKENS,
        },
    ),
)
"""The preferred one first."""
