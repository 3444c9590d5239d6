"""A server that speaks OpenAI's chat completions, over the same model file: llama-cpp-python's own, on loopback.

It is part of the comparison where its libraries are installed, which the program itself does not need.
"""

from __future__ import annotations

import asyncio
import importlib.util
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from app.bench.programs import end
from app.contracts.errors import RuntimeFault, TemporaryError, Unavailable
from models.llm.openai_compatible import RemoteTextGenerator, Server

_NEEDS = ("llama_cpp", "fastapi", "uvicorn", "sse_starlette", "starlette_context", "pydantic_settings")
_ALIAS = "bench"
_PATIENCE_S = 60.0
CONTEXT_TOKENS = 2048


@asynccontextmanager
async def local_server(model: Path, threads: int, work: Path) -> AsyncIterator[tuple[RemoteTextGenerator, float]]:
    """A server for the length of the block, and the milliseconds until it could answer.

    Args:
        model: The GGUF file.
        threads: Of the server.
        work: Where its log goes.

    Raises:
        Unavailable: Its libraries are not installed.
        RuntimeFault: It ended by itself, or did not begin to answer.
    """
    if missing := [name for name in _NEEDS if importlib.util.find_spec(name) is None]:
        raise Unavailable(f"llama-cpp-python's server needs {', '.join(missing)}.", code="library-missing")
    began = time.perf_counter()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number = free.getsockname()[1]
    process = await asyncio.to_thread(_start, model, threads, number, work / "server.log")
    port = RemoteTextGenerator(
        Server(
            base_url=f"http://127.0.0.1:{number}/v1",
            model=_ALIAS,
            backend_id="server",
            context_tokens=CONTEXT_TOKENS,
        )
    )
    try:
        await _until_it_answers(port, process)
        yield port, (time.perf_counter() - began) * 1000.0
    finally:
        await port.aclose()
        await asyncio.to_thread(end, process)


def _start(model: Path, threads: int, number: int, log: Path) -> subprocess.Popen[bytes]:
    command = (
        *(sys.executable, "-m", "llama_cpp.server", "--model", str(model), "--model_alias", _ALIAS),
        *("--host", "127.0.0.1", "--port", str(number), "--n_ctx", str(CONTEXT_TOKENS), "--n_threads", str(threads)),
    )
    with log.open("wb") as file:
        return subprocess.Popen(command, stdout=file, stderr=file, cwd=log.parent)


async def _until_it_answers(port: RemoteTextGenerator, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        try:
            await port.warm_up()
        except TemporaryError as error:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeFault("llama-cpp-python's server did not begin to answer.") from error
            await asyncio.sleep(0.1)
        else:
            return
