"""A GGUF converted to OpenVINO's own form once, and kept.

Why it exists: reading a GGUF takes OpenVINO five seconds each time, its own form three. The library writes what it
converted beside the file it read, so it is given a link in a folder of ours: nothing is written beside the model.
"""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import openvino_genai

log = logging.getLogger(__name__)

_MODEL_FILE = "openvino_model.xml"


def load_pipeline(
    model: Path, scheduler: object, device: str, options: Mapping[str, object], cache: Path | None
) -> tuple[Any, Any]:
    """The pipeline of a model and its tokenizer.

    Args:
        model: A GGUF file, or a folder in OpenVINO's form.
        scheduler: The library's scheduler settings.
        device: The plugin.
        options: Properties of the plugin.
        cache: Where conversions are kept; None keeps none.

    Raises:
        RuntimeError: The library's own, untranslated.
    """
    if cache is None or model.is_dir():
        return _load(model, scheduler, device, options)
    kept = cache / _key(model)
    if (kept / _MODEL_FILE).is_file():
        try:
            return _load(kept, scheduler, device, options)
        except RuntimeError as error:
            log.warning("the kept conversion of %s cannot be loaded and is made again: %s", model.name, error)
            shutil.rmtree(kept, ignore_errors=True)
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache, prefix=".converting-") as work:
            return _convert(model, Path(work), kept, scheduler, device, options)
    except OSError as error:
        log.warning("the conversion of %s is not kept: %s", model.name, error)
        return _load(model, scheduler, device, options)


def _convert(
    model: Path, work: Path, kept: Path, scheduler: object, device: str, options: Mapping[str, object]
) -> tuple[Any, Any]:
    source = work / "model.gguf"
    try:
        source.symlink_to(model.resolve())
    except OSError:  # not everybody may make links on Windows
        os.link(model, source)
    loaded = _load(source, scheduler, device, {**options, "enable_save_ov_model": True}, enable_save_ov_model=True)
    source.unlink()
    finished = work / "finished"
    finished.mkdir()
    for file in list(work.iterdir()):
        if file.is_file():
            file.rename(finished / file.name)
    if not kept.exists():
        finished.rename(kept)
    return loaded


def _load(
    source: Path, scheduler: object, device: str, options: Mapping[str, object], **tokenizer_options: bool
) -> tuple[Any, Any]:
    tokenizer: Any = openvino_genai.Tokenizer(str(source), **tokenizer_options)
    pipeline: Any = openvino_genai.ContinuousBatchingPipeline(str(source), tokenizer, scheduler, device, **options)
    return pipeline, tokenizer


def _key(model: Path) -> str:
    """A folder name that changes with the file and with the library."""
    status = model.stat()
    origin = f"{model.resolve()}|{status.st_size}|{status.st_mtime_ns}|{openvino_genai.get_version()}"
    return f"{model.stem[:40]}-{hashlib.sha256(origin.encode()).hexdigest()[:16]}"
