"""A language model that is no longer wanted stops in time, or its process is ended and the next request answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

from app.aio.lease import CpuLease
from app.contracts.text import ChatMessage, GenerationRequest, Role
from models.backends import Backends
from models.host.supervisor import HostLimits
from tests.helpers.ports import TestLibrary, TestMachine, cache_dir, missing

ON_NPU = "openvino-npu:smollm2-135m-ov-int4"
LONG = GenerationRequest((ChatMessage(Role.USER, "the sea and the land " * 170),), max_tokens=4, temperature=0.0)
SHORT = GenerationRequest(
    (ChatMessage(Role.USER, "What is the capital of France?"),),
    answer_so_far="The capital of France is",
    max_tokens=2,
    temperature=0.0,
)


@pytest.fixture
async def backends() -> AsyncIterator[Backends]:
    if reason := missing(ON_NPU):
        pytest.skip(reason)
    limits = HostLimits(cancel_grace_s=0.05, request_s=60.0)
    made = Backends(CpuLease(), machine=TestMachine(), library=TestLibrary(), limits=limits, cache_dir=cache_dir())
    yield made
    await made.aclose()


async def test_a_prompt_that_cannot_be_stopped_ends_the_process_and_the_next_question_is_answered(
    backends: Backends,
) -> None:
    writer = backends.text_port(ON_NPU)
    await writer.warm_up()
    host = backends.build(ON_NPU).host
    first = host.pid
    task = asyncio.create_task(anext(writer.generate(LONG)))
    await asyncio.sleep(0.2)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert task.cancelled()
    assert host.pid != first, "the process was in the middle of a prompt and is gone"
    async with aclosing(writer.generate(SHORT)) as pieces:
        answer = "".join([piece.text async for piece in pieces])
    assert "Paris" in answer
    assert host.pid not in (0, first)
