"""What comes out of the speaker of an answer in stages, as a recogniser hears it: nothing twice, one correction."""

from __future__ import annotations

import asyncio
import re
import wave
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.aio.clock import SystemClock
from app.aio.lease import CpuLease
from app.assistant.conversation import Conversation
from app.assistant.inputs import typed
from app.assistant.parts import TurnOptions
from app.assistant.stream import TurnStream
from app.assistant.turn import Turn
from app.assistant.understanding.meaning import Complexity
from app.audio.filesink import FileSink
from app.bench.wer import normalized
from app.contracts.events import TurnStarted
from models.backends import Backends
from models.fakes.llm import FakeTextGenerator
from tests.helpers.assistants import Watched, cast
from tests.helpers.listening import transcribed
from tests.helpers.progressive import ASKED, Ladder, Taken

QUICK = "The sky is blue because of the ocean. Sunlight has many colors."
DEEP = "Sunlight has many colors. Air scatters blue light more than red light."
BEST = "Sunlight has many colors. Air scatters blue light more than red light. At sunset the way is longer."


def model(name: str, answer: str) -> FakeTextGenerator:
    return FakeTextGenerator((answer,), name, SystemClock(), model=name)


async def spoken(backends: Backends, complexity: Complexity, file: Path) -> str:
    """The answer as it is recognised from the sound."""
    ladder = Ladder(model("small", QUICK), model("larger", DEEP), model("largest", BEST))
    players = cast(text=ladder.models["small"])
    parts = replace(
        players.parts,
        speaker=FileSink(file),
        text_to_speech=backends.text_to_speech(["espeak-cpu"]),
        clock=SystemClock(),
        stages=ladder,
    )
    stream = TurnStream("spoken", parts.clock, Watched())
    stream.emit(TurnStarted(source="text"))
    turn = Turn(parts, TurnOptions(), Conversation(2048), stream, spoken=False, responder=Taken(complexity))
    assert await turn.run(typed(ASKED)) is None
    with wave.open(str(file)) as wav:
        samples = np.frombuffer(wav.readframes(wav.getnframes()), "<i2").astype(np.float32) / 32768.0
        return await asyncio.to_thread(transcribed, samples, wav.getframerate())


async def test_nothing_is_heard_twice_and_only_what_was_wrong_is_corrected(tmp_path: Path) -> None:
    backends = Backends(CpuLease(1))
    for needed in ("espeak-cpu", "moonshine-cpu"):
        if reason := backends.why_not(needed):
            pytest.skip(reason)
    try:
        heard = {kind: await spoken(backends, kind, tmp_path / f"{kind}.wav") for kind in Complexity}
    finally:
        await backends.aclose()
    for kind, text in heard.items():
        words = re.sub(r"[^a-z ]", "", " ".join(normalized(text)))
        said = [words.count(piece) for piece in ("many colors", "red light", "sunset", "correction")]
        further = int(kind is not Complexity.SIMPLE)
        assert said == [1, further, further, further], text
