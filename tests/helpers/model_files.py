"""Small files with the structure of models, for what looks at structure alone."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from pathlib import Path


def text(value: str) -> bytes:
    """A string as GGUF has it."""
    data = value.encode()
    return struct.pack("<Q", len(data)) + data


def gguf(
    architecture: str = "llama", *, texts: Mapping[str, str] | None = None, numbers: Mapping[str, int] | None = None
) -> bytes:
    """A whole GGUF file with one tensor of 64 by 32 weights as Q4_0."""
    entries = {"general.architecture": architecture, **(texts or {})}
    head = b"".join(text(key) + struct.pack("<I", 8) + text(value) for key, value in entries.items())
    head += b"".join(text(key) + struct.pack("<II", 4, value) for key, value in (numbers or {}).items())
    languages = text("general.languages") + struct.pack("<IIQ", 9, 8, 2) + text("en") + text("de")
    head += languages + text("tokens") + struct.pack("<IIQ", 9, 8, 2) + text("a") + text("b")
    head += text("scores") + struct.pack("<IIQ", 9, 6, 2) + struct.pack("<2f", 0, 1)
    count = len(entries) + len(numbers or {}) + 3
    info = text("blk.0.weight") + struct.pack("<IQQIQ", 2, 64, 32, 2, 0)
    whole = b"GGUF" + struct.pack("<IQQ", 3, 1, count) + head + info
    return whole + b"\0" * (-len(whole) % 32) + b"\1" * (64 * 32 // 32 * 18)


def onnx() -> bytes:
    """A whole protobuf message with a field 7, as ONNX's model has its graph there."""
    return b"\x08\x08" + b"\x3a\xac\x02" + b"g" * 300


def piper(folder: Path, name: str = "en_US-ann-medium") -> Path:
    """A Piper voice's two files; returns the first."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.onnx"
    path.write_bytes(onnx())
    content = {"audio": {"sample_rate": 22050}, "phoneme_id_map": {"a": [1]}, "language": {"code": "en_US"}}
    (folder / f"{name}.onnx.json").write_text(json.dumps(content))
    return path


def ir(folder: Path, name: str, names: str = "") -> None:
    """A graph in OpenVINO's form and its weights."""
    folder.mkdir(parents=True, exist_ok=True)
    data = '<data element_type="i4" shape="64, 128" offset="16" size="4096" />'
    (folder / f"{name}.xml").write_text(f'<?xml version="1.0"?>\n<net name="m" version="11">{data}{names}</net>\n')
    (folder / f"{name}.bin").write_bytes(b"\2" * 4112)


def openvino(folder: Path, *, beams: bool = True) -> Path:
    """A folder with a language model, or with one that makes vectors; returns it."""
    ir(folder, "openvino_model", '<layer name="beam_idx" />' if beams else '<layer name="attention_mask" />')
    for name in ("openvino_tokenizer", "openvino_detokenizer"):
        ir(folder, name)
    (folder / "config.json").write_text('{"model_type": "llama"}')
    return folder


def ct2(spec: str = "WhisperSpec") -> bytes:
    """A whole CTranslate2 model with one variable of 4 by 8."""

    def name(value: str) -> bytes:
        return struct.pack("<H", len(value) + 1) + value.encode() + b"\0"

    variable = name("encoder/weight") + struct.pack("<BIIBI", 2, 4, 8, 1, 32) + b"\3" * 32
    return struct.pack("<I", 6) + name(spec) + struct.pack("<II", 3, 1) + variable + struct.pack("<I", 0)


def whisper(folder: Path) -> Path:
    """A folder with a CTranslate2 Whisper model; returns it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.bin").write_bytes(ct2())
    for each in ("config.json", "tokenizer.json", "vocabulary.json"):
        (folder / each).write_text("{}")
    return folder
