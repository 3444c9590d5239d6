"""Addresses of servers: which may stand in a file, and where text sent to one goes.

Why it exists: whether words leave this machine, this network, or are sent in the clear has to be said in one sentence
before they are, and asked for where it is worse than a person would expect.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import SplitResult, urlsplit

from app.contracts.errors import InvalidInput

_EXAMPLE = "For instance http://127.0.0.1:11434/v1."
_OWN_NETWORK = (".local", ".home.arpa", ".internal")
"""Ends of names that mean nothing outside one's own network. Source: RFC 6762, RFC 8375, and ICANN's reservation."""

_PASSED_ON = "That server passes it on to ollama.com, where models called -cloud run."


class Reach(StrEnum):
    """How far text goes."""

    MACHINE = "machine"
    """It stays on this machine."""
    NETWORK = "network"
    """It stays in the network this machine is in."""
    INTERNET = "internet"
    """It goes anywhere."""


@dataclass(frozen=True, slots=True)
class Address:
    """A server's address, checked.

    Attributes:
        url: As it is used: without a slash at its end, with ``/v1`` where it had no path.
        host: Its name or number, with the port when it has one.
        reach: How far text goes.
        encrypted: Nobody on the way can read it.
    """

    url: str
    host: str
    reach: Reach
    encrypted: bool

    @property
    def needs_a_word(self) -> bool:
        """Text would cross networks of others in the clear: the person has to ask for that in so many words."""
        return self.reach is Reach.INTERNET and not self.encrypted

    @property
    def origin(self) -> str:
        """Scheme, host and port: whom a key is for."""
        return self.url.split("/", 3)[0] + "//" + self.host

    def sentence(self, model: str = "") -> str:
        """Where text goes that is sent there, for a person who is about to allow it."""
        where = {
            Reach.MACHINE: "Text goes to a server on this machine and does not leave it",
            Reach.NETWORK: f"Text leaves this machine for {self.host}, within your own network",
            Reach.INTERNET: f"Text leaves this machine for {self.host}, beyond your own network",
        }[self.reach]
        how = "" if self.reach is Reach.MACHINE else ", encrypted" if self.encrypted else ", readable on the way"
        passed_on = f" {_PASSED_ON}" if passes_on(model) else ""
        return f"{where}{how}.{passed_on}"


def passes_on(model: str) -> bool:
    """Whether a server with this model sends the text on: Ollama does for the models it calls its cloud."""
    return model.endswith(("-cloud", ":cloud"))


def address(url: str) -> Address:
    """An address of a server that speaks OpenAI's protocol.

    Raises:
        InvalidInput: It is none, or carries what does not belong into an address (``server-url``).
    """
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise _wrong(url, f"is no address: {error}") from error
    if parts.scheme not in ("http", "https"):
        raise _wrong(url, "does not begin with http:// or https://")
    if not host or any(char.isspace() or not char.isprintable() for char in parts.netloc + parts.path):
        raise _wrong(url, "names no server")
    if parts.username is not None or parts.password is not None:
        raise InvalidInput(
            "The address carries a name or password, which would be written into a file.",
            code="server-url",
            remedy="Take it out of the address; `sotto servers add ID URL MODEL --key` keeps a key in the keyring.",
        )
    if parts.query or parts.fragment:
        raise _wrong(url, "goes on after its path")
    shown = _host(host, port)
    path = parts.path.rstrip("/") or "/v1"
    return Address(
        url=SplitResult(parts.scheme, shown, path, "", "").geturl(),
        host=shown,
        reach=_reach(host),
        encrypted=parts.scheme == "https",
    )


def _host(host: str, port: int | None) -> str:
    name = f"[{host}]" if ":" in host else host
    return name if port is None else f"{name}:{port}"


def _reach(host: str) -> Reach:
    """By its number, or by what its name promises: nobody is asked where a name leads."""
    try:
        number = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        name = host.rstrip(".").lower()
        if name == "localhost" or name.endswith(".localhost"):
            return Reach.MACHINE
        return Reach.NETWORK if name.endswith(_OWN_NETWORK) else Reach.INTERNET
    mapped = number.ipv4_mapped if isinstance(number, ipaddress.IPv6Address) else None
    number = mapped or number
    if number.is_loopback:
        return Reach.MACHINE
    inside = (number.is_private or number.is_link_local) and not number.is_unspecified and not number.is_reserved
    return Reach.NETWORK if inside else Reach.INTERNET


def _wrong(url: str, what: str) -> InvalidInput:
    return InvalidInput(f"The address {url[:200]!r} {what}.", code="server-url", remedy=_EXAMPLE)
