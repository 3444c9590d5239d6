"""Tells whether a window could be opened here.

Why it exists: a variable that names a display says nothing about whether somebody is there. `make run`, `sotto` and
`sotto doctor` all ask this one question, and Qt, which ends the process when it cannot connect, is never asked.
"""

from __future__ import annotations

import contextlib
import os
import socket
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

X11_BASE_PORT = 6000
X11_SOCKETS = Path("/tmp/.X11-unix")  # noqa: S108 - the address X servers listen on, fixed by the protocol
CONNECT_TIMEOUT_S = 2.0


def reachable_display(environment: Mapping[str, str] | None = None) -> str:
    """The display a window would open on, for instance ``wayland-0`` or ``:0``; empty when there is none.

    A platform chosen with ``QT_QPA_PLATFORM`` that needs no display, such as ``offscreen``, counts as one.
    """
    environment = os.environ if environment is None else environment
    platform = environment.get("QT_QPA_PLATFORM", "").partition(":")[0].partition(";")[0]
    if platform in {"offscreen", "minimal", "vnc", "linuxfb", "eglfs"}:
        return platform
    if sys.platform in {"win32", "darwin"}:
        return sys.platform
    wayland = environment.get("WAYLAND_DISPLAY", "")
    if wayland and _answers(socket.AF_UNIX, str(_wayland_socket(wayland, environment))):
        return wayland
    x11 = environment.get("DISPLAY", "")
    if x11 and any(_answers(family, address) for family, address in _x11_addresses(x11)):
        return x11
    return ""


def _wayland_socket(name: str, environment: Mapping[str, str]) -> Path:
    """Where a Wayland compositor listens; an absolute name is the socket itself."""
    return Path(environment.get("XDG_RUNTIME_DIR", ".")) / name


def _x11_addresses(display: str) -> Iterator[tuple[socket.AddressFamily, str | tuple[str, int]]]:
    """Where the X server of ``host:number.screen`` listens: local sockets, or a port of another machine."""
    host, _, rest = display.rpartition(":")
    number = rest.partition(".")[0]
    if not number.isdecimal():
        return
    if host in {"", "unix"}:
        yield socket.AF_UNIX, str(X11_SOCKETS / f"X{number}")
        yield socket.AF_UNIX, f"\0{X11_SOCKETS}/X{number}"
    else:
        yield socket.AF_INET, (host, X11_BASE_PORT + int(number))


def _answers(family: socket.AddressFamily, address: str | tuple[str, int]) -> bool:
    """True when something accepts a connection."""
    with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.settimeout(CONNECT_TIMEOUT_S)
        probe.connect(address)
        return True
    return False
