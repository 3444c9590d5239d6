"""Jobs over gRPC: begun, listed, waited for and cancelled, also when the one who began them has left."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest

from app.aio.clock import SystemClock
from app.assistant.jobs.book import JobBook
from app.memory.notebook import Notebook
from tests.helpers.service import client_of, served


@asynccontextmanager
async def book(folder: Path) -> AsyncIterator[JobBook]:
    notebook = Notebook(folder / "notebook.db")
    jobs = JobBook(SystemClock(), notebook, lambda _event: None)
    try:
        yield jobs
    finally:
        await jobs.aclose()
        await notebook.aclose()


async def test_a_job_outlives_its_caller(tmp_path: Path) -> None:
    async with book(tmp_path) as jobs, served(jobs=jobs) as (server, _engine):
        async with client_of(server.address) as client:
            begun = await client.json("StartJob", {"pipeline_id": "echo", "input": {"text": "one two"}})
        async with client_of(server.address) as client:
            ended = await client.json("WaitJob", {"job_id": begun["job_id"]})
            listed = await client.json("ListJobs", {})
            one = await client.json("GetJob", {"job_id": begun["job_id"][:4]})
        assert server.running == 0
    assert (begun["name"], begun["state"]) == ("echo", "queued")
    assert (ended["state"], ended["message"], ended["progress"]) == ("done", "one two", 1.0)
    assert listed["jobs"] == [ended] == [one]


async def test_a_job_is_cancelled_and_its_run_ended(tmp_path: Path) -> None:
    async with book(tmp_path) as jobs, served(jobs=jobs) as (server, _engine), client_of(server.address) as client:
        begun = await client.json("StartJob", {"pipeline_id": "forever", "input": {"text": "x"}})
        with pytest.raises(grpc.aio.AioRpcError) as late:
            await client.json("WaitJob", {"job_id": begun["job_id"], "timeout_s": 0.05})
        ended = await client.json("CancelJob", {"job_id": begun["job_id"]})
        assert server.running == 0
    assert late.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert ended["state"] == "cancelled"


async def test_what_cannot_be_done_is_told(tmp_path: Path) -> None:
    codes = {}
    calls: dict[str, dict[str, Any]] = {
        "GetJob": {"job_id": "nothing"},
        "WaitJob": {},
        "ListJobs": {"limit": 1000},
        "StartJob": {"pipeline_id": "echo"},
    }
    async with book(tmp_path) as jobs, served(jobs=jobs) as (server, _engine), client_of(server.address) as client:
        for name, content in calls.items():
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await client.json(name, content)
            codes[name] = (refused.value.code().name, dict(refused.value.trailing_metadata() or ())["sotto-code"])
        assert server.running == 0
    async with served() as (server, _engine), client_of(server.address) as client:
        with pytest.raises(grpc.aio.AioRpcError) as none:
            await client.json("ListJobs", {})
    assert codes == {
        "GetJob": ("NOT_FOUND", "no-job"),
        "WaitJob": ("INVALID_ARGUMENT", "no-job-id"),
        "ListJobs": ("INVALID_ARGUMENT", "bad-limit"),
        "StartJob": ("INVALID_ARGUMENT", "no-input"),
    }
    assert none.value.code() is grpc.StatusCode.UNAVAILABLE
