"""Listening and speaking stages over scripted backends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import numpy as np
import pytest

from app.contracts.audio import AudioChunk, VoiceOptions
from app.contracts.devices import Device
from app.contracts.errors import HostDied, InvalidInput, RuntimeFault
from app.contracts.events import AudioMade, DeviceUsed, FailedOver, FinalTranscript, PartialTranscript, TextDelta
from app.contracts.ports import Governor
from app.pipeline.definition import StageType
from app.pipeline.stages.audio_to_text import AudioToTextProcessor
from app.pipeline.stages.text_to_audio import TextToAudioProcessor
from app.pipeline.values import Sound, SoundSource, Text
from models.fakes.stt import FakeSpeechToText
from models.fakes.tts import FakeTextToSpeech
from models.fakes.vad import FakeVoiceActivity
from tests.helpers.pipelines import tools_over
from tests.helpers.stage_calls import Stage
from tests.helpers.texts import Thermostat
from tests.helpers.virtual_time import LoopClock, in_virtual_time


def sound(seconds: float, rate_hz: int = 16_000, loudness: float = 0.3) -> AudioChunk:
    times = np.arange(round(seconds * rate_hz)) / rate_hz
    return AudioChunk((loudness * np.sin(2 * np.pi * 220 * times)).astype("<f4").tobytes(), rate_hz)


def listening(*ports: FakeSpeechToText, governor: Governor | None = None) -> Stage:
    stage = Stage(AudioToTextProcessor(), StageType.AUDIO_TO_TEXT, runtimes=ports, others=[FakeVoiceActivity()])
    if governor is not None:
        stage.tools = replace(tools_over(*ports, *stage.others), governor=governor)
    return stage


@in_virtual_time
async def test_a_clip_becomes_text_at_the_recognisers_rate() -> None:
    port = FakeSpeechToText(["good morning"], clock=LoopClock())
    stage = listening(port)
    done = await stage.run(Sound(sound(1.0, 44_100)))
    assert done.value == Text("good morning")
    assert (port.clips[0].sample_rate_hz, port.clips[0].samples) == (16_000, 16_000)
    assert [event.type for event in stage.events] == ["DeviceUsed", "FinalTranscript", "TextDelta"]
    assert stage.outlet.committed == "good morning"
    assert (done.metadata.backend, done.metadata.forwarded, done.metadata.attempt_count) == ("fake-stt", False, 1)


@in_virtual_time
async def test_silence_is_no_speech() -> None:
    with pytest.raises(InvalidInput) as failure:
        await listening(FakeSpeechToText(clock=LoopClock())).run(Sound(AudioChunk(bytes(4 * 16_000))))
    assert failure.value.code == "no-speech"


@in_virtual_time
async def test_the_next_tier_takes_over_and_everybody_hears_of_it() -> None:
    first, second = FakeSpeechToText(["never"], "stt-a", LoopClock()), FakeSpeechToText(["hello"], "stt-b", LoopClock())
    first.fail("transcribe", HostDied("stt-a ended unexpectedly."))
    stage = listening(first, second)
    done = await stage.run(Sound(sound(0.5)))
    assert done.value == Text("hello")
    assert done.metadata.forwarded
    assert [(one.backend, one.decision) for one in done.metadata.attempts] == [
        ("stt-a", "failed"),
        ("stt-b", "accepted"),
    ]
    assert [event.type for event in stage.events] == [
        "DeviceUsed",
        "FailedOver",
        "DeviceUsed",
        "FinalTranscript",
        "TextDelta",
    ]


@in_virtual_time
async def test_a_tier_whose_device_has_to_rest_gives_way_before_it_begins() -> None:
    npu = FakeSpeechToText(["never"], "stt-npu", LoopClock(), device=Device.NPU)
    cpu = FakeSpeechToText(["hello"], "stt-cpu", LoopClock())
    thermostat = Thermostat()
    thermostat.resting[Device.NPU] = "The NPU is hot."
    stage = listening(npu, cpu, governor=thermostat)
    done = await stage.run(Sound(sound(0.5)))
    assert (done.value, npu.clips) == (Text("hello"), [])
    assert stage.seen(FailedOver) == [
        FailedOver(from_backend="stt-npu", to_backend="stt-cpu", reason="The NPU is hot.", at_token=0)
    ]
    assert [(one.backend, one.decision, one.reason) for one in done.metadata.attempts] == [
        ("stt-npu", "failed", "The NPU is hot."),
        ("stt-cpu", "accepted", "It took over."),
    ]


@in_virtual_time
async def test_what_is_short_is_done_all_the_same_where_nothing_else_can() -> None:
    cpu, thermostat = FakeSpeechToText(["hello"], "stt-cpu", LoopClock()), Thermostat()
    thermostat.resting[Device.CPU] = "The processor is hot."
    done = await listening(cpu, governor=thermostat).run(Sound(sound(0.5)))
    assert done.value == Text("hello")
    assert done.metadata.notes == (
        "The processor is hot. Nothing else here can do this, so stt-cpu did it all the same.",
    )


@in_virtual_time
async def test_a_voice_whose_device_gets_hot_ends_its_sentence_and_another_one_goes_on() -> None:
    thermostat = Thermostat()
    npu = FakeTextToSpeech("tts-npu", LoopClock(), device=Device.NPU)
    cpu = FakeTextToSpeech("tts-cpu", LoopClock())
    stage = Stage(TextToAudioProcessor(), StageType.TEXT_TO_AUDIO, runtimes=[npu, cpu])
    stage.tools = replace(tools_over(npu, cpu), governor=thermostat)

    async def texts() -> AsyncIterator[str]:
        yield "The first sentence. "
        yield "And the second one begins. "
        thermostat.resting[Device.NPU] = "The NPU is hot."
        yield "The third comes from elsewhere. "
        yield "So does the last."

    done = await stage.run(Text(""), texts())
    assert npu.spoken[0][0] == "The first sentence."
    assert [text for text, _ in (*npu.spoken, *cpu.spoken)] == [
        "The first sentence.",
        "And the second one begins.",
        "The third comes from elsewhere.",
        "So does the last.",
    ]
    (moved,) = stage.seen(FailedOver)
    assert isinstance(moved, FailedOver)
    assert (moved.to_backend, moved.at_token) == ("tts-cpu", len(npu.spoken))
    assert [one.decision for one in done.metadata.attempts] == ["failed-over", "accepted"]


@in_virtual_time
async def test_the_last_tiers_error_is_the_stages() -> None:
    port = FakeSpeechToText(clock=LoopClock())
    port.fail("warm_up", RuntimeFault("The model is damaged."))
    with pytest.raises(RuntimeFault, match="damaged"):
        await listening(port).run(Sound(sound(0.5)))


@in_virtual_time
async def test_a_source_without_segmenting_is_one_text_shown_as_it_is_heard() -> None:
    async def chunks() -> AsyncIterator[AudioChunk]:
        for piece in (sound(1.0), AudioChunk(bytes(4 * 16_000)), sound(1.0), AudioChunk(bytes(4 * 16_000))):
            yield piece

    stage = listening(FakeSpeechToText(["good morning", "how are you"], clock=LoopClock()))
    done = await stage.run(SoundSource(chunks()))
    assert done.value == Text("good morning how are you")
    assert [event.text for event in stage.seen(PartialTranscript, FinalTranscript)] == [
        "good morning",
        "good morning how are you",
        "good morning how are you",
    ]


@in_virtual_time
async def test_a_clip_longer_than_recognisers_take_is_cut_at_its_pauses() -> None:
    parts = [b"".join((sound(9.0).pcm, bytes(4 * 16_000))) for _ in range(4)]
    port = FakeSpeechToText(["one", "two", "three", "four"], clock=LoopClock())
    done = await listening(port).run(Sound(AudioChunk(b"".join(parts))))
    assert done.value == Text("one two three four")
    assert max(clip.seconds for clip in port.clips) < 10.0


@in_virtual_time
async def test_sound_leaves_while_the_text_is_still_being_written() -> None:
    heard_at: list[float] = []
    loop = asyncio.get_running_loop()

    async def texts() -> AsyncIterator[str]:
        for text in ("Hello there. ", "This is the second", " sentence."):
            yield text
            await asyncio.sleep(1.0)

    stage = Stage(TextToAudioProcessor(), StageType.TEXT_TO_AUDIO, runtimes=[FakeTextToSpeech(clock=LoopClock())])
    began = loop.time()
    plain, stage.outlet.sound = stage.outlet.sound, lambda chunk: (heard_at.append(loop.time() - began), plain(chunk))
    done = await stage.run(Text("unused"), texts())
    assert isinstance(done.value, Sound)
    assert heard_at[0] < 2.0 < heard_at[-1]
    made = [event for event in stage.events if isinstance(event, AudioMade)]
    assert sum(event.samples for event in made) == done.value.chunk.samples
    assert dict(done.metadata.figures)["sentences"] == 2.0


@in_virtual_time
async def test_another_voice_goes_on_with_the_rest_at_the_same_rate() -> None:
    first = FakeTextToSpeech("tts-a", LoopClock(), 22_050)
    second = FakeTextToSpeech("tts-b", LoopClock(), 16_000)
    first.break_after(10, HostDied("tts-a ended unexpectedly."))
    stage = Stage(
        TextToAudioProcessor(),
        StageType.TEXT_TO_AUDIO,
        runtimes=[first, second],
        settings={"voice": "buzz", "speed": 1},
    )
    text = "one two three four five six seven eight nine ten eleven twelve"
    done = await stage.run(Text(text))
    assert {event.sample_rate_hz for event in stage.seen(AudioMade)} == {22_050}
    ((rest, options),) = second.spoken
    assert text.endswith(rest.strip())
    assert "one" not in rest.split()
    assert "twelve" in rest
    assert first.spoken[0][1].voice == "buzz"
    assert options == VoiceOptions("", 1.0)
    assert done.metadata.forwarded
    assert [event.type for event in stage.seen(DeviceUsed, FailedOver)] == ["DeviceUsed", "FailedOver", "DeviceUsed"]
    assert isinstance(done.value, Sound)
    assert done.value.chunk.sample_rate_hz == 22_050


@in_virtual_time
async def test_marks_and_code_are_not_spoken_and_nothing_to_say_is_no_error() -> None:
    voice = FakeTextToSpeech(clock=LoopClock())
    stage = Stage(TextToAudioProcessor(), StageType.TEXT_TO_AUDIO, runtimes=[voice])
    done = await stage.run(Text("**Bold** words.\n```python\nx = 1\n```\n"))
    assert [text for text, _ in voice.spoken] == ["Bold words.", "Code shown on screen."]
    quiet = Stage(TextToAudioProcessor(), StageType.TEXT_TO_AUDIO, runtimes=[FakeTextToSpeech(clock=LoopClock())])
    done = await quiet.run(Text(" \n"))
    assert isinstance(done.value, Sound)
    assert done.value.chunk.samples == 0
    assert done.metadata.notes == ("There was nothing to say.",)
    assert not quiet.seen(AudioMade, TextDelta)


@pytest.mark.parametrize(
    ("settings", "wrong"), [({"speed": 3}, "speed"), ({"voice": 1}, "voice"), ({"pitch": 1}, "pitch")]
)
async def test_a_wrong_setting_is_named(settings: dict[str, object], wrong: str) -> None:
    stage = Stage(TextToAudioProcessor(), StageType.TEXT_TO_AUDIO, runtimes=[FakeTextToSpeech()], settings=settings)
    with pytest.raises(InvalidInput, match=wrong) as failure:
        await stage.run(Text("hello"))
    assert failure.value.code == "bad-setting"


@in_virtual_time
async def test_cancelling_stops_the_voice() -> None:
    voice = FakeTextToSpeech(clock=LoopClock())
    voice.delay_s = 5.0
    stage = Stage(TextToAudioProcessor(), StageType.TEXT_TO_AUDIO, runtimes=[voice])
    task = asyncio.create_task(stage.run(Text("hello")))
    await asyncio.sleep(1.0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not stage.seen(AudioMade)
