"""What the stages of a pipeline really work in a spoken turn: recorded questions, the real models, busy seconds.

Why it exists: joules of a device that is not here can only be reckoned, but the work it would do need not be guessed.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from app.audio.files import read_clip
from app.bench.questions import SpokenQuestion, spoken_questions
from app.bootstrap.pipelines import PipelineServices, open_pipelines
from app.contracts.audio import AudioChunk
from app.contracts.devices import Device
from app.contracts.energy import Energy
from app.contracts.errors import RuntimeFault
from app.contracts.ports import EnergySpan
from app.pipeline.definition import StageType
from app.pipeline.engine import PipelineEngine
from app.pipeline.run import RunResult
from app.pipeline.stages.registry import processor_for
from app.pipeline.values import Sound
from app.power.energy.estimate import EstimatedPowerMonitor
from app.settings.paths import Paths

PIPELINE = "voice-assistant"


@dataclass(frozen=True, slots=True)
class StageWork:
    """What one stage worked in one turn, on average.

    Attributes:
        stage: Its id in the pipeline.
        type: What it does.
        asked: The device the pipeline prefers for it.
        ran: The device it ran on.
        backend: What it ran in.
        busy_s: Seconds that device worked.
        amount: How much there was to do, in words.
    """

    stage: str
    type: StageType
    asked: Device
    ran: Device
    backend: str
    busy_s: float
    amount: str


@dataclass(frozen=True, slots=True)
class TurnWork:
    """An average turn.

    Attributes:
        stages: Of the pipeline, in its order.
        turns: How many turns the average is made of.
        elapsed_s: From the recording's arrival to the last sample of the answer.
    """

    stages: tuple[StageWork, ...]
    turns: int
    elapsed_s: float


async def worked(turns: int) -> TurnWork:
    """Ask recorded questions through the pipeline and say what its stages worked; the first one only warms it up.

    Args:
        turns: How many questions, at least 1.

    Raises:
        RuntimeFault: A turn failed.
    """
    questions = spoken_questions()
    with tempfile.TemporaryDirectory(prefix="sotto-bench-") as name:
        async with open_pipelines(Paths.under(Path(name))) as services:
            recorder = _Recorder()
            engine = _engine(services, recorder)
            try:
                found: list[_Turn] = []
                for number in range(turns + 1):
                    turn = await _ask(engine, questions[number % len(questions)], recorder)
                    if number:
                        found.append(turn)
            finally:
                await engine.aclose()
            definition = services.definition(PIPELINE)
    stages = tuple(
        _average(stage.stage_id, stage.type, stage.hardware.device if stage.hardware else None, found)
        for stage in definition.stages
    )
    return TurnWork(stages, len(found), sum(turn.result.metrics.total_ms for turn in found) / 1000.0 / len(found))


def _engine(services: PipelineServices, recorder: _Recorder) -> PipelineEngine:
    """The pipelines' own engine, with its stages' work written down instead of paid for."""
    return PipelineEngine(services.library, replace(services.tools, power=recorder, cache=None), processor_for)


@dataclass(frozen=True, slots=True)
class _Turn:
    """One question asked: how long it is, what came of it, and the busy seconds of each stage."""

    clip: AudioChunk
    result: RunResult
    busy_s: dict[str, float]


async def _ask(engine: PipelineEngine, question: SpokenQuestion, recorder: _Recorder) -> _Turn:
    clip = AudioChunk(b"".join(chunk.pcm for chunk in read_clip(question.path)))
    recorder.busy_s = {}
    result = await engine.start(PIPELINE, Sound(clip)).result()
    if not result.success:
        raise RuntimeFault(f"The question {question.question_id!r} was not answered: {result.error}.")
    return _Turn(clip, result, recorder.busy_s)


def _average(stage: str, kind: StageType, asked: Device | None, turns: Sequence[_Turn]) -> StageWork:
    """One stage over all turns; where it ran is that of the last."""
    results = [next(one for one in turn.result.stages if one.stage_id == stage) for turn in turns]
    metrics = results[-1].metrics
    if metrics is None:
        raise RuntimeFault(f"The stage {stage!r} did not run.")
    match kind:
        case StageType.AUDIO_TO_TEXT:
            amount = f"{_mean([turn.clip.seconds for turn in turns]):.1f} s heard"
        case StageType.TEXT_TO_AUDIO:
            amount = f"{_mean([_seconds(one.value) for one in results]):.1f} s spoken"
        case _:
            amount = f"{_mean([one.metrics.tokens if one.metrics else 0 for one in results]):.0f} tokens"
    busy_s = _mean([turn.busy_s.get(stage, 0.0) for turn in turns])
    return StageWork(stage, kind, asked or metrics.device, metrics.device, metrics.backend, busy_s, amount)


def _seconds(value: object) -> float:
    return value.chunk.seconds if isinstance(value, Sound) else 0.0


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


class _Recorder(EstimatedPowerMonitor):
    """Writes down the busy seconds of every span by its stage."""

    def __init__(self) -> None:
        super().__init__()
        self.busy_s: dict[str, float] = {}

    def span(self, stage: str, backend_id: str, device: Device, busy: Callable[[], float]) -> EnergySpan:
        """As the monitor's; what it was busy is added to its stage at the end."""
        return _RecordedSpan(self, stage, super().span(stage, backend_id, device, busy), busy)


class _RecordedSpan:
    """Implements `app.contracts.ports.EnergySpan`."""

    def __init__(self, recorder: _Recorder, stage: str, span: EnergySpan, busy: Callable[[], float]) -> None:
        self._recorder = recorder
        self._stage = stage
        self._span = span
        self._busy = busy
        self._ended = False

    def ran_on(self, device: Device) -> None:
        """Where it really ran."""
        self._span.ran_on(device)

    def so_far(self) -> Energy:
        """Until now."""
        return self._span.so_far()

    def end(self) -> Energy:
        """All of it."""
        if not self._ended:
            self._ended = True
            spent = self._recorder.busy_s
            spent[self._stage] = spent.get(self._stage, 0.0) + self._busy()
        return self._span.end()
