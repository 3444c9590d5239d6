"""`sotto serve` as a process over scripted pipelines: how it begins, what it says, and how it ends."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest

from tests.helpers.service import client_of, free_port, token_in

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")

PATIENCE_S = 60.0
FOREVER = {"pipeline_id": "forever", "input": {"text": "x"}}


@asynccontextmanager
async def serving(folder: Path, *flags: str, port: int = 0) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.helpers.serve_script",
        str(folder),
        str(port),
        *flags,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def ready(process: asyncio.subprocess.Process) -> dict[str, Any]:
    assert process.stdout is not None
    async with asyncio.timeout(PATIENCE_S):
        line = await process.stdout.readline()
    content: dict[str, Any] = json.loads(line)
    assert content["event"] == "ready"
    return content


async def ended(process: asyncio.subprocess.Process) -> tuple[int | None, str]:
    async with asyncio.timeout(PATIENCE_S):
        out, err = await process.communicate()
    assert out == b""
    assert b"Traceback" not in err, err.decode()
    return process.returncode, err.decode()


async def test_it_says_where_it_is_and_lets_in_who_has_the_token(tmp_path: Path) -> None:
    async with serving(tmp_path, "--json", "--metrics") as process:
        told = await ready(process)
        assert told["token_file"] == str(tmp_path / "service.token")
        async with client_of(told["address"], token_in(told)) as client:
            answer = await client.json("ExecutePipeline", {"pipeline_id": "echo", "input": {"text": "hello"}})
            assert answer["final_output"]["text"] == "hello"
            client.metadata = (("authorization", "Bearer wrong"),)
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await client.json("ListPipelines", {})
        assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED
        text = await asyncio.to_thread(_fetched, f"http://127.0.0.1:{told['metrics_port']}/metrics")
        assert 'sotto_runs_total{end="finished",pipeline="echo"} 1.0' in text
        process.send_signal(signal.SIGINT)
        assert await ended(process) == (0, "closed\n")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_run_that_goes_on_is_ended_after_its_grace(tmp_path: Path, number: signal.Signals) -> None:
    async with serving(tmp_path, "--json", "--no-token") as process:
        told = await ready(process)
        assert "token_file" not in told
        async with client_of(told["address"]) as client:
            call = client.method("ExecutePipelineStream")(FOREVER)
            while (await call.read()).type != "TextDelta":
                pass
            process.send_signal(number)
            while not (last := await call.read()).HasField("response"):
                pass
            assert last.response.error.code == "cancelled"
        code, said = await ended(process)
    assert code == 0
    assert said == "Ending: 1 run may take up to 0 s to finish.\n1 run had to be ended.\nclosed\n"


async def test_a_second_signal_does_not_wait(tmp_path: Path) -> None:
    async with serving(tmp_path, "--json", "--no-token", "--patient") as process:
        told = await ready(process)
        async with client_of(told["address"]) as client:
            call = client.method("ExecutePipelineStream")(FOREVER)
            while (await call.read()).type != "TextDelta":
                pass
            process.send_signal(signal.SIGTERM)
            assert process.stderr is not None
            assert b"may take up to 30 s" in await process.stderr.readline()
            process.send_signal(signal.SIGTERM)
            code, said = await ended(process)
            call.cancel()
    assert code == 130
    assert said == "closed\n"


async def test_a_port_that_is_taken_is_one_sentence(tmp_path: Path) -> None:
    port = free_port()
    async with serving(tmp_path, "--json", port=port) as process:
        await ready(process)
        async with serving(tmp_path, "--json", port=port) as second:
            code, said = await ended(second)
        assert code == 3
        assert f"Something else listens at 127.0.0.1:{port}. End it, or choose another port with --port." in said
        process.send_signal(signal.SIGTERM)
        assert (await ended(process))[0] == 0


async def test_in_words(tmp_path: Path) -> None:
    async with serving(tmp_path) as process:
        assert process.stdout is not None
        async with asyncio.timeout(PATIENCE_S):
            assert (await process.stdout.readline()).startswith(b"Serving pipelines at 127.0.0.1:")
        process.send_signal(signal.SIGTERM)
        code, said = await ended(process)
    assert code == 0
    assert f"the token is in {tmp_path / 'service.token'}." in said


def _fetched(address: str) -> str:
    with urllib.request.urlopen(address, timeout=10) as answer:
        content: str = answer.read().decode()
        return content
