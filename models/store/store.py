"""The folder of models: what is in it, and the only ways in and out.

Layout, all on one file system so that a rename is one step::

    <models>/<name>/             one model: its files and `model.json`, whole or not there
    <models>/.partial/<name>/    a download or an import under way
    <models>/.removed/           what is being deleted
    <models>/.records/           revisions and digests that were found on first use
    <models>/.locks/             one lock a model, held by whoever changes it

A folder counts only with its manifest in it; that is written last, and the folder is then renamed to its name.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import psutil

from app.contracts.errors import AlreadyRunning, InvalidInput, SottoError, StorageError, Unavailable
from app.settings.disk import disk_error
from app.settings.files import suggestion
from app.settings.locks import try_lock
from models.store.manifest import Manifest, digest_of, read_manifest, sync_folder
from models.store.model import InstalledModel
from models.store.wanted import MANIFEST, check_name

IMPORT = ".import"
"""What the folder of an import under way ends with, so that it and a download do not meet."""
_POLL_S = 0.1
_LOOK_S = 1.0
"""For so long the folder's own date is believed when it says that no model came or went."""
_SETTLED_NS = 50_000_000
"""A date younger than this is not: the next change may get the same one."""
_Stamp = tuple[tuple[str, int, int, int], ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What reading a model again found.

    Attributes:
        name: The model.
        problems: One sentence for each file that is not what it was; empty when all are.
        known_beforehand: Its digests came from the catalogue, not from the first download.
    """

    name: str
    problems: tuple[str, ...]
    known_beforehand: bool

    @property
    def ok(self) -> bool:
        """Nothing differs."""
        return not self.problems


@dataclass(frozen=True, slots=True)
class _Look:
    """What one look at the folder found.

    Attributes:
        stamp: Of every model; None before the first look.
        date: Of the folder itself; None when it may not be believed.
        at_s: When this was looked at, monotonic seconds.
        manifests, models, problems: As the store gives them out.
    """

    stamp: _Stamp | None
    date: int | None = None
    at_s: float = 0.0
    manifests: tuple[Manifest, ...] = ()
    models: tuple[InstalledModel, ...] = ()
    problems: tuple[str, ...] = ()


class Store:
    """The models on this machine: a `ModelLibrary`, and the `ModelStore` of the contracts. Making one touches nothing.

    Args:
        folder: Where they lie; it need not exist.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._seen = _Look(None)

    def installed_models(self) -> tuple[InstalledModel, ...]:
        """Every installed model, the catalogue's recommended ones first, then by name."""
        return self._look().models

    def installed(self) -> tuple[str, ...]:
        """Their names."""
        return tuple(model.name for model in self.installed_models())

    def find(self, model: str) -> str | None:
        """Absolute path of an installed model's file or folder, None when it is not installed."""
        return next((str(each.path.absolute()) for each in self.installed_models() if each.name == model), None)

    def manifests(self) -> tuple[Manifest, ...]:
        """What is written beside each of them, in the same order."""
        return self._look().manifests

    def problems(self) -> tuple[str, ...]:
        """One sentence for each folder that should be a model and is none."""
        return self._look().problems

    def manifest(self, name: str) -> Manifest:
        """The manifest of one model.

        Raises:
            InvalidInput: The name cannot be one.
            Unavailable: It is not installed.
        """
        check_name(name)
        manifests = self.manifests()
        for manifest in manifests:
            if manifest.name == name:
                return manifest
        known = suggestion(name, [each.name for each in manifests])
        raise Unavailable(
            f"The model {name} is not installed.",
            code="model-missing",
            remedy=known or "`sotto models list` shows what there is.",
        )

    def path(self, name: str) -> Path:
        """Where a model lies: its folder, or its one file.

        Raises:
            InvalidInput: The name cannot be one.
            Unavailable: It is not installed.
        """
        return self.manifest(name).installed(self.folder / name).path

    def verify(self, name: str, onward: Callable[[int], None] = lambda _count: None) -> Verdict:
        """Read every file again and compare it with the manifest; ``onward`` is told of bytes read.

        Raises:
            InvalidInput: The name cannot be one.
            Unavailable: It is not installed.
        """
        check_name(name)
        folder = self.folder / name
        try:
            manifest = read_manifest(folder)
        except InvalidInput as error:
            return Verdict(name, (str(error),), known_beforehand=False)
        except OSError:
            manifest = self.manifest(name)
        problems = []
        for file in manifest.files:
            path = folder / file.path
            try:
                size = path.stat().st_size
                if size != file.size:
                    problems.append(f"{file.path} has {size} bytes instead of {file.size}.")
                elif digest_of(path, onward) != file.sha256:
                    problems.append(f"{file.path} holds other bytes than those that were installed.")
            except FileNotFoundError:
                problems.append(f"{file.path} is missing.")
            except OSError as error:
                problems.append(f"{file.path} cannot be read: {error.strerror or error}.")
        return Verdict(name, tuple(problems), manifest.verified)

    def remove(self, name: str) -> None:
        """Delete a model, damaged or not, and what was begun to be downloaded of it.

        Raises:
            InvalidInput: The name cannot be one.
            Unavailable: It is not there.
            AlreadyRunning: Another process is changing it.
            StorageError: It cannot be deleted.
        """
        check_name(name)
        with self.lock(name):
            places = (self.folder / name, self.partial(name), self.partial(name + IMPORT))
            there = [each for each in places if each.is_dir() or each.is_symlink()]
            if not there:
                self.manifest(name)
            for each in there:
                self.discard(each)
            self._seen = _Look(None)

    def begun(self) -> dict[str, int]:
        """Downloads that were begun and are not done, by name, with the bytes that have come."""
        found: dict[str, int] = {}
        with contextlib.suppress(OSError), os.scandir(self.folder / ".partial") as entries:
            for entry in entries:
                if not entry.name.endswith(IMPORT):
                    parts = Path(entry.path).rglob("*")
                    found[entry.name] = sum(
                        part.stat().st_size for part in parts if part.is_file() and part.name != "plan.json"
                    )
        return found

    def partial(self, name: str) -> Path:
        """Where a download or an import of this name is put together."""
        return self.folder / ".partial" / name

    def records(self) -> Path:
        """Where revisions and digests that were found on first use are kept."""
        return self.folder / ".records"

    @contextmanager
    def lock(self, name: str, waiting: Callable[[], bool] | None = None) -> Iterator[bool]:
        """Hold the right to change one model; yields whether it had to be waited for.

        Args:
            name: The model.
            waiting: Called about ten times a second while another process holds it; True goes on waiting. None
                does not wait.

        Raises:
            AlreadyRunning: Another process holds it.
            StorageError: The folder cannot be used.
        """
        path = self.folder / ".locks" / f"{name}.lock"
        descriptor, waited = -1, False
        try:
            try:
                path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
                while not try_lock(descriptor):
                    if waiting is None or not waiting():
                        raise AlreadyRunning(
                            f"Another Sotto is busy with the model {name}.", remedy="Wait until it is done with it."
                        )
                    waited = True
                    time.sleep(_POLL_S)
            except OSError as error:
                raise disk_error(error, path) from error
            yield waited
        finally:
            if descriptor >= 0:
                os.close(descriptor)

    def put_in_place(self, made: Path, manifest: Manifest) -> InstalledModel:
        """Make a folder that holds all files of a model that model; what had its name before is deleted.

        The caller holds the lock.

        Args:
            made: The folder, on the same file system; it is gone afterwards.
            manifest: What it holds.

        Raises:
            StorageError: The disk is full or read-only; what had the name before is still there.
        """
        target = self.folder / manifest.name
        before = None
        try:
            manifest.write(made)
            before = self._moved_aside(target)
            os.rename(made, target)
            sync_folder(self.folder)
        except OSError as error:
            if before is not None and not target.exists():
                os.rename(before, target)
            raise disk_error(error, target) from error
        if before is not None:
            shutil.rmtree(before, ignore_errors=True)
        self._seen = _Look(None)
        return manifest.installed(target)

    def discard(self, folder: Path) -> None:
        """Delete a folder of the store: first it is no longer there under its name, then it is gone.

        Raises:
            StorageError: It cannot be moved or deleted.
        """
        try:
            if (aside := self._moved_aside(folder)) is not None:
                shutil.rmtree(aside)
        except OSError as error:
            raise disk_error(error, folder) from error

    def _moved_aside(self, folder: Path) -> Path | None:
        """Where a folder lies now that was moved out of the way; None when there was none. A link is just undone."""
        if folder.is_symlink():
            folder.unlink()
            return None
        removed = self.folder / ".removed"
        for left in removed.iterdir() if removed.is_dir() else ():
            owner = left.name.rpartition("-")[2]
            if owner.isdecimal() and not psutil.pid_exists(int(owner)):  # a killed process left it
                shutil.rmtree(left, ignore_errors=True)
        if not folder.exists():
            return None
        removed.mkdir(parents=True, exist_ok=True, mode=0o700)
        aside = removed / f"{folder.name}-{uuid.uuid4().hex[:8]}-{os.getpid()}"
        os.rename(folder, aside)
        return aside

    def _look(self) -> _Look:
        """What is there; the manifests are read again if the folder has changed since the last look.

        Plans ask many times a second, so most of the time one look at the folder's date has to do. Several threads may
        look: what they share is replaced in one step.
        """
        seen, date, now = self._seen, self._date(), time.monotonic()
        if date is not None and date == seen.date and now - seen.at_s < _LOOK_S:
            return seen
        stamp = self._stamp_now()
        if stamp == seen.stamp:
            self._seen = seen = replace(seen, date=date, at_s=now)
            return seen
        manifests: list[Manifest] = []
        problems: list[str] = []
        for name, _, _, _ in stamp:
            try:
                manifest = read_manifest(self.folder / name)
                manifest.installed(self.folder / name)
                _check_files(self.folder / name, manifest)
            except (SottoError, ValueError) as error:
                problems.append(str(error))
            except OSError as error:
                problems.append(str(disk_error(error, self.folder / name)))
            else:
                manifests.append(manifest)
        manifests.sort(key=lambda each: (not each.recommended, each.name))
        models = tuple(each.installed(self.folder / each.name) for each in manifests)
        self._seen = seen = _Look(stamp, date, now, tuple(manifests), models, tuple(problems))
        return seen

    def _date(self) -> int | None:
        """What changes when a folder comes into this one or leaves it; None where that cannot be told from it."""
        try:
            changed = os.stat(self.folder).st_mtime_ns
        except FileNotFoundError:
            return 0
        except OSError:
            return None
        return changed if time.time_ns() - changed > _SETTLED_NS else None

    def _stamp_now(self) -> _Stamp:
        """What changes when a model comes, goes or is changed: two looks at the file system for each model."""
        found = []
        with contextlib.suppress(OSError), os.scandir(self.folder) as entries:
            for entry in entries:
                if entry.name.startswith("."):
                    continue
                with contextlib.suppress(OSError):
                    manifest = os.stat(os.path.join(entry.path, MANIFEST))
                    folder = os.stat(entry.path)
                    found.append((entry.name, manifest.st_mtime_ns, manifest.st_ino, folder.st_mtime_ns))
        return tuple(sorted(found))


def _check_files(folder: Path, manifest: Manifest) -> None:
    """See that every file is there with its size.

    Raises:
        StorageError: One is not.
    """
    for file in manifest.files:
        try:
            size = (folder / file.path).stat().st_size
        except OSError:
            size = -1
        if size != file.size:
            what = "is missing" if size < 0 else f"has {size} bytes instead of {file.size}"
            raise StorageError(
                f"The model {manifest.name} is damaged: {file.path} {what}.",
                code="model-damaged",
                remedy=f"Remove it with `sotto models remove {manifest.name}` and get it again.",
            )
