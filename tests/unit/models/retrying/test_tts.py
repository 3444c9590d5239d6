"""A sentence that goes on where its sound broke off."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from app.contracts.audio import VoiceOptions
from app.contracts.devices import Device
from app.contracts.errors import HostDied, InvalidInput, Unavailable
from models.fakes.tts import FakeTextToSpeech, tones
from models.retrying import RetryingTextToSpeech
from tests.helpers.events import Reports
from tests.helpers.texts import Thermostat
from tests.helpers.virtual_time import LoopClock, in_virtual_time

TEXT = "This is a sentence of some length."


async def sound_of(port: RetryingTextToSpeech, options: VoiceOptions | None = None) -> tuple[bytes, set[int]]:
    chunks = [chunk async for chunk in port.synthesize(TEXT, options or VoiceOptions())]
    return b"".join(chunk.pcm for chunk in chunks), {chunk.sample_rate_hz for chunk in chunks}


@pytest.mark.parametrize("chunks", [0, 1, 7])
async def test_every_sample_is_delivered_once(chunks: int) -> None:
    fake = FakeTextToSpeech()
    whole = tones(TEXT, fake.capabilities.sample_rate_hz, 1.0).tobytes()
    fake.break_after(chunks, HostDied("gone"))
    port = RetryingTextToSpeech([fake])
    port.observer = reports = Reports()
    assert await sound_of(port) == (whole, {22_050})
    assert reports.lines == ["speak on fake-tts", "retry 2/2 host-died", "speak on fake-tts"]


async def test_another_rate_goes_on_at_the_first_one_for_the_same_time() -> None:
    one, two = FakeTextToSpeech("one"), FakeTextToSpeech("two", sample_rate_hz=16_000)
    one.break_after(5, HostDied("gone"))
    one.fail("synthesize", None, HostDied("gone"))
    pcm, rates = await sound_of(RetryingTextToSpeech([one, two]))
    whole = tones(TEXT, 22_050, 1.0)
    got = np.frombuffer(pcm, dtype="<f4")
    assert rates == {22_050}
    assert abs(got.size - whole.size) < 100
    assert np.array_equal(got[: 5 * 2205], whole[: 5 * 2205])
    assert np.corrcoef(got[: whole.size - 100], whole[: got.size][: whole.size - 100])[0, 1] > 0.9


async def test_who_does_not_have_the_persons_voice_speaks_in_its_own() -> None:
    fake = FakeTextToSpeech()
    fake.fail("synthesize", InvalidInput("There is no voice 'other'.", code="unknown-voice"))
    pcm, _ = await sound_of(RetryingTextToSpeech([fake]), VoiceOptions(voice="other", speed=2.0))
    assert pcm
    assert [options for _, options in fake.spoken][-1] == VoiceOptions(voice="", speed=2.0)


async def test_any_other_mistake_is_told() -> None:
    fake = FakeTextToSpeech()
    fake.fail("synthesize", InvalidInput("The speed is 9.", code="speed"))
    with pytest.raises(InvalidInput, match="speed"):
        await sound_of(RetryingTextToSpeech([fake]), VoiceOptions(voice="other"))


async def test_closing_closes_the_backends_generator() -> None:
    fake = FakeTextToSpeech()
    chunks = RetryingTextToSpeech([fake]).synthesize(TEXT, VoiceOptions())
    await anext(chunks)
    await chunks.aclose()
    assert fake.stopped == 1


async def test_voices_are_those_of_the_tier_in_use() -> None:
    fake = FakeTextToSpeech()
    fake.fail("voices", HostDied("gone"))
    assert [voice.voice_id for voice in await RetryingTextToSpeech([fake]).voices()] == ["hum", "buzz"]


@in_virtual_time
async def test_a_voice_whose_device_has_to_rest_ends_its_sentence_and_the_next_one_is_made_ready_meanwhile() -> None:
    hot, cool = FakeTextToSpeech("hot", LoopClock(), device=Device.NPU), FakeTextToSpeech("cool", LoopClock())
    cool.load_s = 2.0
    port, thermostat = RetryingTextToSpeech([hot, cool], LoopClock()), Thermostat()
    port.governor, port.observer = thermostat, (reports := Reports())
    whole = tones(TEXT, hot.capabilities.sample_rate_hz, 1.0).tobytes()
    pcm = b""
    async for chunk in port.synthesize(TEXT, VoiceOptions()):
        pcm += chunk.pcm
        thermostat.resting[Device.NPU] = "The NPU is at 93 °C."
    assert pcm == whole, "every sample, by one voice"
    await asyncio.sleep(3.0)
    assert cool.warm
    assert cool.asked == ["warm_up"]
    assert await sound_of(port) == (whole, {22_050})
    assert [text for text, _ in cool.spoken] == [TEXT]
    assert reports.lines == ["speak on hot", "hot -> cool at 0", "speak on cool"]
    thermostat.resting.clear()
    await sound_of(port)
    assert reports.lines[-1] == "speak on hot"
    await port.aclose()


@in_virtual_time
async def test_a_voice_that_cannot_be_made_ready_is_found_out_by_the_next_sentence() -> None:
    hot, broken = FakeTextToSpeech("hot", LoopClock(), device=Device.NPU), FakeTextToSpeech("broken", LoopClock())
    broken.fail("warm_up", *[Unavailable("There is no such voice.")] * 2)
    port, thermostat = RetryingTextToSpeech([hot, broken], LoopClock()), Thermostat()
    port.governor = thermostat
    thermostat.resting[Device.NPU] = "The NPU is at 93 °C."
    await sound_of(port)
    assert [text for text, _ in hot.spoken] == [TEXT], "rather a warm device than silence"
    await port.aclose()
