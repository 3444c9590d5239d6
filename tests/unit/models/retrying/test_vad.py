"""A gate that never fails."""

from __future__ import annotations

import pytest

from app.contracts.audio import AudioChunk
from app.contracts.errors import HostDied, Unavailable
from models.fakes.vad import SILENCE, SPEECH, FakeVoiceActivity
from models.retrying import RetryingVoiceActivity
from tests.helpers.events import Reports

LOUD = b"\x00\x00\x00\x3f"
PIECE = AudioChunk(LOUD * 320)


@pytest.mark.parametrize("broken_at", [None, 0, 3, 7])
async def test_no_frame_is_lost_when_the_gate_is_opened_again(broken_at: int | None) -> None:
    fake = FakeVoiceActivity()
    port = RetryingVoiceActivity([fake])
    stream = await port.open_stream()
    probabilities: list[float] = []
    for at in range(16):
        if at == broken_at:
            fake.fail("feed", HostDied("gone"))
        probabilities += await stream.feed(PIECE)
    await stream.aclose()
    assert probabilities == [SPEECH] * 10


async def test_without_any_gate_loudness_has_to_do() -> None:
    fake = FakeVoiceActivity()
    port = RetryingVoiceActivity([fake])
    port.observer = reports = Reports()
    stream = await port.open_stream()
    assert await stream.feed(PIECE) == ()
    fake.fail("feed", HostDied("gone"), HostDied("gone"))
    (first,) = await stream.feed(PIECE)
    assert first > 0.9
    assert reports.lines[-2:] == ["fake-vad -> energy-cpu at 0", "listen on energy-cpu"]
    quiet = [p for _ in range(20) for p in await stream.feed(AudioChunk(bytes(320 * 4)))]
    assert max(quiet[1:]) < 0.1
    await stream.aclose()


async def test_it_works_with_no_gate_at_all() -> None:
    port = RetryingVoiceActivity([])
    stream = await port.open_stream()
    assert len(await stream.feed(AudioChunk(LOUD * 5120))) == 10
    await stream.aclose()
    await port.aclose()


async def test_a_gate_that_is_not_there() -> None:
    fake = FakeVoiceActivity()
    fake.fail("warm_up", Unavailable("none"))
    port = RetryingVoiceActivity([fake])
    await port.warm_up()
    assert port.backend.backend_id == "energy-cpu"
    stream = await port.open_stream()
    silence = await stream.feed(AudioChunk(bytes(512 * 4)))
    assert silence[0] < SPEECH
    assert SILENCE < 0.5
    await stream.aclose()
