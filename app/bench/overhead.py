"""`sotto bench overhead`: what Sotto costs over the bare libraries, and what its overlap wins.

Each question is asked three times in turn: by the bare libraries (`models.bare`, a child process), by Sotto with the
whole clip at key-up and its overlap off, and by Sotto as it really works, the clip arriving as it is spoken. The clock
runs from the end of the input to the first sound of the answer.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from app.aio.clock import SystemClock
from app.aio.lease import CpuLease
from app.assistant.conversation import SYSTEM_PROMPT, Conversation
from app.assistant.inputs import VoiceInput
from app.assistant.parts import Parts, TurnOptions
from app.assistant.stream import TurnStream
from app.assistant.turn import Turn
from app.audio.files import read_clip
from app.audio.sentences import SentenceSplitter
from app.audio.spool import RecordingSpool
from app.bench.clip_source import ClipSource, FirstSoundSink
from app.bench.machine import describe
from app.bench.questions import as_wav, spoken_questions
from app.bench.report import Figure, Report, percentile, percentiles, single
from app.contracts.errors import RuntimeFault
from app.contracts.events import SystemEvent, TextDelta, TurnEvent
from app.power.energy.estimate import EstimatedPowerMonitor
from app.power.governor.permissive import PermissiveGovernor
from models.backends import Backends

RATIO_BOUND_MS = 5.0
"""A turn that is slower by no more than this keeps the promise whatever its ratio."""


@dataclass(frozen=True, slots=True)
class Round:
    """One question asked three ways; milliseconds from the end of the input to the first sound."""

    bare_ms: float
    turn_ms: float
    overlap_ms: float


def main(arguments: Sequence[str]) -> int:
    """Run the benchmark and print its report; returns the exit code."""
    parser = argparse.ArgumentParser(prog="sotto bench overhead")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--questions", type=int, default=15, metavar="N", help="how many, at least 1")
    options = parser.parse_args(arguments)
    rounds = asyncio.run(_rounds(max(1, options.questions)))
    Report("overhead", describe(), _figures(rounds)).show(as_json=options.json)
    return 0


async def _rounds(count: int) -> list[Round]:
    rounds: list[Round] = []
    lease = CpuLease()
    backends = Backends(lease)
    questions = spoken_questions()
    with tempfile.TemporaryDirectory(prefix="sotto-bench-") as name:
        folder = Path(name)
        async with _bare(lease.threads) as bare:
            try:
                parts = _parts(backends)
                for runtime in (parts.voice_activity, parts.speech_to_text, parts.text_to_speech, parts.text):
                    await runtime.warm_up()
                for number in range(count + 1):
                    question = questions[number % len(questions)]
                    wav, _ = as_wav(question, folder)
                    turn_ms, first_piece = await _sotto(parts, wav, folder, overlap=False)
                    bare_ms = await _ask_bare(bare, wav, first_piece)
                    overlap_ms, _ = await _sotto(parts, wav, folder, overlap=True)
                    if number:  # the first round warms everything up
                        rounds.append(Round(bare_ms, turn_ms, overlap_ms))
            finally:
                await backends.aclose()
    return rounds


def _parts(backends: Backends) -> Parts:
    return Parts(
        microphone=ClipSource(),
        speaker=FirstSoundSink(),
        speech_to_text=backends.speech_to_text(["moonshine-cpu"]),
        text=backends.text(["llama-cpu"]),
        text_to_speech=backends.text_to_speech(["espeak-cpu"]),
        voice_activity=backends.voice_activity(["silero-cpu"]),
        power=EstimatedPowerMonitor(),
        governor=PermissiveGovernor(),
        clock=SystemClock(),
    )


async def _sotto(parts: Parts, wav: Path, folder: Path, *, overlap: bool) -> tuple[float, str]:
    """One turn of Sotto; returns the milliseconds to its first sound and what it spoke first."""
    chunks = list(read_clip(wav))
    source, sink = ClipSource(chunks, real_time=overlap), FirstSoundSink()
    answer: list[str] = []

    def note(event: TurnEvent | SystemEvent) -> None:
        if isinstance(event, TextDelta):
            answer.append(event.text)

    stream = TurnStream("bench", parts.clock, note)
    options = TurnOptions(temperature=0.0, max_tokens=160, overlap=overlap)
    conversation = Conversation(parts.text.capabilities.context_tokens)
    turn = Turn(replace(parts, microphone=source, speaker=sink), options, conversation, stream, spoken=True)
    spool = RecordingSpool(folder)
    voice = VoiceInput(spool, hands_free=lambda: False, on_released=lambda: None)
    source.on_end = voice.release
    task = asyncio.create_task(turn.run(voice))
    await sink.sounded.wait()
    await task
    await spool.discard()
    ended = turn.ledger.ended_at
    if sink.first_sample_at is None or ended is None:
        raise RuntimeFault(f"The turn of {wav.name} came to no sound.")
    pieces = SentenceSplitter(first_clause=True, first_phrase=True)
    first = next(iter([*pieces.push("".join(answer)), *pieces.flush()]))
    return (sink.first_sample_at - ended) * 1000.0, first.text


@asynccontextmanager
async def _bare(threads: int) -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "models.bare", str(threads), stdin=PIPE, stdout=PIPE
    )
    try:
        yield process
    finally:
        if process.stdin is not None:
            process.stdin.close()
        await process.wait()


async def _ask_bare(process: Process, wav: Path, first_piece: str) -> float:
    assert process.stdin is not None
    assert process.stdout is not None
    line = json.dumps({"wav": str(wav), "system": SYSTEM_PROMPT, "first_piece": first_piece})
    process.stdin.write(line.encode() + b"\n")
    await process.stdin.drain()
    answer = await process.stdout.readline()
    if not answer:
        raise RuntimeFault("The bare libraries ended without an answer.")
    return float(json.loads(answer)["first_sample_ms"])


def _figures(rounds: Sequence[Round]) -> dict[str, Figure]:
    bare = percentile([one.bare_ms for one in rounds], 0.5)
    turn = percentile([one.turn_ms for one in rounds], 0.5)
    overlap = percentile([one.overlap_ms for one in rounds], 0.5)
    return {
        "turn_ratio": single(turn / bare, n=len(rounds), excused=turn - bare <= RATIO_BOUND_MS),
        "overlap_ratio": single(overlap / bare, n=len(rounds)),
        "bare_ms": percentiles([one.bare_ms for one in rounds]),
        "turn_ms": percentiles([one.turn_ms for one in rounds]),
        "overlap_ms": percentiles([one.overlap_ms for one in rounds]),
    }
