"""What shall be downloaded, in the words of the store: the catalogue's entries become these.

Why it exists: the store checks sizes, digests and places; titles, recommendations and sources are the catalogue's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from app.contracts.errors import InvalidInput
from models.store.model import ModelFormat

NAME = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,78}[a-z0-9])?")
"""What a model may be called here: it is a folder's name on every platform."""
REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]{0,95}(?:/[A-Za-z0-9][\w.-]{0,95})?")
_REVISION = re.compile(r"[\w./-]{1,200}")
SHA256 = re.compile(r"[0-9a-f]{64}")
_DEVICES = frozenset({"con", "prn", "aux", "nul"} | {f"{port}{n}" for port in ("com", "lpt") for n in range(10)})
"""Names that are no files on Windows."""
_ON_WINDOWS = frozenset('<>:"|?*\\')
MANIFEST = "model.json"
"""The name of the file that makes a folder a model; no model may bring one of its own."""


@dataclass(frozen=True, slots=True)
class WantedFile:
    """One file of a model.

    Attributes:
        path: Where it will lie in the model's folder, with forward slashes.
        size: Bytes; None when no source says.
        sha256: Lower-case hexadecimal; None when no source says.
        blob: Git's SHA-1 of a small file, which is all that a hub knows about it; empty when unknown.
        remote: Where it lies in the repository, empty for ``path``.
    """

    path: str
    size: int | None = None
    sha256: str | None = None
    blob: str = ""
    remote: str = ""

    @property
    def at_hub(self) -> str:
        """Its path in the repository."""
        return self.remote or self.path


@dataclass(frozen=True, slots=True)
class Wanted:
    """One model that can be downloaded.

    Attributes:
        name: What it is called here.
        format: How it will lie on disk.
        repository: ``owner/name`` at the hub.
        revision: Commit or tag; None takes the newest on first use, which is recorded.
        files: What is taken of the repository; empty takes what the format needs.
        source: Where the person can read about it.
        licence: SPDX id or the licence's own name, empty when unknown.
        languages: BCP 47 tags.
        parameters: Number of weights, 0 when unknown.
        memory_bytes: What it needs when loaded, 0 when unknown.
        recommended: The catalogue recommends it for some machines.
    """

    name: str
    format: ModelFormat
    repository: str
    revision: str | None = None
    files: tuple[WantedFile, ...] = ()
    source: str = ""
    licence: str = ""
    languages: tuple[str, ...] = ()
    parameters: int = 0
    memory_bytes: int = 0
    recommended: bool = False

    @property
    def verifiable(self) -> bool:
        """The SHA-256 of every file is known beforehand."""
        return bool(self.files) and all(each.sha256 for each in self.files)

    @property
    def complete(self) -> bool:
        """Nothing has to be asked: revision, and size and SHA-256 of every file are known."""
        return self.revision is not None and self.verifiable and self.size_bytes is not None

    @property
    def size_bytes(self) -> int | None:
        """Of all its files; None when one of them is not known."""
        sizes = [each.size for each in self.files]
        return sum(size for size in sizes if size is not None) if sizes and None not in sizes else None

    def check(self) -> None:
        """See that nothing in it leads out of the model's folder or the hub.

        Raises:
            InvalidInput: Something does; the sentence names it.
        """
        check_name(self.name)
        if not REPOSITORY.fullmatch(self.repository) or ".." in self.repository:
            raise InvalidInput(f"{self.name}: {self.repository!r} is no repository.", code="catalogue")
        if self.revision is not None and (not _REVISION.fullmatch(self.revision) or ".." in self.revision):
            raise InvalidInput(f"{self.name}: {self.revision!r} is no revision.", code="catalogue")
        for each in self.files:
            check_file(each.path, self.name)
            check_file(each.at_hub, self.name)
            if each.sha256 is not None and not SHA256.fullmatch(each.sha256):
                raise InvalidInput(f"{self.name}: {each.path} has {each.sha256!r} for a SHA-256.", code="catalogue")
            if each.size is not None and each.size < 0:
                raise InvalidInput(f"{self.name}: {each.path} has {each.size} for a size.", code="catalogue")
        if len({each.path.casefold() for each in self.files}) != len(self.files):
            raise InvalidInput(f"{self.name}: the same file is named twice.", code="catalogue")


def check_name(name: str) -> None:
    """See that a name is a folder's name and nothing else.

    Raises:
        InvalidInput: It is not.
    """
    if not NAME.fullmatch(name) or ".." in name or name.partition(".")[0] in _DEVICES:
        raise InvalidInput(
            f"{name!r} cannot be the name of a model.",
            code="model-name",
            remedy="Use lower-case letters, digits, `.` and `-`, at most 80, a letter or digit first and last.",
        )


def check_file(path: str, model: str) -> None:
    """See that the path of a model's file stays in the model's folder, on every platform.

    Raises:
        InvalidInput: It does not.
    """
    parts = PurePosixPath(path).parts
    wrong = (
        not parts
        or path != "/".join(parts)
        or path.startswith("/")
        or any(part.startswith(".") or part.endswith((".", " ")) for part in parts)
        or any(char in _ON_WINDOWS or ord(char) < ord(" ") for char in path)
        or any(part.casefold().partition(".")[0] in _DEVICES for part in parts)
        or parts[0] == MANIFEST
    )
    if wrong:
        raise InvalidInput(f"{model}: {path!r} cannot be the name of a file in a model.", code="model-file")
