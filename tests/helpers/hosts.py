"""Hosts for tests: short patience, every event kept, closed whatever happens."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import psutil

from app.contracts.events import HostChanged
from models.host.backoff import BackoffLimits
from models.host.engine import JsonValue
from models.host.supervisor import Host, HostLimits

TROUBLE = "models.fakes.trouble:TroubleEngine"
LIMITS = HostLimits(request_s=20.0, load_s=30.0, backoff=BackoffLimits(first_s=0.01, longest_s=0.02))


class WatchedHost(Host):
    """A host whose events are kept."""

    def __init__(self, engine: str, limits: HostLimits, options: dict[str, JsonValue]) -> None:
        self.events: list[HostChanged] = []
        super().__init__("test-cpu", engine, options, on_event=self.events.append, limits=limits)

    @property
    def states(self) -> list[str]:
        return [event.state for event in self.events]


@asynccontextmanager
async def running(
    engine: str = TROUBLE, *, request_s: float | None = None, idle_s: float | None = None, **options: JsonValue
) -> AsyncIterator[WatchedHost]:
    """A host for the length of the block."""
    limits = LIMITS if request_s is None else replace(LIMITS, request_s=request_s)
    host = WatchedHost(engine, replace(limits, idle_s=idle_s), options)
    try:
        yield host
    finally:
        await host.aclose()


def host_processes() -> list[psutil.Process]:
    """Children of this process that are hosts; a sound server of other tests may be among its children too."""
    return [child for child in psutil.Process().children() if "models.host" in child.cmdline()]


def open_descriptors() -> int:
    """How many file descriptors this process holds."""
    return len(os.listdir("/proc/self/fd"))
