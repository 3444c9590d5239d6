"""One language model's runtime under the stopwatch: loads, the known question, cancelling, what its words weighed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace

from app.contracts.capabilities import CancelGranularity
from app.contracts.devices import Device
from app.contracts.energy import Energy
from app.contracts.errors import SottoError
from app.contracts.ports import PowerMonitor, TextGenerator
from app.contracts.text import ChatMessage, GenerationRequest, Role
from models.calibration.material import question
from models.hosted.llm import HostedTextGenerator

LOADS = 3
QUESTIONS = 5
CANCELS = 10
CANCELS_WITH_RESTART = 3
"""Of a runtime that has to be ended and loaded again each time."""
PATIENCE_S = 15.0
"""No part goes on for longer than this, once it has one figure: the whole benchmark is to end within minutes."""
_AFTER_TOKENS = 5
_COMMON = "You are a helpful assistant."
_LONG = " ".join(
    f"Item {number} of the inventory is a wooden box with {number * 7 % 31} nails." for number in range(42)
)
_LONGEST_WAIT_S = 3.0


@dataclass(slots=True)
class Measured:
    """What was measured of one runtime. Times in milliseconds.

    Attributes:
        ran: Where it really ran.
        load_ms: From nothing to able to answer.
        first_token_ms: The model warm, the prompt not in its cache.
        tokens_per_s: Of each question, without the first token.
        energies: Of each question.
        cancel_prefill_ms: From the wish to the engine at rest, while it read a long prompt.
        cancel_decode_ms: Likewise, while it wrote.
        killed: Processes that had to be ended for that.
        tokens: Text and log-probability of each piece of the agreed answer.
        finished_prefills: Prompts that had been read before they could be cancelled.
    """

    ran: Device = Device.CPU
    load_ms: list[float] = field(default_factory=list)
    first_token_ms: list[float] = field(default_factory=list)
    tokens_per_s: list[float] = field(default_factory=list)
    energies: list[Energy] = field(default_factory=list)
    cancel_prefill_ms: list[float] = field(default_factory=list)
    cancel_decode_ms: list[float] = field(default_factory=list)
    killed: int = 0
    tokens: list[tuple[str, float | None]] = field(default_factory=list)
    finished_prefills: int = 0

    @property
    def answer(self) -> str:
        """The agreed answer."""
        return "".join(text for text, _ in self.tokens)

    @property
    def mean_log_prob(self) -> float | None:
        """Over the agreed answer; on an NPU the library gives nothing else."""
        known = [log_prob for _, log_prob in self.tokens if log_prob is not None]
        return sum(known) / len(known) if known else None


async def stopwatch(port: HostedTextGenerator, power: PowerMonitor, at_most: int = CANCELS) -> Measured:
    """Measure one runtime, nothing of it more than ``at_most`` times; it is not loaded afterwards."""
    measured = Measured()
    try:
        for _ in in_time(min(LOADS, at_most)):
            await port.host.unload()
            warm = await port.warm_up()
            measured.load_ms.append(warm.load_ms)
            measured.ran = warm.ran
        await _all_but_loads(port, power, measured, lambda: port.host.pid, at_most)
    finally:
        await port.host.unload()
    return measured


async def stopwatch_over_server(
    port: TextGenerator, power: PowerMonitor, load_ms: float, at_most: int = CANCELS
) -> Measured:
    """Measure a server that was started ``load_ms`` ago. Cancelled counts from our side: the connection is closed."""
    measured = Measured(ran=port.backend.device, load_ms=[load_ms])
    await _all_but_loads(port, power, measured, lambda: 0, at_most)
    return measured


async def _all_but_loads(
    port: TextGenerator, power: PowerMonitor, measured: Measured, process: Callable[[], int], at_most: int
) -> None:
    for _ in in_time(min(QUESTIONS, at_most)):
        await _ask(port, power, measured)
    measured.tokens = await _agreed_answer(port)
    await _cancel_writing(port, measured, process, at_most)
    await _cancel_reading(port, measured, process, at_most)


def in_time(times: int) -> Iterator[int]:
    """Count up to ``times``, but no further than `PATIENCE_S` allows; at least once."""
    ends = time.monotonic() + PATIENCE_S
    for number in range(times):
        if number and time.monotonic() > ends:
            return
        yield number


def agreement(one: Sequence[tuple[str, float | None]], other: Sequence[tuple[str, float | None]]) -> tuple[float, int]:
    """Mean difference of the log-probabilities over the tokens with which both answers begin, and how many those are.

    Returns:
        (nan, 0) when the answers have no beginning in common, or one of them has no log-probabilities.
    """
    differences: list[float] = []
    for (text, log_prob), (other_text, other_log_prob) in zip(one, other, strict=False):
        if text != other_text or log_prob is None or other_log_prob is None:
            break
        differences.append(abs(log_prob - other_log_prob))
    return (sum(differences) / len(differences), len(differences)) if differences else (float("nan"), 0)


async def _ask(port: TextGenerator, power: PowerMonitor, measured: Measured) -> None:
    began = time.perf_counter()
    async with aclosing(port.generate(question())) as pieces:
        times = [time.perf_counter() async for piece in pieces if piece.finish is None]
    measured.energies.append(power.energy(measured.ran, time.perf_counter() - began))
    if times:
        measured.first_token_ms.append((times[0] - began) * 1000.0)
    if len(times) > 1:
        measured.tokens_per_s.append((len(times) - 1) / (times[-1] - times[0]))


async def _agreed_answer(port: TextGenerator) -> list[tuple[str, float | None]]:
    """The answer to a question that is the same for all, most probable words only."""
    request = replace(_asked("What is the capital of France, and what is it known for?"), max_tokens=32)
    async with aclosing(port.generate(request)) as pieces:
        return [(piece.text, piece.log_prob) async for piece in pieces if piece.finish is None]


async def _cancel_writing(port: TextGenerator, measured: Measured, process: Callable[[], int], at_most: int) -> None:
    for _ in in_time(min(CANCELS, at_most)):
        await port.warm_up()  # its process may have been ended by the cancel before
        pid = process()
        pieces = port.generate(replace(question(), max_tokens=400))
        try:
            for _ in range(_AFTER_TOKENS):
                await anext(pieces)
        except StopAsyncIteration:
            continue
        asked = time.perf_counter()
        await pieces.aclose()
        measured.cancel_decode_ms.append((time.perf_counter() - asked) * 1000.0)
        await _count_killed(port, measured, died=process() != pid)


async def _cancel_reading(port: TextGenerator, measured: Measured, process: Callable[[], int], at_most: int) -> None:
    """In the middle of a prompt that takes long to read: how long, is found out first."""
    began = time.perf_counter()
    async with aclosing(port.generate(_long_question())) as pieces:
        await anext(pieces)
        wait_s = min(_LONGEST_WAIT_S, (time.perf_counter() - began) * 0.4)
    stops = port.capabilities.cancel is CancelGranularity.TOKEN and port.backend.device is not Device.REMOTE
    for _ in in_time(min(CANCELS if stops else CANCELS_WITH_RESTART, at_most)):
        await port.warm_up()  # its process may have been ended by the cancel before
        pid = process()
        reading = asyncio.create_task(_first_piece(port))
        await asyncio.wait({reading}, timeout=wait_s)
        if reading.done():
            measured.finished_prefills += 1
            reading.result()
            continue
        asked = time.perf_counter()
        reading.cancel()
        await asyncio.wait({reading})
        measured.cancel_prefill_ms.append((time.perf_counter() - asked) * 1000.0)
        await _count_killed(port, measured, died=process() != pid)


async def _first_piece(port: TextGenerator) -> None:
    async with aclosing(port.generate(_long_question())) as pieces:
        await anext(pieces)


async def _count_killed(port: TextGenerator, measured: Measured, *, died: bool) -> None:
    """A process that did not stop in time has been ended; the next one is waited for."""
    if not died:
        return
    measured.killed += 1
    for _ in range(3):
        try:
            await port.warm_up()
        except SottoError:
            await asyncio.sleep(1.0)
        else:
            return


def _long_question() -> GenerationRequest:
    """A prompt that takes long to read and begins otherwise each time."""
    asked = ChatMessage(Role.USER, f"{_LONG} How many boxes are there?")
    return replace(_asked(""), messages=(question().messages[0], asked))


def _asked(text: str) -> GenerationRequest:
    messages = (ChatMessage(Role.SYSTEM, _COMMON), ChatMessage(Role.USER, text))
    return GenerationRequest(messages, max_tokens=64, temperature=0.0, seed=1)
