"""What was compiled, on disk: one folder per model, device and version of everything that had a part in it.

Why it exists: a compiled model is worth minutes and is worthless, or worse, with another driver or library. So a folder
is named by all of that, sealed with the hashes of what is in it, checked before it is used, and deleted when it is old.
Everything here reads and writes disks: call it in a thread.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path

import psutil

from app.settings.disk import disk_error
from app.settings.files import write_whole
from models.json_file import read_object
from models.memory import GB, file_bytes
from models.store.manifest import digest_of

log = logging.getLogger(__name__)

_MANIFEST = "manifest.json"
_VERDICT = ".verdict.json"
_MAKING = ".making-"
LIMIT_BYTES = 20 * GB
"""All compiled models together take no more; the one used longest ago goes first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledKey:
    """What a compiled model depends on.

    Attributes:
        model: Its name.
        device: As the runtime calls it.
        engine: Which engine compiled it.
        revision: Of the weights.
        runtime: Versions of the libraries.
        driver: Version of the driver, empty when unknown.
        options: What the engine was told, as text.
    """

    model: str
    device: str
    engine: str
    revision: str
    runtime: str
    driver: str
    options: str

    @property
    def digest(self) -> str:
        """Name of its folder."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:24]

    def same_purpose(self, other: Mapping[str, object]) -> bool:
        """Whether another one was made for the same model on the same device, by whatever versions."""
        return (self.model, self.device, self.engine) == tuple(other.get(at) for at in ("model", "device", "engine"))


class Found(StrEnum):
    """What a look at a folder came to."""

    MISSING = "missing"
    WHOLE = "whole"
    DAMAGED = "damaged"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a key that made trouble.

    Attributes:
        failed: Why it cannot be compiled or used, empty while it can.
        rebuilt: It was damaged or refused once and made again; that is not done twice.
    """

    failed: str = ""
    rebuilt: bool = False


class CompiledModels:
    """The folder of all compiled models.

    Args:
        folder: Where they are; made when it is needed.
        limit_bytes: What all of them may take together.
    """

    def __init__(self, folder: Path, limit_bytes: int = LIMIT_BYTES) -> None:
        self._folder = folder
        self._limit_bytes = limit_bytes

    def place(self, key: CompiledKey) -> Path:
        """Where a compiled model lies, or will."""
        return self._folder / key.digest

    def begin(self, key: CompiledKey) -> Path:
        """An empty folder to compile into."""
        making = self._folder / f"{key.digest}{_MAKING}{os.getpid()}"
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir(parents=True, mode=0o700)
        return making

    def finish(self, key: CompiledKey, making: Path, took_s: float) -> None:
        """What was compiled is whole: seal it and put it in its place, unless another process was quicker."""
        if self.look(key) is Found.WHOLE:  # it may be in use
            return
        _seal(making, key, took_s)
        place = self.place(key)
        shutil.rmtree(place, ignore_errors=True)
        making.rename(place)

    def discard(self, making: Path) -> None:
        """Delete what was left half-made; nothing happens when it has been finished."""
        shutil.rmtree(making, ignore_errors=True)

    def look(self, key: CompiledKey) -> Found:
        """Whether a compiled model is there with every byte as it was; reads all of it."""
        place = self.place(key)
        if not place.is_dir():
            return Found.MISSING
        files = _sealed_files(read_object(place / _MANIFEST))
        if files is None:
            return Found.MISSING if not any(place.iterdir()) else Found.DAMAGED
        for name, (size, digest) in files.items():
            path = place / name
            if not path.is_file() or path.stat().st_size != size or digest_of(path) != digest:
                log.warning("the compiled model in %s is damaged: %s is not as it was", place.name, name)
                return Found.DAMAGED
        os.utime(place / _MANIFEST)  # so that it counts as used now
        return Found.WHOLE

    def renew(self, key: CompiledKey) -> None:
        """Seal a folder again when a load has put more into it, or made it."""
        place = self.place(key)
        if not place.is_dir() or not any(place.iterdir()):
            return
        manifest = read_object(place / _MANIFEST)
        sealed = _sealed_files(manifest)
        sizes = {name: path.stat().st_size for name, path in _files(place)}
        if sealed is None or sizes != {name: size for name, (size, _) in sealed.items()}:
            took = manifest.get("compile_s")
            _seal(place, key, float(took) if isinstance(took, int | float) else 0.0)

    def delete(self, key: CompiledKey) -> None:
        """Forget what was compiled."""
        shutil.rmtree(self.place(key), ignore_errors=True)

    def verdict(self, key: CompiledKey) -> Verdict:
        """What is remembered of a key."""
        kept = read_object(self._folder / f"{key.digest}{_VERDICT}")
        failed = kept.get("failed")
        return Verdict(failed if isinstance(failed, str) else "", kept.get("rebuilt") is True)

    def remember(self, key: CompiledKey, *, failed: str | None = None, rebuilt: bool | None = None) -> Verdict:
        """Keep what became of a key, with the versions it is true for."""
        before = self.verdict(key)
        now = replace(
            before,
            failed=before.failed if failed is None else failed,
            rebuilt=before.rebuilt if rebuilt is None else rebuilt,
        )
        content = {"key": asdict(key), "failed": now.failed, "rebuilt": now.rebuilt, "at_s": time.time()}
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_whole(self._folder / f"{key.digest}{_VERDICT}", json.dumps(content, indent=1))
        return now

    def failures(self) -> tuple[str, ...]:
        """What could not be compiled and why, a sentence each."""
        found = []
        for path in sorted(self._folder.glob(f"*{_VERDICT}")):
            kept = read_object(path)
            key = kept.get("key")
            if isinstance(key, dict) and kept.get("failed"):
                found.append(f"{key.get('model')} for {key.get('device')} failed: {kept['failed']}")
        return tuple(found)

    def forget_failures(self) -> None:
        """Try again at the next start what could not be compiled.

        Raises:
            StorageError: It cannot be written.
        """
        for path in self._folder.glob(f"*{_VERDICT}"):
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                raise disk_error(error, path) from error

    def prune(self, current: Collection[CompiledKey], in_use: Iterable[CompiledKey] = ()) -> None:
        """Delete what other versions compiled, what was left half-made, and the oldest above the limit.

        Args:
            current: Every key that could be asked for now. What was made for a model that is not among them stays
                until the limit is reached: its device may only be switched off.
            in_use: Keys that are loaded.
        """
        if not self._folder.is_dir():
            return
        valid = {key.digest for key in current}
        kept: list[tuple[float, int, Path]] = []
        busy = {key.digest for key in in_use}
        for path in sorted(self._folder.iterdir()):
            if _MAKING in path.name:
                if not _runs(path.name.rpartition(_MAKING)[2]):
                    shutil.rmtree(path, ignore_errors=True)
                continue
            content = read_object(path / _MANIFEST if path.is_dir() else path)
            made_for = content.get("key")
            name = path.name.removesuffix(_VERDICT)
            if name not in valid and isinstance(made_for, dict) and any(key.same_purpose(made_for) for key in current):
                log.info("%s was compiled by other versions and is deleted", path.name)
                _remove(path)
            elif path.is_dir():
                manifest = path / _MANIFEST
                kept.append(((manifest if manifest.exists() else path).stat().st_mtime, file_bytes(path), path))
        total = sum(size for _, size, _ in kept)
        for _, size, path in sorted(kept):
            if total > self._limit_bytes and path.name not in busy:
                log.info("%s is deleted: compiled models take too much room", path.name)
                _remove(path)
                total -= size


def _seal(folder: Path, key: CompiledKey, took_s: float) -> None:
    files = {name: {"size": path.stat().st_size, "sha256": digest_of(path)} for name, path in _files(folder)}
    content = {"key": asdict(key), "files": files, "compile_s": round(took_s, 2), "at_s": time.time()}
    write_whole(folder / _MANIFEST, json.dumps(content, indent=1))


def _files(folder: Path) -> list[tuple[str, Path]]:
    """Every file of a compiled model by its name under the folder."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return [(path.relative_to(folder).as_posix(), path) for path in files if path != folder / _MANIFEST]


def _sealed_files(manifest: Mapping[str, object]) -> dict[str, tuple[int, str]] | None:
    """Size and SHA-256 by name; None when it is no proper manifest."""
    files = manifest.get("files")
    if not isinstance(files, dict):
        return None
    sealed = {}
    for name, facts in files.items():
        match facts:
            case {"size": int(size), "sha256": str(digest)}:
                sealed[str(name)] = (size, digest)
            case _:
                return None
    return sealed


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _runs(pid: str) -> bool:
    return pid.isdecimal() and psutil.pid_exists(int(pid))
