"""Operations that do what no operation should; the tests of the sandbox have its child run them."""

from __future__ import annotations

import ctypes
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

from app.contracts.errors import InvalidInput


def hog() -> str:
    return "x" * (1 << 30)


def spin() -> None:
    while True:
        pass


def sleep() -> None:
    time.sleep(60)


def die() -> None:
    os._exit(3)


def shout() -> str:
    return "x" * (5 << 20)


def refuse() -> None:
    raise InvalidInput("No.", code="not-so", remedy="Do not.")


def write(folder: str) -> None:
    Path(folder, "written").write_text("x")


def run(folder: str) -> None:
    subprocess.run([sys.executable, "-c", f"open({folder!r} + '/written', 'w')"], check=True)


def fork(folder: str) -> None:
    if not os.fork():
        os._exit(0)


def connect(folder: str) -> None:
    socket.create_connection(("127.0.0.1", 9), timeout=1)


def environment() -> dict[str, object]:
    return {"names": sorted(os.environ), "files": os.listdir(), "folder": os.getcwd()}


def raw(path: str) -> dict[str, object]:
    """Past the audit hook, straight to the C library."""
    libc = ctypes.CDLL(None)
    descriptor = libc.open(path.encode(), os.O_WRONLY | os.O_CREAT, 0o600)
    written = libc.write(descriptor, b"x", 1)
    line = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    address = (ctypes.c_uint8 * 16)(2, 0, 0, 9, 127, 0, 0, 1)
    connected = libc.connect(line.fileno(), address, 16)
    line.close()
    status = dict(line.split(":\t", 1) for line in Path("/proc/self/status").read_text().splitlines() if ":\t" in line)
    names = [name for _, name in socket.if_nameindex()]
    return {
        "written": written,
        "connected": connected,
        "own_network": names == ["lo"],
        "capabilities": int(status["CapEff"], 16),
    }
