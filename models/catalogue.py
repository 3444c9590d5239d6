"""The models that Sotto knows of: what each is, where it comes from, and who says so.

Why it exists: a size or a digest decides whether a download is taken for whole, so each of them must be traceable to
where it was read. `read_catalogue` refuses a file in which a value names no source, and says in which line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Generic, NoReturn, TypeVar

from app.contracts.devices import Device
from app.contracts.errors import InvalidInput
from app.settings.files import suggestion
from app.settings.located import Node, read_located
from app.settings.quick import read_quickly
from models.store.model import ModelFormat, Task
from models.store.wanted import NAME, SHA256

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
E = TypeVar("E", bound=StrEnum)

GIB = 1024**3
RUNTIMES = ("faster-whisper", "llama.cpp", "moonshine", "openvino", "piper")
"""The runtimes that a model may name."""
DEVICES = tuple(device for device in Device if device is not Device.REMOTE)
"""The devices that a model may name: a model that lies here runs here."""

_REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}", re.ASCII)
_REVISION = re.compile(r"[0-9a-f]{40}|v\d+(?:\.\d+)*", re.ASCII)
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
_PATH = re.compile(r"[\w.+@-]+(?:/[\w.+@-]+)*", re.ASCII)

_MODEL_KEYS = (
    "name",
    "title",
    "task",
    "format",
    "repository",
    "revision",
    "licence",
    "languages",
    "parameters",
    "memory_bytes",
    "runtimes",
    "recommended",
    "note",
    "files",
)
_OPTIONAL = frozenset({"parameters", "memory_bytes", "recommended", "note"})
_FILE_KEYS = ("path", "size", "sha256", "source")


class MemoryClass(StrEnum):
    """How much memory a machine has, as it is sold."""

    GB4 = "4gb"
    GB8 = "8gb"
    GB16 = "16gb"
    GB32 = "32gb"

    @property
    def least_bytes(self) -> int:
        """From how much memory on a machine belongs to it.

        Seven eighths of the nominal size: firmware and graphics keep some back, so that a machine sold with 8 GB
        reports less. The smallest class has no lower end.
        """
        nominal = {MemoryClass.GB4: 0, MemoryClass.GB8: 8, MemoryClass.GB16: 16, MemoryClass.GB32: 32}[self]
        return nominal * GIB // 8 * 7

    @classmethod
    def of(cls, memory_bytes: int) -> MemoryClass:
        """The class of a machine with so much memory."""
        return [each for each in cls if each.least_bytes <= memory_bytes or each is cls.GB4][-1]


@dataclass(frozen=True, slots=True)
class Sourced(Generic[T_co]):
    """A value with the place where it was read.

    Attributes:
        value: The value, None where no source was found.
        source: The source's id in `Catalogue.sources`, empty when there is no value.
    """

    value: T_co | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class CatalogueFile:
    """One file of a model.

    Attributes:
        path: Where it lies in the repository.
        name: Where it lies in the model's own folder: ``path`` without the folders that all files of the model share.
        size: In bytes.
        sha256: In lower-case hexadecimal.
    """

    path: str
    name: str
    size: Sourced[int]
    sha256: Sourced[str]

    @property
    def complete(self) -> bool:
        """Whether size and digest are both known beforehand."""
        return self.size.value is not None and self.sha256.value is not None


@dataclass(frozen=True, slots=True)
class CatalogueModel:
    """One model.

    Attributes:
        name: What Sotto calls it.
        title: What a person reads.
        format: How it lies on disk.
        repository: ``owner/name`` on the hub.
        revision: The commit or tag of the repository.
        licence: An SPDX id, or the licence's own name where it has none.
        languages: BCP 47 tags.
        parameters: Number of weights.
        memory_bytes: What it needs when loaded; an estimate unless its source says otherwise.
        runtimes: Which runtimes can run it, each with the devices that suit it, best first.
        recommended: The memory classes for which it is the one to take of its task.
        note: What a person should know before taking it, empty when nothing.
        files: What it consists of, in the catalogue's order.
        line: Where it stands in the catalogue.
    """

    name: str
    title: str
    format: ModelFormat
    repository: str
    revision: Sourced[str]
    licence: Sourced[str]
    languages: Sourced[tuple[str, ...]]
    parameters: Sourced[int]
    memory_bytes: Sourced[int]
    runtimes: Mapping[str, tuple[Device, ...]]
    recommended: tuple[MemoryClass, ...]
    note: str
    files: tuple[CatalogueFile, ...]
    line: int = 0

    @property
    def task(self) -> Task:
        """What it is for."""
        return self.format.task

    @property
    def verified(self) -> bool:
        """Whether a download of it can be checked whole: size and digest of every file are known beforehand."""
        return all(file.complete for file in self.files)

    @property
    def complete(self) -> bool:
        """Whether nothing about it has to be resolved on first use: it is verified, and revision and licence known."""
        return self.verified and self.revision.value is not None and self.licence.value is not None

    @property
    def size_bytes(self) -> int | None:
        """Of all its files; None when one is unknown."""
        sizes = [file.size.value for file in self.files]
        return sum(size for size in sizes if size is not None) if None not in sizes else None

    @property
    def sourced(self) -> Iterator[tuple[str, Sourced[object]]]:
        """Every value that has a source of its own, with what it is, for whoever shows or checks them."""
        yield "revision", self.revision
        yield "licence", self.licence
        yield "languages", self.languages
        yield "parameters", self.parameters
        yield "memory_bytes", self.memory_bytes
        for file in self.files:
            yield f"size of {file.path}", file.size
            yield f"sha256 of {file.path}", file.sha256


@dataclass(frozen=True)
class Catalogue:
    """Every model of a catalogue file.

    Attributes:
        models: In the order of the file.
        sources: What each source's id stands for.
    """

    models: tuple[CatalogueModel, ...] = ()
    sources: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @cached_property
    def _by_name(self) -> dict[str, CatalogueModel]:
        return {model.name: model for model in self.models}

    def get(self, name: str) -> CatalogueModel | None:
        """The model of that name, None when there is none."""
        return self._by_name.get(name)

    def of(self, task: Task) -> tuple[CatalogueModel, ...]:
        """The models for a task, in the order of the file."""
        return tuple(model for model in self.models if model.task is task)

    def recommended(self, task: Task, memory_bytes: int) -> CatalogueModel | None:
        """The model to take for a task on a machine with so much memory.

        That of the next smaller class where its own has none; None when no class that fits has one.
        """
        own = MemoryClass.of(memory_bytes)
        fitting = [each for each in MemoryClass if each.least_bytes <= own.least_bytes]
        for memory_class in reversed(fitting):
            for model in self.of(task):
                if memory_class in model.recommended:
                    return model
        return None

    def reference(self, value: Sourced[object]) -> str:
        """Where a value was read, in full; empty for one that has no source."""
        return self.sources.get(value.source, "")


def read_catalogue(path: Path, shown_as: Path | None = None) -> Catalogue:
    """The catalogue in a file.

    Args:
        path: The file.
        shown_as: Its name in sentences, None for the path.

    Raises:
        InvalidInput: Something in it is wrong; the sentence names line and column.
        StorageError: It cannot be read.
    """
    quick = read_quickly(path)
    if quick is not None:
        with suppress(InvalidInput):  # the other reader knows best where it is
            return _Reading(shown_as or path).catalogue(quick)
    return _Reading(shown_as or path).catalogue(read_located(path, shown_as))


@dataclass(slots=True)
class _Reading:
    """One reading of one file."""

    shown_as: Path
    sources: dict[str, str] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    taken: dict[tuple[Task, MemoryClass], str] = field(default_factory=dict)

    def catalogue(self, whole: Node) -> Catalogue:
        entries = self._mapping(whole, "the catalogue", ("sources", "models"))
        for name, node in self._entries(entries["sources"], "sources").items():
            self.sources[name] = self._text(node, f"the source {name!r}")
        models = tuple(self._model(node) for node in self._items(entries["models"], "models"))
        return Catalogue(models, MappingProxyType(self.sources))

    def _model(self, node: Node) -> CatalogueModel:
        entries = self._mapping(node, "a model", _MODEL_KEYS, _OPTIONAL)
        name = self._matching(entries["name"], "name", NAME, "lower case letters, digits, . and - (80 at most)")
        if name in self.names:
            self._refuse(entries["name"], f"there are two models {name!r}")
        self.names.add(name)
        model_format = self._member(entries["format"], "format", ModelFormat)
        task = self._member(entries["task"], "task", Task)
        if task is not model_format.task:
            self._refuse(
                entries["task"], f"a model in the format {model_format} is for {model_format.task}, not {task}"
            )
        nothing = Node(line=node.line, column=node.column)
        return CatalogueModel(
            name=name,
            title=self._text(entries["title"], "title"),
            format=model_format,
            repository=self._matching(entries["repository"], "repository", _REPOSITORY, "owner/name"),
            revision=self._sourced(entries["revision"], "revision", self._revision),
            licence=self._sourced(entries["licence"], "licence", self._text),
            languages=self._sourced(entries["languages"], "languages", self._languages),
            parameters=self._sourced(entries.get("parameters", nothing), "parameters", self._count),
            memory_bytes=self._sourced(entries.get("memory_bytes", nothing), "memory_bytes", self._count),
            runtimes=self._runtimes(entries["runtimes"]),
            recommended=self._recommended(entries.get("recommended"), task, name),
            note=self._text(entries["note"], "note") if "note" in entries else "",
            files=self._files(entries["files"]),
            line=node.line,
        )

    def _files(self, node: Node) -> tuple[CatalogueFile, ...]:
        read: list[tuple[Node, str, Sourced[int], Sourced[str]]] = []
        seen: set[str] = set()
        for item in self._items(node, "files"):
            entries = self._mapping(item, "a file", _FILE_KEYS, frozenset({"source"}))
            path = self._path(entries["path"])
            if path.casefold() in seen:
                self._refuse(entries["path"], f"there are two files {path!r} (upper and lower case count as one)")
            seen.add(path.casefold())
            shared = entries.get("source")
            size = self._sourced(entries["size"], "size", self._count, shared)
            sha256 = self._sourced(entries["sha256"], "sha256", self._digest, shared)
            if shared is not None and (entries["size"].entries is not None and entries["sha256"].entries is not None):
                self._refuse(shared, "size and sha256 name their own sources, so this one says nothing")
            if shared is not None and size.value is None and sha256.value is None:
                self._refuse(shared, "this names a source for nothing: size and sha256 are both null")
            read.append((item, path, size, sha256))
        if not read:
            self._refuse(node, "a model has at least one file")
        common = _common_folder([path for _, path, _, _ in read])
        return tuple(CatalogueFile(path, path.removeprefix(common), size, sha256) for _, path, size, sha256 in read)

    def _path(self, node: Node) -> str:
        path = self._text(node, "path")
        if path.startswith("/") or "\\" in path or re.match(r"[A-Za-z]:", path):
            self._refuse(node, f"path must lie in the repository, with forward slashes, not {node.shown}")
        if any(part in ("", ".", "..") for part in path.split("/")):
            self._refuse(node, f"path must go straight down, without . and .., not {node.shown}")
        if not _PATH.fullmatch(path):
            self._refuse(node, f"path may have letters, digits and . _ + @ - /, not {node.shown}")
        return path

    def _runtimes(self, node: Node) -> Mapping[str, tuple[Device, ...]]:
        runtimes: dict[str, tuple[Device, ...]] = {}
        for name, devices in self._entries(node, "runtimes").items():
            if name not in RUNTIMES:
                self._refuse(devices, f"{name!r} is no runtime of ours", suggestion(name, RUNTIMES))
            found = tuple(self._member(item, "a device", Device) for item in self._items(devices, name))
            if not found or Device.REMOTE in found or len(set(found)) < len(found):
                self._refuse(devices, f"{name} must list devices, each once, out of {', '.join(DEVICES)}")
            runtimes[name] = found
        if not runtimes:
            self._refuse(node, "a model suits at least one runtime")
        return MappingProxyType(runtimes)

    def _recommended(self, node: Node | None, task: Task, name: str) -> tuple[MemoryClass, ...]:
        classes: list[MemoryClass] = []
        for item in self._items(node, "recommended") if node is not None else ():
            memory_class = self._member(item, "a memory class", MemoryClass)
            other = self.taken.setdefault((task, memory_class), name)
            if other != name:
                self._refuse(item, f"{other} is already recommended for {task} with {memory_class}")
            if memory_class in classes:
                self._refuse(item, f"{memory_class} stands here twice")
            classes.append(memory_class)
        return tuple(classes)

    def _sourced(self, node: Node, what: str, read: Callable[[Node, str], T], shared: Node | None = None) -> Sourced[T]:
        """A value with its source; plain nothing is a value that nobody found.

        Args:
            node: A mapping of value and source, or the value alone.
            what: What it is, for sentences.
            read: How its value is read.
            shared: The source of a value that stands alone.
        """
        if node.entries is None:
            if node.scalar is None and node.items is None:
                return Sourced()
            if shared is None:
                self._refuse(node, f"{what} must name its source: {{value: …, source: …}}")
            return Sourced(read(node, what), self._source(shared))
        entries = self._mapping(node, what, ("value", "source"))
        value, source = entries["value"], entries["source"]
        if value.entries is None and value.items is None and value.scalar is None:
            if source.shown != "nothing":
                self._refuse(source, f"{what} has no value, so it can have no source")
            return Sourced()
        return Sourced(read(value, what), self._source(source))

    def _source(self, node: Node) -> str:
        if node.shown == "nothing":
            self._refuse(node, "a value must name its source; a value that was read nowhere is null")
        name = self._text(node, "source")
        if name not in self.sources:
            self._refuse(node, f"there is no source {name!r}", suggestion(name, self.sources))
        return name

    def _revision(self, node: Node, what: str) -> str:
        return self._matching(
            node, what, _REVISION, "a commit (40 hexadecimal digits, lower case) or a tag like v1.0.0"
        )

    def _digest(self, node: Node, what: str) -> str:
        return self._matching(node, what, SHA256, "64 hexadecimal digits, lower case")

    def _languages(self, node: Node, what: str) -> tuple[str, ...]:
        tags = tuple(
            self._matching(item, "a language", _LANGUAGE, "a tag like en or pt-BR") for item in self._items(node, what)
        )
        if not tags or len(set(tags)) < len(tags):
            self._refuse(node, "languages must list tags, each once; unknown languages are null")
        return tags

    def _count(self, node: Node, what: str) -> int:
        if isinstance(node.scalar, bool) or not isinstance(node.scalar, int) or node.scalar <= 0:
            self._refuse(node, f"{what} must be a whole number above 0, not {node.shown}")
        return node.scalar

    def _member(self, node: Node, what: str, kind: type[E]) -> E:
        known = [str(member) for member in kind]
        word = self._text(node, what)
        if word not in known:
            self._refuse(node, f"{what} must be one of {', '.join(known)}, not {node.shown}", suggestion(word, known))
        return kind(word)

    def _matching(self, node: Node, what: str, pattern: re.Pattern[str], wanted: str) -> str:
        text = node.scalar
        if not isinstance(text, str) or not pattern.fullmatch(text):
            hint = "; put it in quotes" if isinstance(text, int | float) and not isinstance(text, bool) else ""
            self._refuse(node, f"{what} must be {wanted}, not {node.shown}{hint}")
        return text

    def _text(self, node: Node, what: str) -> str:
        if not isinstance(node.scalar, str) or node.odd or not node.scalar.strip():
            self._refuse(node, f"{what} must be a text, not {node.shown}")
        return node.scalar

    def _items(self, node: Node, what: str) -> tuple[Node, ...]:
        if node.items is None:
            self._refuse(node, f"{what} must be a list, not {node.shown}")
        return node.items

    def _entries(self, node: Node, what: str) -> Mapping[str, Node]:
        if node.entries is None:
            self._refuse(node, f"{what} must be a mapping (key: value), not {node.shown}")
        return node.entries

    def _mapping(
        self, node: Node, what: str, known: Collection[str], optional: Collection[str] = ()
    ) -> Mapping[str, Node]:
        """The entries of a mapping that has every key it must have, and none that nobody knows."""
        entries = self._entries(node, what)
        for key, value in entries.items():
            if key not in known:
                self._refuse(value, f"{what} has no {key!r}", suggestion(key, known))
        for key in known:
            if key not in entries and key not in optional:
                self._refuse(node, f"{what} must have {key!r}")
        return entries

    def _refuse(self, node: Node, sentence: str, remedy: str = "") -> NoReturn:
        place = f"{self.shown_as}:{node.line}:{node.column}"
        raise InvalidInput(f"{place}: {sentence}.", code="catalogue", remedy=remedy)


def _common_folder(paths: list[str]) -> str:
    """The folders that all paths share, with the slash at their end."""
    shared = paths[0].split("/")[:-1]
    for path in paths[1:]:
        folders = path.split("/")[:-1]
        same = 0
        while same < min(len(shared), len(folders)) and shared[same] == folders[same]:
            same += 1
        shared = shared[:same]
    return "".join(f"{folder}/" for folder in shared)
