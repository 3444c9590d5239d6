"""Puts the pipelines together: the library of definitions, the engine, and everything stages may use."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from app.aio.clock import SystemClock
from app.audio.capture import CaptureOptions, MicrophoneSource
from app.audio.devices import ChosenDevices, SoundDevices
from app.audio.portaudio import PortAudio
from app.bootstrap.logs import logging_to
from app.bootstrap.power import limits_of_active, open_machine
from app.bootstrap.runtimes import put_runtimes_together
from app.contracts.audio import VoiceOptions
from app.contracts.errors import MicrophoneUnavailable, SottoError
from app.contracts.ports import AudioSource, Clock, Governor, RuntimeCatalogue
from app.memory.answers import KeptAnswers
from app.pipeline.cache import PlanCache
from app.pipeline.confidence.calibrated import CalibratedConfidence
from app.pipeline.definition import OptionValue, PipelineDefinition
from app.pipeline.documents.index import DocumentIndex
from app.pipeline.documents.lookup import Fusion
from app.pipeline.engine import PipelineEngine
from app.pipeline.library import PipelineLibrary
from app.pipeline.plan import Plan
from app.pipeline.planning import make_plan
from app.pipeline.reading import pipelines_in
from app.pipeline.realtime import file_source, microphone_source
from app.pipeline.run import Run
from app.pipeline.sandbox.child import ChildSandbox
from app.pipeline.stages.registry import processor_for
from app.pipeline.tools import Tools
from app.pipeline.values import SoundSource, Value
from app.power.energy.estimate import EstimatedPowerMonitor
from app.power.governor.permissive import PermissiveGovernor
from app.power.service import PowerService
from app.settings.paths import Paths, asset
from app.settings.store import SettingsStore
from models.embed.choice import best_embedder
from models.retrying import RetryingEmbedder

log = logging.getLogger(__name__)

TRAINED = Fusion(vectors=1.0)
"""How documents are found where a model that was trained for it makes the vectors."""


@dataclass(frozen=True, slots=True)
class PipelineServices:
    """What was put together. Implements `app.cli.pipelines_run.Pipelines`."""

    engine: PipelineEngine
    library: PipelineLibrary
    tools: Tools
    documents: DocumentIndex
    cache: PlanCache

    def definition(self, pipeline_id: str) -> PipelineDefinition:
        """One pipeline.

        Raises:
            InvalidInput: There is none of this id.
        """
        return self.library.get(pipeline_id)

    def problems(self) -> tuple[str, ...]:
        """What is wrong in the person's files, a sentence each."""
        return self.library.problems()

    def start(
        self, pipeline_id: str, given: Value, *, overrides: Mapping[str, OptionValue], context: Mapping[str, str]
    ) -> Run:
        """Begin a run; errors as `PipelineEngine.start`."""
        return self.engine.start(pipeline_id, given, overrides=overrides, context=context)

    def microphone(self) -> SoundSource:
        """The microphone as an endless source.

        Raises:
            MicrophoneUnavailable: There is none.
        """
        if self.tools.microphone is None:
            raise MicrophoneUnavailable("There is no microphone here.")
        return microphone_source(self.tools.microphone)

    def endless(self, path: Path) -> SoundSource:
        """A recording as an endless source, at its own pace."""
        return file_source(path)


def put_together(
    paths: Paths,
    settings: SettingsStore,
    runtimes: RuntimeCatalogue,
    stack: AsyncExitStack,
    *,
    power: PowerService | None = None,
    microphone: AudioSource | None = None,
    voice: VoiceOptions | None = None,
    extra_files: tuple[Path, ...] = (),
    clock: Clock | None = None,
) -> PipelineServices:
    """Make everything; ``stack`` takes it apart. Constructing is quick: nothing is loaded or started.

    Without ``power``, joules are those of the device model and every device may run.
    """
    clock = clock or SystemClock()
    kept = KeptAnswers(paths.answers, clock)
    stack.push_async_callback(kept.aclose)
    sandbox = ChildSandbox()
    stack.push_async_callback(sandbox.aclose)
    documents = _documents(paths, runtimes, sandbox, clock, power)
    stack.push_async_callback(documents.aclose)
    library = _library(paths, settings, extra_files)
    cache = PlanCache(kept, clock)
    tools = Tools(
        runtimes=runtimes,
        clock=clock,
        power=power or EstimatedPowerMonitor(),
        governor=power or PermissiveGovernor(),
        confidence=CalibratedConfidence.from_folder(asset("calibration"), runtimes.revision),
        sandbox=sandbox,
        cache=cache,
        documents=documents,
        microphone=microphone,
        voice=voice or VoiceOptions(),
        user_dir=paths.pipelines_dir,
    )
    engine = PipelineEngine(library, tools, processor_for, alert=_alert)
    stack.push_async_callback(engine.aclose)
    return PipelineServices(engine, library, tools, documents, cache)


def _alert(error: SottoError, run_id: str, stage: str) -> None:
    """An error of the system, as opposed to one of the input: where it happened, and no words of the person."""
    log.warning("technical error %s in run %s, stage %s", error.code, run_id, stage or "none")


def _library(paths: Paths, settings: SettingsStore, extra_files: tuple[Path, ...]) -> PipelineLibrary:
    """Those that ship, the person's own over them, then the file of the settings, then those named for this start.

    Raises:
        InvalidInput: A file that was named for this start is wrong; the others only have their problems listed.
        StorageError: It cannot be read.
    """
    for path in extra_files:
        pipelines_in(path)
    named = settings.text("pipelines.config_file")
    files = (*((Path(named).expanduser(),) if named else ()), *extra_files)
    return PipelineLibrary(asset("pipelines"), paths.pipelines_dir, files)


def library_of(paths: Paths, extra_files: tuple[Path, ...] = ()) -> PipelineLibrary:
    """The pipelines there are, for commands that run none."""
    settings = SettingsStore(paths.settings_file)
    settings.load()
    return _library(paths, settings, extra_files)


def planner() -> Callable[[PipelineDefinition], Plan]:
    """Says what of a pipeline would run where on this machine, without loading anything."""
    paths = Paths.default()
    settings = SettingsStore(paths.settings_file)
    settings.load()
    runtimes, governor = put_runtimes_together(paths, settings, EstimatedPowerMonitor()), PermissiveGovernor()
    return lambda definition: make_plan(definition, runtimes.backends, governor)


def _documents(
    paths: Paths, runtimes: RuntimeCatalogue, sandbox: ChildSandbox, clock: Clock, governor: Governor | None
) -> DocumentIndex:
    """The index of the person's documents; by words alone where nothing can make vectors."""
    chosen = best_embedder(runtimes)
    if chosen is None:
        return DocumentIndex(paths.documents, sandbox, clock=clock)
    return DocumentIndex(
        paths.documents,
        sandbox,
        RetryingEmbedder([runtimes.embedder_port(key) for key in chosen.backend_ids], governor=governor),
        revision=runtimes.revision(chosen.backend_ids[0]),
        fusion=TRAINED if chosen.trained else None,
        clock=clock,
    )


@asynccontextmanager
async def open_pipelines(
    paths: Paths, *, extra_files: tuple[Path, ...] = (), lasting: bool = False
) -> AsyncIterator[PipelineServices]:
    """The pipelines of this machine with hosts of their own, for a command that needs no assistant.

    Args:
        paths: The folders.
        extra_files: Files of pipelines that go before all others.
        lasting: The command stays, as a server does.

    Raises:
        InvalidInput: A file that was named for this start is wrong.
        StorageError: It cannot be read.
    """
    settings = SettingsStore(paths.settings_file)
    settings.load()
    async with AsyncExitStack() as stack:
        stack.enter_context(logging_to(paths.log_dir))
        limits = limits_of_active(paths, settings)
        runtimes, power, problems = open_machine(paths, settings, lambda: limits, stack, lasting=lasting)
        for problem in problems:
            log.warning("%s", problem)
        devices = SoundDevices(
            PortAudio(), lambda: ChosenDevices(settings.text("audio.input"), settings.text("audio.output"))
        )
        stack.push_async_callback(devices.aclose)
        microphone = MicrophoneSource(devices, options=lambda: CaptureOptions(0.0, 0.0))
        stack.push_async_callback(microphone.aclose)
        voice = VoiceOptions(voice=settings.text("voice.id"), speed=settings.number("voice.speed"))
        services = put_together(
            paths,
            settings,
            runtimes.backends,
            stack,
            power=power,
            microphone=microphone,
            voice=voice,
            extra_files=extra_files,
        )
        await asyncio.to_thread(services.library.refresh)  # so that no file is read on the loop
        yield services


@asynccontextmanager
async def engine_over(runtimes: RuntimeCatalogue, clock: Clock) -> AsyncIterator[PipelineEngine]:
    """An engine over the given backends alone, which keeps nothing on disk: for measurements."""
    async with AsyncExitStack() as stack:
        sandbox = ChildSandbox()
        stack.push_async_callback(sandbox.aclose)
        tools = Tools(
            runtimes=runtimes,
            clock=clock,
            power=EstimatedPowerMonitor(),
            governor=PermissiveGovernor(),
            confidence=CalibratedConfidence.from_folder(asset("calibration"), runtimes.revision),
            sandbox=sandbox,
            cache=PlanCache(None, clock),
        )
        engine = PipelineEngine(PipelineLibrary(asset("pipelines"), None), tools, processor_for)
        stack.push_async_callback(engine.aclose)
        yield engine
