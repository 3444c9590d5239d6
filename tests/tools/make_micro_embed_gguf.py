"""Make a GGUF embedding model out of the micro BERT that lies in OpenVINO's form among the models made for tests.

Why it exists: no package with a GGUF embedding model can be installed, and one that holds the same weights as the
folder lets two runtimes be held against each other. Run: python -m tests.tools.make_micro_embed_gguf FOLDER FILE
"""

from __future__ import annotations

import json
import struct
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import openvino

_UINT32, _INT32, _FLOAT32, _BOOL, _TEXT, _ARRAY = 4, 5, 6, 7, 8, 9
_ALIGNMENT = 32
_NORMAL, _CONTROL = 1, 3
_HIDDEN, _HEADS, _LAYERS, _INNER, _POSITIONS = 128, 4, 2, 256, 256


def make(folder: Path, file: Path, *, pooling: int | None = 1) -> Path:
    """Write the file; ``pooling`` as llama.cpp numbers it, None leaves it unsaid."""
    tensors = _tensors(openvino.Core().read_model(folder / "openvino_model.xml"))
    vocabulary = json.loads((folder / "tokenizer.json").read_text())["model"]["vocab"]
    tokens = sorted(vocabulary, key=lambda token: vocabulary[token])
    facts: list[tuple[str, int, Any]] = [
        ("general.architecture", _TEXT, "bert"),
        ("general.name", _TEXT, "micro embed"),
        ("bert.context_length", _UINT32, _POSITIONS),
        ("bert.embedding_length", _UINT32, _HIDDEN),
        ("bert.feed_forward_length", _UINT32, _INNER),
        ("bert.block_count", _UINT32, _LAYERS),
        ("bert.attention.head_count", _UINT32, _HEADS),
        ("bert.attention.layer_norm_epsilon", _FLOAT32, 1e-12),
        ("bert.attention.causal", _BOOL, False),
        *([("bert.pooling_type", _UINT32, pooling)] if pooling is not None else []),
        ("tokenizer.ggml.model", _TEXT, "bert"),
        ("tokenizer.ggml.pre", _TEXT, "default"),
        ("tokenizer.ggml.token_type_count", _UINT32, 2),
        ("tokenizer.ggml.tokens", _ARRAY, (_TEXT, [_piece(token) for token in tokens])),
        (
            "tokenizer.ggml.token_type",
            _ARRAY,
            (_INT32, [_CONTROL if token.startswith("[") and len(token) > 1 else _NORMAL for token in tokens]),
        ),
        ("tokenizer.ggml.bos_token_id", _UINT32, vocabulary["[CLS]"]),
        ("tokenizer.ggml.eos_token_id", _UINT32, vocabulary["[SEP]"]),
        ("tokenizer.ggml.unknown_token_id", _UINT32, vocabulary["[UNK]"]),
        ("tokenizer.ggml.seperator_token_id", _UINT32, vocabulary["[SEP]"]),
        ("tokenizer.ggml.padding_token_id", _UINT32, vocabulary["[PAD]"]),
        ("tokenizer.ggml.cls_token_id", _UINT32, vocabulary["[CLS]"]),
        ("tokenizer.ggml.mask_token_id", _UINT32, vocabulary["[MASK]"]),
    ]
    file.write_bytes(_packed(facts, tensors))
    return file


def _piece(token: str) -> str:
    """As llama.cpp's word pieces are written: a word's beginning is marked, not its rest."""
    if token.startswith("[") and len(token) > 1:
        return token
    return token.removeprefix("##") if token.startswith("##") and len(token) > 2 else f"\u2581{token}"


def _tensors(model: Any) -> dict[str, np.ndarray]:
    constants = {
        node.get_friendly_name(): np.array(node.get_data())
        for node in model.get_ordered_ops()
        if node.get_type_name() == "Constant"
    }

    def weight(name: str) -> np.ndarray:
        raw = constants[f"self.{name}.weight"].astype(np.float32)
        zero, scale = constants.get(f"self.{name}.weight/zero_point"), constants.get(f"self.{name}.weight/scale")
        return raw if zero is None or scale is None else (raw - zero.astype(np.float32)) * scale.astype(np.float32)

    (last_norm,) = (values for values in constants.values() if values.shape == (1, 1, _HIDDEN))
    ones, zeros = np.ones(_HIDDEN, np.float32), np.zeros(_HIDDEN, np.float32)
    made = {
        "token_embd.weight": weight("embeddings.word_embeddings"),
        "token_types.weight": np.zeros((2, _HIDDEN), np.float32),
        "position_embd.weight": weight("embeddings.position_embeddings"),
        "token_embd_norm.weight": ones,
        "token_embd_norm.bias": zeros,
    }
    for layer in range(_LAYERS):
        made |= _block(layer, weight, ones if layer + 1 < _LAYERS else last_norm.reshape(-1).astype(np.float32))
    return made


def _block(layer: int, weight: Callable[[str], np.ndarray], norm: np.ndarray) -> dict[str, np.ndarray]:
    """One layer; its biases are nothing and its norms one, except the last."""
    ours, theirs = f"blk.{layer}", f"encoder.layer.{layer}"
    parts = {
        "attn_q": "attention.self.query",
        "attn_k": "attention.self.key",
        "attn_v": "attention.self.value",
        "attn_output": "attention.output.dense",
        "ffn_up": "intermediate.dense",
        "ffn_down": "output.dense",
    }
    made: dict[str, np.ndarray] = {}
    for part, name in parts.items():
        made[f"{ours}.{part}.weight"] = weight(f"{theirs}.{name}")
        made[f"{ours}.{part}.bias"] = np.zeros(len(made[f"{ours}.{part}.weight"]), np.float32)
    for part, values in (("attn_output_norm", np.ones(_HIDDEN, np.float32)), ("layer_output_norm", norm)):
        made[f"{ours}.{part}.weight"] = values
        made[f"{ours}.{part}.bias"] = np.zeros(_HIDDEN, np.float32)
    return made


def _packed(facts: list[tuple[str, int, Any]], tensors: dict[str, np.ndarray]) -> bytes:
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(facts))
    head += b"".join(_text(key) + struct.pack("<I", kind) + _value(kind, value) for key, kind, value in facts)
    body = b""
    for name, values in tensors.items():
        data = np.ascontiguousarray(values, "<f4")
        head += _text(name) + struct.pack("<I", data.ndim)
        head += b"".join(struct.pack("<Q", length) for length in reversed(data.shape))
        head += struct.pack("<IQ", 0, len(body))
        body += _padded(data.tobytes())
    return _padded(head) + body


def _value(kind: int, value: Any) -> bytes:
    if kind == _TEXT:
        return _text(value)
    if kind == _ARRAY:
        inner, items = value
        return struct.pack("<IQ", inner, len(items)) + b"".join(_value(inner, item) for item in items)
    return struct.pack({_UINT32: "<I", _INT32: "<i", _FLOAT32: "<f", _BOOL: "<?"}[kind], value)


def _text(text: str) -> bytes:
    raw = text.encode()
    return struct.pack("<Q", len(raw)) + raw


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % _ALIGNMENT)


if __name__ == "__main__":
    make(Path(sys.argv[1]), Path(sys.argv[2]))
