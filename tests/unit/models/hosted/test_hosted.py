"""The ports over a host: the lease, the order of things, replies that are not as agreed."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from typing import TypeVar

import pytest

from app.aio.lease import CpuLease, Priority
from app.contracts.audio import AudioChunk, VoiceOptions
from app.contracts.devices import Device, WarmUp
from app.contracts.errors import HostDied, RuntimeFault, TurnCancelledError
from app.contracts.text import ChatMessage, GenerationRequest, Role
from models.host.engine import JsonValue, Reply
from models.hosted import base
from models.hosted.base import HostedRuntime
from models.hosted.embed import HostedEmbedder
from models.hosted.llm import HostedTextGenerator
from models.hosted.stt import HostedSpeechToText
from models.hosted.tts import HostedTextToSpeech
from models.hosted.vad import HostedVoiceActivity
from tests.helpers.hosts import WatchedHost, running
from tests.helpers.ports import capabilities, identity
from tests.helpers.waiting import until

SECOND = AudioChunk(b"\x00\x00\x80\x3f" * 16_000)
REQUEST = GenerationRequest((ChatMessage(Role.USER, "Count."),), max_tokens=50)
PortT = TypeVar("PortT", bound=HostedRuntime)


@asynccontextmanager
async def port(
    cls: Callable[..., PortT], engine: str, lease: CpuLease | None = None, **options: JsonValue
) -> AsyncIterator[tuple[PortT, WatchedHost]]:
    async with running(f"models.fakes.engines:{engine}", **options) as host:
        made = cls(host, identity(), capabilities(16_000), lease)
        await made.warm_up()
        yield made, host


async def test_generating_holds_the_lease_until_the_engine_has_stopped() -> None:
    lease = CpuLease(1)
    async with port(HostedTextGenerator, "FakeLlmEngine", lease, every_s=0.01) as (writer, host):
        async with aclosing(writer.generate(REQUEST)) as pieces:
            await anext(pieces)
            assert lease.held
        assert not lease.held
        assert not host.busy


@pytest.mark.parametrize(("ran", "asks"), [(Device.CPU, True), (Device.GPU, False)])
async def test_an_engine_for_another_device_asks_for_the_lease_only_on_the_processor(ran: Device, asks: bool) -> None:
    """A card that could not be used leaves the work to the processor, where one heavy engine computes at a time."""

    class Evidence:
        async def before_load(self, runtime: HostedRuntime) -> None: ...

        async def after_load(self, runtime: HostedRuntime, warm: WarmUp) -> WarmUp:
            return replace(warm, ran=ran)

    lease = CpuLease(1)
    async with running("models.fakes.engines:FakeLlmEngine", every_s=0.01) as host:
        backend = replace(identity(), device=Device.GPU)
        writer = HostedTextGenerator(host, backend, capabilities(16_000), lease, [Evidence()])
        assert (await writer.warm_up()).ran is ran
        async with aclosing(writer.generate(REQUEST)) as pieces:
            await anext(pieces)
            assert lease.held is asks


async def test_nobody_uses_an_engine_before_the_gates_have_tried_it() -> None:
    tried, may_end = asyncio.Event(), asyncio.Event()

    class Trial:
        async def before_load(self, runtime: HostedRuntime) -> None: ...

        async def after_load(self, runtime: HostedRuntime, warm: WarmUp) -> WarmUp:
            async with aclosing(writer.generate(REQUEST)) as pieces:  # the trial itself is not held up
                await anext(pieces)
            tried.set()
            await may_end.wait()
            raise RuntimeFault("It computes garbage.", code="garbage")

    async with running("models.fakes.engines:FakeLlmEngine", every_s=0.01) as host:
        writer = HostedTextGenerator(host, identity(), capabilities(16_000), CpuLease(1), [Trial()])
        opening = asyncio.create_task(writer.warm_up())
        await tried.wait()
        pieces = writer.generate(REQUEST)
        first = asyncio.create_task(anext(pieces))
        await asyncio.sleep(0.1)
        assert not first.done()
        may_end.set()
        for task in (opening, first):
            with pytest.raises(RuntimeFault, match="garbage"):
                await task
        await pieces.aclose()


async def test_without_gates_the_engines_own_word_about_its_device_counts() -> None:
    lease = CpuLease(1)
    async with running("models.fakes.engines:FakeLlmEngine", every_s=0.01) as host:
        writer = HostedTextGenerator(host, replace(identity(), device=Device.GPU), capabilities(16_000), lease)
        await writer.warm_up()
        async with aclosing(writer.generate(REQUEST)) as pieces:
            await anext(pieces)
            assert lease.held


async def test_a_prefill_lets_go_at_once_when_it_is_dropped() -> None:
    lease = CpuLease(1)
    async with port(HostedTextGenerator, "FakeLlmEngine", lease, prefill_s=60) as (writer, host):
        pid = host.pid
        guess = asyncio.create_task(writer.prefill(REQUEST))
        await until(lambda: host.busy)
        guess.cancel()
        await asyncio.gather(guess, return_exceptions=True)
        assert not lease.held
        assert not host.busy
        assert host.pid == pid


async def test_the_transcript_goes_before_the_answer_and_the_answer_before_a_guess() -> None:
    lease = CpuLease(1)
    order: list[str] = []
    async with (
        port(HostedTextGenerator, "FakeLlmEngine", lease) as (writer, _),
        port(HostedSpeechToText, "FakeSttEngine", lease) as (recogniser, _),
    ):
        stream = await recogniser.open_stream()
        await stream.feed(SECOND)

        async def note(name: str, work: Callable[[], object]) -> None:
            await work()  # type: ignore[misc]
            order.append(name)

        async def generate() -> None:
            assert [piece async for piece in writer.generate(REQUEST)]

        async with lease.hold(Priority.GENERATE):
            tasks = [
                asyncio.create_task(note("prefill", lambda: writer.prefill(REQUEST))),
                asyncio.create_task(note("partial", stream.partial)),
                asyncio.create_task(note("generate", generate)),
                asyncio.create_task(note("transcribe", lambda: recogniser.transcribe(SECOND))),
            ]
            await asyncio.sleep(0.05)
            assert order == []
        await asyncio.gather(*tasks)
        await stream.aclose()
    assert order == ["transcribe", "generate", "partial", "prefill"]


async def test_counting_and_feeding_do_not_wait_for_the_lease() -> None:
    lease = CpuLease(1)
    async with (
        port(HostedTextGenerator, "FakeLlmEngine", lease) as (writer, _),
        port(HostedSpeechToText, "FakeSttEngine", lease) as (recogniser, _),
        lease.hold(Priority.FINAL),
    ):
        assert await writer.count_tokens(["a b"]) == (2,)
        stream = await recogniser.open_stream()
        await stream.feed(SECOND)
        await stream.aclose()


async def test_an_utterance_ends_with_the_process_that_heard_it() -> None:
    async with port(HostedSpeechToText, "FakeSttEngine") as (recogniser, host):
        stream = await recogniser.open_stream()
        await stream.feed(SECOND)
        os.kill(host.pid, signal.SIGKILL)
        await until(lambda: host.states.count("warm") == 2)
        with pytest.raises(HostDied):
            await stream.feed(SECOND)
        with pytest.raises(HostDied):
            await stream.partial()
        await stream.aclose()
        assert (await recogniser.transcribe(SECOND)).samples == 16_000


async def test_a_newer_utterance_takes_the_engine_from_an_older_one() -> None:
    async with port(HostedSpeechToText, "FakeSttEngine") as (recogniser, _):
        older = await recogniser.open_stream()
        await older.feed(SECOND)
        newer = await recogniser.open_stream()
        await newer.feed(SECOND)
        with pytest.raises(TurnCancelledError):
            await older.feed(SECOND)
        await older.aclose()
        assert (await newer.finish()).samples == 16_000
        with pytest.raises(TurnCancelledError):
            await newer.partial()


async def test_a_newer_gate_takes_the_engine_from_an_older_one() -> None:
    async with port(HostedVoiceActivity, "FakeVadEngine") as (gate, _):
        older = await gate.open_stream()
        newer = await gate.open_stream()
        with pytest.raises(TurnCancelledError):
            await older.feed(SECOND)
        await older.aclose()
        assert len(await newer.feed(SECOND)) == 31
        await newer.aclose()


async def test_what_the_ports_send_and_understand_is_what_was_agreed() -> None:
    async with port(HostedTextToSpeech, "FakeTtsEngine") as (voice, _):
        assert [each.voice_id for each in await voice.voices()] == ["ramp"]
        chunks = [chunk async for chunk in voice.synthesize("Fifteen letters", VoiceOptions())]
        assert [chunk.samples for chunk in chunks] == [1000, 500]
    async with port(HostedEmbedder, "FakeEmbedEngine") as (embedder, _):
        assert await embedder.embed(["a", "bb"]) == ((0.0, 1.0, 0.0), (0.0, 0.0, 1.0))


@pytest.mark.parametrize(
    "fields",
    [
        {"text": 3, "samples": 1},
        {"text": "a"},
        {"text": "a", "samples": True},
        {"text": "a", "samples": 1, "confidence": "high"},
    ],
)
async def test_a_transcript_that_is_none(fields: dict[str, JsonValue], monkeypatch: pytest.MonkeyPatch) -> None:
    await _with_reply(monkeypatch, Reply(fields), lambda host: HostedSpeechToText(*host).transcribe(SECOND))


@pytest.mark.parametrize(
    "fields",
    [{"counts": None}, {"counts": [1]}, {"counts": [1, "two"]}, {"counts": [1, 2, 3]}],
)
async def test_counts_that_are_none(fields: dict[str, JsonValue], monkeypatch: pytest.MonkeyPatch) -> None:
    await _with_reply(monkeypatch, Reply(fields), lambda host: HostedTextGenerator(*host).count_tokens(["a", "b"]))


@pytest.mark.parametrize("fields", [{}, {"dimensions": 0}, {"dimensions": 4}, {"dimensions": "3"}])
async def test_vectors_that_are_none(fields: dict[str, JsonValue], monkeypatch: pytest.MonkeyPatch) -> None:
    reply = Reply(fields, bytes(12))
    await _with_reply(monkeypatch, reply, lambda host: HostedEmbedder(*host).embed(["a"]))


@pytest.mark.parametrize("voices", ["none", ["a"], [["a", "b"]], [["a", "b", 3]]])
async def test_voices_that_are_none(voices: JsonValue, monkeypatch: pytest.MonkeyPatch) -> None:
    await _with_reply(monkeypatch, Reply({"voices": voices}), lambda host: HostedTextToSpeech(*host).voices())


@pytest.mark.parametrize("fields", [{"text": None}, {"finish": "tired"}, {"text": "a"}])
async def test_answers_that_are_none(fields: dict[str, JsonValue], monkeypatch: pytest.MonkeyPatch) -> None:
    async def generate(parts: Parts) -> None:
        assert [piece async for piece in HostedTextGenerator(*parts).generate(REQUEST)]

    await _with_reply(monkeypatch, Reply(fields), generate)


def test_a_bad_reply_is_not_quoted() -> None:
    assert "secret" not in str(base.wrong("text", ["secret"]))


Parts = tuple[WatchedHost, object, object]


async def _with_reply(monkeypatch: pytest.MonkeyPatch, reply: Reply, ask: Callable[..., object]) -> None:
    """Have the host answer with ``reply``, whatever it is asked."""

    async def stream(*_args: object, **_options: object) -> AsyncIterator[Reply]:
        yield reply

    async def call(*_args: object, **_options: object) -> Reply:
        return reply

    async with running() as host:
        monkeypatch.setattr(host, "call", call)
        monkeypatch.setattr(host, "stream", stream)
        with pytest.raises(RuntimeFault, match="engine"):
            await ask((host, identity(), capabilities(16_000)))  # type: ignore[misc]
