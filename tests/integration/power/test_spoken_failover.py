"""A whole spoken turn whose device becomes too hot at token 40: what comes out of the speaker does not show it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from difflib import SequenceMatcher
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import pytest

from app.aio.clock import SystemClock
from app.aio.lease import CpuLease
from app.assistant.parts import TurnOptions
from app.audio.devices import SoundDevices
from app.audio.playback import SpeakerSink
from app.audio.portaudio import PortAudio
from app.bench.virtual_sound import RATE_HZ, Monitored, SoundServer, virtual_sound
from app.bench.wer import normalized
from app.contracts.audio import VoiceOptions
from app.contracts.devices import Tier
from app.contracts.events import FailedOver, SpeechFinished, TextDelta, TurnEvent, TurnFinished
from app.pipeline.answering import PipelineAnswers
from app.pipeline.definition import PipelineDefinition, StageDefinition, StageType
from app.pipeline.engine import PipelineEngine
from models.backends import Backends
from models.embedded import SMOLLM2
from tests.helpers.assistants import cast, room
from tests.helpers.heat import (
    COOL,
    CROSSED_AT,
    HOT,
    WARMING,
    ReplayedHeat,
    add_hot_backend,
    heat_trace,
    told,
    tools_over,
)
from tests.helpers.listening import transcribed
from tests.helpers.sound import missing_tools

QUESTION = "Explain in detail how rain is made."
OPTIONS = TurnOptions(
    voice=VoiceOptions(speed=1.25), must_speak=True, max_tokens=50, temperature=0.0, pipeline="spoken-answer"
)
Kind = TypeVar("Kind")
SILENT = 2e-3
"""Quieter than this is a pause."""
FRAME_S = 0.01
FRAME = round(RATE_HZ * FRAME_S)
WORD_S = 0.15
"""Hardly a word is shorter: sound that is longer or shorter by less has neither one more nor one less."""
STRETCH_S = 2.0


class Shelf:
    """One pipeline with one stage."""

    def get(self, pipeline_id: str) -> PipelineDefinition:
        stage = StageDefinition(stage_id="answer", type=StageType.TEXT_GENERATION)
        return PipelineDefinition(pipeline_id=pipeline_id, name="Spoken answer", stages=(stage,))

    def ids(self) -> tuple[str, ...]:
        return (OPTIONS.pipeline,)


@pytest.fixture
def sound(monkeypatch: pytest.MonkeyPatch) -> Iterator[SoundServer]:
    if reason := missing_tools():
        pytest.skip(reason)
    with virtual_sound() as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        yield server


async def spoken(
    backends: Backends, heat: ReplayedHeat, sound: SoundServer, folder: Path
) -> tuple[list[TurnEvent], Monitored]:
    """A turn of an assistant whose language models, voice and speaker are real; and what was heard of it."""
    portaudio = PortAudio()
    devices = SoundDevices(portaudio)
    speaker = SpeakerSink(devices)
    engine = PipelineEngine(Shelf(), tools_over(backends, heat))
    players = cast()
    players.parts = replace(
        players.parts,
        speaker=speaker,
        text=backends.text([HOT, COOL]),
        text_to_speech=backends.text_to_speech(["espeak-cpu"]),
        governor=heat,
        clock=SystemClock(),
        pipelines=PipelineAnswers(engine, lambda: (Tier(HOT, SMOLLM2), Tier(COOL, SMOLLM2))),
    )
    await backends.text_port(HOT).warm_up()
    await players.parts.text_to_speech.warm_up()
    try:
        async with room(folder, players, OPTIONS) as asked:
            asked.assistant.subscribe(lambda event: heat.token() if isinstance(event, TextDelta) else None)
            with sound.listen() as monitor:
                asked.assistant.ask(QUESTION)
                await asked.watched.ended()
            return asked.watched.of(asked.watched.turns[0]), monitor.so_far()
    finally:
        await engine.aclose()
        await speaker.aclose()
        await devices.aclose()
        await portaudio.aclose()


def loudness(heard: Monitored) -> npt.NDArray[np.float32]:
    """The loudest sample of every frame."""
    samples = heard.samples[: heard.samples.size // FRAME * FRAME]
    return np.abs(samples).reshape(-1, FRAME).max(axis=1)


def sounding(heard: Monitored) -> npt.NDArray[np.intp]:
    """The frames with sound in them."""
    return np.flatnonzero(loudness(heard) > SILENT)


def longest_pause_s(heard: Monitored, since: float) -> float:
    """The longest silence between two sounds of which the second came after a moment, monotonic seconds."""
    frames = sounding(heard)
    before = sum(heard.time_of(int(frame) * FRAME) < since for frame in frames)
    return float(np.diff(frames[max(0, before - 1) :]).max() - 1) * FRAME_S


def alike(one: Monitored, other: Monitored) -> float:
    """How much two recordings without their pauses grow louder and softer together, 1 for just the same.

    They are compared in stretches, each of which may lie a little apart: by less than a word is long.
    """
    first, second = (loudness(each)[sounding(each)] for each in (one, other))
    apart, size = round(WORD_S / FRAME_S), round(STRETCH_S / FRAME_S)
    found = []
    for at in range(apart, min(first.size, second.size) - size - apart, size):
        stretch = first[at : at + size]
        places = (second[at + lag : at + lag + size] for lag in range(-apart, apart + 1))
        found.append(max(float(np.corrcoef(stretch, place)[0, 1]) for place in places))
    return min(found)


def of_kind(events: list[TurnEvent], kind: type[Kind]) -> list[Kind]:
    return [event for event in events if isinstance(event, kind)]


async def test_the_voice_does_not_stumble_when_the_answer_moves(sound: SoundServer, tmp_path: Path) -> None:
    backends = Backends(CpuLease(1))
    for needed in (COOL, "espeak-cpu", "moonshine-cpu"):
        if reason := backends.why_not(needed):
            pytest.skip(reason)
    # Most of the answer is there long before it has been spoken; then come ten tokens, slow enough to be moved among.
    add_hot_backend(backends, token_s=0.15, slow_from=CROSSED_AT)
    cool = ReplayedHeat(heat_trace(tmp_path / "cool.jsonl", (60.0,)))
    hot = ReplayedHeat(heat_trace(tmp_path / "hot.jsonl", WARMING))
    try:
        whole, smooth = await spoken(backends, cool, sound, tmp_path)
        await backends.text_port(COOL).warm_up()
        moved, heard = await spoken(backends, hot, sound, tmp_path)
    finally:
        await backends.aclose()

    (move,) = of_kind(moved, FailedOver)
    assert not of_kind(whole, FailedOver)
    assert (move.from_backend, move.to_backend) == (HOT, COOL)
    assert move.at_token >= CROSSED_AT
    went_on = of_kind(moved[moved.index(move) :], TextDelta)
    assert len(went_on) >= 5, "it goes on in the middle of the answer"
    assert "92 °C" in move.reason
    text = "".join(event.text for event in of_kind(whole, TextDelta))
    assert "".join(event.text for event in of_kind(moved, TextDelta)) == text, "on screen no word is lost or repeated"
    assert of_kind(moved, TurnFinished)
    said = "".join(event.heard for event in of_kind(moved, SpeechFinished))
    assert said.split() == text.split(), "nor in the voice"
    assert of_kind(moved[moved.index(move) :], SpeechFinished), "it still spoke when the answer moved"
    pauses = longest_pause_s(smooth, cool.crossed_at), longest_pause_s(heard, hot.crossed_at)
    figures = f"{pauses[0] * 1000:.0f} ms undisturbed, {pauses[1] * 1000:.0f} ms with a move"
    told(
        f"longest pause since token {CROSSED_AT}: {figures} at token {move.at_token} of {move.at_token + len(went_on)}"
    )
    assert pauses[1] <= pauses[0] + 0.1
    difference_s = abs(sounding(heard).size - sounding(smooth).size) * FRAME_S
    likeness = alike(smooth, heard)
    told(f"sound that differs in length by {difference_s * 1000:.0f} ms and is alike to {likeness:.2f}")
    assert difference_s < WORD_S, "no word is heard twice, none is missing"
    assert likeness > 0.6
    understood = normalized(transcribed(heard.samples, RATE_HZ))
    told(f"understood: {' '.join(understood)}")
    assert SequenceMatcher(None, understood, normalized(text), autojunk=False).ratio() > 0.6
