"""What an installed model is, whatever it came from: the words the store, the recipes and the catalogue share."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol


class Task(StrEnum):
    """What a model is for."""

    SPEECH_TO_TEXT = "speech-to-text"
    TEXT = "text"
    VOICE = "voice"
    EMBEDDING = "embedding"


class ModelFormat(StrEnum):
    """How a model lies on disk, which decides what can load it."""

    CTRANSLATE2_WHISPER = "ctranslate2-whisper"
    """A folder with ``model.bin``, ``config.json``, ``tokenizer.json`` and a vocabulary."""
    OPENVINO_WHISPER = "openvino-whisper"
    """A folder with encoder and decoder in OpenVINO's form."""
    MOONSHINE = "moonshine"
    """A folder with ``encoder_model.ort``, ``decoder_model_merged.ort`` and ``tokenizer.bin``."""
    GGUF = "gguf"
    """One file; a language model."""
    OPENVINO_LLM = "openvino-llm"
    """A folder with ``openvino_model.xml`` and a tokenizer."""
    PIPER = "piper"
    """A folder with one ``.onnx`` and its ``.onnx.json``."""
    OPENVINO_SPEECH = "openvino-speech"
    """A folder for OpenVINO's Text2SpeechPipeline: Kokoro or SpeechT5."""
    GGUF_EMBEDDING = "gguf-embedding"
    """One file; a model that makes vectors."""
    OPENVINO_EMBEDDING = "openvino-embedding"
    """A folder for OpenVINO's TextEmbeddingPipeline."""

    @property
    def task(self) -> Task:
        """What models of this format are for."""
        return _TASKS[self]


_TASKS = {
    ModelFormat.CTRANSLATE2_WHISPER: Task.SPEECH_TO_TEXT,
    ModelFormat.OPENVINO_WHISPER: Task.SPEECH_TO_TEXT,
    ModelFormat.MOONSHINE: Task.SPEECH_TO_TEXT,
    ModelFormat.GGUF: Task.TEXT,
    ModelFormat.OPENVINO_LLM: Task.TEXT,
    ModelFormat.PIPER: Task.VOICE,
    ModelFormat.OPENVINO_SPEECH: Task.VOICE,
    ModelFormat.GGUF_EMBEDDING: Task.EMBEDDING,
    ModelFormat.OPENVINO_EMBEDDING: Task.EMBEDDING,
}


class Origin(StrEnum):
    """How a model came here."""

    CATALOGUE = "catalogue"
    IMPORTED = "imported"


@dataclass(frozen=True, slots=True)
class InstalledModel:
    """A model that is on this machine and was whole when it was put there.

    Attributes:
        name: Its name here, as the catalogue has it or as it was imported: lower case, digits, ``.`` and ``-``.
        format: How it lies on disk.
        path: The file for `ModelFormat.GGUF` and `ModelFormat.GGUF_EMBEDDING`, the folder for the others.
        size_bytes: Of all its files.
        revision: What changes when any of its files does: a digest over names and SHA-256 of the files.
        origin: How it came here.
        verified: Every file had a SHA-256 that was known beforehand, and it was right.
        languages: BCP 47 tags, empty when nobody said.
        parameters: Number of weights, 0 when unknown; what the capability of language models is ranked by.
        memory_bytes: What it needs when loaded, 0 when unknown.
    """

    name: str
    format: ModelFormat
    path: Path
    size_bytes: int
    revision: str
    origin: Origin = Origin.IMPORTED
    verified: bool = False
    languages: tuple[str, ...] = ()
    parameters: int = 0
    memory_bytes: int = 0


class ModelLibrary(Protocol):
    """Which models are installed. Looking is quick: it reads one small file per model and never a network."""

    def installed_models(self) -> tuple[InstalledModel, ...]:
        """Every installed model, the catalogue's recommended ones first, then by name."""
        ...


class NoModels:
    """A `ModelLibrary` with nothing in it: the embedded default alone."""

    def installed_models(self) -> tuple[InstalledModel, ...]:
        """Nothing."""
        return ()
