"""A real OpenAI-compatible server on the loopback: llama-cpp-python's own, with the embedded language model."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.helpers.engines import language_model

KEY = "sesame"
MODEL = "smol"
_NEEDS = ("llama_cpp", "fastapi", "uvicorn", "sse_starlette", "starlette_context", "pydantic_settings")
_PATIENCE_S = 60.0


@dataclass
class RealServer:
    """The server while it runs."""

    url: str
    process: subprocess.Popen[bytes] = field(repr=False)

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        self.process.kill()
        self.process.wait()

    def freeze(self) -> None:
        """Let it hang: its socket stays open, and nothing comes."""
        os.kill(self.process.pid, signal.SIGSTOP)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def real_server(folder: Path) -> Iterator[RealServer]:
    """Start one and wait until it answers; skips where it cannot be had."""
    if missing := [name for name in _NEEDS if importlib.util.find_spec(name) is None]:
        pytest.skip(f"llama-cpp-python's server needs {', '.join(missing)}")
    port = free_port()
    command = (
        *(sys.executable, "-m", "llama_cpp.server", "--model", language_model(), "--model_alias", MODEL),
        *("--host", "127.0.0.1", "--port", str(port), "--n_ctx", "1024", "--n_threads", "1", "--api_key", KEY),
    )
    with (folder / "server.log").open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder)
    server = RealServer(f"http://127.0.0.1:{port}/v1", process)
    try:
        _wait(server, folder / "server.log")
        yield server
    finally:
        server.kill()


def _wait(server: RealServer, log: Path) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    request = urllib.request.Request(f"{server.url}/models", headers={"Authorization": f"Bearer {KEY}"})
    while time.monotonic() < deadline:
        if server.process.poll() is not None:
            pytest.fail(f"the server ended: {log.read_text(errors='replace')[-2000:]}")
        try:
            with urllib.request.urlopen(request, timeout=1.0):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    pytest.fail(f"the server does not answer: {log.read_text(errors='replace')[-2000:]}")
