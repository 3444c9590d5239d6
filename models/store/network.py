"""The way to the hub: which address, which proxy, which certificates, and a line that can be cut from another thread.

Why it exists: metadata and bytes go the same way, so that what holds for one (offline, proxy, mirror, the system's
certificates, pausing) holds for the other. `requests` asks here; its errors end in `models.store.refusals`.
"""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import ssl
import threading
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from app.contracts.errors import InvalidInput, Unavailable

if TYPE_CHECKING:
    import requests

HUB = "https://huggingface.co"
_ENDPOINT_VARIABLE, _TOKEN_VARIABLE, _OFFLINE_VARIABLE = "HF_ENDPOINT", "HF_TOKEN", "HF_HUB_OFFLINE"
_YES = frozenset({"1", "on", "yes", "true"})
MOST_REDIRECTS = 5
_PROXY_SCHEMES = ("http://", "https://")
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_LINKED = frozenset({"x-linked-etag", "x-linked-size", "x-repo-commit"})
_CUT_TLS = (ValueError, AttributeError)
"""What reading raises when TLS was taken off under the reader, which `Line.cut` does."""
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Network:
    """What the person's settings say about the network.

    Attributes:
        offline: Nothing may be asked.
        mirror: Address to use instead of the hub, empty for the hub or ``HF_ENDPOINT``.
        proxy: Address of a proxy, empty for those of the environment.
    """

    offline: bool = False
    mirror: str = ""
    proxy: str = ""

    @classmethod
    def of(cls, value: Callable[[str], object]) -> Network:
        """What the settings ``network.*`` say; ``value`` gives the value of one (`SettingsStore.get`)."""
        return cls(
            offline=value("network.offline") is True,
            mirror=str(value("network.mirror")).strip(),
            proxy=str(value("network.proxy")).strip(),
        )

    @property
    def endpoint(self) -> str:
        """The hub's address without a slash at its end.

        Raises:
            InvalidInput: It is no address.
        """
        address = self.mirror or os.environ.get(_ENDPOINT_VARIABLE, "") or HUB
        where = "The setting network.mirror" if self.mirror else f"The variable {_ENDPOINT_VARIABLE}"
        return _checked(address, where).rstrip("/")

    @property
    def token(self) -> str:
        """The person's token (``HF_TOKEN``); a mirror from the settings never gets it."""
        return "" if self.mirror else os.environ.get(_TOKEN_VARIABLE, "").strip()

    def check_online(self) -> None:
        """See that asking is allowed, before anything is asked.

        Raises:
            Unavailable: The person wants to stay offline.
        """
        by_variable = os.environ.get(_OFFLINE_VARIABLE, "").strip().lower() in _YES
        if self.offline or by_variable:
            how = f"Unset {_OFFLINE_VARIABLE}" if by_variable else "Set network.offline to false"
            raise Unavailable(
                "Nothing can be downloaded: Sotto is set to stay offline.",
                code="offline",
                remedy=f"{how}, or bring the model over with `sotto models import`.",
            )

    def proxies_for(self, url: str) -> dict[str, str]:
        """The proxy for an address as `requests` takes it: the setting's, else that of the environment.

        Raises:
            InvalidInput: The address of the proxy is none.
        """
        host = urlsplit(url).hostname or ""
        if self.proxy:
            proxy = _checked(_with_scheme(self.proxy), "The setting network.proxy")
            return {"http": proxy, "https": proxy}
        if urllib.request.proxy_bypass(host):
            return {}
        found = urllib.request.getproxies()
        proxies = {scheme: found.get(scheme) or found.get("all") or "" for scheme in ("http", "https")}
        return {
            scheme: _checked(_with_scheme(proxy), "The proxy of the environment")
            for scheme, proxy in proxies.items()
            if proxy
        }


def _with_scheme(address: str) -> str:
    return address if "://" in address else f"http://{address}"


def _checked(address: str, where: str) -> str:
    """An http address.

    Raises:
        InvalidInput: It is none.
    """
    wrong = not address.lower().startswith(_PROXY_SCHEMES)
    with contextlib.suppress(ValueError):
        parts = urlsplit(address)
        wrong = wrong or not parts.hostname or (parts.port or 1) < 0
        if not wrong:
            return address
    raise InvalidInput(
        f"{where} is {without_password(address)!r}, which is no address.",
        code="network-address",
        remedy="It begins with http:// or https://.",
    )


def without_password(address: str) -> str:
    """An address as it may be shown: no user, no password, no query."""
    scheme, colon, rest = address.partition("://")
    place, slash, path = (rest if colon else scheme).partition("/")
    shown = f"{place.rpartition('@')[2]}{slash}{path.partition('?')[0]}"
    return f"{scheme}://{shown}" if colon else shown


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back.

    Attributes:
        response: The last answer, its body not read yet.
        url: Which address gave it.
        linked: What the hub said about the file on the way there, by lower-case name of the header.
    """

    response: requests.Response
    url: str
    linked: Mapping[str, str]


class Line:
    """One connection to the hub at a time, which `cut` ends whatever it is waiting for. Blocking; for one thread.

    Args:
        network: What the settings say.
        connect_s: How long a connection may take to come about.
        silence_s: How long the other end may say nothing.
    """

    def __init__(self, network: Network, connect_s: float, silence_s: float) -> None:
        self._network = network
        self._timeout = (connect_s, silence_s)
        self._session: requests.Session | None = None
        self._sockets: list[socket.socket] = []
        self._guard = threading.Lock()
        self._is_cut = False

    def get(self, url: str, headers: Mapping[str, str]) -> Answer:
        """Ask for an address and follow where it leads; the body is left to be read.

        Raises:
            Unavailable: Sotto is set to stay offline, or the way leads nowhere good.
            InvalidInput: An address in the settings is none.
            requests.RequestException, OSError: The network's own errors.
        """
        linked: dict[str, str] = {}
        for _ in range(MOST_REDIRECTS + 1):
            response = self._asked(url, headers)
            linked |= {name.lower(): value for name, value in response.headers.items() if name.lower() in _LINKED}
            if response.status_code not in _REDIRECTS or "location" not in response.headers:
                return Answer(response, url, linked)
            onward = urljoin(url, response.headers["location"])
            response.close()
            if urlsplit(url).scheme == "https" and urlsplit(onward).scheme != "https":
                raise Unavailable(
                    f"{without_password(url)} leads to {without_password(onward)}, which is not encrypted.",
                    code="redirect",
                    remedy="Look at the setting network.mirror.",
                )
            url = _checked(onward, f"What {without_password(url)} leads to")
        raise Unavailable(
            f"{without_password(url)} leads from one address to the next without end.",
            code="redirect",
            remedy="Look at the setting network.mirror.",
        )

    def _asked(self, url: str, headers: Mapping[str, str]) -> requests.Response:
        """One request. The whole head of the answer must come in time, however it trickles."""
        self._network.check_online()
        session = self._opened()
        log.info("models.store asks %s (setting network.offline)", without_password(url))
        sent = {"Accept-Encoding": "identity", "User-Agent": "sotto", **headers}
        if self._network.token and url.startswith(self._network.endpoint + "/"):
            sent["Authorization"] = f"Bearer {self._network.token}"
        proxies = self._network.proxies_for(url)
        watchdog = threading.Timer(sum(self._timeout), self.cut)
        watchdog.daemon = True
        watchdog.start()
        try:
            return session.get(
                url, headers=sent, stream=True, timeout=self._timeout, proxies=proxies, allow_redirects=False
            )
        except _CUT_TLS as error:
            raise self._hung_up(error) from error
        finally:
            watchdog.cancel()

    def read(self, response: requests.Response, count: int) -> bytes:
        """The next bytes of a body as they came over the wire, at most ``count``; none at its end.

        Raises:
            urllib3.exceptions.HTTPError, OSError: The network's own errors.
        """
        try:
            chunk: bytes = response.raw.read1(count, decode_content=False)
        except _CUT_TLS as error:
            raise self._hung_up(error) from error
        return chunk

    def _hung_up(self, error: Exception) -> Exception:
        return ConnectionAbortedError("hung up") if self._is_cut else error

    def cut(self) -> None:
        """End what is being waited for, and what is begun before `close`; from any thread."""
        with self._guard:
            self._is_cut = True
            for each in self._sockets:
                with contextlib.suppress(OSError, ValueError):
                    each.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Hang up. May be called twice, and `get` afterwards."""
        session, self._session = self._session, None
        if session is not None:
            session.close()
        with self._guard:
            self._sockets.clear()
            self._is_cut = False

    def _connected(self, made: socket.socket) -> None:
        with self._guard:
            self._sockets = [each for each in self._sockets if each.fileno() >= 0]
            self._sockets.append(made)
            if self._is_cut:
                raise ConnectionAbortedError("hung up")

    def _opened(self) -> requests.Session:
        if self._session is None:
            self._session = _session(self._connected)
        return self._session


def _session(connected: Callable[[socket.socket], None]) -> requests.Session:
    """A session that trusts what the system trusts, reads no file of the person's, and tells of its sockets."""
    import requests
    import truststore
    from requests.adapters import HTTPAdapter
    from urllib3 import PoolManager
    from urllib3.connection import HTTPConnection, HTTPSConnection
    from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

    class Plain(HTTPConnection):
        def connect(self) -> None:
            super().connect()
            connected(self.sock)

    class Safe(HTTPSConnection):
        def connect(self) -> None:
            super().connect()
            connected(self.sock)

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SafePool(HTTPSConnectionPool):
        ConnectionCls = Safe

    class Adapter(HTTPAdapter):
        def init_poolmanager(self, *args: Any, **options: Any) -> None:
            super().init_poolmanager(*args, **options, ssl_context=truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
            self._tell(self.poolmanager)

        def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
            options["ssl_context"] = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            manager = super().proxy_manager_for(proxy, **options)
            self._tell(manager)
            return manager

        def cert_verify(self, conn: Any, url: str, verify: bool | str, cert: Any) -> None:
            """The context decides what is trusted; requests would add a list of its own."""

        def _tell(self, manager: PoolManager) -> None:
            manager.pool_classes_by_scheme = {"http": PlainPool, "https": SafePool}

    session = requests.Session()
    session.trust_env = False
    session.mount("http://", Adapter())
    session.mount("https://", Adapter())
    return session
