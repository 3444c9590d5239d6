"""Asks a hub what a repository holds: the commit behind a revision, and size and SHA-256 of each file.

The form is that of ``GET /api/models/<repository>/revision/<revision>?blobs=true``, the address `huggingface_hub` asks
too (`HfApi.model_info(files_metadata=True)`). It is asked here with our own session, so that a proxy, the system's
certificates, a stalling server and offline mode are treated as they are for the bytes; a test holds the two together.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatch
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from app.contracts.errors import SottoError, Unavailable
from models.store.model import ModelFormat
from models.store.network import Line
from models.store.patience import Again
from models.store.refusals import Place, network_errors, not_a_model, refused, retry_after_s, translated
from models.store.wanted import SHA256, Wanted, WantedFile, check_file

if TYPE_CHECKING:
    import requests

_LARGEST_BYTES = 64_000_000
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_SHA1 = re.compile(r"[0-9a-f]{40}")
_IR = ("*.xml", "*.bin", "*.json", "*.jinja", "*.txt", "*.model")
_NEEDED: Mapping[ModelFormat, tuple[str, ...]] = {
    ModelFormat.CTRANSLATE2_WHISPER: (
        "model.bin", "config.json", "tokenizer.json", "preprocessor_config.json", "vocabulary.*",
    ),
    ModelFormat.MOONSHINE: ("*.ort", "tokenizer.bin"),
    ModelFormat.GGUF: ("*.gguf",),
    ModelFormat.GGUF_EMBEDDING: ("*.gguf",),
    ModelFormat.PIPER: ("*.onnx", "*.onnx.json"),
    ModelFormat.OPENVINO_WHISPER: _IR,
    ModelFormat.OPENVINO_LLM: _IR,
    ModelFormat.OPENVINO_SPEECH: _IR,
    ModelFormat.OPENVINO_EMBEDDING: _IR,
}  # fmt: skip
"""What is taken of a repository when nobody said which files."""
_MANY = {ModelFormat.GGUF: 1, ModelFormat.GGUF_EMBEDDING: 1, ModelFormat.PIPER: 2}
"""A repository that holds more of them holds several models."""


@dataclass(frozen=True, slots=True)
class Listing:
    """What a repository holds at one commit.

    Attributes:
        commit: The commit itself, whatever was asked for.
        files: By path.
    """

    commit: str
    files: Mapping[str, WantedFile]


def listing_address(endpoint: str, repository: str, revision: str | None) -> str:
    """Where a hub lists a repository."""
    at = f"/revision/{quote(revision, safe='')}" if revision else ""
    return f"{endpoint}/api/models/{repository}{at}?blobs=true"


def file_address(endpoint: str, repository: str, revision: str, path: str) -> str:
    """Where a hub gives out a file."""
    return f"{endpoint}/{repository}/resolve/{quote(revision, safe='')}/{quote(path)}"


def ask_listing(line: Line, endpoint: str, wanted: Wanted, going_on: Callable[[], None]) -> Listing:
    """One try to get the listing of a model's repository.

    Args:
        line: The way to the hub.
        endpoint: The hub's address.
        wanted: The model.
        going_on: Raises when the download shall stop.

    Raises:
        Again: Another try may help.
        SottoError: None will.
    """
    url = listing_address(endpoint, wanted.repository, wanted.revision)
    place = Place(wanted.name, wanted.repository, f"the list of files of {wanted.repository}")
    try:
        answer = line.get(url, {"Accept": "application/json"})
        with answer.response as response:
            error = refused(response, place)
            if error is not None:
                raise Again(error, retry_after_s(response)) if error.temporary else error
            body = _body(line, response, going_on)
    except network_errors() as error:
        going_on()
        found = translated(error, url, place)
        raise (Again(found) if found.temporary else found) from error
    try:
        return _read(json.loads(body))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise not_a_model(urlsplit(url).hostname or url, place, "something else") from error


def resolved(wanted: Wanted, listing: Listing) -> Wanted:
    """A model with everything filled in that the hub knows.

    Raises:
        Unavailable: The hub holds other files than the catalogue says, or lacks one.
    """
    files = wanted.files or tuple(WantedFile(path) for path in _chosen(wanted, listing))
    return replace(wanted, revision=listing.commit, files=tuple(_filled(each, wanted, listing) for each in files))


def _filled(file: WantedFile, wanted: Wanted, listing: Listing) -> WantedFile:
    held = listing.files.get(file.at_hub)
    if held is None:
        raise Unavailable(
            f"The repository {wanted.repository} has no {file.at_hub}.",
            code="not-at-hub",
            remedy="It was renamed or taken away, or the mirror lacks it: look at the setting network.mirror.",
        )
    for ours, theirs, what in ((file.size, held.size, "size"), (file.sha256, held.sha256, "SHA-256")):
        if ours is not None and theirs is not None and ours != theirs:
            raise _changed(wanted, file, what)
    size = held.size if file.size is None else file.size
    return replace(file, size=size, sha256=file.sha256 or held.sha256, blob=held.blob)


def _changed(wanted: Wanted, file: WantedFile, what: str) -> SottoError:
    return Unavailable(
        f"The {what} of {file.path} in {wanted.repository} is not the one that is known here.",
        code="wrong-bytes",
        remedy="The file was changed after it was looked at, or a mirror holds another one; nothing was installed.",
    )


def _chosen(wanted: Wanted, listing: Listing) -> tuple[str, ...]:
    """Which files a format needs."""
    chosen = sorted(path for path in listing.files if any(fnmatch(path, form) for form in _NEEDED[wanted.format]))
    if not chosen or len(chosen) > _MANY.get(wanted.format, len(chosen)):
        found = "several models" if chosen else "none"
        raise Unavailable(
            f"{wanted.repository} was expected to hold one model of the kind {wanted.format}, and holds {found}.",
            code="not-at-hub",
        )
    return tuple(chosen)


def _body(line: Line, response: requests.Response, going_on: Callable[[], None]) -> bytes:
    body = bytearray()
    while chunk := line.read(response, 1 << 16):
        going_on()
        body += chunk
        if len(body) > _LARGEST_BYTES:
            raise OSError("it has no end")
    declared = response.headers.get("content-length", "")
    if declared.isdecimal() and len(body) < int(declared):
        raise OSError("it broke off")
    return bytes(body)


def _read(content: dict[str, Any]) -> Listing:
    """The listing out of what JSON held; `ValueError` and its like where it is none."""
    commit = str(content["sha"])
    if not _COMMIT.fullmatch(commit):
        raise ValueError("no commit")
    files = {}
    for sibling in content["siblings"]:
        path = str(sibling["rfilename"])
        try:
            check_file(path, "")
        except SottoError:
            continue  # nothing of a model has such a name
        lfs = sibling.get("lfs") or {}
        size = lfs.get("size", sibling.get("size"))
        if size is not None and int(size) < 0:
            raise ValueError("no size")
        sha256 = str(lfs.get("sha256", ""))
        blob = str(sibling.get("blobId", ""))
        files[path] = WantedFile(
            path,
            int(size) if size is not None else None,
            sha256 if SHA256.fullmatch(sha256) else None,
            blob if not lfs and _SHA1.fullmatch(blob) else "",
        )
    return Listing(commit, files)
