"""`sotto bench voice`: the real window, real keys, a real sound server, and a clock beside it.

Every turn is one as a person makes it: the key is held by the X server's own key events while a recording plays into
the microphone, let go when it ends, and Escape is pressed while the answer is being spoken. What came out is read from
the speaker's monitor.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from app.assistant.parts import Depth
from app.bench.driving import Keyboard, TurnWatch, engines_idle_at
from app.bench.machine import describe
from app.bench.questions import SpokenQuestion, as_wav, spoken_questions
from app.bench.report import Figure, Report, percentiles, single
from app.bench.surroundings import surroundings
from app.bench.virtual_sound import SpeakerMonitor, VirtualSound
from app.bench.wer import WordErrors, word_errors
from app.bootstrap.core import CoreOptions
from app.bootstrap.desktop import Desktop, run
from app.settings.paths import Paths

SPEAK_FOR_S = 0.35
"""How long the answer is listened to before Escape is pressed."""
ANSWER_PATIENCE_S = 20.0
PAUSE_S = 0.4
"""Between two turns."""
TAIL_OF_CLIP_S = 0.05
"""The key goes up this long after the player has handed over the last sample."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One turn; milliseconds from the end of the input, None for what did not happen."""

    errors: WordErrors
    tail_ms: float | None
    feedback_ms: float | None
    final_transcript_ms: float | None
    first_token_ms: float | None
    first_audio_ms: float | None
    stop_silence_ms: float | None
    stop_idle_ms: float | None


def main(arguments: Sequence[str]) -> int:
    """Run the benchmark and print its report; returns the exit code."""
    parser = argparse.ArgumentParser(prog="sotto bench voice")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--turns", type=int, default=36, metavar="N", help="how many recorded turns, at least 1")
    options = parser.parse_args(arguments)
    with ExitStack() as stack:
        around = stack.enter_context(surroundings())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sotto-bench-")))
        measured = _drive_window(around.sound, folder, options.turns)
        Report("voice", {**describe(), **around.facts}, _figures(measured)).show(as_json=options.json)
    return 0


def _drive_window(sound: VirtualSound, folder: Path, turns: int) -> list[Measured]:
    questions = spoken_questions()
    chosen = [questions[index % len(questions)] for index in range(max(1, turns))]
    measured: list[Measured] = []

    async def driver(desktop: Desktop) -> None:
        monitor = sound.listen()
        keyboard = Keyboard()
        try:
            for number, question in enumerate([questions[0], *chosen]):  # the first one warms everything up
                watch = TurnWatch(desktop)
                try:
                    result = await _turn(watch, keyboard, sound, monitor, question, folder)
                finally:
                    watch.close()
                if number:
                    measured.append(result)
                await asyncio.sleep(PAUSE_S)
        finally:
            monitor.stop()

    run(CoreOptions(paths=Paths.under(folder / "home"), depth=Depth(plain=True)), driver=driver)
    return measured


async def _turn(
    watch: TurnWatch,
    keyboard: Keyboard,
    sound: VirtualSound,
    monitor: SpeakerMonitor,
    question: SpokenQuestion,
    folder: Path,
) -> Measured:
    """Ask one question as a person would, hear the answer begin, stop it."""
    wav, _ = await asyncio.to_thread(as_wav, question, folder)
    await keyboard.press("space")
    player = sound.play_into_microphone(wav)
    await asyncio.to_thread(player.wait)
    await asyncio.sleep(TAIL_OF_CLIP_S)
    await keyboard.release("space")
    spoke = await watch.wait_for(lambda: watch.speech_started is not None or watch.ended, ANSWER_PATIENCE_S)
    silent_ms = idle_ms = None
    if spoke and not watch.ended:
        await asyncio.sleep(SPEAK_FOR_S)
        watch.look_at_speaker()
        await keyboard.tap("Escape")
        await watch.wait_for(lambda: watch.ended, ANSWER_PATIENCE_S)
        stopped = watch.cancelled_at
        if stopped is not None:
            idle = await engines_idle_at(watch.hosts())
            await asyncio.sleep(0.3)
            last = monitor.recent(4.0).last_sound_at()
            silent_ms = None if last is None else max(0.0, (last - stopped) * 1000.0)
            idle_ms = max(0.0, (idle - stopped) * 1000.0)
    return Measured(
        errors=word_errors(question.text, watch.transcript),
        tail_ms=watch.tail_ms,
        feedback_ms=watch.ms_after_key_up(watch.first_frame_at),
        final_transcript_ms=watch.ms_after_input(watch.final_at),
        first_token_ms=watch.ms_after_input(watch.first_token_at),
        first_audio_ms=watch.ms_after_input(watch.first_audio_at),
        stop_silence_ms=silent_ms,
        stop_idle_ms=idle_ms,
    )


def _figures(measured: Sequence[Measured]) -> dict[str, Figure]:
    def over(name: str) -> Figure:
        values = [getattr(one, name) for one in measured]
        return percentiles([value for value in values if value is not None])

    names = (
        "tail_ms", "feedback_ms", "final_transcript_ms", "first_token_ms", "first_audio_ms", "stop_silence_ms",
        "stop_idle_ms",
    )  # fmt: skip
    figures = {name: over(name) for name in names}
    words = sum(one.errors.words for one in measured)
    wrong = sum(one.errors.errors for one in measured)
    figures["wer"] = single(wrong / words if words else None, n=len(measured))
    return figures
