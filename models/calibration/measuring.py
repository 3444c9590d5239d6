"""Measures one backend: its load from cold, then the known task of its port, each three times; medians count."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, replace
from statistics import median

from app.contracts.audio import VoiceOptions
from app.contracts.calibration import Measurement, PowerSource
from app.contracts.devices import Device, WarmUp
from app.contracts.energy import Energy, added
from app.contracts.errors import RuntimeFault
from app.contracts.ports import (
    Embedder,
    PowerMonitor,
    SpeechToText,
    TextGenerator,
    TextToSpeech,
    VoiceActivity,
)
from models.calibration.material import SENTENCE, TEXTS, question
from models.devices.exercise import clip
from models.hosted.base import HostedRuntime

REPEATS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """One run of the known task.

    Attributes:
        busy_s: All of it.
        first_token_ms: As `Measurement` has it, like the others.
        tokens_per_s: Over all tokens but the first.
        real_time_factor: Work by sound.
        texts_per_s: Vectors made.
    """

    busy_s: float
    first_token_ms: float | None = None
    tokens_per_s: float | None = None
    real_time_factor: float | None = None
    texts_per_s: float | None = None


async def measure(
    runtime: HostedRuntime,
    power: PowerMonitor,
    *,
    revision: str,
    power_source: PowerSource,
    repeats: int = REPEATS,
    on_step: Callable[[int, int], None] = lambda _done, _of: None,
) -> Measurement:
    """Measure a backend. It is loaded afterwards if it was before, and not if it was not.

    Args:
        runtime: Nobody else uses it meanwhile.
        power: Counts the joules of a task.
        revision: Of libraries and weights.
        power_source: What the machine runs on.
        repeats: Of the load and of the task; one more of the task goes before and does not count.
        on_step: Gets how many steps of how many are done.

    Raises:
        Unavailable: It cannot be loaded now, for instance because it is being compiled.
        SottoError: What the engine raised.
    """
    steps = 2 * repeats + 1
    was_loaded = bool(runtime.host.pid)
    loads: list[WarmUp] = []
    passes: list[Pass] = []
    spent: list[Energy] = []
    try:
        for _ in range(repeats):
            await runtime.host.unload()
            loads.append(await runtime.warm_up())
            on_step(len(loads), steps)
        for _ in range(repeats + 1):
            with _counted(runtime, loads[-1].ran, power, spent):
                passes.append(await _task(runtime)())
            on_step(repeats + len(passes), steps)
    finally:
        if not was_loaded:
            await runtime.host.unload()
    counted = passes[1:]
    ran = loads[-1].ran
    return Measurement(
        backend_id=runtime.backend.backend_id,
        model=runtime.backend.model,
        ran=ran,
        revision=revision,
        load_ms=median(load.load_ms for load in loads),
        first_token_ms=_median([one.first_token_ms for one in counted]),
        tokens_per_s=_median([one.tokens_per_s for one in counted]),
        real_time_factor=_median([one.real_time_factor for one in counted]),
        texts_per_s=_median([one.texts_per_s for one in counted]),
        energy=_median_energy(spent[1:]),
        power_source=power_source,
        at_s=time.time(),
    )


@contextmanager
def _counted(runtime: HostedRuntime, ran: Device, power: PowerMonitor, spent: list[Energy]) -> Iterator[None]:
    """Count the joules of the block, and add them to ``spent``."""
    began = time.perf_counter()
    span = power.span("calibrate", runtime.backend.backend_id, ran, lambda: time.perf_counter() - began)
    try:
        yield
    finally:
        spent.append(span.end())


def _median_energy(spent: list[Energy]) -> Energy:
    """The one in the middle, measured only when all were."""
    return replace(added(spent), joules=median(one.joules for one in spent))


def _task(runtime: HostedRuntime) -> Callable[[], Awaitable[Pass]]:
    """The known task of a backend's port."""
    match runtime:
        case TextGenerator():
            return lambda: _write(runtime)
        case SpeechToText():
            return lambda: _hear(runtime)
        case TextToSpeech():
            return lambda: _speak(runtime)
        case Embedder():
            return lambda: _embed(runtime)
        case VoiceActivity():
            return lambda: _listen(runtime)
    raise RuntimeFault(f"{runtime.backend.backend_id} has no known task.", code="no-task")


async def _write(port: TextGenerator) -> Pass:
    began = time.perf_counter()
    async with aclosing(port.generate(question())) as pieces:
        times = [time.perf_counter() async for piece in pieces if piece.finish is None]
    ended = time.perf_counter()
    if not times:
        raise RuntimeFault(f"{port.backend.backend_id} had no answer to the known question.", code="no-answer")
    writing_s = times[-1] - times[0]
    return Pass(
        busy_s=ended - began,
        first_token_ms=(times[0] - began) * 1000.0,
        tokens_per_s=(len(times) - 1) / writing_s if writing_s > 0.0 else None,
    )


async def _hear(port: SpeechToText) -> Pass:
    sound = clip()
    began = time.perf_counter()
    await port.transcribe(sound)
    busy_s = time.perf_counter() - began
    return Pass(busy_s=busy_s, real_time_factor=busy_s / sound.seconds)


async def _speak(port: TextToSpeech) -> Pass:
    began = time.perf_counter()
    sounded_s = 0.0
    async with aclosing(port.synthesize(SENTENCE, VoiceOptions())) as chunks:
        async for chunk in chunks:
            sounded_s += chunk.seconds
    busy_s = time.perf_counter() - began
    if not sounded_s:
        raise RuntimeFault(f"{port.backend.backend_id} made no sound of the known sentence.", code="no-answer")
    return Pass(busy_s=busy_s, real_time_factor=busy_s / sounded_s)


async def _embed(port: Embedder) -> Pass:
    began = time.perf_counter()
    await port.embed(TEXTS)
    busy_s = time.perf_counter() - began
    return Pass(busy_s=busy_s, texts_per_s=len(TEXTS) / busy_s)


async def _listen(port: VoiceActivity) -> Pass:
    sound = clip()
    began = time.perf_counter()
    stream = await port.open_stream()
    try:
        await stream.feed(sound)
    finally:
        await stream.aclose()
    busy_s = time.perf_counter() - began
    return Pass(busy_s=busy_s, real_time_factor=busy_s / sound.seconds)


def _median(values: list[float | None]) -> float | None:
    """Of those there are; None when there is none."""
    known = [value for value in values if value is not None]
    return median(known) if known else None
