"""A device that becomes hot in the middle of an answer: a second one to move from, and a recorded trace that heats it.

There is no graphics processor here. `GraphicsLlama` is the real llama.cpp engine, computing on the processor in a
process of its own, that says it ran on the integrated graphics; everything above it takes it for that.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from app.aio.clock import SystemClock
from app.contracts.devices import Backend, Device
from app.contracts.energy import DeviceReading, GovernorVerdict, measured
from app.pipeline.tools import Tools
from app.power.energy.estimate import EstimatedPowerMonitor
from app.power.governor.live import LiveGovernor
from app.power.governor.view import View
from app.power.sensors.sample import Counters, Sample
from app.power.trace import TraceWriter, read_trace
from app.settings.limits import Limits
from models.backends import Backends
from models.embedded import SMOLLM2, EmbeddedModels
from models.host.engine import Call, JsonValue, Operation, Reply
from models.host.supervisor import Host, HostLimits
from models.hosted.llm import HostedTextGenerator
from models.llm.llama import LlamaEngine
from models.registry import CONTEXT_TOKENS, ENTRIES
from tests.helpers.pipelines import NoSandbox
from tests.helpers.texts import SureByToken
from tests.helpers.trace_sensors import TraceSensors

HOT, COOL, COLD = "llama-igpu", "llama-cpu", "llama-cpu-2"
TRIP_C = 95.0
TOKENS_A_LOOK = 10
"""Tokens that come, in these tests, in the second between two looks of the trace."""
WARMING = (60.0, 70.0, 80.0, 91.0, 92.0, *[85.0] * 30, *[70.0] * 5)
"""Two looks over 90 °C, then it cools down."""
CROSSED_AT = 40
"""The token with which the second of them comes."""


class GraphicsLlama(LlamaEngine):
    """llama.cpp, said to run on the integrated graphics.

    Args:
        token_s: Seconds from one token to the next, at least: the pace of a larger model, however busy the machine is.
        slow_from: Tokens before this one come as fast as they can.
        options: Of `LlamaEngine`.
    """

    def __init__(self, token_s: float = 0.0, slow_from: int = 0, **options: Any) -> None:
        super().__init__(**options)
        self._token_s = token_s
        self._slow_from = slow_from

    def load(self) -> Device:
        super().load()
        return Device.IGPU

    def operations(self) -> Mapping[str, Operation]:
        return {**super().operations(), "generate": self._paced}

    def _paced(self, call: Call) -> Iterator[Reply]:
        due_at = time.monotonic()
        for token, reply in enumerate(self._generate(call)):
            due_at = max(due_at + self._token_s * (token >= self._slow_from), time.monotonic())
            time.sleep(max(0.0, due_at - time.monotonic()))
            yield reply


def add_hot_backend(backends: Backends, *, token_s: float = 0.0, slow_from: int = 0) -> HostedTextGenerator:
    """Add llama.cpp with the starter model on the device that stands for graphics.

    Args:
        backends: To these.
        token_s: As for `GraphicsLlama`.
        slow_from: Likewise.
    """
    pace = {"token_s": token_s, "slow_from": slow_from}
    return _add(backends, HOT, f"{__name__}:{GraphicsLlama.__name__}", Device.IGPU, pace)


def add_cold_backend(backends: Backends) -> HostedTextGenerator:
    """Add llama.cpp with the starter model on the processor once more, not loaded yet."""
    return _add(backends, COLD, f"{LlamaEngine.__module__}:{LlamaEngine.__name__}", Device.CPU, {})


def _add(
    backends: Backends, name: str, engine: str, device: Device, more: Mapping[str, JsonValue]
) -> HostedTextGenerator:
    path = str(EmbeddedModels().require(SMOLLM2))
    options = {"model_path": path, "threads": 1, "context_tokens": CONTEXT_TOKENS, **more}
    host = Host(name, engine, options, limits=HostLimits())
    made = HostedTextGenerator(host, Backend(name, "llama.cpp", device, SMOLLM2), ENTRIES[COOL].capabilities)
    backends.add(made)
    return made


def heat_trace(path: Path, temperatures_c: Sequence[float]) -> Path:
    """A trace of a look a second in which the integrated graphics has these temperatures, the rest stays cool."""
    writer = TraceWriter(path, machine="written for a test", minute_of_day=720)
    for second, temperature_c in enumerate(temperatures_c):
        readings = tuple(DeviceReading(device, temperature_c=measured(45.0, "trace")) for device in Device)
        hot = tuple(
            replace(reading, temperature_c=measured(temperature_c, "trace"), slows_at_c=TRIP_C)
            if reading.device is Device.IGPU
            else reading
            for reading in readings
        )
        writer.add(Sample(Counters(float(second)), hot))
    writer.close()
    return path


class ReplayedHeat:
    """The real governor over a recorded trace, which goes on with the tokens of an answer.

    Args:
        trace: The file.
        per_look: Tokens in a second of the trace.

    Attributes:
        crossed_at: Monotonic seconds at which token `CROSSED_AT` came.
        decided: Every change of mind, with the number of tokens there were.
    """

    def __init__(self, trace: Path, per_look: int = TOKENS_A_LOOK) -> None:
        samples = read_trace(trace).samples
        self._sensors = TraceSensors(samples)
        self._looks_left = len(samples)
        self._per_look = per_look
        self._tokens = 0
        self.crossed_at = 0.0
        self.decided: list[tuple[int, GovernorVerdict]] = []
        self._governor = LiveGovernor(Limits, on_change=lambda verdict: self.decided.append((self._tokens, verdict)))
        self._look()

    def token(self) -> None:
        """One more token of the answer came."""
        self._tokens += 1
        if self._tokens == CROSSED_AT:
            self.crossed_at = time.monotonic()
        if self._tokens % self._per_look == 0:
            self._look()

    def play_to_the_end(self) -> None:
        """Let the rest of the trace go by."""
        while self._looks_left:
            self._look()

    def verdict(self) -> GovernorVerdict:
        """As decided at the last look."""
        return self._governor.verdict()

    async def ready(self) -> None:
        """It always is."""

    def _look(self) -> None:
        if self._looks_left:
            self._looks_left -= 1
            sample = self._sensors.sample()
            self._governor.look(View(at_s=sample.counters.at_s, readings=sample.readings))


def tools_over(backends: Backends, heat: ReplayedHeat) -> Tools:
    """What a pipeline works with when its backends are real and its governor sees this heat."""
    return Tools(
        runtimes=backends,
        clock=SystemClock(),
        power=EstimatedPowerMonitor(),
        governor=heat,
        confidence=SureByToken(),
        sandbox=NoSandbox(),
    )


def told(figures: str) -> None:
    """Print what was measured, for whoever runs the test with ``-s``."""
    sys.stdout.write(f"{figures}\n")
