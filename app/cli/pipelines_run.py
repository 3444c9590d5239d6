"""`sotto pipelines run`: one run of a pipeline, its output as it comes, and what each stage took."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from app.audio.files import read_clip, write_wav
from app.cli.ask import check_target, typed
from app.cli.console import Console, printable, report
from app.cli.run_view import RunView
from app.cli.session import interrupts_call
from app.contracts.audio import AudioChunk
from app.contracts.errors import InvalidInput, SottoError, TurnCancelledError
from app.contracts.events import RunFailed, TurnEvent
from app.contracts.wire import to_line
from app.pipeline.definition import OptionValue, PipelineDefinition, StageType
from app.pipeline.run import Run, RunResult
from app.pipeline.values import Sound, SoundSource, Text, Value, in_words

LONGEST_INPUT = 10_000_000
"""Characters read from a pipe: as many as ``max_input_characters`` can allow, which is checked when it runs."""


class Pipelines(Protocol):
    """What this command needs of the pipelines that were put together."""

    def definition(self, pipeline_id: str) -> PipelineDefinition:
        """One pipeline; raises `InvalidInput` for one that is not there."""
        ...

    def problems(self) -> tuple[str, ...]:
        """What is wrong in the person's files, a sentence each, with what serves instead."""
        ...

    def start(
        self, pipeline_id: str, given: Value, *, overrides: Mapping[str, OptionValue], context: Mapping[str, str]
    ) -> Run:
        """Begin a run."""
        ...

    def microphone(self) -> SoundSource:
        """The microphone as an endless source."""
        ...

    def endless(self, path: Path) -> SoundSource:
        """A recording as an endless source, at its own pace."""
        ...


Opener = Callable[[], AbstractAsyncContextManager[Pipelines]]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequest:
    """What was asked for on the command line.

    Attributes:
        pipeline_id: Which pipeline.
        words: The text, or nothing.
        audio: A recording, None for none.
        microphone: Listen until interrupted.
        settings: ``KEY=VALUE``, overrides.
        context: ``KEY=VALUE``, for templates.
        save: The WAV file that takes the sound it makes, None for no file.
        as_json: Print the events instead.
    """

    pipeline_id: str
    words: Sequence[str] = ()
    audio: Path | None = None
    microphone: bool = False
    settings: Sequence[str] = ()
    context: Sequence[str] = ()
    save: Path | None = None
    as_json: bool = False


def run_pipeline(open_pipelines: Opener, console: Console, request: RunRequest) -> int:
    """Run a pipeline once; returns the exit code."""
    try:
        code = asyncio.run(_run(open_pipelines, console, request))
    except SottoError as error:
        code = _fail(console, request, error)
    except (KeyboardInterrupt, asyncio.CancelledError):
        code = TurnCancelledError.exit_code
    return console.settle() or code


async def _run(open_pipelines: Opener, console: Console, request: RunRequest) -> int:
    overrides = {key: _value(text) for key, text in _pairs(request.settings, "--set").items()}
    context = _pairs(request.context, "--context")
    if request.save is not None:
        check_target(request.save)
    async with open_pipelines() as pipelines:
        definition = pipelines.definition(request.pipeline_id)
        for problem in pipelines.problems():
            console.say(printable(f"sotto: {problem}"))
        given = await _given(pipelines, definition, request)
        run = pipelines.start(definition.pipeline_id, given, overrides=overrides, context=context)
        view = RunView(console, worded_stage(definition))
        listener = _json_listener(console) if request.as_json else view
        unsubscribe = run.subscribe(listener)
        loop = asyncio.get_running_loop()

        def reader_left() -> None:
            loop.call_soon(run.cancel)  # not in the middle of the event being shown

        console.on_failure = reader_left
        try:
            with interrupts_call(_interrupt(run, given)):
                result = await run.result()
        finally:
            unsubscribe()
        if not request.as_json:
            view.finish(result, _words(result))
        if request.save is not None and result.success:
            await _save(result, request.save, console)
        return _exit_code(result)


def worded_stage(definition: PipelineDefinition) -> str:
    """The stage whose words are shown: that of the output, or the one whose words it speaks."""
    stages = {stage.stage_id: stage for stage in definition.stages}
    stage = stages[definition.output_stage]
    while stage.type is StageType.TEXT_TO_AUDIO and stage.needs:
        stage = stages[stage.needs[-1]]
    return stage.stage_id


def _interrupt(run: Run, given: Value) -> Callable[[], None]:
    """What the interrupt key does: a source without an end is ended, so that its last words still count; then the run.

    Asked again, or of any other run, it ends the run at once.
    """
    stopping = [given.stop] if isinstance(given, SoundSource) else []

    def interrupt() -> None:
        if stopping:
            stopping.pop()()
        else:
            run.cancel("Stopped.")

    return interrupt


async def _given(pipelines: Pipelines, definition: PipelineDefinition, request: RunRequest) -> Value:
    """What the run works on.

    Raises:
        InvalidInput: Nothing was given, or more than one thing.
    """
    given = [bool(request.words), request.audio is not None, request.microphone]
    if sum(given) > 1:
        raise InvalidInput("Give either words, or --audio, or --microphone.", code="two-inputs")
    endless = definition.stages[0].segmenting is not None
    if request.microphone:
        if not endless:
            raise InvalidInput(
                f"{definition.pipeline_id} works on one recording at a time.",
                code="not-endless",
                remedy="Use --audio FILE, or `sotto pipelines run realtime-audio --microphone`.",
            )
        return pipelines.microphone()
    if request.audio is not None:
        if endless:
            return pipelines.endless(request.audio)
        return Sound(await asyncio.to_thread(_whole, request.audio))
    text = typed(request.words, sys.stdin, LONGEST_INPUT)
    if not text.strip():
        hint = f'Try: sotto pipelines run {definition.pipeline_id} "Why is the sky blue?"'
        raise InvalidInput("There is no input.", code="empty-input", remedy=hint)
    return Text(text)


def _whole(path: Path) -> AudioChunk:
    return AudioChunk(b"".join(chunk.pcm for chunk in read_clip(path)))


def _words(result: RunResult) -> str:
    """The output in words; of one that is sound, the words that were spoken are shown already."""
    return "" if result.output is None else in_words(result.output)


async def _save(result: RunResult, path: Path, console: Console) -> None:
    sound = next((stage.value for stage in reversed(result.stages) if isinstance(stage.value, Sound)), None)
    if sound is None:
        raise InvalidInput("This pipeline made no sound to be saved.", code="no-sound-made")
    await asyncio.to_thread(write_wav, path, [sound.chunk])
    console.say(f"Saved {sound.chunk.seconds:.1f} s of sound in {path}.")


def _json_listener(console: Console) -> Callable[[TurnEvent], None]:
    def listener(event: TurnEvent) -> None:
        console.write(to_line(event) + "\n")
        if isinstance(event, RunFailed):
            console.say(printable(f"sotto: {event.message} {event.remedy}".rstrip()))

    return listener


def _fail(console: Console, request: RunRequest, error: SottoError) -> int:
    """A failure before there is a run is a `RunFailed` without one, so that a script need look in one place only."""
    if not request.as_json:
        return report(console, error)
    failed = RunFailed(
        pipeline_id=request.pipeline_id,
        code=error.code,
        message=error.message,
        remedy=error.remedy,
        exit_code=error.exit_code,
        seq=0,
    )
    _json_listener(console)(failed)
    return error.exit_code


def _exit_code(result: RunResult) -> int:
    if result.cancelled:
        return TurnCancelledError.exit_code
    return 0 if result.error is None else result.error.exit_code


def _pairs(texts: Sequence[str], option: str) -> dict[str, str]:
    pairs = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals or not key.strip():
            raise InvalidInput(f"{option} takes KEY=VALUE, not {text!r}.", code="bad-pair")
        pairs[key.strip()] = value
    return pairs


def _value(text: str) -> OptionValue:
    """A value as JSON reads it; anything else is text."""
    try:
        value: OptionValue = json.loads(text)
    except ValueError:
        return text
    return value
