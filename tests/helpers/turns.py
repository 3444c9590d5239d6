"""Turns as they are reported: one that was answered on three devices one after another, and others like it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from app.contracts.cards import QuestionCard
from app.contracts.devices import Device, Tier
from app.contracts.energy import Comparison, Energy, EnergyAccount, Provenance
from app.contracts.events import (
    CardUpserted,
    DeviceUsed,
    Escalated,
    FailedOver,
    FinalTranscript,
    Listening,
    SpeechFinished,
    SpeechStarted,
    StageFinished,
    StageStarted,
    TextDelta,
    TextReplaced,
    TurnEvent,
    TurnFinished,
    TurnStarted,
)
from app.contracts.metrics import Attempt, StageMetadata, StageMetrics, TurnMetrics

UNSURE = "The confidence of 0.61 is under 0.80."
HOT = "The GPU rests: 93 °C, and it slows down at 95 °C."
METHOD = "Busy seconds scaled by the speeds measured here, times the table's watts above idle."
QUESTION = "How far away is the moon?"
FIRST = "The Moon is about 384,400 kilometres away. "
REST = "Its path is not a circle."


@dataclass(frozen=True, slots=True)
class Seat:
    """A backend with its model, and where it runs."""

    tier: Tier
    device: Device

    @property
    def backend(self) -> str:
        """The backend's id."""
        return self.tier.backend_id


EARS = Seat(Tier("openvino-whisper-npu", "whisper-base"), Device.NPU)
EARS_ON_CPU = Seat(Tier("moonshine-cpu", "moonshine-tiny-en"), Device.CPU)
SMALL = Seat(Tier("openvino-npu", "qwen2.5-0.5b-int4"), Device.NPU)
SMALL_ON_CPU = Seat(Tier("llama-cpu", "smollm2-135m-instruct-q4_1"), Device.CPU)
LARGER_ON_CPU = Seat(Tier("llama-cpu:qwen2.5-1.5b", "qwen2.5-1.5b-q4"), Device.CPU)
LARGE = Seat(Tier("llama-gpu:qwen2.5-7b", "qwen2.5-7b-q4"), Device.GPU)
MIDDLE = Seat(Tier("openvino-igpu", "qwen2.5-3b-int4"), Device.IGPU)


def metrics_of(
    stage: str, backend: str, device: Device, elapsed_ms: float, joules: float, **more: object
) -> StageMetrics:
    """What a stage took, estimated unless ``more`` has another energy."""
    fields = {"energy": Energy(joules, Provenance.ESTIMATE), **more}
    return StageMetrics(stage=stage, backend=backend, device=device, elapsed_ms=elapsed_ms, **fields)


def whole(total_ms: float, *stages: StageMetrics) -> TurnMetrics:
    """What a turn took whose stages took this; all on the graphics card would take two and a half times that."""
    energies = [stage.energy for stage in stages if stage.energy is not None]
    spent, seconds = sum(energy.joules for energy in energies), total_ms / 1000.0
    provenance = max((energy.provenance for energy in energies), key=list(Provenance).index)
    total = spent + (1.0 + 6.5) * seconds
    return TurnMetrics(
        stages=stages,
        total_ms=total_ms,
        energy=Energy(spent, provenance),
        account=EnergyAccount(total, spent, 1.0 * seconds, 6.5 * seconds, seconds, provenance),
        compared=(Comparison(Device.GPU, 2.5 * spent, 0.6, METHOD),),
    )


def climbing(
    ears: Seat, tiers: Sequence[Seat], joules: float, reason: str = HOT
) -> tuple[tuple[float, TurnEvent], ...]:
    """A spoken turn: the first tier is not sure, the second takes over, and a third goes on where there is one."""
    first, second, last = tiers[0], tiers[1], tiers[-1]
    listen = metrics_of("listen", "silero-cpu", Device.CPU, 1900.0, 0.31)
    heard = metrics_of("transcribe", ears.backend, ears.device, 180.0, 0.42)
    answer = metrics_of("answer", last.backend, last.device, 2960.0, joules, first_output_ms=310.0, tokens=96)
    speak = metrics_of("speak", "piper-cpu", Device.CPU, 3550.0, 1.9)
    metrics = replace(
        whole(6460.0, listen, heard, answer, speak),
        final_transcript_ms=180.0,
        first_token_ms=520.0,
        first_audio_ms=1320.0,
    )
    moved: tuple[tuple[float, TurnEvent], ...] = ()
    if last is not second:
        moved = (
            (3900.0, FailedOver(from_backend=second.backend, to_backend=last.backend, reason=reason, at_token=40)),
            (3985.0, used("answer", last)),
        )
    return (
        (0.0, TurnStarted(source="voice")),
        (2.0, StageStarted(stage="listen", backend="silero-cpu")),
        (60.0, Listening(level=-20.0)),
        (1902.0, StageFinished(metrics=listen)),
        (1903.0, StageStarted(stage="transcribe", backend=ears.backend)),
        (1905.0, used("transcribe", ears)),
        (2083.0, StageFinished(metrics=heard)),
        (2083.5, FinalTranscript(text=QUESTION)),
        (2090.0, StageStarted(stage="answer", backend=first.backend)),
        (2120.0, used("answer", first)),
        (2400.0, TextDelta(text="The Moon", confidence=0.6, tier=first.tier)),
        (2640.0, Escalated(from_tier=first.tier, to_tier=second.tier, reason=UNSURE, confidence=0.61)),
        (2700.0, used("answer", second)),
        (2789.0, TextReplaced(kept=0, reason=UNSURE)),
        (2790.0, TextDelta(text=FIRST, confidence=0.95, tier=second.tier)),
        (2905.0, DeviceUsed(stage="speak", backend="piper-cpu", asked=Device.CPU, ran=Device.CPU)),
        (3220.0, SpeechStarted(utterance=0, text=FIRST)),
        *moved,
        (4100.0, TextDelta(text=REST, confidence=0.93, tier=last.tier)),
        (5050.0, StageFinished(metrics=answer, metadata=_climbed(tiers, joules, reason))),
        (5051.0, StageStarted(stage="speak", backend="piper-cpu")),
        (5110.0, SpeechFinished(utterance=0, heard=FIRST, heard_s=1.9)),
        (5330.0, SpeechStarted(utterance=1, text=REST)),
        (6440.0, SpeechFinished(utterance=1, heard=REST, heard_s=1.1)),
        (6455.0, StageFinished(metrics=speak)),
        (6460.0, TurnFinished(metrics=metrics)),
    )


def _climbed(tiers: Sequence[Seat], joules: float, reason: str) -> StageMetadata:
    """How the answer came about: what every tier made of it, and its share of the joules."""
    last = tiers[-1]
    told = [("escalated", UNSURE, 550.0, 0.05), ("failed-over", reason, 1260.0, 0.65)][: len(tiers) - 1]
    told.append(("accepted", "It took over.", 1150.0, 1.0 - sum(share for _, _, _, share in told)))
    attempts = tuple(
        Attempt(
            backend=seat.backend,
            model=seat.tier.model,
            decision=decision,
            reason=why,
            elapsed_ms=elapsed_ms,
            energy=Energy(joules * share, Provenance.ESTIMATE),
        )
        for seat, (decision, why, elapsed_ms, share) in zip(tiers, told, strict=True)
    )
    return StageMetadata(
        forwarded=True,
        attempt_count=len(attempts),
        backend=last.backend,
        model=last.tier.model,
        asked=tiers[0].device,
        ran=last.device,
        attempts=attempts,
    )


def plain() -> tuple[tuple[float, TurnEvent], ...]:
    """A typed turn that ran on the processor alone."""
    answer = metrics_of("answer", "llama-cpu", Device.CPU, 1240.0, 14.9, first_output_ms=260.0, tokens=74)
    speak = metrics_of("speak", "espeak-cpu", Device.CPU, 2900.0, 0.12)
    return (
        (0.0, TurnStarted(source="text")),
        (40.0, StageStarted(stage="answer", backend="llama-cpu")),
        (45.0, used("answer", SMALL_ON_CPU)),
        (300.0, TextDelta(text=FIRST + REST, confidence=0.9, tier=SMALL_ON_CPU.tier)),
        (420.0, DeviceUsed(stage="speak", backend="espeak-cpu", asked=Device.CPU, ran=Device.CPU)),
        (470.0, SpeechStarted(utterance=0, text=FIRST)),
        (1280.0, StageFinished(metrics=answer)),
        (1281.0, StageStarted(stage="speak", backend="espeak-cpu")),
        (2370.0, SpeechFinished(utterance=0, heard=FIRST, heard_s=1.9)),
        (2590.0, SpeechStarted(utterance=1, text=REST)),
        (3310.0, SpeechFinished(utterance=1, heard=REST, heard_s=0.7)),
        (3320.0, StageFinished(metrics=speak)),
        (3325.0, TurnFinished(metrics=whole(3325.0, answer, speak))),
    )


def used(stage: str, seat: Seat) -> DeviceUsed:
    """A backend ran where it was asked to."""
    return DeviceUsed(stage=stage, backend=seat.backend, asked=seat.device, ran=seat.device)


def troubled_turn(turn_id: str = "turn") -> list[TurnEvent]:
    """Every event of a turn whose answer escalated from the NPU to the GPU and failed over to the iGPU."""
    return stamped(climbing(EARS, (SMALL, LARGE, MIDDLE), 41.6), turn_id)


def question_of(turn_id: str, *, spoken: bool) -> CardUpserted:
    """The card of the question that these turns answer."""
    card = QuestionCard(
        card_id=f"{turn_id}-question", turn_id=turn_id, priority=100, text=QUESTION, final=True, spoken=spoken
    )
    return CardUpserted(card=card, turn_id=turn_id)


def stamped(events: Sequence[tuple[float, TurnEvent]], turn_id: str = "turn") -> list[TurnEvent]:
    """Events with their times as the stream of a turn stamps them."""
    return [replace(event, turn_id=turn_id, seq=number, t_ms=at_ms) for number, (at_ms, event) in enumerate(events)]
