"""Finds out what kind of model a file or a folder is, from what is in it, never from its name alone."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from app.contracts.errors import InvalidInput
from models.store.gguf_file import read_gguf
from models.store.model import ModelFormat
from models.store.wanted import MANIFEST
from models.store.wholeness import check_ct2, check_ir, check_onnx, check_ort, mentions

ACCEPTED = (
    "Sotto takes a .gguf file, a Piper voice (.onnx with its .onnx.json), or a folder with an OpenVINO model, a "
    "CTranslate2 Whisper model or a Moonshine model."
)
_MOST_FILES = 5000
_SHARD = re.compile(r"(?P<base>.+)-(?P<number>\d{5})-of-(?P<count>\d{5})\.gguf")
_LARGEST_JSON = 64_000_000
_ARCHIVES = (
    (b"PK\x03\x04", "a zip archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"\xfd7zXZ", "an xz archive"),
    (b"BZh", "a bzip2 archive"),
    (b"<!DOCTYPE", "a web page"),
    (b"<!doctype", "a web page"),
    (b"<html", "a web page"),
    (b"version https://git-lfs", "a pointer of git to a file, not the file itself"),
)
_TORCH = (".safetensors", ".pt", ".pth", ".ckpt")
_SKIPPED = frozenset({"__pycache__", MANIFEST})


@dataclass(frozen=True, slots=True)
class Found:
    """What a file or folder is.

    Attributes:
        format: How it lies on disk.
        files: Where each of its files is to lie in the model's folder, and where it is now.
        called: What it calls itself, for a name when none is given.
        languages: BCP 47 tags, empty when it does not say.
        licence: As it says itself, empty when it does not.
        parameters: Number of weights, 0 when unknown.
    """

    format: ModelFormat
    files: tuple[tuple[str, Path], ...]
    called: str
    languages: tuple[str, ...] = ()
    licence: str = ""
    parameters: int = 0


def detect(path: Path) -> Found:
    """What kind of model a path is.

    Raises:
        InvalidInput: None that Sotto takes, or a damaged one; the sentence says what was seen.
    """
    try:
        if path.is_dir():
            return _folder(path)
        if path.is_file():
            return _file(path)
        seen = "is neither a file nor a folder" if path.exists() or path.is_symlink() else "is not there"
    except OSError as error:
        raise InvalidInput(
            f"{path} cannot be read: {error.strerror or error}.", code="import", remedy="Make it readable."
        ) from error
    raise InvalidInput(f"{path} {seen}.", code="import", remedy="Look at its name.")


def _file(path: Path) -> Found:
    lower = path.name.lower()
    with path.open("rb") as file:
        head = file.read(64)
    if not head:
        raise _refused(path, "is empty", "Get it again.")
    if head.startswith(b"GGUF") or lower.endswith(".gguf"):
        return _gguf(path)
    if lower.endswith(".onnx.json"):
        return _piper(path.with_suffix(""))
    if lower.endswith(".onnx"):
        return _piper(path)
    for magic, what in _ARCHIVES:
        if head.startswith(magic):
            raise _refused(path, f"is {what}", f"Unpack it first. {ACCEPTED}" if "archive" in what else ACCEPTED)
    if lower.endswith(_TORCH):
        raise _refused(path, "holds weights for PyTorch", f"They must be converted first. {ACCEPTED}")
    if lower.endswith((".xml", ".bin", ".ort")):
        raise _refused(path, "is one part of a model", f"Name its folder, {path.parent}, instead.")
    raise _refused(path, f"begins with {head[:8]!r}, which is no model that is known here", ACCEPTED)


def _folder(folder: Path) -> Found:
    files = _files_of(folder)
    names = {name.lower() for name in files}
    for needs, read in _FOLDERS:
        if needs <= names:
            return read(folder, files)
    for suffix, read_one in ((".gguf", _gguf), (".onnx", _piper)):
        found = [name for name in files if name.lower().endswith(suffix) and "mmproj" not in name.lower()]
        firsts = [name for name in found if (shard := _SHARD.fullmatch(name)) is None or int(shard["number"]) == 1]
        if len(firsts) == 1:
            return replace(read_one(files[firsts[0]]), called=folder.name)
        if firsts:
            listed = ", ".join(sorted(firsts)[:4])
            raise _refused(folder, f"holds {len(firsts)} models: {listed}", "Import one of these files instead.")
    if any(name.endswith(_TORCH) or name == "pytorch_model.bin" for name in names):
        raise _refused(folder, "holds weights for PyTorch", f"They must be converted first. {ACCEPTED}")
    if "model.bin" in names or "openvino_model.bin" in names:
        lacks = "openvino_model.xml" if "openvino_model.bin" in names else "config.json"
        raise _refused(folder, f"lacks {lacks}", "Get the whole folder.")
    seen = f"holds {', '.join(sorted(files)[:4])}" if files else "is empty"
    raise _refused(folder, f"{seen} and no model that is known here", ACCEPTED)


def _gguf(path: Path) -> Found:
    shard = _SHARD.fullmatch(path.name)
    parts = [path]
    if shard is not None:
        count = int(shard["count"])
        parts = [path.with_name(f"{shard['base']}-{n:05}-of-{count:05}.gguf") for n in range(1, count + 1)]
        missing = [part.name for part in parts if not part.is_file()]
        if missing:
            raise _refused(path, f"is one of {count} parts, and {missing[0]} is missing beside it", "Get all of them.")
    heads = [read_gguf(part) for part in parts]
    head = heads[0]
    if head.part not in {"", "model"} or head.architecture == "clip":
        raise _refused(path, f"is a part of a model ({head.part or head.architecture}), not a model", ACCEPTED)
    return Found(
        format=ModelFormat.GGUF_EMBEDDING if head.makes_vectors else ModelFormat.GGUF,
        files=tuple((part.name, part) for part in parts),
        called=shard["base"] if shard is not None else path.stem if path.suffix.lower() == ".gguf" else path.name,
        languages=head.languages,
        licence=head.licence,
        parameters=sum(each.parameters for each in heads),
    )


def _piper(onnx: Path) -> Found:
    described = onnx.with_name(f"{onnx.name}.json")
    for path in (onnx, described):
        if not path.is_file():
            raise _refused(onnx, f"needs {path.name} beside it", "A Piper voice is two files: .onnx and .onnx.json.")
    _whole(onnx, check_onnx)
    content = _json(described)
    try:
        rate = content["audio"]["sample_rate"]
        content["phoneme_id_map"].keys()
    except (KeyError, TypeError, AttributeError) as error:
        raise _refused(described, "does not describe a Piper voice", ACCEPTED) from error
    if not isinstance(rate, int) or rate <= 0:
        raise _refused(described, "states no sample rate", "Get it again.")
    language = content.get("language")
    code = language.get("code", "") if isinstance(language, dict) else ""
    espeak = content.get("espeak")
    code = code or (espeak.get("voice", "") if isinstance(espeak, dict) else "")
    return Found(
        format=ModelFormat.PIPER,
        files=((onnx.name, onnx), (described.name, described)),
        called=onnx.stem,
        languages=(str(code).replace("_", "-"),) if code else (),
    )


def _openvino_whisper(folder: Path, files: Mapping[str, Path]) -> Found:
    _needs(folder, files, "config.json", "generation_config.json", "preprocessor_config.json", "openvino_tokenizer.xml")
    if (kind := str(_json(files["config.json"]).get("model_type", ""))) != "whisper":
        raise _refused(folder, f"holds a speech model of the kind {kind!r}, not Whisper", ACCEPTED)
    return _openvino(folder, files, ModelFormat.OPENVINO_WHISPER)


def _openvino_model(folder: Path, files: Mapping[str, Path]) -> Found:
    config = _json(files["config.json"]) if "config.json" in files else {}
    if any(name.startswith("voices/") for name in files) or "istftnet" in config:
        _needs(folder, files, "config.json")
        return _openvino(folder, files, ModelFormat.OPENVINO_SPEECH)
    _needs(folder, files, "openvino_tokenizer.xml")
    if mentions(files["openvino_model.xml"], b'"beam_idx"'):  # the state of a model that writes is turned by it
        _needs(folder, files, "openvino_detokenizer.xml")
        return _openvino(folder, files, ModelFormat.OPENVINO_LLM)
    if mentions(files["openvino_model.xml"], b'"past_key_values'):
        raise _refused(folder, "holds a language model without a state", "Export it again with `--task text-generation-"
                       "with-past`.")  # fmt: skip
    return _openvino(folder, files, ModelFormat.OPENVINO_EMBEDDING)


def _openvino(folder: Path, files: Mapping[str, Path], kind: ModelFormat) -> Found:
    weights = 0
    for name, path in files.items():
        if name.endswith(".xml"):
            found = _whole(path, check_ir)
            weights += 0 if "tokenizer" in name else found
    return Found(kind, tuple(sorted(files.items())), folder.name, parameters=weights)


def _ct2(folder: Path, files: Mapping[str, Path]) -> Found:
    spec, weights = _whole(files["model.bin"], check_ct2)
    if spec != "WhisperSpec":
        raise _refused(folder, f"holds a CTranslate2 model of the kind {spec!r}, not Whisper", ACCEPTED)
    _needs(folder, files, "tokenizer.json")
    if not any(name.startswith("vocabulary.") for name in files):
        raise _refused(folder, "lacks vocabulary.json", "Get the whole folder.")
    _json(files["config.json"])
    return Found(ModelFormat.CTRANSLATE2_WHISPER, tuple(sorted(files.items())), folder.name, parameters=weights)


def _moonshine(folder: Path, files: Mapping[str, Path]) -> Found:
    for name in ("encoder_model.ort", "decoder_model_merged.ort"):
        _whole(files[name], check_ort)
    return Found(ModelFormat.MOONSHINE, tuple(sorted(files.items())), folder.name)


_FOLDERS: tuple[tuple[frozenset[str], Callable[[Path, Mapping[str, Path]], Found]], ...] = (
    (frozenset({"encoder_model.ort", "decoder_model_merged.ort", "tokenizer.bin"}), _moonshine),
    (frozenset({"openvino_encoder_model.xml", "openvino_decoder_model.xml"}), _openvino_whisper),
    (frozenset({"openvino_model.xml"}), _openvino_model),
    (frozenset({"model.bin", "config.json"}), _ct2),
)
"""What a folder of each kind has, and who reads it; the first that fits."""


def _files_of(folder: Path) -> dict[str, Path]:
    """Every file below a folder by its path in it. Links to files are followed, links to folders are not."""
    found: dict[str, Path] = {}
    for where, folders, names in os.walk(folder):
        folders[:] = sorted(each for each in folders if not each.startswith(".") and each not in _SKIPPED)
        for name in sorted(names):
            path = Path(where, name)
            if name.startswith(".") or name in _SKIPPED or not path.is_file():
                continue
            found[path.relative_to(folder).as_posix()] = path
            if len(found) > _MOST_FILES:
                raise _refused(folder, f"holds more than {_MOST_FILES} files", "Name the folder of the model itself.")
    return found


def _needs(folder: Path, files: Mapping[str, Path], *names: str) -> None:
    for name in names:
        if name not in files:
            raise _refused(folder, f"lacks {name}", "Get the whole folder.")


def _whole(path: Path, check: Callable[[Path], Any]) -> Any:
    try:
        return check(path)
    except ValueError as error:
        raise InvalidInput(
            f"{path.name} cannot be used: {error}.", code="model-damaged", remedy="Get the model again."
        ) from error


def _json(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            content = json.loads(file.read(_LARGEST_JSON))
    except (ValueError, RecursionError) as error:
        raise InvalidInput(
            f"{path.name} cannot be used: it is no JSON.", code="model-damaged", remedy="Get the model again."
        ) from error
    if not isinstance(content, dict):
        raise InvalidInput(f"{path.name} cannot be used: it holds a list or a value.", code="model-damaged")
    return content


def _refused(path: Path, seen: str, remedy: str) -> InvalidInput:
    return InvalidInput(f"{path} {seen}.", code="import", remedy=remedy)
