"""The small file that makes a folder a model: what it is, where it came from, and the digest of each of its files."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from app.contracts.errors import InvalidInput
from models.store.model import InstalledModel, ModelFormat, Origin
from models.store.wanted import MANIFEST, Wanted, check_file, check_name

VERSION = 1
_LARGEST_BYTES = 4_000_000
CHUNK_BYTES = 1 << 20
_ONE_FILE = frozenset({ModelFormat.GGUF, ModelFormat.GGUF_EMBEDDING})


@dataclass(frozen=True, slots=True)
class ManifestFile:
    """One file of an installed model: its path with forward slashes, its bytes and their SHA-256."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What is written beside a model's files.

    Attributes:
        name: The folder's name.
        format: How it lies on disk.
        files: Every file, by path.
        origin: How it came here.
        verified: Every SHA-256 was known before the bytes came.
        repository: Where the bytes came from, empty for an import.
        commit: Which revision of it, empty for an import.
        asked: The revision the catalogue named, empty for the newest or an import.
        source: Where the person can read about it, or the path it was imported from.
        licence: SPDX id or the licence's own name, empty when unknown.
        languages: BCP 47 tags.
        parameters: Number of weights, 0 when unknown.
        memory_bytes: What it needs when loaded, 0 when unknown.
        recommended: The catalogue recommends it.
    """

    name: str
    format: ModelFormat
    files: tuple[ManifestFile, ...]
    origin: Origin
    verified: bool = False
    repository: str = ""
    commit: str = ""
    asked: str = ""
    source: str = ""
    licence: str = ""
    languages: tuple[str, ...] = ()
    parameters: int = 0
    memory_bytes: int = 0
    recommended: bool = False

    @classmethod
    def of(
        cls,
        wanted: Wanted,
        files: tuple[ManifestFile, ...],
        origin: Origin,
        *,
        verified: bool,
        name: str = "",
        asked: str = "",
    ) -> Manifest:
        """That of a model the catalogue knows, in the catalogue's words; ``name`` when it has another one here."""
        return cls(
            name=name or wanted.name,
            format=wanted.format,
            files=files,
            origin=origin,
            verified=verified,
            repository=wanted.repository,
            commit=wanted.revision or "",
            asked=asked,
            source=wanted.source,
            licence=wanted.licence,
            languages=wanted.languages,
            parameters=wanted.parameters,
            memory_bytes=wanted.memory_bytes,
            recommended=wanted.recommended,
        )

    @property
    def size_bytes(self) -> int:
        """Of all its files."""
        return sum(file.size for file in self.files)

    @property
    def revision(self) -> str:
        """What changes when any of its files does: a digest over paths and SHA-256."""
        listing = "".join(f"{file.path}\0{file.sha256}\n" for file in sorted(self.files, key=lambda each: each.path))
        return hashlib.sha256(listing.encode()).hexdigest()

    def installed(self, folder: Path) -> InstalledModel:
        """The model as the rest of the program sees it, lying in a folder."""
        path = folder / _first_gguf(self.files) if self.format in _ONE_FILE else folder
        return InstalledModel(
            name=self.name,
            format=self.format,
            path=path,
            size_bytes=self.size_bytes,
            revision=self.revision,
            origin=self.origin,
            verified=self.verified,
            languages=self.languages,
            parameters=self.parameters,
            memory_bytes=self.memory_bytes,
        )

    def write(self, folder: Path) -> None:
        """Put it into a folder, on the disk before it returns; the last file of a model to be written.

        Raises:
            OSError: It cannot be written.
        """
        content = {"version": VERSION, **asdict(self)}
        temporary = folder / f".{MANIFEST}"
        with temporary.open("w", encoding="utf-8") as file:
            json.dump(content, file, indent=1, ensure_ascii=False)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(folder / MANIFEST)
        sync_folder(folder)


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a folder.

    Raises:
        InvalidInput: It is damaged, or is not this folder's.
        OSError: It cannot be read.
    """
    path = folder / MANIFEST
    with path.open("rb") as file:
        raw = file.read(_LARGEST_BYTES + 1)
    try:
        if len(raw) > _LARGEST_BYTES:
            raise ValueError("it is far too long")  # noqa: TRY301 - one place makes the sentence
        content = json.loads(raw)
        if content.pop("version") != VERSION:
            raise ValueError("another version of Sotto wrote it")  # noqa: TRY301
        manifest = _made(content)
        check_name(manifest.name)
        if manifest.name != folder.name:
            raise ValueError(f"it is that of {manifest.name}")  # noqa: TRY301
        for each in manifest.files:
            check_file(each.path, manifest.name)
        manifest.installed(folder)
    except (ValueError, InvalidInput) as error:
        raise _damaged(path, str(error).rstrip(".")) from error
    except (TypeError, KeyError, AttributeError, RecursionError) as error:
        raise _damaged(path, "it is not as Sotto writes it") from error
    return manifest


def _damaged(path: Path, what: str) -> InvalidInput:
    return InvalidInput(
        f"{path} is damaged: {what}.",
        code="model-damaged",
        remedy=f"Remove the model with `sotto models remove {path.parent.name}` and get it again.",
    )


def _made(content: Mapping[str, Any]) -> Manifest:
    """The manifest out of what JSON held.

    Raises:
        ValueError, TypeError, KeyError: Something is missing or is not what it must be.
    """
    files = tuple(ManifestFile(str(file["path"]), int(file["size"]), str(file["sha256"])) for file in content["files"])
    if not files:
        raise ValueError("it names no file")
    return Manifest(
        name=str(content["name"]),
        format=ModelFormat(content["format"]),
        files=files,
        origin=Origin(content["origin"]),
        verified=content["verified"] is True,
        repository=str(content["repository"]),
        commit=str(content["commit"]),
        asked=str(content["asked"]),
        source=str(content["source"]),
        licence=str(content["licence"]),
        languages=tuple(str(each) for each in content["languages"]),
        parameters=int(content["parameters"]),
        memory_bytes=int(content["memory_bytes"]),
        recommended=content["recommended"] is True,
    )


def _first_gguf(files: Iterable[ManifestFile]) -> str:
    """The file a library is given: of several, the first part; never the part for pictures."""
    names = sorted(file.path for file in files if file.path.lower().endswith(".gguf"))
    weights = [name for name in names if "mmproj" not in name.lower()]
    if not weights:
        raise ValueError("it has no .gguf file")
    return weights[0]


def digest_of(path: Path, onward: Callable[[int], None] = lambda _count: None) -> str:
    """SHA-256 of a file; ``onward`` is told how many bytes more were read.

    Raises:
        OSError: It cannot be read.
    """
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
            onward(len(chunk))
    return digest.hexdigest()


def sync_folder(folder: Path) -> None:
    """Have the names in a folder on the disk; does nothing where folders cannot be opened."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
