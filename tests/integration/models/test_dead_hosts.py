"""Hosts that die or hang in the middle of a request: it costs one retry, and nobody above notices more than that."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import numpy as np
import psutil
import pytest

from app.aio.lease import CpuLease
from app.contracts.audio import AudioChunk, VoiceOptions
from app.contracts.errors import TemporaryError
from app.contracts.text import ChatMessage, GenerationRequest, Role
from models.backends import Backends
from models.fakes.engines import FakeLlmEngine
from models.host.engine import JsonValue
from models.hosted.base import HostedRuntime
from models.hosted.llm import HostedTextGenerator
from models.hosted.stt import HostedSpeechToText
from models.hosted.tts import HostedTextToSpeech
from models.hosted.vad import HostedVoiceActivity
from models.retrying import (
    RetryingSpeechToText,
    RetryingTextGenerator,
    RetryingTextToSpeech,
    RetryingVoiceActivity,
)
from tests.helpers.events import Reports
from tests.helpers.hosts import LIMITS, WatchedHost, host_processes
from tests.helpers.ports import capabilities, identity, pieces, speech

SECOND = AudioChunk(b"\x00\x00\x80\x3f" * 16_000)
REQUEST = GenerationRequest((ChatMessage(Role.USER, "Count."),), max_tokens=50)
TROUBLES = [
    "die",
    pytest.param("hang", marks=pytest.mark.skipif(sys.platform == "win32", reason="timing differs there")),
]
PortT = TypeVar("PortT", bound=HostedRuntime)


@asynccontextmanager
async def doomed(
    cls: Callable[..., PortT], engine: str, *, rate: int = 16_000, backend_id: str = "one", **options: JsonValue
) -> AsyncIterator[PortT]:
    """A port whose host dies or hangs on cue."""
    host = WatchedHost(f"models.fakes.engines:{engine}", replace(LIMITS, request_s=0.5), options)
    made = cls(host, identity(backend_id), capabilities(rate), CpuLease(1))
    await made.warm_up()
    try:
        yield made
    finally:
        await made.aclose()


@pytest.fixture
def once(tmp_path: Path) -> str:
    """A marker that lets a cue happen once."""
    return str(tmp_path / "happened")


@pytest.mark.parametrize("trouble", TROUBLES)
@pytest.mark.parametrize("after", [0, 4, 11])
async def test_an_answer_goes_on_without_a_word_lost_or_repeated(trouble: str, after: int, once: str) -> None:
    async with doomed(HostedTextGenerator, "FakeLlmEngine", die=trouble, after=after, marker=once) as writer:
        port = RetryingTextGenerator([writer])
        port.observer = reports = Reports()
        text = "".join([piece.text async for piece in port.generate(REQUEST)])
    assert text == " ".join(FakeLlmEngine.ANSWER)
    code = {"die": "host-died", "hang": "host-hung"}[trouble]
    assert reports.lines == ["answer on one", f"retry 2/2 {code}", "answer on one"]


async def test_a_host_that_always_dies_hands_its_answer_to_the_next_tier() -> None:
    async with (
        doomed(HostedTextGenerator, "FakeLlmEngine", die="die", after=3) as one,
        doomed(HostedTextGenerator, "FakeLlmEngine", backend_id="two") as two,
    ):
        port = RetryingTextGenerator([one, two])
        port.observer = reports = Reports()
        text = "".join([piece.text async for piece in port.generate(REQUEST)])
    assert text == " ".join(FakeLlmEngine.ANSWER)
    assert reports.lines[-2:] == ["one -> two at 6", "answer on two"]


async def test_alone_it_fails_with_one_clear_error() -> None:
    async with doomed(HostedTextGenerator, "FakeLlmEngine", die="die", after=0) as one:
        with pytest.raises(TemporaryError):
            assert [piece async for piece in RetryingTextGenerator([one]).generate(REQUEST)]


@pytest.mark.parametrize("trouble", TROUBLES)
@pytest.mark.parametrize("after", [0, 1, 3])
async def test_a_sentence_goes_on_at_the_sample_it_broke_off(trouble: str, after: int, once: str) -> None:
    async with doomed(HostedTextToSpeech, "FakeTtsEngine", rate=8000, die=trouble, after=after, marker=once) as voice:
        port = RetryingTextToSpeech([voice])
        text = "forty-five characters of a sentence to speak."
        pcm = b"".join([chunk.pcm async for chunk in port.synthesize(text, VoiceOptions())])
    samples = np.frombuffer(pcm, dtype="<f4")
    assert np.allclose(samples, np.arange(4500) / 1e6)


@pytest.mark.parametrize("trouble", TROUBLES)
@pytest.mark.parametrize("after", [0, 1, 2])
async def test_an_utterance_is_told_again_to_a_fresh_host(
    trouble: str, after: int, once: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("models.hosted.stt.PATIENCE_S", 0.5)
    monkeypatch.setattr("models.hosted.stt.PATIENCE_PER_S", 0.0)
    async with doomed(HostedSpeechToText, "FakeSttEngine", die=trouble, after=after, marker=once) as recogniser:
        port = RetryingSpeechToText([recogniser])
        stream = await port.open_stream()
        texts = []
        for _ in range(2):
            await stream.feed(SECOND)
            texts.append((await stream.partial()).text)
        texts.append((await stream.finish()).text)
        await stream.aclose()
    four, eight = "word1 word2 word3 word4", "word1 word2 word3 word4 word5 word6 word7 word8"
    assert texts == [four, eight, eight]


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_a_gate_loses_no_frame(trouble: str, once: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.hosted.vad.PATIENCE_S", 0.5)
    async with doomed(HostedVoiceActivity, "FakeVadEngine", die=trouble, after=3, marker=once) as gate:
        port = RetryingVoiceActivity([gate])
        stream = await port.open_stream()
        probabilities = [p for chunk in pieces(SECOND, 320) for p in await stream.feed(chunk)]
        await stream.aclose()
    assert probabilities == [1.0] * 31


class Real:
    """The embedded default, and the process of each backend."""

    def __init__(self) -> None:
        self.backends = Backends(CpuLease())

    def kill(self, backend_id: str) -> int:
        runtime = self.backends.build(backend_id)
        pid = runtime.host.pid
        assert pid
        os.kill(pid, signal.SIGKILL)
        return pid


@pytest.fixture
async def real() -> AsyncIterator[Real]:
    made = Real()
    yield made
    await made.backends.aclose()
    assert host_processes() == []


def have(real: Real, backend_id: str) -> None:
    if reason := real.backends.why_not(backend_id):
        pytest.skip(reason)


async def test_killing_llama_in_the_middle_of_an_answer(real: Real) -> None:
    have(real, "llama-cpu")
    port = real.backends.text(["llama-cpu"])
    request = GenerationRequest((ChatMessage(Role.USER, "Tell me about the sea."),), max_tokens=24, temperature=0.0)
    undisturbed = "".join([piece.text async for piece in port.generate(request)])
    port.observer = reports = Reports()
    killed = 0
    text = ""
    tokens = 0
    async for piece in port.generate(request):
        text += piece.text
        tokens += piece.finish is None
        if tokens == 5 and not killed:
            killed = real.kill("llama-cpu")
    assert reports.lines == ["answer on llama-cpu", "retry 2/2 host-died", "answer on llama-cpu"]
    assert tokens <= 24
    assert text.split()[:5] == undisturbed.split()[:5]
    assert not psutil.pid_exists(killed)


async def test_killing_moonshine_while_it_hears(real: Real) -> None:
    have(real, "moonshine-cpu")
    port = real.backends.speech_to_text(["moonshine-cpu"])
    undisturbed = (await port.transcribe(speech())).text
    stream = await port.open_stream()
    chunks = pieces(speech(), 320)
    for chunk in chunks[:60]:
        await stream.feed(chunk)
    await stream.partial()
    real.kill("moonshine-cpu")
    for chunk in chunks[60:100]:
        await stream.feed(chunk)
    await stream.partial()
    real.kill("moonshine-cpu")
    for chunk in chunks[100:]:
        await stream.feed(chunk)
    assert (await stream.finish()).text == undisturbed
    await stream.aclose()


async def test_killing_espeak_in_the_middle_of_a_sentence(real: Real) -> None:
    have(real, "espeak-cpu")
    port = real.backends.text_to_speech(["espeak-cpu"])
    text = "This is a rather long sentence about the sea, the land and the sky, spoken without any haste. " * 4
    undisturbed = sum([chunk.seconds async for chunk in port.synthesize(text, VoiceOptions())])
    seconds = 0.0
    killed = False
    async for chunk in port.synthesize(text, VoiceOptions()):
        seconds += chunk.seconds
        if not killed:
            killed = bool(real.kill("espeak-cpu"))
    assert seconds == pytest.approx(undisturbed, abs=0.05)


async def test_killing_silero_while_it_listens(real: Real) -> None:
    have(real, "silero-cpu")
    port = real.backends.voice_activity(["silero-cpu"])
    stream = await port.open_stream()
    probabilities: list[float] = []
    for at, chunk in enumerate(pieces(speech(), 320)):
        if at == 50:
            real.kill("silero-cpu")
        probabilities += await stream.feed(chunk)
    await stream.aclose()
    assert len(probabilities) == speech().samples // 512
    assert sum(probability > 0.5 for probability in probabilities) > len(probabilities) / 3
    assert port.backend.backend_id == "silero-cpu"


async def test_two_hosts_of_one_model_one_killed_in_the_middle_the_other_goes_on(real: Real) -> None:
    have(real, "llama-cpu")
    one, two = (real.backends.text_port(key) for key in ("llama-cpu", "llama-spare-cpu"))
    request = GenerationRequest(
        (ChatMessage(Role.USER, "Tell me about the sea in a few sentences."),), max_tokens=24, temperature=0.0
    )
    whole = "".join([piece.text async for piece in two.generate(request)])
    port = real.backends.text(["llama-cpu", "llama-spare-cpu"])
    port.observer = reports = Reports()
    text, killed = "", 0
    async with aclosing(port.generate(request)) as pieces:
        async for piece in pieces:
            text += piece.text
            if len(text) > 20 and not killed:
                killed = real.kill("llama-cpu")
    assert text.split()[:5] == whole.split()[:5]
    assert reports.lines == ["answer on llama-cpu", "retry 2/2 host-died", "answer on llama-cpu"]
    state = await one.export_state()
    here = "".join([piece.text async for piece in one.generate(request)])
    assert await two.import_state(state) > 0
    pieces_after = [piece async for piece in two.generate(request)]
    assert "".join(piece.text for piece in pieces_after) == here
    assert pieces_after[-1].cached_tokens >= pieces_after[-1].prompt_tokens - 1


async def test_a_verifier_killed_while_it_reads_is_one_clear_error_and_then_reads_again(real: Real) -> None:
    have(real, "llama-cpu")
    port = real.backends.text_port("llama-cpu")
    await port.warm_up()
    draft = "The sea is deep and blue. " * 40
    request = GenerationRequest((ChatMessage(Role.USER, "Tell me about the sea."),), answer_so_far=draft)
    reading = asyncio.create_task(port.verify(request, 50_000))
    await asyncio.sleep(0.05)
    real.kill("llama-cpu")
    with pytest.raises(TemporaryError):
        await reading
    verified = await port.verify(request, 50_000)
    assert verified.kept == len(draft)
