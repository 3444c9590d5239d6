"""A hub of models on loopback, over real sockets, that misbehaves where a test says so; and a proxy to reach it by."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import http.client
import json
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

SIGN_IN = b"<!DOCTYPE html><html><body>Please sign in to this network.</body></html>"
_PIECE = 16 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What goes wrong with one answer; by default nothing does.

    Attributes:
        status: Answered instead of the file, with ``headers`` and ``body``.
        drop_after: Bytes of the body after which the connection is broken off.
        stall_after: Bytes of the body after which nothing more comes.
        stall_head: Nothing comes at all.
        trickle_s: One byte each so many seconds.
        says: Length that is stated instead of the true one.
        body: Sent instead of the file's bytes.
        kind: Content type.
        whole: Ranges are refused: the whole file is sent whatever was asked for.
        shift: A range begins so many bytes later than was asked for, and says so.
        chunked: No length is stated.
        leads_to: Where the answer redirects to.
        bytes_per_s: How fast it sends.
    """

    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    drop_after: int | None = None
    stall_after: int | None = None
    stall_head: bool = False
    trickle_s: float = 0.0
    says: int | None = None
    body: bytes | None = None
    kind: str = "application/octet-stream"
    whole: bool = False
    shift: int = 0
    chunked: bool = False
    leads_to: str = ""
    bytes_per_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody asked for."""

    path: str
    headers: Mapping[str, str]

    @property
    def start(self) -> int:
        """The byte the asked range begins with."""
        wanted = self.headers.get("range", "")
        return int(wanted.removeprefix("bytes=").partition("-")[0]) if wanted else 0


@dataclass
class Hub:
    """The hub while it runs.

    Attributes:
        url: Its address.
        files: Repository, then path, then bytes.
        large: Paths that are kept by their SHA-256 and given out by another host, as big files are.
        asked: Every request, in order.
        only_by_proxy: Whoever comes directly gets a sign-in page.
        bare: The listing has names alone, as some mirrors' have.
        gone: Set when the hub closes.
        go_on: Set to have what stalls break off.
    """

    url: str = ""
    cdn: str = ""
    files: dict[str, dict[str, bytes]] = field(default_factory=dict)
    large: set[str] = field(default_factory=set)
    asked: list[Request] = field(default_factory=list)
    only_by_proxy: bool = False
    bare: bool = False
    gone: threading.Event = field(default_factory=threading.Event)
    go_on: threading.Event = field(default_factory=threading.Event)
    _faults: dict[str, list[tuple[Fault, bool]]] = field(default_factory=dict)
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def add(self, repository: str, files: Mapping[str, bytes], large: bool = True) -> str:
        """Put up a repository; returns its commit."""
        self.files[repository] = dict(files)
        if large:
            self.large |= set(files)
        return self.commit(repository)

    def commit(self, repository: str) -> str:
        """What names the files as they are now."""
        digest = hashlib.sha1(repository.encode())
        for path, content in sorted(self.files[repository].items()):
            digest.update(path.encode() + content)
        return digest.hexdigest()

    def go_wrong(self, path: str, *faults: Fault, always: bool = False) -> None:
        """Answers about what ends in ``path`` go wrong: one after the other, the last of them for ever if so wanted."""
        with self._guard:
            listed = [(fault, False) for fault in faults]
            if always:
                listed[-1] = (faults[-1], True)
            self._faults.setdefault(path, []).extend(listed)

    def fault_for(self, path: str) -> Fault:
        with self._guard:
            for end, faults in self._faults.items():
                if path.endswith(end) and faults:
                    fault, stays = faults[0]
                    if not stays:
                        faults.pop(0)
                    return fault
        return Fault()

    def bytes_asked(self, end: str) -> list[int]:
        """First bytes of the ranges that were asked of files whose address ends so."""
        return [each.start for each in self.asked if each.path.endswith(end)]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: Hub

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        pass

    def do_GET(self) -> None:
        hub = self.hub
        request = Request(self.path, {name.lower(): value for name, value in self.headers.items()})
        hub.asked.append(request)
        self.close_connection = True
        if hub.only_by_proxy and "via" not in request.headers:
            self._send(Fault(body=SIGN_IN, kind="text/html; charset=utf-8"), b"", 0)
            return
        path = unquote(urlsplit(self.path).path)
        if path.startswith("/api/models/"):
            self._list(path.removeprefix("/api/models/"), hub.fault_for(path))
        elif path.startswith("/cdn/"):
            _, _, digest, name = path.split("/", 3)
            content = next(
                content
                for files in hub.files.values()
                for content in files.values()
                if hashlib.sha256(content).hexdigest() == digest
            )
            self._send(hub.fault_for(f"cdn/{name}"), content, request.start)
        else:
            repository, _, rest = path[1:].partition("/resolve/")
            revision, _, name = rest.partition("/")
            self._resolve(repository, revision, name, request)

    def _resolve(self, repository: str, revision: str, name: str, request: Request) -> None:
        hub = self.hub
        fault = hub.fault_for(self.path)
        content = hub.files.get(repository, {}).get(name)
        if fault.status or fault.leads_to or content is None or name not in hub.large:
            if content is None and not fault.status:
                code = "EntryNotFound" if repository in hub.files else "RepoNotFound"
                fault = Fault(status=404, headers={"X-Error-Code": code})
            self._send(fault, content or b"", request.start)
            return
        digest = hashlib.sha256(content).hexdigest()
        self._send(
            Fault(
                status=302,
                headers={
                    "X-Linked-Etag": f'"{digest}"',
                    "X-Linked-Size": str(len(content)),
                    "X-Repo-Commit": hub.commit(repository),
                },
                leads_to=f"{hub.cdn}/cdn/{digest}/{name}",
            ),
            b"",
            0,
        )

    def _list(self, asked: str, fault: Fault) -> None:
        hub = self.hub
        repository, _, revision = asked.partition("/revision/")
        if repository not in hub.files and not fault.status:
            fault = Fault(status=404, headers={"X-Error-Code": "RepoNotFound"})
        elif revision not in {"", "main", hub.commit(repository)} and not fault.status:
            fault = Fault(status=404, headers={"X-Error-Code": "RevisionNotFound"})
        siblings: list[dict[str, Any]] = []
        for path, content in hub.files.get(repository, {}).items():
            blob = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
            entry: dict[str, Any] = {"rfilename": path, "size": len(content), "blobId": blob}
            if path in hub.large:
                entry["lfs"] = {
                    "sha256": hashlib.sha256(content).hexdigest(),
                    "size": len(content),
                    "pointerSize": 134,
                }
            siblings.append({"rfilename": path} if hub.bare else entry)
        commit = hub.commit(repository) if repository in hub.files else ""
        body = json.dumps({"id": repository, "modelId": repository, "sha": commit, "siblings": siblings}).encode()
        kind = "application/json" if fault.body is None else fault.kind
        self._send(fault, body, 0, kind)

    def _send(self, fault: Fault, content: bytes, start: int, kind: str = "") -> None:
        if fault.stall_head:
            self.hub.go_on.wait(60)
            return
        content = content if fault.body is None else fault.body
        status = fault.status or (302 if fault.leads_to else 200)
        if fault.status:
            content = fault.body or b""
        elif start and not fault.whole:
            status = 206 if start < len(content) else 416
        begin = start + fault.shift if status == 206 else 0
        total = fault.says if fault.says is not None else len(content)
        self.send_response(status)
        for name, value in fault.headers.items():
            self.send_header(name, value)
        if fault.leads_to:
            self.send_header("Location", fault.leads_to)
        self.send_header("Content-Type", kind or fault.kind)
        if status == 206:
            self.send_header("Content-Range", f"bytes {begin}-{total - 1}/{total}")
        if not fault.chunked:
            self.send_header("Content-Length", str(total - begin))
        self.send_header("Connection", "close")
        self.end_headers()
        with contextlib.suppress(OSError):  # whoever asked has left
            self._body(fault, content[begin:] if status in {200, 206} else content)

    def _body(self, fault: Fault, body: bytes) -> None:
        ends = [each for each in (fault.drop_after, fault.stall_after) if each is not None]
        limit = min([len(body), *ends])
        size = 1 if fault.trickle_s else _PIECE
        for at in range(0, limit, size):
            self.wfile.write(body[at : min(at + size, limit)])
            self.wfile.flush()
            pause = fault.trickle_s or (size / fault.bytes_per_s if fault.bytes_per_s else 0.0)
            if pause and self.hub.gone.wait(pause):
                return
        if fault.stall_after is not None:
            self.hub.go_on.wait(60)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: object, client_address: object) -> None:
        pass  # whoever asked has left


@contextmanager
def hub(tls: ssl.SSLContext | None = None) -> Iterator[Hub]:
    """A hub at one port and the place its big files are given out from at another, encrypted with ``tls``."""
    made = Hub()
    handler = type("Handler", (_Handler,), {"hub": made})
    servers = [_Server(("127.0.0.1", 0), handler) for _ in range(2)]
    threads = [threading.Thread(target=each.serve_forever, args=(0.02,), daemon=True) for each in servers]
    for thread in threads:
        thread.start()
    made.url, made.cdn = (f"http://127.0.0.1:{each.server_address[1]}" for each in servers)
    if tls is not None:
        for server in servers:
            server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        made.url, made.cdn = (address.replace("http:", "https:") for address in (made.url, made.cdn))
    try:
        yield made
    finally:
        made.gone.set()
        made.go_on.set()
        for server, thread in zip(servers, threads, strict=True):
            server.shutdown()
            server.server_close()
            thread.join(5)


@dataclass
class Proxy:
    """A forward proxy while it runs."""

    url: str = ""
    password: str = ""
    asked: list[str] = field(default_factory=list)


class _ProxyHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    proxy: Proxy

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        pass

    def do_GET(self) -> None:
        self.close_connection = True
        wanted = "Basic " + base64.b64encode(self.proxy.password.encode()).decode()
        if self.proxy.password and self.headers.get("Proxy-Authorization") != wanted:
            self.send_response(407)
            self.send_header("Proxy-Authenticate", "Basic")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.proxy.asked.append(self.path)
        parts = urlsplit(self.path)
        onward = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=10)
        kept = {
            name: value for name, value in self.headers.items() if not name.lower().startswith(("proxy-", "connection"))
        }
        onward.request("GET", parts._replace(scheme="", netloc="").geturl(), headers=kept | {"Via": "1.1 test"})
        answer = onward.getresponse()
        body = answer.read()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        onward.close()


@contextmanager
def proxy(password: str = "") -> Iterator[Proxy]:
    """A proxy; ``password`` is ``name:password`` where it wants one."""
    made = Proxy(password=password)
    server = _Server(("127.0.0.1", 0), type("Handler", (_ProxyHandler,), {"proxy": made}))
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    made.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def weights(size: int, seed: int = 0) -> bytes:
    """Bytes that look like nothing, the same ones for the same seed."""
    block = hashlib.sha256(str(seed).encode()).digest()
    return b"".join(hashlib.sha256(block + at.to_bytes(8, "little")).digest() for at in range(-(-size // 32)))[:size]


def until(condition: Any, timeout_s: float = 10.0) -> None:
    """Wait for something to come true."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.01)
