from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncGenerator
from pathlib import Path

import numpy as np
import pytest

from app.contracts.audio import AudioChunk, Transcript, VoiceOptions
from app.contracts.devices import Backend, Device, DeviceInfo, Presence, RuntimeSupport, WarmUp
from app.contracts.errors import HostDied, RuntimeFault, SottoError, Unavailable
from app.contracts.ports import Machine, Runtime
from app.contracts.text import FinishReason, GenerationRequest, TextPiece
from models.devices import selftest
from models.devices.selftest import FILE, SelfTest
from models.host.supervisor import Host
from models.hosted.base import HostedRuntime, Mender
from models.hosted.embed import HostedEmbedder
from models.hosted.llm import HostedTextGenerator
from models.hosted.stt import HostedSpeechToText
from models.hosted.tts import HostedTextToSpeech
from models.hosted.vad import HostedVoiceActivity
from tests.helpers.ports import capabilities
from tests.helpers.waiting import until

GOOD = "The capital of France is Paris."
WARM = WarmUp(Device.NPU, 5.0)


class Npu(Machine):
    """A machine with an NPU whose driver can be exchanged."""

    driver = "1.0"
    target = "NPU"

    def look(self) -> tuple[DeviceInfo, ...]:
        runtimes = (RuntimeSupport("openvino", usable=True, target=self.target, version="1"),)
        return (DeviceInfo(Device.NPU, "NPU", Presence.READY, driver=self.driver, runtimes=runtimes),)

    async def refresh(self) -> tuple[DeviceInfo, ...]:
        return self.look()


def _about(device: Device = Device.NPU) -> tuple[Host, Backend]:
    key = f"openvino-{device}:model"
    return Host(key, "models.fakes.engines:FakeLlmEngine"), Backend(key, "openvino", device, "model")


class Writer(HostedTextGenerator):
    """Writes one text, or fails."""

    def __init__(self, says: str | SottoError, device: Device = Device.NPU, log_prob: float | None = -0.1) -> None:
        super().__init__(*_about(device), capabilities())
        self.says = says
        self.log_prob = log_prob
        self.asked: list[GenerationRequest] = []

    async def generate(self, request: GenerationRequest) -> AsyncGenerator[TextPiece, None]:
        self.asked.append(request)
        if isinstance(self.says, SottoError):
            raise self.says
        for word in self.says.split(" "):
            yield TextPiece(f"{word} ", self.log_prob)
        yield TextPiece("", finish=FinishReason.STOP)


class Processor(Writer):
    """The same model on the processor."""

    async def warm_up(self) -> WarmUp:
        if isinstance(self.says, SottoError):
            raise self.says
        return WarmUp(Device.CPU, 1.0)


class Listener(HostedSpeechToText):
    def __init__(self, heard: str) -> None:
        super().__init__(*_about(), capabilities(16_000))
        self.heard = heard
        self.clip: AudioChunk | None = None

    async def transcribe(self, clip: AudioChunk) -> Transcript:
        self.clip = clip
        return Transcript(self.heard, clip.samples)


class Speaker(HostedTextToSpeech):
    def __init__(self, samples: np.ndarray) -> None:
        super().__init__(*_about(), capabilities(22_050))
        self.samples = samples

    async def synthesize(self, text: str, options: VoiceOptions) -> AsyncGenerator[AudioChunk, None]:
        for part in np.array_split(self.samples.astype("<f4"), 4):
            yield AudioChunk(part.tobytes(), 22_050)


class Vectors(HostedEmbedder):
    def __init__(self, *rows: tuple[float, ...]) -> None:
        super().__init__(*_about(), capabilities())
        self.rows = rows

    async def embed(self, texts: object, *, query: bool = False) -> tuple[tuple[float, ...], ...]:
        return self.rows


def _gate(folder: Path, machine: Machine | None = None, peer: Runtime | None = None, revision: str = "r1") -> SelfTest:
    return SelfTest(folder, machine=machine or Npu(), revision=lambda _: revision, peer=lambda _: peer, now=lambda: 7.0)


async def _fails(gate: SelfTest, runtime: HostedRuntime) -> str:
    with pytest.raises(Unavailable) as caught:
        await gate.after_load(runtime, WARM)
    assert caught.value.code == "self-test-failed"
    assert "`sotto devices`" in caught.value.remedy
    return caught.value.message


async def test_a_model_that_works_is_tried_once(tmp_path: Path) -> None:
    runtime = Writer(GOOD)
    for gate in (_gate(tmp_path), _gate(tmp_path)):
        await gate.before_load(runtime)
        assert await gate.after_load(runtime, WARM) == WARM
    assert len(runtime.asked) == 1
    assert runtime.asked[0].temperature == 0.0
    verdict = _gate(tmp_path).verdict(runtime.backend)
    assert verdict is not None
    assert (verdict.passed, verdict.compared, verdict.at_s) == (True, False, 7.0)


@pytest.mark.parametrize("says", ["", "!!!!!!!!!!!!!!!!!!!!!", "le le le le le le le le le le le"])
async def test_garbage_is_refused_and_not_loaded_again(says: str, tmp_path: Path) -> None:
    runtime = Writer(says)
    message = await _fails(_gate(tmp_path), runtime)
    assert message.startswith("model does not work on the NPU with openvino: it wrote")
    with pytest.raises(Unavailable) as again:
        await _gate(tmp_path).before_load(runtime)
    assert again.value.message == message
    assert len(runtime.asked) == 1


async def test_numbers_that_are_none_are_garbage(tmp_path: Path) -> None:
    assert "no numbers" in await _fails(_gate(tmp_path), Writer(GOOD, log_prob=float("nan")))


async def test_an_answer_the_processor_would_not_give_is_garbage(tmp_path: Path) -> None:
    peer = Processor(GOOD, Device.CPU)
    assert "nothing in common" in await _fails(_gate(tmp_path, peer=peer), Writer("Zwiebeln schmecken blau gestern."))
    verdict = _gate(tmp_path).verdict(Writer("").backend)
    assert verdict is not None
    assert verdict.compared
    assert peer.asked


async def test_a_processor_that_cannot_be_asked_is_no_fault_of_the_device(tmp_path: Path) -> None:
    peer = Processor(RuntimeFault("no room"), Device.CPU)
    assert await _gate(tmp_path, peer=peer).after_load(Writer(GOOD), WARM) == WARM


@pytest.mark.parametrize(
    ("error", "wrong"),
    [(HostDied("gone"), "its process ended"), (RuntimeFault("DEVICE_LOST."), "a short task failed (DEVICE_LOST)")],
)
async def test_a_device_that_fails_is_refused(error: SottoError, wrong: str, tmp_path: Path) -> None:
    assert wrong in await _fails(_gate(tmp_path), Writer(error))


async def test_a_device_that_never_answers_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    class Silent(Writer):
        async def generate(self, request: GenerationRequest) -> AsyncGenerator[TextPiece, None]:
            await asyncio.sleep(60)
            yield TextPiece("late")

    monkeypatch.setattr(selftest, "PATIENCE_S", 0.05)
    assert "not done within" in await _fails(_gate(tmp_path), Silent(GOOD))


async def test_one_who_stops_waiting_leaves_no_verdict(tmp_path: Path) -> None:
    class Slow(Writer):
        async def generate(self, request: GenerationRequest) -> AsyncGenerator[TextPiece, None]:
            self.asked.append(request)
            await asyncio.sleep(60)
            yield TextPiece("late")

    runtime = Slow(GOOD)
    trying = asyncio.create_task(_gate(tmp_path).after_load(runtime, WARM))
    await until(lambda: bool(runtime.asked))
    trying.cancel()
    with pytest.raises(asyncio.CancelledError):
        await trying
    assert not (tmp_path / FILE).exists()


async def test_words_that_were_not_spoken_are_garbage(tmp_path: Path) -> None:
    assert "other words" in await _fails(_gate(tmp_path), Listener("Turn off the kitchen lights."))


async def test_the_clip_is_understood(tmp_path: Path) -> None:
    runtime = Listener("What is the capital of France?")
    assert await _gate(tmp_path).after_load(runtime, WARM) == WARM
    assert runtime.clip is not None
    assert (runtime.clip.sample_rate_hz, round(runtime.clip.seconds, 2)) == (16_000, 2.19)
    assert np.abs(np.frombuffer(runtime.clip.pcm, dtype="<f4")).max() > 0.05


async def test_silence_and_noise_are_no_voice(tmp_path: Path) -> None:
    assert "cannot be heard" in await _fails(_gate(tmp_path / "1"), Speaker(np.zeros(60_000)))
    noise = np.random.default_rng(0).normal(0, 0.2, 60_000)
    assert "it is noise" in await _fails(_gate(tmp_path / "2"), Speaker(noise))


async def test_vectors_that_tell_nothing_apart_are_garbage(tmp_path: Path) -> None:
    assert "unlike texts" in await _fails(_gate(tmp_path), Vectors((1.0, 0.0), (1.0, 0.0), (1.0, 0.0)))


async def test_a_port_without_a_known_task_passes(tmp_path: Path) -> None:
    runtime = HostedVoiceActivity(*_about(), capabilities(16_000))
    assert await _gate(tmp_path).after_load(runtime, WARM) == WARM


@pytest.mark.parametrize("change", ["driver", "revision"])
async def test_what_failed_is_tried_again_with_another_driver_or_model(change: str, tmp_path: Path) -> None:
    await _fails(_gate(tmp_path), Writer(""))
    machine = Npu()
    machine.driver = "2.0" if change == "driver" else "1.0"
    gate = _gate(tmp_path, machine, revision="r2" if change == "revision" else "r1")
    runtime = Writer(GOOD)
    await gate.before_load(runtime)
    assert await gate.after_load(runtime, WARM) == WARM
    await gate.before_load(runtime)


async def test_what_failed_is_tried_again_when_somebody_wants_it(tmp_path: Path) -> None:
    gate, other = _gate(tmp_path), _gate(tmp_path)
    await _fails(gate, Writer(""))
    other.forget_failures()
    await gate.before_load(Writer(GOOD))


async def test_what_passed_is_not_forgotten_with_the_failures(tmp_path: Path) -> None:
    gate = _gate(tmp_path)
    runtime = Writer(GOOD)
    await gate.after_load(runtime, WARM)
    gate.forget_failures()
    await gate.after_load(runtime, WARM)
    assert len(runtime.asked) == 1


@pytest.mark.parametrize(
    ("device", "ran"), [(Device.CPU, Device.CPU), (Device.REMOTE, Device.REMOTE), (Device.NPU, Device.CPU)]
)
async def test_nothing_is_tried_that_runs_on_the_processor_or_elsewhere(
    device: Device, ran: Device, tmp_path: Path
) -> None:
    runtime = Writer("", device)
    warm = WarmUp(ran, 1.0)
    gate = _gate(tmp_path)
    await gate.before_load(runtime)
    assert await gate.after_load(runtime, warm) == warm
    assert runtime.asked == []


async def test_the_npus_software_path_is_tried_though_the_processor_runs_it(tmp_path: Path) -> None:
    machine = Npu()
    machine.target = "NPU:CPU"
    gate, runtime = _gate(tmp_path, machine), Writer("")
    with pytest.raises(Unavailable, match="it wrote nothing"):
        await gate.after_load(runtime, WarmUp(Device.CPU, 1.0))
    assert len(runtime.asked) == 1
    machine.target = "NPU"  # the real one has not been tried
    await gate.before_load(runtime)


@pytest.mark.parametrize(
    "text", ["{", "[" * 100_000, "[]", "{}", '{"format": 1, "verdicts": {"x": {}}}', '{"format": 9, "verdicts": 3}']
)
async def test_a_damaged_file_means_trying_again(text: str, tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(text, encoding="utf-8")
    assert await _gate(tmp_path).after_load(Writer(GOOD), WARM) == WARM
    assert json.loads((tmp_path / FILE).read_text(encoding="utf-8"))["verdicts"]


async def test_a_verdict_that_cannot_be_kept_counts_all_the_same(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    gate = _gate(tmp_path / "file")
    with caplog.at_level(logging.WARNING):
        await _fails(gate, Writer(""))
    assert "not kept" in caplog.text
    with pytest.raises(Unavailable):
        await gate.before_load(Writer(""))


async def test_a_model_that_ends_its_process_twice_while_loading_is_not_loaded_a_third_time(tmp_path: Path) -> None:
    gate, runtime = _gate(tmp_path), Writer(GOOD)
    await gate.load_failed(runtime, HostDied("gone"))
    await gate.before_load(runtime)
    await gate.load_failed(runtime, HostDied("gone"))
    with pytest.raises(Unavailable, match="loading it ended its process 2 times"):
        await gate.before_load(runtime)


async def test_deaths_with_a_good_load_between_them_do_not_add_up(tmp_path: Path) -> None:
    gate, runtime = _gate(tmp_path), Writer(GOOD)
    for _ in range(3):
        await gate.load_failed(runtime, HostDied("gone"))
        await gate.after_load(runtime, WARM)
    await gate.before_load(runtime)


@pytest.mark.parametrize(
    ("device", "error"),
    [(Device.CPU, HostDied("gone")), (Device.NPU, RuntimeFault("no such file")), (Device.NPU, Unavailable("no model"))],
)
async def test_other_failures_of_loading_are_no_verdict(device: Device, error: SottoError, tmp_path: Path) -> None:
    gate, runtime = _gate(tmp_path), Writer(GOOD, device)
    for _ in range(5):
        await gate.load_failed(runtime, error)
    await gate.before_load(runtime)
    assert isinstance(gate, Mender)
