"""Who may call: a token for everybody, TLS for everybody who is not on this machine."""

from __future__ import annotations

import contextlib
import hmac
import ipaddress
import os
import secrets
import socket
import ssl
import stat
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import grpc
import grpc.aio

from app.contracts.errors import InvalidInput, StorageError

TOKEN_FILE = "service.token"
_SHORTEST, _LONGEST = 16, 1024
_OPEN = ("/grpc.health.v1.Health/",)
"""Whoever watches over processes asks for their health without a token."""
_REFUSAL = "This call needs the header `authorization: Bearer TOKEN`; the token is in the file service.token."


def read_token(folder: Path) -> tuple[str, Path]:
    """The token and the file it is in; made at the first start, readable by nobody else.

    A token that others may have read is replaced.

    Raises:
        StorageError: It can be neither read nor written.
    """
    path = folder / TOKEN_FILE
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with contextlib.suppress(FileNotFoundError):
            facts = path.stat()
            private = sys.platform == "win32" or not facts.st_mode & 0o077
            if stat.S_ISREG(facts.st_mode) and private and (token := _read(path)):
                return token, path
        token = secrets.token_urlsafe(32)
        part = path.with_name(f".{TOKEN_FILE}.{secrets.token_hex(8)}")
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "w", encoding="ascii") as file:
                file.write(token + "\n")
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise StorageError(
            f"The service's token cannot be kept in {path}: {error.strerror or error}.", code="token-file"
        ) from error
    return token, path


def _read(path: Path) -> str:
    """The token in a file, empty when there is none that a header can carry."""
    with path.open("rb") as file:
        token = file.read(_LONGEST + 1).decode("ascii", errors="replace").strip()
    fits = _SHORTEST <= len(token) <= _LONGEST
    return token if fits and token.isascii() and token.isprintable() and " " not in token else ""


def is_loopback(host: str) -> bool:
    """Whether an address is reached from this machine alone; a name has to mean loopback addresses only."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        pass
    try:
        found = socket.getaddrinfo(host, None)
    except (OSError, UnicodeError):
        return False
    return bool(found) and all(ipaddress.ip_address(str(entry[4][0]).split("%")[0]).is_loopback for entry in found)


def _known(host: str) -> bool:
    try:
        return bool(host) and bool(socket.getaddrinfo(host, None))
    except (OSError, UnicodeError):
        return False


def check_exposure(host: str, *, with_token: bool, tls_cert: Path | None, tls_key: Path | None) -> None:
    """Make sure that nobody is let in by accident.

    Raises:
        InvalidInput: Off loopback without a token or without TLS, half of a certificate, or an unknown address.
    """
    if (tls_cert is None) != (tls_key is None):
        raise InvalidInput("--tls-cert and --tls-key go together; one of them is missing.", code="half-tls")
    if is_loopback(host):
        return
    if not _known(host):
        raise InvalidInput(
            f"There is no address {host!r}.", code="no-address", remedy="Give one of this machine, such as 127.0.0.1."
        )
    if not with_token:
        raise InvalidInput(
            f"--no-token would let everybody who reaches {host} run pipelines.",
            code="no-token-off-loopback",
            remedy="Leave it out, or serve on 127.0.0.1.",
        )
    if tls_cert is None:
        raise InvalidInput(
            f"Whatever is said to {host} could be read on the way without TLS.",
            code="tls-needed",
            remedy="Give --tls-cert FILE --tls-key FILE, or serve on 127.0.0.1.",
        )


def credentials(tls_cert: Path, tls_key: Path) -> grpc.ServerCredentials:
    """TLS of a certificate and its key in PEM files.

    Raises:
        InvalidInput: A file cannot be read or is no PEM, has a password, or they do not belong together.
    """
    parts = []
    for path in (tls_key, tls_cert):
        try:
            content = path.read_bytes()
        except OSError as error:
            raise InvalidInput(f"{path} cannot be read: {error.strerror or error}.", code="tls-file") from error
        if b"-----BEGIN" not in content:
            raise InvalidInput(f"{path} is no PEM file.", code="tls-file")
        parts.append(content)
    try:  # gRPC itself says no more than that it cannot listen
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(tls_cert, tls_key, password=_no_password)
    except (ssl.SSLError, OSError, ValueError) as error:
        raise InvalidInput(
            f"The certificate {tls_cert} and the key {tls_key} cannot be used.",
            code="tls-file",
            remedy="They have to belong together, and the key must have no password.",
        ) from error
    return grpc.ssl_server_credentials([(parts[0], parts[1])])


def _no_password() -> bytes:
    """Without this, OpenSSL would ask for a password at the terminal."""
    return b""


class TokenCheck(grpc.aio.ServerInterceptor):
    """Lets calls through that bring the token.

    Args:
        token: What has to be brought.
    """

    def __init__(self, token: str) -> None:
        self._expected = f"Bearer {token}".encode()

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Any]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Any:
        """Put a refusal in the place of the call unless it brings the token."""
        handler = await continuation(handler_call_details)
        if handler is None or handler_call_details.method.startswith(_OPEN):
            return handler
        given = [value for key, value in handler_call_details.invocation_metadata or () if key == "authorization"]
        header = given[0] if len(given) == 1 else ""
        brought = header if isinstance(header, bytes) else header.encode("utf-8", "replace")
        if hmac.compare_digest(brought, self._expected):
            return handler
        return _refusing(handler)


def _refusing(handler: Any) -> Any:
    """A handler of the same kind that refuses."""

    async def refuse(_request: Any, context: grpc.aio.ServicerContext[Any, Any]) -> None:
        await context.abort(grpc.StatusCode.UNAUTHENTICATED, _REFUSAL, (("sotto-code", "unauthenticated"),))

    kinds = {
        (False, False): grpc.unary_unary_rpc_method_handler,
        (False, True): grpc.unary_stream_rpc_method_handler,
        (True, False): grpc.stream_unary_rpc_method_handler,
        (True, True): grpc.stream_stream_rpc_method_handler,
    }
    make: Any = kinds[handler.request_streaming, handler.response_streaming]
    return make(refuse, None, handler.response_serializer)  # what strangers send is not even read
