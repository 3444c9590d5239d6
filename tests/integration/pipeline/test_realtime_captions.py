"""Captions of a real recording by the real voice gate and recogniser: right words, and how far behind they come."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.aio.clock import SystemClock
from app.aio.lease import CpuLease
from app.audio.files import read_clip, write_wav
from app.contracts.audio import AudioChunk
from app.contracts.devices import Tier
from app.contracts.events import Caption, SegmentLate, TurnEvent
from app.pipeline.definition import PipelineOptions, Segmenting, StageDefinition, StageType
from app.pipeline.outlet import Outlet
from app.pipeline.plan import PlannedStage
from app.pipeline.realtime import file_source
from app.pipeline.stages.audio_to_text import AudioToTextProcessor
from app.pipeline.stages.processor import StageCall
from app.pipeline.values import Parts, Value
from models.backends import Backends
from tests.helpers.pipelines import tools_over

RECORDINGS = Path(__file__).parents[3] / "assets/recordings"
NAMES = ("capital-of-france", "sky-blue", "largest-planet", "spider-legs", "moon-distance", "water-boils")
PAUSE = AudioChunk(bytes(4 * 16_000))


@pytest.fixture
async def backends() -> AsyncIterator[Backends]:
    backends = Backends(CpuLease())
    yield backends
    await backends.aclose()


def questions() -> dict[str, dict[str, str]]:
    return {one["id"]: one for one in json.loads((RECORDINGS / "questions.json").read_text())}


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """Six questions with a second of silence around each."""
    known = questions()
    chunks = [PAUSE]
    for name in NAMES:
        chunks += [*read_clip(RECORDINGS / known[name]["file"]), PAUSE]
    path = tmp_path / "questions.wav"
    write_wav(path, chunks)
    return path


async def captioned(backends: Backends, path: Path, speed: float) -> tuple[list[TurnEvent], Value, dict[str, float]]:
    events: list[TurnEvent] = []
    given = file_source(path, speed)
    tools = replace(tools_over(), runtimes=backends, clock=SystemClock())
    backend = backends.serving("audio_to_text")[0]

    async def value() -> Value:
        return given

    async def stream() -> AsyncIterator[str]:
        yield ""

    call = StageCall(
        stage=PlannedStage(
            definition=StageDefinition(stage_id="listen", type=StageType.AUDIO_TO_TEXT, segmenting=Segmenting()),
            ladder=(Tier(backend.backend_id, backend.model),),
            asked=backend.device,
        ),
        options=PipelineOptions(),
        tools=tools,
        value=value,
        stream=stream,
        inputs={},
        context={},
        messages=(),
        report=events.append,
    )
    done = await AudioToTextProcessor().run(call, Outlet("listen", events.append))
    return events, done.value, dict(done.metadata.figures)


def words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9']+", text.lower())


def mistakes(said: str, heard: str) -> int:
    """Words that are wrong, missing or too many: the distance of Levenshtein over words."""
    row = list(range(len(words(heard)) + 1))
    for at, word in enumerate(words(said), 1):
        before, row[0] = row[0], at
        for other, own in enumerate(words(heard), 1):
            before, row[other] = row[other], min(row[other] + 1, row[other - 1] + 1, before + (word != own))
    return row[-1]


@pytest.mark.parametrize("speed", [2.5, 0.0])
async def test_each_sentence_is_a_caption(backends: Backends, recording: Path, speed: float) -> None:
    events, value, figures = await captioned(backends, recording, speed)
    captions = [event for event in events if isinstance(event, Caption)]
    known = questions()
    assert [caption.segment for caption in captions] == list(range(len(NAMES)))
    assert not [event for event in events if isinstance(event, SegmentLate) and event.dropped]
    for name, caption in zip(NAMES, captions, strict=True):
        said = known[name]["text"]
        assert mistakes(said, caption.text) <= max(1, len(words(said)) // 5), (said, caption.text)
    starts = [caption.start_s for caption in captions]
    assert starts == sorted(starts)
    assert all(before.end_s <= after.start_s for before, after in itertools.pairwise(captions))
    assert isinstance(value, Parts)
    assert len(value.items) == len(NAMES)
    assert figures["lag_p95_ms"] > 0
