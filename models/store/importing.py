"""Takes in a model that is already on this machine: found out, copied or moved, read again, and put in its place."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from app.contracts.errors import InvalidInput, StorageError
from app.settings.disk import disk_error
from models.store.kinds import Found, detect
from models.store.manifest import CHUNK_BYTES, Manifest, ManifestFile, digest_of
from models.store.model import InstalledModel, Origin
from models.store.progress import Meter, Report, State, silent
from models.store.room import free_bytes, require_room, standing
from models.store.store import IMPORT, Store
from models.store.wanted import NAME, Wanted, check_file, check_name

_LONGEST_NAME = 80


@dataclass(frozen=True, slots=True)
class Imported:
    """A model that was taken in.

    Attributes:
        model: The model.
        already: It was there before, byte for byte.
        left: What should have been moved and could not be deleted at its old place.
    """

    model: InstalledModel
    already: bool = False
    left: tuple[Path, ...] = ()


def import_model(
    store: Store,
    path: Path,
    name: str = "",
    *,
    move: bool = False,
    known: Sequence[Wanted] = (),
    report: Report = silent,
) -> Imported:
    """Take a file or folder in.

    Args:
        store: Where it goes.
        path: What it is; a link is followed.
        name: What to call it, empty for what it calls itself.
        move: Do not leave it where it is.
        known: The catalogue: files with the digests of one of its models are that model.
        report: Told how far it is.

    Raises:
        InvalidInput: It is no model, a damaged one, or the name cannot be used or is taken.
        AlreadyRunning: Another process is busy with the name.
        StorageError: No room, or the disk cannot be read or written.
    """
    found = detect(path)
    chosen = name or _name_of(found.called, path)
    check_name(chosen)
    for each, _ in found.files:
        check_file(each, chosen)
    if move and path.resolve().is_relative_to(store.folder.resolve()):
        raise InvalidInput(
            f"{path} is a model of Sotto's already.", code="import", remedy="Without --move it is copied."
        )
    meter = Meter(chosen, report)
    try:
        with store.lock(chosen):
            try:
                return _taken_in(store, found, path, chosen, move=move, known=known, meter=meter)
            finally:
                with contextlib.suppress(StorageError):
                    store.discard(_partial(store, chosen))
    except OSError as error:
        raise disk_error(error, store.folder) from error


def _taken_in(
    store: Store, found: Found, path: Path, name: str, *, move: bool, known: Sequence[Wanted], meter: Meter
) -> Imported:
    partial = _partial(store, name)
    store.discard(partial)
    meter.total = sum(source.stat().st_size for _, source in found.files)
    linked = [move and _same_disk(source, store.folder) for _, source in found.files]
    _look_for_room(store, found, linked, name)
    meter.enter(State.DOWNLOADING, f"Taking in {name}.")
    files = tuple(
        _brought(each, source, partial, link=link, meter=meter)
        for (each, source), link in zip(found.files, linked, strict=True)
    )
    manifest = _manifest(name, found, files, path, known)
    before = next((each for each in store.manifests() if each.name == name), None)
    if before is not None and before.revision != manifest.revision:
        raise InvalidInput(
            f"There is another model {name} already.",
            code="model-name",
            remedy=f"Give this one another name with --name, or `sotto models remove {name}` first.",
        )
    model = before.installed(store.folder / name) if before is not None else store.put_in_place(partial, manifest)
    left = tuple(_deleted(found, path)) if move else ()
    meter.enter(State.DONE)
    return Imported(model, already=before is not None, left=left)


def _brought(name: str, source: Path, partial: Path, *, link: bool, meter: Meter) -> ManifestFile:
    """One file in the folder that becomes the model, and what is in it."""
    target = partial / name
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if link:
        with contextlib.suppress(OSError):
            os.link(source, target)
            size = target.stat().st_size
            return ManifestFile(name, size, digest_of(target, meter.add))
    digest = _copied(source, target, meter)
    meter.enter(State.CHECKING)
    if digest_of(target) != digest:
        raise StorageError(
            f"{name} was copied, and what the disk holds now is not what was read.",
            code="copy-differs",
            remedy="The disk may be failing: try again, or another disk.",
        )
    meter.enter(State.DOWNLOADING)
    return ManifestFile(name, target.stat().st_size, digest)


def _copied(source: Path, target: Path, meter: Meter) -> str:
    """Copy a file, on the disk before it returns; returns the SHA-256 of what was read."""
    digest = hashlib.sha256()
    with contextlib.ExitStack() as stack:
        try:
            reading = stack.enter_context(source.open("rb"))
        except OSError as error:
            raise _unreadable(source, error) from error
        writing = stack.enter_context(target.open("xb"))
        while True:
            try:
                chunk = reading.read(CHUNK_BYTES)
            except OSError as error:
                raise _unreadable(source, error) from error
            if not chunk:
                break
            writing.write(chunk)
            digest.update(chunk)
            meter.add(len(chunk))
        writing.flush()
        os.fsync(writing.fileno())
    return digest.hexdigest()


def _manifest(
    name: str, found: Found, files: tuple[ManifestFile, ...], path: Path, known: Sequence[Wanted]
) -> Manifest:
    """What is written beside it: the catalogue's words where every digest is one of the catalogue's."""
    digests = {file.sha256 for file in files}
    for wanted in known:
        if wanted.verifiable and wanted.format is found.format and {each.sha256 for each in wanted.files} <= digests:
            verified = len(wanted.files) == len(files)
            return Manifest.of(wanted, files, Origin.IMPORTED, name=name, verified=verified)
    return Manifest(
        name=name,
        format=found.format,
        files=files,
        origin=Origin.IMPORTED,
        source=str(path.absolute()),
        licence=found.licence,
        languages=found.languages,
        parameters=found.parameters,
    )


def _look_for_room(store: Store, found: Found, linked: Sequence[bool], name: str) -> None:
    missing = sum(source.stat().st_size for (_, source), link in zip(found.files, linked, strict=True) if not link)
    room = free_bytes(store.folder)
    remedy = "Make room on that disk, or move the model instead of copying it (--move)."
    require_room(name, missing, store.folder, room, remedy)


def _deleted(found: Found, path: Path) -> list[Path]:
    """Delete what was moved at its old place; returns what could not be deleted."""
    left = []
    for _, source in found.files:
        try:
            source.unlink()
        except OSError:
            left.append(source)
    if path.is_dir() and not path.is_symlink() and not left:
        remaining = [each for each in path.rglob("*") if not each.is_dir()]
        if not remaining:
            shutil.rmtree(path, ignore_errors=True)
    return left


def _same_disk(source: Path, folder: Path) -> bool:
    """True when a file can be moved without copying it, and nobody else has it under another name."""
    found = source.lstat()
    return not source.is_symlink() and found.st_nlink == 1 and found.st_dev == standing(folder).stat().st_dev


def _name_of(called: str, path: Path) -> str:
    """A name after what a model calls itself.

    Raises:
        InvalidInput: None can be made of it.
    """
    plain = unicodedata.normalize("NFKD", called).encode("ascii", "ignore").decode().lower()
    plain = re.sub(r"[^a-z0-9.]+", "-", plain)
    plain = re.sub(r"[.-]*\.[.-]*", ".", plain).strip(".-")[:_LONGEST_NAME].strip(".-")
    plain = re.sub(r"-{2,}", "-", plain)
    if not NAME.fullmatch(plain):
        raise InvalidInput(
            f"No name for the model can be made of {path.name!r}.",
            code="model-name",
            remedy="Give it one with --name: lower-case letters, digits, `.` and `-`.",
        )
    return plain


def _unreadable(source: Path, error: OSError) -> InvalidInput:
    return InvalidInput(
        f"{source} cannot be read: {error.strerror or error}.", code="import", remedy="Make it readable."
    )


def _partial(store: Store, name: str) -> Path:
    """Beside that of a download, which an import leaves as it is."""
    return store.partial(name + IMPORT)
