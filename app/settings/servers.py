"""The person's own servers, in ``servers.yaml``: where each is, and which model it has.

::

    servers:
      - id: ollama-nvidia              # the id of its backend, for profiles and pipelines
        url: http://127.0.0.1:11434/v1
        model: llama3.1:70b            # as the server calls it
        context_tokens: 8192           # length of its window, 8192 if not given
        log_probs: true                # ask for the probabilities of its tokens, true if not given
        device: gpu                    # what it runs on, for the list alone: npu, igpu, gpu or cpu

Listing a server allows nothing: see `app.settings.consent`. A key never stands here: see `app.settings.secrets`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ruamel.yaml.comments import CommentedMap, CommentedSeq

from app.contracts.devices import Device
from app.contracts.errors import InvalidInput
from app.settings.addresses import Address, address
from app.settings.disk import disk_error
from app.settings.files import dump, read_mapping, suggestion, write_whole
from app.settings.located import Node, located, read_located
from app.settings.locks import file_lock

CONTEXT_TOKENS = 8192
"""Length of a server's window while nobody says otherwise."""
_SMALLEST_CONTEXT, _LARGEST_CONTEXT = 256, 10_000_000
_LOCK_TIMEOUT_S = 5.0
_KEYS = ("id", "url", "model", "context_tokens", "log_probs", "device")
_SECRETS = ("key", "api_key", "apikey", "token", "password", "secret", "authorization")
_DEVICES = tuple(device.value for device in Device if device is not Device.REMOTE)
_ID = re.compile(r"[a-z0-9][a-z0-9.-]{0,39}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerEntry:
    """One server of the file.

    Attributes:
        server_id: Id of its backend.
        address: Where it is.
        model: As the server calls it.
        context_tokens: Length of its window.
        log_probs: Ask for the probabilities of its tokens.
        device: What it runs on, as the person says; None when nobody said.
    """

    server_id: str
    address: Address
    model: str
    context_tokens: int = CONTEXT_TOKENS
    log_probs: bool = True
    device: Device | None = None


class ServersFile:
    """The file. It is read anew each time, so what a person changes counts at once.

    Args:
        path: Need not exist.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> tuple[ServerEntry, ...]:
        """Every server in the file's order; none without a file.

        Raises:
            InvalidInput: Something in it is wrong; the sentence names line and column.
            StorageError: It cannot be read.
        """
        return _Reader(self.path).servers() if self.path.exists() else ()

    def get(self, server_id: str) -> ServerEntry:
        """One server.

        Raises:
            InvalidInput: There is none of this id, or the file is wrong.
            StorageError: It cannot be read.
        """
        entries = {entry.server_id: entry for entry in self.read()}
        if server_id not in entries:
            hint = suggestion(server_id, entries) or "`sotto servers list` shows them all."
            raise InvalidInput(f"There is no server {server_id!r}.", code="no-server", remedy=hint)
        return entries[server_id]

    def check(self, entry: ServerEntry) -> None:
        """Refuse what cannot stand in the file.

        Raises:
            InvalidInput: It cannot.
        """
        check_id(entry.server_id)
        if not entry.model.strip() or not entry.model.isprintable():
            raise InvalidInput("The model has no name.", code="servers")
        if not _SMALLEST_CONTEXT <= entry.context_tokens <= _LARGEST_CONTEXT:
            raise InvalidInput(
                f"A window of {entry.context_tokens} tokens cannot be; it is {_SMALLEST_CONTEXT} to "
                f"{_LARGEST_CONTEXT}.",
                code="servers",
            )

    def put(self, entry: ServerEntry) -> bool:
        """Add a server, or change the one of the same id; comments stay. Returns whether there was one.

        Raises:
            InvalidInput: The file is wrong as it is, or the entry is.
            StorageError: It cannot be written; it is as it was.
        """
        self.check(entry)
        with self._alone():
            known = {other.server_id for other in self.read()}
            content = read_mapping(self.path) if self.path.exists() else CommentedMap()
            if content.get("servers") is None:
                content["servers"] = CommentedSeq()
            items = content["servers"]
            item = next((item for item in items if item["id"] == entry.server_id), None)
            if item is None:
                item = CommentedMap()
                items.append(item)
            item.update(
                {"id": entry.server_id, "url": entry.address.url, "model": entry.model}
                | {"context_tokens": entry.context_tokens}
            )
            for key, value, usual in (("log_probs", entry.log_probs, True), ("device", entry.device, None)):
                if value != usual:
                    item[key] = value.value if isinstance(value, Device) else value
                else:
                    item.pop(key, None)
            write_whole(self.path, dump(content))
            return entry.server_id in known

    def remove(self, server_id: str) -> None:
        """Take a server out; what is written about the others stays.

        Raises:
            InvalidInput: There is none of this id, or the file is wrong.
            StorageError: It cannot be written; it is as it was.
        """
        with self._alone():
            self.get(server_id)
            wanted = tuple(entry for entry in self.read() if entry.server_id != server_id)
            text = _without_lines(self.path.read_text(encoding="utf-8"), read_mapping(self.path), server_id)
            try:
                kept = _Reader(self.path, text).servers() == wanted
            except InvalidInput:
                kept = False
            if not kept:  # it is written in an unusual way: then by the library, which may lose a comment
                content = read_mapping(self.path)
                content["servers"] = CommentedSeq(item for item in content["servers"] if item["id"] != server_id)
                text = dump(content)
            write_whole(self.path, text)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Nobody else changes the file meanwhile."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with file_lock(self.path.with_name(f".{self.path.name}.lock"), _LOCK_TIMEOUT_S):
                yield
        except OSError as error:
            raise disk_error(error, self.path) from error


def check_id(server_id: str) -> None:
    """Refuse what cannot be the id of a backend.

    Raises:
        InvalidInput: It cannot.
    """
    if not _ID.fullmatch(server_id):
        raise InvalidInput(
            f"{server_id[:60]!r} cannot be the id of a server.",
            code="servers",
            remedy="Take at most 40 small letters, digits, dots and hyphens, for instance ollama-nvidia.",
        )


class _Reader:
    """Reads one file, and knows how to say where it is wrong."""

    def __init__(self, path: Path, text: str | None = None) -> None:
        self._path = path
        self._text = text

    def servers(self) -> tuple[ServerEntry, ...]:
        whole = self._whole()
        self._only(whole, ("servers",))
        listed = (whole.entries or {}).get("servers")
        if listed is None or (listed.items is None and listed.scalar is None and listed.entries is None):
            return ()
        if listed.items is None:
            raise self._wrong(listed, "'servers' must be a list of servers.")
        found: dict[str, ServerEntry] = {}
        for item in listed.items:
            entry = self._server(item)
            if entry.server_id in found:
                raise self._wrong(item, f"there are two servers called {entry.server_id!r}.")
            found[entry.server_id] = entry
        return tuple(found.values())

    def _whole(self) -> Node:
        return read_located(self._path) if self._text is None else located(self._text, self._path)

    def _server(self, item: Node) -> ServerEntry:
        if item.entries is None:
            raise self._wrong(item, "a server is a mapping: {id: …, url: …, model: …}.")
        for key, node in item.entries.items():
            if str(key).lower().replace("-", "_") in _SECRETS:
                raise self._wrong(
                    node,
                    f"{str(key)!r} does not belong into a file. Take it out; keys are kept in the system's keyring, by "
                    "`sotto servers add ID URL MODEL --key`.",
                )
        self._only(item, _KEYS)
        for key in ("id", "url", "model"):
            if key not in item.entries:
                raise self._wrong(item, f"the server has no {key!r}.")
        server_id = self._words(item, "id")
        try:
            check_id(server_id)
            where = address(self._words(item, "url"))
        except InvalidInput as error:
            at = item.entries["id" if error.code == "servers" else "url"]
            raise self._wrong(at, str(error)) from error
        return ServerEntry(
            server_id=server_id,
            address=where,
            model=self._words(item, "model"),
            context_tokens=self._context(item),
            log_probs=self._flag(item, "log_probs"),
            device=self._device(item),
        )

    def _words(self, item: Node, key: str) -> str:
        node = (item.entries or {})[key]
        if not isinstance(node.scalar, str) or node.odd or not node.scalar.strip():
            raise self._wrong(node, f"{key!r} must be text, not {node.shown}.")
        return node.scalar

    def _context(self, item: Node) -> int:
        node = (item.entries or {}).get("context_tokens")
        if node is None:
            return CONTEXT_TOKENS
        value = node.scalar
        if isinstance(value, bool) or not isinstance(value, int) or not _SMALLEST_CONTEXT <= value <= _LARGEST_CONTEXT:
            raise self._wrong(
                node,
                f"'context_tokens' must be a whole number from {_SMALLEST_CONTEXT} to {_LARGEST_CONTEXT}, "
                f"not {node.shown}.",
            )
        return value

    def _flag(self, item: Node, key: str) -> bool:
        node = (item.entries or {}).get(key)
        if node is None:
            return True
        if not isinstance(node.scalar, bool):
            raise self._wrong(node, f"{key!r} must be true or false, not {node.shown}.")
        return node.scalar

    def _device(self, item: Node) -> Device | None:
        node = (item.entries or {}).get("device")
        if node is None:
            return None
        if node.scalar not in _DEVICES:
            raise self._wrong(node, f"'device' must be one of {', '.join(_DEVICES)}, not {node.shown}.")
        return Device(str(node.scalar))

    def _only(self, node: Node, known: tuple[str, ...]) -> None:
        for key, child in (node.entries or {}).items():
            if key not in known:
                raise self._wrong(child, f"{str(key)!r} is not known here. {suggestion(str(key), known)}")

    def _wrong(self, node: Node, what: str) -> InvalidInput:
        return InvalidInput(f"{self._path}:{node.line}:{node.column}: {what}".strip(), code="servers")


def _without_lines(text: str, content: CommentedMap, server_id: str) -> str:
    """The text without the lines of one server; a comment right before the next one belongs to that."""
    lines = text.splitlines(keepends=True)
    items = content["servers"]
    starts = [items.lc.item(at)[0] for at in range(len(items))]
    at = next(index for index, item in enumerate(items) if item["id"] == server_id)
    end = starts[at + 1] if at + 1 < len(starts) else _end_of(lines, starts[at])
    while end > starts[at] + 1 and (not lines[end - 1].strip() or lines[end - 1].lstrip().startswith("#")):
        end -= 1
    return "".join(lines[: starts[at]] + lines[end:])


def _end_of(lines: list[str], start: int) -> int:
    """Behind the last line of a list's last item: what follows is not indented and begins no item."""
    for index in range(start + 1, len(lines)):
        line = lines[index]
        if line.strip() and not line[0].isspace() and not line.startswith("#"):
            return index
    return len(lines)
