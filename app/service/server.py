"""The server: binds, tells that it is ready, drains and ends."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import socket
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from app.assistant.jobs.book import JobBook
from app.contracts.errors import AlreadyRunning, InvalidInput
from app.service.generated.compute.v1 import compute_pb2 as pb
from app.service.generated.compute.v1.compute_pb2_grpc import add_ComputeServiceServicer_to_server
from app.service.limits import Admission, Limits
from app.service.messages import MessageCheck
from app.service.security import TokenCheck, check_exposure, credentials
from app.service.servicer import SERVICE, ComputeService, Engine, Library

log = logging.getLogger(__name__)

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 50051
LIVENESS = "liveness"
"""Health of the process; that of the whole server and of the service is its readiness."""
_ENDING_S = 2.0
_LAST_PORT = 65_535


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeOptions:
    """How to serve.

    Attributes:
        host: The address to listen at.
        port: 0 takes any that is free.
        token: What calls have to bring, empty to let everybody in.
        tls_cert: PEM file, None for no TLS.
        tls_key: PEM file.
        limits: What clients may ask for.
        grace_s: Seconds that runs get to finish when the server ends.
    """

    host: str = DEFAULT_HOST
    port: int = DEFAULT_PORT
    token: str = ""
    tls_cert: Path | None = None
    tls_key: Path | None = None
    limits: Limits = field(default_factory=Limits)
    grace_s: float = 10.0


class ComputeServer:
    """Serves pipelines over gRPC. Belongs to one event loop.

    Args:
        engine: Runs them; closed by whoever made it.
        library: Names them.
        options: How to serve.
        jobs: The jobs of this person, None for none.
    """

    def __init__(self, engine: Engine, library: Library, options: ServeOptions, jobs: JobBook | None = None) -> None:
        self._engine = engine
        self._options = options
        self._admission = Admission(options.limits)
        self._service = ComputeService(engine, library, options.limits, self._admission, jobs)
        self._health: Any = None
        self._server: Any = None
        self.port = 0

    @property
    def address(self) -> str:
        """Where it listens, once it has been started."""
        host = self._options.host
        return f"[{host}]:{self.port}" if ":" in host else f"{host}:{self.port}"

    @property
    def running(self) -> int:
        """Runs of clients that are going on."""
        return self._admission.running

    async def start(self) -> None:
        """Listen.

        Raises:
            InvalidInput: The address, the certificate or their combination cannot be used.
            AlreadyRunning: The port is taken.
        """
        options = self._options
        check_exposure(options.host, with_token=bool(options.token), tls_cert=options.tls_cert, tls_key=options.tls_key)
        tls = None
        if options.tls_cert is not None and options.tls_key is not None:
            tls = await asyncio.to_thread(credentials, options.tls_cert, options.tls_key)
        await asyncio.to_thread(_check_port, options.host, options.port)
        interceptors: list[grpc.aio.ServerInterceptor] = [MessageCheck(SERVICE)]
        if options.token:
            interceptors.insert(0, TokenCheck(options.token))
        server = grpc.aio.server(interceptors=interceptors, options=_channel_options(options.limits))
        add_ComputeServiceServicer_to_server(self._service, server)  # type: ignore[no-untyped-call]
        self._health = health.aio.HealthServicer()
        health_pb2_grpc.add_HealthServicer_to_server(self._health, server)
        names = (SERVICE, health.SERVICE_NAME, reflection.SERVICE_NAME)
        assert pb.DESCRIPTOR.services_by_name["ComputeService"].full_name == SERVICE
        reflection.enable_server_reflection(names, server)
        host = f"[{options.host}]" if ":" in options.host else options.host
        where = f"{host}:{options.port}"
        try:
            self.port = server.add_insecure_port(where) if tls is None else server.add_secure_port(where, tls)
        except RuntimeError as error:
            raise InvalidInput(
                f"The server cannot listen at {where}.", code="cannot-listen", remedy="Choose another --host or --port."
            ) from error
        for name in ("", LIVENESS, SERVICE):
            await self._health.set(name, health_pb2.HealthCheckResponse.SERVING)
        await server.start()
        self._server = server
        log.info("serving pipelines at %s", self.address)

    async def drain(self) -> int:
        """Take no new run, give those that go on their grace, then end them; returns how many were ended."""
        self._admission.draining = True
        for name in ("", SERVICE):
            await self._health.set(name, health_pb2.HealthCheckResponse.NOT_SERVING)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._options.grace_s):
                await self._admission.empty()
        left = self._admission.running
        if left:
            await self._engine.cancel_all()
        return left

    async def aclose(self) -> None:
        """End. May be called twice."""
        server, self._server = self._server, None
        if server is not None:
            self._admission.draining = True
            await server.stop(_ENDING_S)


def _channel_options(limits: Limits) -> list[tuple[str, Any]]:
    """How the transport behaves: a dead client is noticed within half a minute, and a port belongs to one server."""
    return [
        ("grpc.so_reuseport", 0),
        ("grpc.max_receive_message_length", limits.message_bytes),
        ("grpc.max_send_message_length", -1),
        ("grpc.max_concurrent_streams", 128),
        ("grpc.keepalive_time_ms", 20_000),
        ("grpc.keepalive_timeout_ms", 10_000),
        ("grpc.http2.min_recv_ping_interval_without_data_ms", 10_000),
        ("grpc.http2.max_ping_strikes", 5),
    ]


def _check_port(host: str, port: int) -> None:
    """See whether the address can be listened at: gRPC itself says no more than that it cannot.

    Raises:
        InvalidInput: There is no such address here, or the port may not be used.
        AlreadyRunning: Somebody listens there.
    """
    if not 0 <= port <= _LAST_PORT:
        raise InvalidInput(f"Port {port} is out of range: ports go from 0 to {_LAST_PORT}.", code="bad-port")
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        raise InvalidInput(f"There is no address {host!r}.", code="no-address") from error
    for family, kind, protocol, _name, address in found:
        try:
            with socket.socket(family, kind, protocol) as probe:
                if sys.platform != "win32":  # there it would let two servers share a port
                    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(address)
        except OSError as error:
            raise _cannot_bind(error, host, port) from error


def _cannot_bind(error: OSError, host: str, port: int) -> AlreadyRunning | InvalidInput:
    if error.errno == errno.EADDRINUSE:
        return AlreadyRunning(
            f"Something else listens at {host}:{port}.",
            code="port-in-use",
            remedy="End it, or choose another port with --port.",
        )
    if error.errno in (errno.EACCES, errno.EPERM):
        return InvalidInput(
            f"Port {port} may not be used.", code="port-forbidden", remedy="Choose one above 1023 with --port."
        )
    return InvalidInput(f"This machine has no address {host!r}: {error.strerror or error}.", code="no-address")
