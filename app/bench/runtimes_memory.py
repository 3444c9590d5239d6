"""What loading and unloading over and over leaves behind: in this process, in the hosts, among the processes.

Unloading is ending a host, so a host cannot grow from one load to the next unless something outside it does; that this
is so is what the figures say.
"""

from __future__ import annotations

import asyncio
import gc
from dataclasses import dataclass, field
from statistics import median

import psutil

from app.bench.report import Figure, single
from app.contracts.audio import VoiceOptions
from app.contracts.ports import Embedder, SpeechToText, TextGenerator, TextToSpeech
from app.contracts.text import ChatMessage, GenerationRequest, Role
from models.devices.exercise import clip
from models.hosted.base import HostedRuntime
from models.memory import resident_bytes

CYCLES = 50
_SETTLE = 5
"""Cycles before this process is measured: until then caches fill and modules load."""


@dataclass(slots=True)
class Residue:
    """What was seen of one runtime, bytes.

    Attributes:
        app: Resident size of this process after each cycle, the host gone.
        host: Resident size of the host in each cycle, after one request.
        left: Child processes that were still there at the end.
    """

    app: list[int] = field(default_factory=list)
    host: list[int] = field(default_factory=list)
    left: int = 0


async def load_and_unload(runtime: HostedRuntime, cycles: int) -> Residue:
    """Load, ask once and unload, so many times."""
    seen = Residue()
    before = _children()
    for _ in range(cycles):
        await runtime.warm_up()
        await _ask_once(runtime)
        seen.host.append(await asyncio.to_thread(resident_bytes, runtime.host.pid))
        await runtime.host.unload()
        gc.collect()
        seen.app.append(psutil.Process().memory_info().rss)
    seen.left = len(_children() - before)
    return seen


def figures(name: str, seen: Residue) -> dict[str, Figure]:
    """The figures of one runtime."""
    cycles = len(seen.host)
    settled = seen.app[_SETTLE:] if cycles >= 3 * _SETTLE else seen.app
    return {
        f"{name}_rss_growth_percent": single(growth(seen.host), "%", cycles),
        f"{name}_app_rss_growth_percent": single(growth(settled), "%", cycles),
        f"{name}_host_rss_mb": single(median(seen.host) / 1e6 if seen.host else None, "MB", cycles),
        f"{name}_leaked_processes": single(float(seen.left), "", cycles),
    }


def growth(sizes: list[int]) -> float | None:
    """By how much per cent the median of the last third lies above that of the first."""
    third = len(sizes) // 3
    if not third:
        return None
    first, last = median(sizes[:third]), median(sizes[-third:])
    return (last / first - 1.0) * 100.0 if first else None


async def _ask_once(runtime: HostedRuntime) -> None:
    match runtime:
        case TextGenerator():
            request = GenerationRequest((ChatMessage(Role.USER, "Say hello."),), max_tokens=2, temperature=0.0)
            _ = [piece async for piece in runtime.generate(request)]
        case SpeechToText():
            await runtime.transcribe(clip())
        case TextToSpeech():
            _ = [chunk async for chunk in runtime.synthesize("Hello there.", VoiceOptions())]
        case Embedder():
            await runtime.embed(["hello"])


def _children() -> set[int]:
    return {child.pid for child in psutil.Process().children(recursive=True)}
