"""What every voice gate must do."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import cast

import pytest
import pytest_asyncio

from app.contracts.audio import AudioChunk
from app.contracts.errors import InvalidInput
from app.contracts.ports import Runtime, VoiceActivity
from models.fakes.vad import FakeVoiceActivity
from models.hosted.vad import HostedVoiceActivity
from models.registry import Port
from models.retrying import RetryingVoiceActivity
from models.vad.energy import EnergyVoiceActivity
from tests.helpers.ports import SILENCE, hosted, opened, pieces, real_backends, speech

FAKES: dict[str, Callable[[], Runtime]] = {
    "fake": FakeVoiceActivity,
    "composite": lambda: RetryingVoiceActivity([FakeVoiceActivity()]),
    "engine": lambda: hosted(HostedVoiceActivity, "FakeVadEngine", 16_000),
    "energy": EnergyVoiceActivity,
}
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=[*FAKES, *real_backends(Port.VOICE_ACTIVITY)])
async def gate(request: pytest.FixtureRequest) -> AsyncIterator[VoiceActivity]:
    async with opened(request.param, FAKES) as runtime:
        yield cast("VoiceActivity", runtime)


async def heard(gate: VoiceActivity, *chunks: AudioChunk) -> list[float]:
    stream = await gate.open_stream()
    probabilities = [probability for chunk in chunks for probability in await stream.feed(chunk)]
    await stream.aclose()
    return probabilities


async def test_it_is_one_and_says_what_it_can(gate: VoiceActivity) -> None:
    assert isinstance(gate, VoiceActivity)
    assert gate.capabilities.sample_rate_hz == 16_000
    assert (await gate.warm_up()).load_ms == 0


async def test_speech_is_told_from_silence(gate: VoiceActivity) -> None:
    assert max(await heard(gate, SILENCE)) < 0.5
    probabilities = await heard(gate, speech())
    assert sum(probability > 0.5 for probability in probabilities) > len(probabilities) / 3
    assert all(0 <= probability <= 1 for probability in probabilities)


@pytest.mark.parametrize("samples", [100, 320, 512, 7000])
async def test_frames_do_not_depend_on_the_pieces(gate: VoiceActivity, samples: int) -> None:
    clip = speech(1.0)
    probabilities = await heard(gate, *pieces(clip, samples))
    assert len(probabilities) == clip.samples // 512
    assert probabilities == pytest.approx(await heard(gate, clip), abs=1e-4)


async def test_every_stream_begins_afresh(gate: VoiceActivity) -> None:
    clip = speech(1.0)
    first = await heard(gate, clip)
    await heard(gate, SILENCE)
    assert await heard(gate, clip) == pytest.approx(first, abs=1e-6)


async def test_nothing_and_too_little(gate: VoiceActivity) -> None:
    assert await heard(gate, AudioChunk(b""), AudioChunk(bytes(511 * 4))) == []


async def test_another_rate_is_refused(gate: VoiceActivity) -> None:
    stream = await gate.open_stream()
    with pytest.raises(InvalidInput, match="8000"):
        await stream.feed(AudioChunk(bytes(4000), 8000))
    await stream.aclose()
    assert len(await heard(gate, SILENCE)) == 31
