"""How long each language model takes to let go of a request, in the middle of a prompt and in the middle of an answer.

    python -m tests.tools.cancel_latency [--runs 10] [BACKEND...]

One line of JSON for each backend and moment: median and 95th percentile in milliseconds from the cancelling until the
port is free again, and how often the process had to be ended for that. A loaded machine makes all of it longer.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import statistics
import time
from contextlib import aclosing

from app.aio.lease import CpuLease
from app.contracts.ports import TextGenerator
from app.contracts.text import ChatMessage, GenerationRequest, Role
from models.backends import Backends
from models.registry import Port
from tests.helpers.ports import TestLibrary, TestMachine, cache_dir, installed_backends, missing, real_backends

WORDS = ("sea", "land", "sky", "tree", "bird", "stone", "river", "road", "house", "light", "wind", "rain")
PROMPT_WORDS = 800


def prompt(run: int) -> GenerationRequest:
    """A long prompt that no cache has seen."""
    draw = random.Random(run)
    text = " ".join(draw.choice(WORDS) for _ in range(PROMPT_WORDS))
    return GenerationRequest((ChatMessage(Role.USER, text),), max_tokens=200, temperature=0.0)


async def in_prompt(writer: TextGenerator, run: int) -> float:
    """Seconds from the cancelling of a request whose prompt is being computed."""
    pieces = writer.generate(prompt(run))
    task = asyncio.ensure_future(anext(pieces))
    await asyncio.sleep(0.1)
    begun = time.perf_counter()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await pieces.aclose()
    return time.perf_counter() - begun


async def in_answer(writer: TextGenerator, _run: int) -> float:
    """Seconds from the closing of an answer that is being written."""
    request = GenerationRequest((ChatMessage(Role.USER, "Tell me a long story."),), max_tokens=200, temperature=0.0)
    async with aclosing(writer.generate(request)) as pieces:
        for _ in range(5):
            await anext(pieces)
        begun = time.perf_counter()
    return time.perf_counter() - begun


async def measured(backend_id: str, runs: int) -> None:
    """Print both lines of one backend."""
    backends = Backends(CpuLease(), machine=TestMachine(), library=TestLibrary(), cache_dir=cache_dir())
    try:
        writer = backends.text_port(backend_id)
        ran = (await writer.warm_up()).ran
        host = backends.build(backend_id).host
        for moment, measure in (("prompt", in_prompt), ("answer", in_answer)):
            taken, ended, reloads = [], 0, []
            for run in range(runs):
                before = host.pid
                taken.append(await measure(writer, run))
                begun = time.perf_counter()
                await writer.warm_up()
                if host.pid != before:
                    ended += 1
                    reloads.append(time.perf_counter() - begun)
            ms = sorted(1000 * seconds for seconds in taken)
            line = {
                "backend": backend_id,
                "ran": ran,
                "moment": moment,
                "p50_ms": round(statistics.median(ms), 1),
                "p95_ms": round(ms[min(len(ms) - 1, int(0.95 * len(ms)))], 1),
                "processes_ended": f"{ended}/{runs}",
                "reload_p50_ms": round(1000 * statistics.median(reloads), 0) if reloads else None,
            }
            print(json.dumps(line), flush=True)  # noqa: T201 - this is what it is for
    finally:
        await backends.aclose()


def main() -> None:
    """Measure what was named, or everything that can be opened here."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("backends", nargs="*")
    args = parser.parse_args()
    for backend_id in args.backends or [*real_backends(Port.TEXT), *installed_backends(Port.TEXT)]:
        if reason := missing(backend_id):
            print(json.dumps({"backend": backend_id, "skipped": reason}), flush=True)  # noqa: T201 - as above
        else:
            asyncio.run(measured(backend_id, args.runs))


if __name__ == "__main__":
    main()
