"""Brings one file from a hub to the disk, byte by byte where the last try ended, and looks at what came.

The SHA-256 is made while the bytes come; what lay on the disk before is read again first. Nothing is believed: neither
the length a server states, nor its kind, nor that a range it answers with is the one that was asked for.
"""

from __future__ import annotations

import hashlib
import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from app.contracts.errors import ConnectionFailed, SottoError, StorageError, TimedOut, Unavailable
from app.settings.disk import disk_error
from models.store.manifest import CHUNK_BYTES, ManifestFile
from models.store.network import Answer, Line
from models.store.patience import Again, Control, Patience
from models.store.progress import Meter, State
from models.store.refusals import AGAIN, Place, network_errors, not_a_model, refused, retry_after_s, translated
from models.store.wanted import SHA256, WantedFile

if TYPE_CHECKING:
    import requests

_T = TypeVar("_T")
_READ_BYTES = 1 << 18
_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")
_PAGES = (b"<!doctype html", b"<html", b"<head", b"<body")
_POINTER = b"version https://git-lfs"
_WEIGHTS = (".gguf", ".bin", ".onnx", ".ort", ".xml", ".safetensors")
TINY_BYTES = 64
"""Weights of fewer bytes are none, where nobody knows their digest."""


@dataclass(frozen=True, slots=True)
class Task:
    """One file to fetch.

    Attributes:
        url: Where from.
        file: What is known about it.
        part: Where it is put together.
        place: What it is called in sentences.
    """

    url: str
    file: WantedFile
    part: Path
    place: Place


class Fetch:
    """Fetches one file. Blocking; a try may be made again and again.

    Args:
        task: Which file.
        line: The way to the hub.
        patience: When it is too slow.
        control: Says whether to go on.
        meter: Counts the bytes.

    Raises:
        StorageError: The disk cannot be read or written.
    """

    def __init__(self, task: Task, line: Line, patience: Patience, control: Control, meter: Meter) -> None:
        self._task, self._line, self._patience, self._control, self._meter = task, line, patience, control, meter
        self._size, self._sha256 = task.file.size, task.file.sha256
        self._restarts = 0
        self._digest = hashlib.sha256()
        self._at = 0
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
        try:
            task.part.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._file = os.open(task.part, flags, 0o600)
        except OSError as error:
            raise disk_error(error, task.part) from error

    def close(self) -> None:
        """Let go of the file, with its bytes on the disk as far as that goes."""
        os.close(self._file)

    def take_up(self) -> None:
        """Read what an earlier try left on the disk.

        Raises:
            TurnCancelledError: It was stopped.
            StorageError: The disk cannot be read.
        """
        try:
            there = os.fstat(self._file).st_size
            if there == 0:
                return
            if self._size is not None and there > self._size:
                os.ftruncate(self._file, 0)
                return
            self._meter.enter(State.CHECKING)
            while chunk := os.read(self._file, CHUNK_BYTES):
                self._control.check()
                self._count(chunk)
        except OSError as error:
            raise disk_error(error, self._task.part) from error

    def attempt(self) -> ManifestFile:
        """One try; returns the file once it is whole and right.

        Raises:
            Again: Another try may help.
            TurnCancelledError: It was stopped.
            SottoError: No other try will help.
        """
        if self._size is None or self._at < self._size:
            self._meter.enter(State.DOWNLOADING)
            try:
                headers = {"Range": f"bytes={self._at}-"} if self._at else {}
                answer = self._line.get(self._task.url, headers)
                with answer.response as response:
                    self._agree(answer)
                    self._receive(response)
            except network_errors() as error:
                self._control.check()
                found = translated(error, self._task.url, self._task.place)
                raise (Again(found) if found.temporary else found) from error
        self._check()
        self._on_disk(lambda: os.fsync(self._file))
        return ManifestFile(self._task.file.path, self._at, self._digest.hexdigest())

    def _agree(self, answer: Answer) -> None:
        """See that the answer is what was asked for, from the byte that was asked for."""
        response = answer.response
        error = refused(response, self._task.place)
        if error is not None:
            raise Again(error, retry_after_s(response)) if error.temporary else error
        if response.headers.get("content-encoding", "identity").lower() not in {"identity", ""}:
            raise not_a_model(self._host, self._task.place, "something compressed")
        if response.status_code == 416:
            self._start_over()
            raise Again(self._strange("will not go on where the last try ended"))
        total = _declared(response)
        if response.status_code == 206:
            found = _RANGE.fullmatch(response.headers.get("content-range", "").strip())
            if found is None or int(found[1]) != self._at:
                self._start_over()
                raise Again(self._strange("answers with another part of the file than it was asked for"))
            total = int(found[3]) if found[3] != "*" else int(found[2]) + 1
        elif self._at:
            self._start_over()
        self._believe(answer, total)
        if total is not None and total != self._size:
            raise Unavailable(
                f"{self._host} says that {self._task.place.what} has {total} bytes; it should have {self._size}.",
                code="wrong-size",
                remedy="The file was changed, or something in between answers for the hub: look at the settings "
                "network.proxy and network.mirror.",
            )

    def _believe(self, answer: Answer, total: int | None) -> None:
        """Take over what the hub says about a file of which nobody else said it; compare what is known."""
        digest = answer.linked.get("x-linked-etag", "").removeprefix("W/").strip('"')
        if SHA256.fullmatch(digest):
            self._sha256 = self._sha256 or digest
            if digest != self._sha256:
                raise Unavailable(
                    f"{self._task.place.what} at {self._host} is another file than the one that is known here.",
                    code="wrong-bytes",
                    remedy="It was changed, or a mirror holds another one: look at the setting network.mirror. "
                    "Nothing was installed.",
                )
        if self._size is not None:
            return
        size = answer.linked.get("x-linked-size", "")
        self._size = int(size) if size.isdecimal() else total
        if self._size is not None:
            self._meter.total += self._size
        elif self._sha256 is None and not self._task.file.blob:
            raise Unavailable(
                f"Nobody says how long {self._task.place.what} is, so nobody could tell whether all of it came.",
                code="wrong-size",
                remedy="Look at the settings network.proxy and network.mirror.",
            )

    def _receive(self, response: requests.Response) -> None:
        """Write the body to the disk until it ends."""
        window_s, window = time.monotonic(), 0
        while chunk := self._line.read(response, _READ_BYTES):
            self._control.check()
            if self._at == 0:
                self._look_at(chunk)
            if self._size is not None and self._at + len(chunk) > self._size:
                self._start_over()
                raise Again(self._strange(f"sends more than the {self._size} bytes the file should have"))
            self._write(chunk)
            self._count(chunk)
            window += len(chunk)
            now = time.monotonic()
            if now - window_s >= self._patience.stall_s:
                if window < self._patience.slowest_bytes:
                    raise Again(
                        TimedOut(
                            f"Next to nothing comes from {self._host} any more.",
                            code="stalled",
                            remedy=AGAIN.format(name=self._task.place.model),
                        )
                    )
                window_s, window = now, 0
        self._control.check()
        if self._size is not None and self._at < self._size:
            raise Again(
                ConnectionFailed(
                    f"The connection to {self._host} broke while {self._task.place.what} was fetched.",
                    remedy=AGAIN.format(name=self._task.place.model),
                ),
            )

    def _look_at(self, head: bytes) -> None:
        """See that the first bytes are not those of something else."""
        name = self._task.file.path.lower()
        start = head[:64].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
        if start.startswith(_PAGES) and not name.endswith((".html", ".htm")):
            raise not_a_model(self._host, self._task.place)
        if start.startswith(_POINTER):
            raise not_a_model(self._host, self._task.place, "a pointer to it")

    def _check(self) -> None:
        """Compare with what is known; once, wrong bytes are fetched again from the beginning."""
        file = self._task.file
        wrong = self._sha256 is not None and self._digest.hexdigest() != self._sha256
        if self._sha256 is None and file.blob:
            wrong = self._on_disk(lambda: _git_blob(self._task.part)) != file.blob
        if wrong:
            self._start_over()
            changed = Unavailable(
                f"What {self._host} sent is not {self._task.place.what}: its SHA-256 is another one.",
                code="wrong-bytes",
                remedy="It was changed on the way or at its place; nothing was installed. Try another network, or look "
                "at the setting network.mirror.",
            )
            self._restarts += 1
            if self._restarts > 1:
                raise changed
            raise Again(changed, at_once=True)
        unknown = self._sha256 is None and not file.blob and file.size is None
        if unknown and self._at < TINY_BYTES and file.path.lower().endswith(_WEIGHTS):
            error = not_a_model(self._host, self._task.place, f"{self._at} bytes")
            self._start_over()
            raise error

    def _start_over(self) -> None:
        """Throw away what has come."""
        self._on_disk(lambda: os.ftruncate(self._file, 0))
        self._on_disk(lambda: os.lseek(self._file, 0, os.SEEK_SET))
        self._meter.add(-self._at)
        self._at = 0
        self._digest = hashlib.sha256()

    def _count(self, chunk: bytes) -> None:
        self._digest.update(chunk)
        self._at += len(chunk)
        self._meter.add(len(chunk))

    def _write(self, chunk: bytes) -> None:
        view = memoryview(chunk)
        while view:
            view = view[self._on_disk(lambda: os.write(self._file, view)) :]  # noqa: B023 - called at once

    def _on_disk(self, work: Callable[[], _T]) -> _T:
        """Do something with the disk, whose errors are not the network's."""
        try:
            return work()
        except OSError as error:
            found = disk_error(error, self._task.part.parent)
            if found.code == "disk-full":
                found = StorageError(
                    f"{found.message[:-1]} before all of {self._task.place.model} had come.",
                    code="disk-full",
                    remedy=f"Make room on that disk. {AGAIN.format(name=self._task.place.model)}",
                )
            raise found from error

    @property
    def _host(self) -> str:
        return urlsplit(self._task.url).hostname or self._task.url

    def _strange(self, what: str) -> SottoError:
        return ConnectionFailed(
            f"{self._host} {what}.",
            code="strange-answer",
            remedy="Something in between answers for the hub: look at the settings network.proxy and network.mirror.",
        )


def _declared(response: requests.Response) -> int | None:
    """The length of a whole file as the server states it, None when it does not."""
    length = response.headers.get("content-length", "")
    return int(length) if length.isdecimal() else None


def _git_blob(path: Path) -> str:
    """What git calls a file: SHA-1 over a header and its bytes."""
    content = path.read_bytes()
    digest = hashlib.sha1(b"blob %d\0" % len(content), usedforsecurity=False)
    digest.update(content)
    return digest.hexdigest()
