"""An utterance that survives the host that heard it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from app.contracts.audio import AudioChunk
from app.contracts.errors import HostDied, InvalidInput, Unavailable
from models.fakes.stt import FakeSpeechToText
from models.retrying import RetryingSpeechToText
from tests.helpers.events import Reports

SECOND = AudioChunk(b"\x00\x00\x80\x3f" * 16_000)
TEXT = "one two three four five six seven eight nine"


def heard(stream_fed: Sequence[AudioChunk]) -> int:
    return sum(chunk.samples for chunk in stream_fed)


async def test_a_stream_without_trouble() -> None:
    fake = FakeSpeechToText([TEXT])
    stream = await RetryingSpeechToText([fake]).open_stream()
    await stream.feed(SECOND)
    assert (await stream.partial()).text == "one two three"
    await stream.feed(SECOND)
    assert (await stream.finish()).text == TEXT
    await stream.aclose()
    assert len(fake.streams) == 1
    assert fake.streams[0].closed


async def test_a_partial_that_fails_is_asked_of_a_fresh_stream_with_everything_fed_so_far() -> None:
    fake = FakeSpeechToText([TEXT])
    port = RetryingSpeechToText([fake])
    port.observer = reports = Reports()
    stream = await port.open_stream()
    await stream.feed(SECOND)
    await stream.feed(SECOND)
    fake.fail("partial", HostDied("gone"))
    assert (await stream.partial()).text == "one two three four five six"
    assert heard(fake.streams[1].fed) == 32_000
    await stream.feed(SECOND)
    assert heard(fake.streams[1].fed) == 48_000
    assert reports.lines == ["transcribe on fake-stt", "retry 2/2 host-died", "transcribe on fake-stt"]
    await stream.aclose()


async def test_feeding_a_dead_host_raises_nothing_and_loses_nothing() -> None:
    fake = FakeSpeechToText([TEXT])
    port = RetryingSpeechToText([fake])
    port.observer = reports = Reports()
    stream = await port.open_stream()
    await stream.feed(SECOND)
    fake.fail("feed", HostDied("gone"))
    await stream.feed(SECOND)
    await stream.feed(SECOND)
    assert (await stream.partial()).samples == 48_000
    assert "retry 2/2 host-died" in reports.lines
    await stream.aclose()


async def test_a_finish_that_fails_is_made_up_for_by_the_whole_clip() -> None:
    fake = FakeSpeechToText([TEXT])
    stream = await RetryingSpeechToText([fake]).open_stream()
    await stream.feed(SECOND)
    await stream.feed(SECOND)
    fake.fail("finish", HostDied("gone"))
    final = await stream.finish()
    assert (final.text, final.samples) == (TEXT, 32_000)
    assert [clip.samples for clip in fake.clips] == [32_000]
    await stream.aclose()


async def test_a_clip_too_long_to_be_recognised_whole_is_streamed_again() -> None:
    fake = FakeSpeechToText([TEXT])
    stream = await RetryingSpeechToText([fake]).open_stream()
    for _ in range(61):
        await stream.feed(SECOND)
    fake.fail("finish", HostDied("gone"))
    assert (await stream.finish()).samples == 61 * 16_000
    assert fake.clips == []
    await stream.aclose()


async def test_the_next_tier_hears_everything_too() -> None:
    one, two = FakeSpeechToText([TEXT], "one"), FakeSpeechToText([TEXT], "two")
    stream = await RetryingSpeechToText([one, two]).open_stream()
    await stream.feed(SECOND)
    one.fail("partial", HostDied("gone"), HostDied("gone"))
    assert (await stream.partial()).samples == 16_000
    await stream.feed(SECOND)
    assert (await stream.finish()).samples == 32_000
    assert heard(two.streams[0].fed) == 32_000
    await stream.aclose()


async def test_nothing_to_hear_with_is_told_at_the_start() -> None:
    fake = FakeSpeechToText([TEXT])
    fake.fail("warm_up", Unavailable("none"))
    with pytest.raises(Unavailable):
        await RetryingSpeechToText([fake]).open_stream()


async def test_silence_and_nothing_at_all() -> None:
    fake = FakeSpeechToText([TEXT])
    port = RetryingSpeechToText([fake])
    for chunks in ([], [AudioChunk(bytes(4000))]):
        stream = await port.open_stream()
        for chunk in chunks:
            await stream.feed(chunk)
        fake.fail("finish", HostDied("gone"))
        assert (await stream.finish()).text == ""
        await stream.aclose()


async def test_input_that_no_tier_can_use_is_told() -> None:
    fake = FakeSpeechToText([TEXT])
    stream = await RetryingSpeechToText([fake]).open_stream()
    await stream.feed(SECOND)
    fake.fail("partial", InvalidInput("nonsense"))
    with pytest.raises(InvalidInput):
        await stream.partial()
    await stream.aclose()
