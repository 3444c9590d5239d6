"""`sotto serve` as a person starts it: the built-in pipelines on the embedded default."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from app.settings.disk import HOME_VARIABLE
from app.settings.paths import asset
from tests.helpers.service import Client, client_of, token_in

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")

PATIENCE_S = 60.0
BUILT_IN = {
    "adaptive-text",
    "code-generation",
    "power-budget",
    "rag",
    "realtime-audio",
    "speculative",
    "thermal-failover",
    "voice-assistant",
}


@asynccontextmanager
async def served(home: Path) -> AsyncIterator[Client]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "app",
        "serve",
        "--port",
        "0",
        "--json",
        env={**os.environ, HOME_VARIABLE: str(home)},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(PATIENCE_S):
            line = await process.stdout.readline()
        assert line, (await process.communicate())[1].decode()
        told: dict[str, Any] = json.loads(line)
        async with client_of(told["address"], token_in(told)) as client:
            yield client
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(PATIENCE_S):
            _, err = await process.communicate()
        assert process.returncode == 0, err.decode()
        assert b"Traceback" not in err, err.decode()
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def test_the_built_in_pipelines_over_grpc(tmp_path: Path) -> None:
    async with served(tmp_path) as client:
        listed = await client.json("ListPipelines", {})
        assert {entry["pipeline_id"] for entry in listed["pipelines"]} >= BUILT_IN
        request = {
            "pipeline_id": "adaptive-text",
            "input": {"text": "Explain quantum physics"},
            "options": {"max_tokens": 24},
        }
        answer = await client.json("ExecutePipeline", request, timeout=PATIENCE_S)
        assert answer["success"] is True
        assert answer["pipeline_id"] == "adaptive-text"
        assert answer["final_output"]["text"].strip()
        assert answer["total_time_ms"] > 0
        [stage] = [stage for stage in answer["stage_results"] if stage["stage_id"] == "generate-text"]
        assert stage["success"] is True
        assert stage["backend"]
        assert stage["metadata"]["attempt_count"] >= 1
        assert 0.0 <= stage["metadata"]["confidence"] <= 1.0

        request["input"] = {"text": "Explain why the sky is blue"}
        events = await client.stream("ExecutePipelineStream", request, timeout=PATIENCE_S)
        kinds = [event["type"] for event in events]
        assert kinds[:2] == ["RunStarted", "PlanMade"]
        assert kinds[-1] == "RunFinished"
        shown = ""
        for event in events:
            if "text_delta" in event:
                shown += event["text_delta"]["text"]
            elif "text_replaced" in event:
                shown = shown[: int(event["text_replaced"].get("kept", 0))]
        assert shown.strip() == events[-1]["response"]["final_output"]["text"].strip()


async def test_a_question_by_voice_is_answered_by_voice(tmp_path: Path) -> None:
    recording = base64.b64encode(asset("recordings/capital-of-france.wav").read_bytes()).decode()
    request = {
        "pipeline_id": "voice-assistant",
        "input": {"audio": {"data": recording}},
        "options": {"max_tokens": 24},
    }
    async with served(tmp_path) as client:
        events = await client.stream("ExecutePipelineStream", request, timeout=PATIENCE_S)
        answer = await client.json("ExecutePipeline", request, timeout=PATIENCE_S)
    pieces = [base64.b64decode(event["audio"]["data"]) for event in events if "audio" in event]
    assert sum(map(len, pieces)) > 16_000
    assert events[-1]["type"] == "RunFinished"
    assert base64.b64decode(answer["final_output"]["audio"]["data"])[:4] == b"RIFF"
    heard = next(stage for stage in answer["stage_results"] if stage["stage_id"] == "voice-to-text")
    assert "capital of France" in heard["output"]
    assert answer["final_output"]["text"].strip()
