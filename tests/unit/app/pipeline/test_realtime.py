"""Captions of endless sound, in virtual time."""

from __future__ import annotations

import asyncio
import gc
import tracemalloc
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.audio.files import write_wav
from app.contracts.audio import AudioChunk, Transcript
from app.contracts.errors import HostDied, InvalidInput, MicrophoneUnavailable, RuntimeFault, Unavailable
from app.contracts.events import Caption, Retrying, SegmentLate
from app.pipeline.definition import Segmenting, StageType
from app.pipeline.realtime import Captions, file_source, microphone_source
from app.pipeline.realtime_segments import Segmenter
from app.pipeline.stages.audio_to_text import AudioToTextProcessor
from app.pipeline.values import Parts, SoundSource, Text
from models.fakes.microphone import FakeMicrophone
from models.fakes.stt import FakeSpeechToText
from models.fakes.vad import FakeVoiceActivity
from tests.helpers.stage_calls import Stage
from tests.helpers.virtual_time import LoopClock, in_virtual_time

TENTH = 1600


def speech(seconds: float, loudness: float = 0.3) -> bytes:
    samples = round(seconds * 16_000)
    return (loudness * (1 - 2 * (np.arange(samples) % 2))).astype("<f4").tobytes()


def silence(seconds: float) -> bytes:
    return bytes(round(seconds * 16_000) * 4)


async def played(*parts: bytes, pace: float = 1.0) -> AsyncIterator[AudioChunk]:
    """Sound in tenths of a second, each when it would have been heard."""
    pcm = b"".join(parts)
    for at in range(0, len(pcm), TENTH * 4):
        chunk = AudioChunk(pcm[at : at + TENTH * 4])
        await asyncio.sleep(chunk.seconds / pace)
        yield chunk


class Numbering(FakeSpeechToText):
    """Hears how long each clip is and counts them, without keeping any."""

    def __init__(self, delay_s: float = 0.0) -> None:
        super().__init__(clock=LoopClock())
        self.delay_s = delay_s
        self.count = 0
        self.lengths: list[float] = []

    async def transcribe(self, clip: AudioChunk) -> Transcript:
        await self._begin("transcribe")
        self.asked.clear()
        self.count += 1
        self.lengths = [*self.lengths[-9:], clip.seconds]
        return Transcript(f"number {self.count - 1}", clip.samples)


def captioning(port: FakeSpeechToText, **segmenting: float) -> Stage:
    return Stage(
        AudioToTextProcessor(),
        StageType.AUDIO_TO_TEXT,
        runtimes=[port],
        others=[FakeVoiceActivity(clock=LoopClock())],
        segmenting=replace(Segmenting(), **segmenting),  # type: ignore[arg-type]
    )


def told(stage: Stage) -> list[str]:
    """The events in short."""
    short = []
    for event in stage.seen(Caption, SegmentLate):
        if isinstance(event, Caption):
            short.append(f"{event.segment} {event.text!r} {event.start_s:.1f}-{event.end_s:.1f}")
        elif isinstance(event, SegmentLate):
            short.append(f"{event.segment} {'dropped' if event.dropped else 'late'}, {event.waiting} waiting")
    return short


@in_virtual_time
async def test_each_pause_gives_a_caption_and_an_item() -> None:
    stage = captioning(Numbering(delay_s=0.2))
    sound = played(silence(1.0), speech(2.0), silence(1.0), speech(1.0), silence(2.0))
    done = await stage.run(SoundSource(sound, live=True))
    assert told(stage) == ["0 'number 0' 0.7-3.0", "1 'number 1' 3.7-5.0"]
    assert done.value == Parts((Text("number 0"), Text("number 1")))
    lags = [event.lag_s for event in stage.seen(Caption)]
    assert all(0.7 <= lag < 1.0 for lag in lags)
    items = [item async for item in closed(stage).items()]
    assert items == [Text("number 0"), Text("number 1")]
    figures = dict(done.metadata.figures)
    assert (figures["captions"], figures["segments"], figures["late"], figures["dropped"]) == (2, 2, 0, 0)
    assert figures["seconds"] == pytest.approx(7.0)


def closed(stage: Stage):
    stage.outlet.finish(Text(""))
    return stage.outlet


@in_virtual_time
async def test_a_slow_recogniser_is_reported_and_gives_up_what_finds_no_room() -> None:
    stage = captioning(Numbering(delay_s=5.0), queue=1)
    sound = played(*[speech(1.0) + silence(1.0)] * 5)
    done = await stage.run(SoundSource(sound, live=True))
    assert told(stage) == [
        "1 late, 1 waiting",
        "2 dropped, 1 waiting",
        "0 'number 0' 0.0-1.0",
        "3 late, 1 waiting",
        "4 dropped, 1 waiting",
        "1 'number 1' 1.7-3.0",
        "3 'number 2' 5.7-7.0",
    ]
    assert done.metadata.notes == ("2 stretches of speech were given up: the work did not keep up.",)


@in_virtual_time
async def test_where_nobody_speaks_a_note_says_so() -> None:
    stage = captioning(Numbering(delay_s=0.1), queue=1)
    done = await stage.run(SoundSource(played(silence(3.0))))
    assert done.value == Parts(())
    assert done.metadata.notes == ("No speech was heard in 3.0 s of sound.",)


@in_virtual_time
async def test_a_source_that_can_wait_loses_nothing() -> None:
    stage = captioning(Numbering(delay_s=5.0), queue=1)
    await stage.run(SoundSource(played(*[speech(1.0) + silence(1.0)] * 5, pace=1000.0)))
    assert [event.segment for event in stage.seen(Caption, SegmentLate)] == [0, 1, 2, 3, 4]


@in_virtual_time
async def test_the_end_of_the_source_flushes_what_was_being_said() -> None:
    stage = captioning(Numbering())
    done = await stage.run(SoundSource(played(speech(1.0), silence(1.0), speech(0.7)), live=True))
    assert done.value == Parts((Text("number 0"), Text("number 1")))


@in_virtual_time
async def test_stopping_the_microphone_ends_the_run_with_its_last_words() -> None:
    clip = AudioChunk(speech(2.0) + silence(1.0) + speech(60.0))
    source = microphone_source(FakeMicrophone([clip], LoopClock(), paced=True))
    stage = captioning(Numbering())
    task = asyncio.create_task(stage.run(source))
    await asyncio.sleep(5.0)
    source.stop()
    done = await task
    assert [event.text for event in stage.seen(Caption)] == ["number 0", "number 1"]
    assert 3.9 < stage.seen(Caption)[1].end_s <= 5.1  # type: ignore[union-attr]
    assert isinstance(done.value, Parts)


@in_virtual_time
async def test_a_source_that_breaks_off_is_captioned_first() -> None:
    async def breaking() -> AsyncIterator[AudioChunk]:
        async for chunk in played(speech(1.0)):
            yield chunk
        raise MicrophoneUnavailable("The microphone was unplugged.")

    stage = captioning(Numbering())
    with pytest.raises(MicrophoneUnavailable):
        await stage.run(SoundSource(breaking(), live=True))
    assert told(stage) == ["0 'number 0' 0.0-1.0"]


@in_virtual_time
async def test_speech_without_a_pause_is_cut_where_it_is_quietest() -> None:
    port = Numbering()
    stage = captioning(port, longest_s=10.0)
    await stage.run(SoundSource(played(speech(7.0), speech(0.3, loudness=0.01), speech(7.7), silence(1.0)), live=True))
    first, second = stage.seen(Caption)
    assert isinstance(first, Caption)
    assert isinstance(second, Caption)
    assert 7.0 <= first.end_s <= 7.3
    assert second.start_s == first.end_s
    assert second.end_s == pytest.approx(15.0, abs=0.05)
    assert max(port.lengths) <= 10.0


@in_virtual_time
async def test_cancelling_leaves_nothing_behind_and_says_nothing_more() -> None:
    stage = captioning(Numbering(delay_s=3.0))
    task = asyncio.create_task(stage.run(SoundSource(played(*[speech(1.0) + silence(1.0)] * 50), live=True)))
    await asyncio.sleep(10.0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    before = list(stage.events)
    await asyncio.sleep(10.0)
    assert stage.events == before


@in_virtual_time
async def test_a_failure_is_tried_again_and_a_stretch_given_up_is_reported() -> None:
    port = Numbering()
    gone = HostDied("fake-stt ended unexpectedly.")
    port.fail("transcribe", None, gone, gone, gone, gone)
    stage = captioning(port)
    await stage.run(SoundSource(played(*[speech(1.0) + silence(1.0)] * 4)))
    assert [event.type for event in stage.seen(Caption, SegmentLate, Retrying)] == [
        "Caption",
        "Retrying",
        "Retrying",
        "SegmentLate",
        "Retrying",
        "Caption",
        "Caption",
    ]
    assert [event.segment for event in stage.seen(Caption, SegmentLate)] == [0, 1, 2, 3]


@in_virtual_time
async def test_failures_without_end_end_the_stage() -> None:
    port = Numbering()
    port.fail("transcribe", *[HostDied("fake-stt ended unexpectedly.")] * 9)
    with pytest.raises(HostDied):
        await captioning(port).run(SoundSource(played(*[speech(1.0) + silence(1.0)] * 9)))
    broken = Numbering()
    broken.fail("transcribe", RuntimeFault("The model is damaged."))
    with pytest.raises(RuntimeFault):
        await captioning(broken).run(SoundSource(played(*[speech(1.0) + silence(1.0)] * 9)))


@in_virtual_time
@pytest.mark.parametrize(
    ("method", "outcomes"),
    [("warm_up", 1), ("open_stream", 1), ("feed", 1), ("feed", 14)],
    ids=["loading", "opening", "at once", "while it listens"],
)
async def test_a_voice_gate_that_dies_is_opened_anew_and_no_speech_is_lost(method: str, outcomes: int) -> None:
    stage = captioning(Numbering())
    (gate,) = stage.others
    assert isinstance(gate, FakeVoiceActivity)
    gate.fail(method, *[None] * (outcomes - 1), HostDied("fake-vad ended unexpectedly."))
    await stage.run(SoundSource(played(*[speech(1.0) + silence(1.0)] * 2)))
    assert [event.segment for event in stage.seen(Caption)] == [0, 1]
    assert len(stage.seen(Retrying)) == 1


@in_virtual_time
async def test_a_recogniser_that_dies_while_it_is_loaded_is_tried_again() -> None:
    port = Numbering()
    port.fail("warm_up", HostDied("fake-stt ended unexpectedly."))
    stage = captioning(port)
    await stage.run(SoundSource(played(speech(1.0) + silence(1.0))))
    assert [event.type for event in stage.seen(Caption, Retrying)] == ["Retrying", "Caption"]


@in_virtual_time
async def test_without_a_voice_gate_it_says_so() -> None:
    stage = captioning(Numbering())
    stage.others = []
    with pytest.raises(Unavailable, match="no voice gate"):
        await stage.run(SoundSource(played(speech(1.0))))


@in_virtual_time
async def test_a_stretch_without_words_is_a_caption_without_words_and_no_item() -> None:
    class Deaf(Numbering):
        async def transcribe(self, clip: AudioChunk) -> Transcript:
            return Transcript("  ", clip.samples)

    stage = captioning(Deaf())
    done = await stage.run(SoundSource(played(speech(1.0))))
    assert told(stage) == ["0 '' 0.0-1.0"]
    assert done.value == Parts(())


@in_virtual_time
async def test_memory_stays_flat_over_four_thousand_stretches() -> None:
    held: list[int] = []

    async def endless() -> AsyncIterator[AudioChunk]:
        part = AudioChunk(speech(0.2) + silence(0.3))
        for at in range(4_000):
            if at in (2_000, 3_990):
                gc.collect()
                held.append(tracemalloc.get_traced_memory()[0])
            yield part
            yield AudioChunk(silence(0.4))

    stage = captioning(Numbering())
    call = stage.call(SoundSource(endless()))
    counted = {"captions": 0}

    def count(event: object) -> None:
        counted["captions"] += isinstance(event, Caption)

    tracemalloc.start()
    try:
        done = await stage.processor.run(replace(call, report=count), stage.outlet)
    finally:
        tracemalloc.stop()
    assert counted["captions"] == 4_000
    assert isinstance(done.value, Parts)
    assert len(done.value.items) == 1000
    assert held[1] - held[0] < 80_000
    items = [item async for item in closed(stage).items()]
    assert (len(items), items[-1]) == (1000, Text("number 3999"))


def test_the_segmenter_gives_the_same_however_the_sound_arrives() -> None:
    pcm = silence(0.5) + speech(1.3) + silence(0.9) + speech(0.8) + silence(1.0)
    frames = [0.98 if any(pcm[at : at + 2048]) else 0.01 for at in range(0, len(pcm) // 2048 * 2048, 2048)]

    def cut(step: int) -> list[tuple[float, float]]:
        segmenter = Segmenter(Segmenting())
        found, judged = [], 0
        for at in range(0, len(pcm), step):
            upto = min(len(pcm), at + step) // 2048
            found += segmenter.push(pcm[at : at + step], frames[judged:upto], at / 64_000)
            judged = upto
        return [(segment.end_s, len(segment.clip.pcm) // 64_000) for segment in (*found, *segmenter.flush())]

    assert cut(2048) == cut(640 * 4) == cut(1600 * 4)


@in_virtual_time
async def test_a_file_is_played_at_its_own_pace_or_as_fast_as_it_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "clip.wav"
    write_wav(path, [AudioChunk(speech(3.0))])
    loop = asyncio.get_running_loop()
    for speed, least, most in ((1.0, 2.9, 3.2), (3.0, 0.9, 1.1), (0.0, 0.0, 0.1)):
        source = file_source(path, speed, LoopClock())
        began = loop.time()
        heard = [chunk async for chunk in source.chunks]
        assert sum(chunk.samples for chunk in heard) == 48_000
        assert least <= loop.time() - began <= most
        assert source.live is (speed > 0)
    source = file_source(path, 1.0, LoopClock())
    heard = []
    async for chunk in source.chunks:
        heard.append(chunk)
        source.stop()
    assert len(heard) == 1
    with pytest.raises(InvalidInput):
        file_source(path, -1.0)


def test_captions_are_what_the_stage_uses() -> None:
    assert Captions.__module__ == "app.pipeline.realtime"
