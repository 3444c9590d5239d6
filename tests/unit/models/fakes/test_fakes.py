"""The fakes are ports, and do as they are told."""

from __future__ import annotations

import asyncio

import pytest

from app.contracts.audio import AudioChunk, VoiceOptions
from app.contracts.calibration import Measurement
from app.contracts.devices import Backend, Device
from app.contracts.errors import HostDied, MicrophoneUnavailable, Unavailable
from app.contracts.text import ChatMessage, GenerationRequest, Role
from models.fakes.demo import ANYTHING_ELSE, SCRIPT, demo, demo_answer
from models.fakes.llm import FakeTextGenerator
from models.fakes.microphone import FakeMicrophone
from models.fakes.speaker import FakeAudioDevices, FakeSpeaker
from models.fakes.stt import FakeSpeechToText
from models.fakes.system import (
    FakeCalibrator,
    FakeClock,
    FakeDeviceCatalogue,
    FakeGovernor,
    FakeModelStore,
    FakePowerMonitor,
    FakeSecrets,
)

LOUD = b"\x00\x00\x80\x3f"


async def test_time_passes_only_when_it_is_told_to() -> None:
    clock = FakeClock()
    woken: list[float] = []

    async def sleeper(seconds: float) -> None:
        await clock.sleep(seconds)
        woken.append(clock.monotonic() - 1000.0)

    tasks = [asyncio.create_task(sleeper(seconds)) for seconds in (2.0, 1.0, 5.0)]
    await clock.advance(2.5)
    assert woken == [1.0, 2.0]
    assert clock.monotonic() == 1002.5
    await clock.advance(2.5)
    assert woken == [1.0, 2.0, 5.0]
    await asyncio.gather(*tasks)
    assert clock.time() == 1_700_000_005.0


async def test_a_fake_fails_when_it_is_told_to_and_records_what_it_was_asked() -> None:
    fake = FakeSpeechToText(["one", "two"])
    fake.fail("transcribe", None, HostDied("gone"))
    clip = AudioChunk(LOUD * 100)
    assert (await fake.transcribe(clip)).text == "one"
    with pytest.raises(HostDied):
        await fake.transcribe(clip)
    assert (await fake.transcribe(clip)).text == "two"
    assert (await fake.transcribe(clip)).text == "two"
    assert fake.asked == ["transcribe"] * 4
    assert [each.samples for each in fake.clips] == [100] * 3


async def test_delays_are_slept_on_the_clock() -> None:
    clock = FakeClock()
    fake = FakeTextGenerator(["one two"], clock=clock)
    fake.delay_s, fake.token_s = 1.0, 0.5
    seen: list[str] = []

    async def read() -> None:
        async for piece in fake.generate(GenerationRequest((ChatMessage(Role.USER, "?"),))):
            seen.append(piece.text)

    reading = asyncio.create_task(read())
    await clock.advance(1.4)
    assert seen == []
    await clock.advance(0.2)
    assert seen == ["one"]
    await clock.advance(1.0)
    await reading
    assert seen == ["one", " two", ""]


async def test_a_microphone_plays_its_clip_and_stops() -> None:
    clip = AudioChunk(LOUD * 1000)
    microphone = FakeMicrophone([clip])
    capture = await microphone.open()
    chunks: list[AudioChunk] = []

    async def listen() -> None:
        async for chunk in capture.chunks():
            chunks.append(chunk)

    listening = asyncio.create_task(listen())
    for _ in range(20):
        await asyncio.sleep(0)
    assert not listening.done()
    capture.stop()
    await listening
    assert b"".join(chunk.pcm for chunk in chunks).startswith(clip.pcm)
    assert {chunk.samples for chunk in chunks} == {320}
    assert capture.lost == ""


async def test_a_paced_microphone_goes_on_with_silence() -> None:
    clock = FakeClock()
    capture = await FakeMicrophone([AudioChunk(LOUD * 320)], clock, paced=True).open()
    chunks: list[AudioChunk] = []

    async def listen() -> None:
        async for chunk in capture.chunks():
            chunks.append(chunk)

    listening = asyncio.create_task(listen())
    await clock.advance(0.1)
    assert [any(chunk.pcm) for chunk in chunks] == [True, False, False, False, False]
    capture.stop()
    await clock.advance(0.1)
    await listening


async def test_a_microphone_that_is_missing_or_goes_away() -> None:
    microphone = FakeMicrophone([AudioChunk(LOUD * 16_000)])
    microphone.missing = True
    with pytest.raises(MicrophoneUnavailable):
        await microphone.open()
    microphone.missing = False
    microphone.unplug_after_s = 0.1
    capture = await microphone.open()
    chunks = [chunk async for chunk in capture.chunks()]
    assert sum(chunk.samples for chunk in chunks) == 1600
    assert capture.lost == "The microphone was unplugged."
    await microphone.aclose()
    assert microphone.closed


async def test_a_speaker_knows_what_was_heard_to_the_sample() -> None:
    clock = FakeClock()
    speaker = FakeSpeaker(clock)
    speaker.begin()
    await speaker.wake()
    assert speaker.first_sample_at is None
    await speaker.write(AudioChunk(bytes(400 * 4) + LOUD * 1600, 1000), 0)
    await speaker.write(AudioChunk(LOUD * 500, 1000), 1)
    await clock.advance(0.3)
    assert speaker.first_sample_at is None
    await clock.advance(1.95)
    assert speaker.first_sample_at == pytest.approx(1000.4)
    assert [(span.utterance, span.heard_samples, span.queued_samples) for span in speaker.heard()] == [
        (0, 2000, 2000),
        (1, 250, 500),
    ]
    speaker.stop()
    await clock.advance(5)
    assert speaker.heard()[1].heard_samples == 250
    await speaker.drain()


async def test_a_full_speaker_makes_its_writer_wait() -> None:
    clock = FakeClock()
    speaker = FakeSpeaker(clock)
    for number in range(2):
        await speaker.write(AudioChunk(LOUD * 2000, 1000), number)
    writing = asyncio.create_task(speaker.write(AudioChunk(LOUD * 2000, 1000), 2))
    await clock.advance(0.9)
    assert not writing.done()
    await clock.advance(0.2)
    await writing
    draining = asyncio.create_task(speaker.drain())
    await clock.advance(4.8)
    assert not draining.done()
    await clock.advance(0.2)
    await draining


async def test_no_speaker() -> None:
    speaker = FakeSpeaker()
    speaker.missing = True
    with pytest.raises(Unavailable):
        await speaker.wake()
    devices = FakeAudioDevices()
    assert [device.default for device in (*await devices.inputs(), *await devices.outputs())] == [True, True]


def test_the_machine() -> None:
    backend = Backend("fake-cpu", "fake", Device.CPU, "script")
    catalogue = FakeDeviceCatalogue((backend,), {"npu": "There is no NPU."})
    assert (catalogue.devices(), catalogue.backends()) == ((Device.CPU,), (backend,))
    assert [catalogue.why_not(key) for key in ("fake-cpu", "npu")] == ["", "There is no NPU."]
    assert "other" in catalogue.why_not("other")
    store = FakeModelStore({"model": "/models/model"})
    assert (store.find("model"), store.find("other"), store.installed()) == ("/models/model", None, ("model",))
    measured = Measurement(backend_id="a", model="b", ran=Device.CPU, revision="1", load_ms=3.0)
    assert FakeCalibrator(measured).measured("a") == measured
    assert FakeCalibrator(measured).measured("b") is None
    assert FakeGovernor().verdict().reason == ""
    assert FakePowerMonitor().energy(Device.CPU, 2.0).joules == 20.0
    assert FakePowerMonitor().readings()[0].device is Device.CPU
    secrets = FakeSecrets()
    secrets.set("token", "1")
    assert secrets.get("token") == "1"
    secrets.delete("token")
    secrets.delete("token")
    assert secrets.get("token") is None


def test_the_demonstration_knows_its_answers() -> None:
    def asked(text: str) -> str:
        return demo_answer(GenerationRequest((ChatMessage(Role.USER, "Hello"), ChatMessage(Role.USER, text))))

    for question, answer in SCRIPT:
        assert asked(question.lower().rstrip("?.!")) == answer
    assert asked("What else?") == ANYTHING_ELSE
    assert demo_answer(GenerationRequest(())) == ANYTHING_ELSE


async def test_the_demonstration_hears_one_question_after_the_other() -> None:
    clock = FakeClock()
    parts = demo(clock)

    async def hear() -> str:
        capture = await parts.microphone.open()
        stream = await parts.speech_to_text.open_stream()
        fed = 0
        async for chunk in capture.chunks():
            await stream.feed(chunk)
            fed += 1
            if fed == 400:
                capture.stop()
        heard = await stream.partial()
        await stream.aclose()
        return heard.text

    for question, _ in SCRIPT:
        hearing = asyncio.create_task(hear())
        await clock.advance(30)
        assert hearing.done()
        assert await hearing == question
    speaking = parts.text_to_speech.synthesize("Well.", VoiceOptions())
    assert (await anext(speaking)).samples
    await speaking.aclose()
