"""Puts the assistant together, without Qt: settings and profile in, parts and assistant out.

Everything made here is closed here. Constructing is quick and touches neither models nor sound; `Services.start` does.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path

from app.aio.clock import SystemClock
from app.aio.tasks import TaskOwner
from app.assistant.assistant import Assistant, AssistantState
from app.assistant.parts import Depth, Parts, TurnOptions
from app.assistant.progressive.routing import check
from app.assistant.recordings import Recordings
from app.assistant.records import Recorder
from app.assistant.ringing import Ringer
from app.assistant.stream import BackendRelay
from app.audio.capture import CaptureOptions, MicrophoneSource
from app.audio.cues import ready_cue
from app.audio.devices import ChosenDevices, SoundDevices
from app.audio.filesink import FileSink
from app.audio.playback import SpeakerSink
from app.audio.portaudio import PortAudio
from app.bootstrap.events_file import EventsFile
from app.bootstrap.ladders import Ladders, ladders_of
from app.bootstrap.logs import logging_to
from app.bootstrap.pipelines import PipelineServices, put_together
from app.bootstrap.power import open_machine
from app.bootstrap.progressive import AnswerServices, put_answers_together
from app.bootstrap.runtimes import RuntimeServices
from app.bootstrap.staged import ProgramFacts, StagedNeeds, StagedServices, local_now, put_staged_together
from app.contracts.audio import VoiceOptions
from app.contracts.devices import Tier
from app.contracts.errors import SottoError, StorageError
from app.contracts.events import Listening, Notice, SystemEvent, TurnEvent
from app.contracts.ports import AudioSink, TextToSpeech
from app.memory.history import History
from app.memory.notebook import CARDS, Clear
from app.pipeline.answering import PipelineAnswers
from app.power.service import PowerService
from app.settings.paths import Paths, asset
from app.settings.profiles import Profile, ProfileStore
from app.settings.store import SettingsStore
from app.settings.table import BY_KEY
from models.backends import Backends
from models.tts.choosing import FASTEST, SLOWEST

log = logging.getLogger(__name__)

DAY_S = 86_400.0
CARDS_KEPT_DAYS = 90.0
"""Cards of skills are forgotten after so long where the person has not said how long turns are kept."""
SETTINGS_LOOK_S = 2.0
"""How often the settings file is looked at for changes made by hand."""


class Speech(Enum):
    """Where spoken answers go."""

    AS_CHOSEN = "as-chosen"
    """To the speaker, if the person wants answers spoken."""
    SILENT = "silent"
    FILE = "file"


@dataclass(frozen=True, slots=True)
class CoreOptions:
    """What is wanted of the assistant.

    Attributes:
        paths: The folders.
        profile: Id of the profile, empty for the one in the settings.
        speech: Where spoken answers go.
        speak_into: The file for `Speech.FILE`.
        events_file: Every event is appended to this file as one JSON object a line, None for no file.
        overlap: Recognise and prefill while the person still talks; off only to measure what it wins.
        pipelines: Files of pipelines that go before all others.
        lasting: It stays for more than one question.
        depth: How far an open question is taken.
    """

    paths: Paths = field(default_factory=Paths.default)
    profile: str = ""
    speech: Speech = Speech.AS_CHOSEN
    speak_into: Path | None = None
    events_file: Path | None = None
    overlap: bool = True
    pipelines: tuple[Path, ...] = ()
    lasting: bool = True
    depth: Depth = field(default_factory=Depth)


@dataclass(frozen=True, slots=True)
class Services:
    """What was put together."""

    assistant: Assistant
    settings: SettingsStore
    profile: Profile
    profile_problems: tuple[str, ...]
    devices: SoundDevices
    voices: TextToSpeech
    runtimes: RuntimeServices
    history: History
    microphone: MicrophoneSource
    speaker: AudioSink
    pipelines: PipelineServices
    power: PowerService
    staged: StagedServices
    answers: AnswerServices

    @property
    def backends(self) -> Backends:
        """The backends of this machine."""
        return self.runtimes.backends

    async def start(self) -> None:
        """Say what is wrong with the settings, then do what takes time: open the history, load the models."""
        await asyncio.to_thread(self.pipelines.library.refresh)  # so that no file is read on the loop
        self.report_problems()
        await asyncio.gather(self._open_history(), self.assistant.start(), self._start_staged())
        await self._look_for_the_voice()
        self.runtimes.start()

    async def _start_staged(self) -> None:
        publish = self.assistant.publish
        await self.staged.start(publish)
        days = self.settings.number("privacy.retention_days") or CARDS_KEPT_DAYS
        old = Clear(CARDS, before=SystemClock().time() - days * DAY_S)
        with contextlib.suppress(StorageError):  # whatever has to be kept there tells it
            await self.staged.notebook.commit((old,))
        await self.answers.start(self.assistant.publish)

    def report_problems(self) -> None:
        """Publish a notice for everything that is wrong in the person's own files."""
        for problem in (*self.settings.problems, *self.profile_problems, *self.pipelines.library.problems()):
            self.assistant.publish(Notice(level="warning", code="settings", message=problem))

    async def _look_for_the_voice(self) -> None:
        """Say that the voice of the settings, or of the profile, is not one of these, since another one speaks then."""
        wanted = self.settings.text("voice.id") or self.profile.voice
        if not wanted:
            return
        try:
            known = {name for voice in await self.voices.voices() for name in (voice.voice_id, voice.name)}
        except SottoError:  # that nothing speaks has been told
            return
        if wanted not in known:
            message = f"The voice {wanted!r} is not one of those that speak now. The default voice speaks instead."
            remedy = "Choose another one in the settings."
            self.assistant.publish(Notice(level="warning", code="voice", message=message, remedy=remedy))

    async def _open_history(self) -> None:
        """A history that cannot be opened is told; the assistant works without it."""
        try:
            moved_aside = await self.history.open()
            if days := self.settings.number("privacy.retention_days"):
                await self.history.delete_before(SystemClock().time() - days * DAY_S)
        except SottoError as error:
            self.assistant.publish(_notice(error))
            return
        if moved_aside is not None:
            message = f"The history was damaged. It was moved to {moved_aside.name} and a new one begun."
            self.assistant.publish(Notice(level="warning", code="history-damaged", message=message))


@asynccontextmanager
async def open_services(options: CoreOptions) -> AsyncIterator[Services]:
    """Put everything together, and take it apart again.

    Raises:
        InvalidInput: The profile that was asked for is not there, or its file is wrong; or it has no such stage.
        StorageError: The file of events cannot be written.
    """
    settings = SettingsStore(options.paths.settings_file)
    settings.load()
    profile, problems = _chosen_profile(options, settings)
    check(profile.answers, options.depth)
    async with AsyncExitStack() as stack:
        stack.enter_context(logging_to(options.paths.log_dir))
        yield _assemble(options, settings, profile, problems, stack)


def _chosen_profile(options: CoreOptions, settings: SettingsStore) -> tuple[Profile, tuple[str, ...]]:
    """The profile, and what is wrong with the one in the settings when another has to do."""
    profiles = ProfileStore(asset("profiles"), options.paths.profiles_dir)
    if options.profile:
        return profiles.load(options.profile), ()
    try:
        return profiles.load(settings.text("profile.active")), ()
    except SottoError as error:
        default = str(BY_KEY["profile.active"].default)
        return profiles.load(default), (f"{error} The profile {default!r} is used instead.",)


def _assemble(
    options: CoreOptions,
    settings: SettingsStore,
    profile: Profile,
    problems: tuple[str, ...],
    stack: AsyncExitStack,
) -> Services:
    """Make everything, bottom up; what needs closing is closed in the opposite order."""
    # Opened first and so closed last: the engines still report while they are being ended.
    events = None if options.events_file is None else stack.enter_context(EventsFile(options.events_file))
    paths, bulletin, relay = options.paths, _Bulletin(), BackendRelay()
    runtimes, power, machine_problems = open_machine(
        paths, settings, lambda: profile.limits, stack, publish=bulletin, lasting=options.lasting
    )
    backends = runtimes.backends
    ladders = ladders_of(profile, backends, runtimes.measurements)
    sound = _sound(settings, bulletin, stack)
    pipelines = put_together(
        paths, settings, backends, stack, power=power, microphone=sound.microphone, extra_files=options.pipelines
    )
    answers = PipelineAnswers(pipelines.engine, lambda: ladders.text)
    parts = replace(_parts(options, ladders, backends, relay, sound, power), pipelines=answers)
    staged, deeper = _staged(options, settings, profile, parts, stack, ladders, pipelines, power, bulletin)
    parts = replace(parts, stages=deeper.stages, known=staged.known)
    history = History(paths.database)
    assistant = Assistant(
        parts,
        relay,
        options=lambda: _turn_options(options, settings, profile),
        recordings=Recordings(paths.recordings_dir, on_problem=bulletin.report),
        recorder=Recorder(
            parts.clock, history, keep=lambda: settings.flag("privacy.keep_history"), on_problem=bulletin.report
        ),
        staged=staged.staged,
        feedback=deeper.feedback,
    )
    stack.push_async_callback(assistant.aclose)
    bulletin.assistant = assistant
    if events is not None:
        assistant.subscribe(events)
    assistant.subscribe(runtimes.calibration.note)
    _attend(assistant, settings, sound.speaker, bulletin, stack)
    return Services(
        assistant=assistant,
        settings=settings,
        profile=profile,
        profile_problems=(*problems, *ladders.problems, *machine_problems, *staged.problems),
        devices=sound.devices,
        voices=parts.text_to_speech,
        runtimes=runtimes,
        history=history,
        microphone=sound.microphone,
        speaker=parts.speaker,
        pipelines=pipelines,
        power=power,
        staged=staged,
        answers=deeper,
    )


def _staged(
    options: CoreOptions,
    settings: SettingsStore,
    profile: Profile,
    parts: Parts,
    stack: AsyncExitStack,
    ladders: Ladders,
    pipelines: PipelineServices,
    power: PowerService,
    bulletin: _Bulletin,
) -> tuple[StagedServices, AnswerServices]:
    """The skills with everything around them, and what open questions need beyond the first stage."""
    staged = put_staged_together(
        StagedNeeds(
            paths=options.paths,
            runtimes=pipelines.tools.runtimes,
            pipelines=pipelines,
            text=parts.text,
            power=power,
            clock=parts.clock,
            facts=ProgramFacts(profile.name, lambda: ladders.text),
            strategy=lambda: settings.text("assistant.speculation"),
            publish=bulletin,
            announce=bulletin.announce,
            lasting=options.lasting,
        ),
        stack,
    )
    deeper = put_answers_together(
        staged.notebook,
        pipelines.tools,
        lambda: ladders.text,
        last_stage=lambda: profile.answers[-1].name,
        now=local_now(parts.clock),
        publish=bulletin,
    )
    return staged, deeper


def _attend(
    assistant: Assistant, settings: SettingsStore, speaker: SpeakerSink, bulletin: _Bulletin, stack: AsyncExitStack
) -> None:
    """Begin what goes on beside the assistant: the sounds, and a look at the settings file now and then."""
    tasks = TaskOwner()
    stack.push_async_callback(tasks.aclose)
    assistant.subscribe(_ReadyCue(settings, speaker, tasks))
    tasks.start(_follow_file(settings, bulletin), name="settings file")
    ringer = Ringer(
        SystemClock(),
        speaker.cue,
        listening=lambda: assistant.state is AssistantState.LISTENING,
        speaking=lambda: assistant.state is AssistantState.SPEAKING,
    )
    stack.push_async_callback(ringer.aclose)
    assistant.subscribe(ringer)


@dataclass(frozen=True, slots=True)
class _Sound:
    devices: SoundDevices
    microphone: MicrophoneSource
    speaker: SpeakerSink


def _sound(settings: SettingsStore, bulletin: _Bulletin, stack: AsyncExitStack) -> _Sound:
    devices = SoundDevices(
        PortAudio(), lambda: ChosenDevices(settings.text("audio.input"), settings.text("audio.output"))
    )
    stack.push_async_callback(devices.aclose)
    microphone = MicrophoneSource(
        devices,
        options=lambda: CaptureOptions(settings.number("audio.preroll_ms"), settings.number("audio.warm_s")),
        on_notice=bulletin,
    )
    stack.push_async_callback(microphone.aclose)
    speaker = SpeakerSink(devices, on_notice=bulletin)
    stack.push_async_callback(speaker.aclose)
    return _Sound(devices, microphone, speaker)


def _parts(
    options: CoreOptions,
    ladders: Ladders,
    backends: Backends,
    relay: BackendRelay,
    sound: _Sound,
    power: PowerService,
) -> Parts:
    recogniser = backends.speech_to_text(_ids(ladders.speech_to_text))
    writer = backends.text(_ids(ladders.text))
    voice = backends.text_to_speech(_ids(ladders.text_to_speech))
    gate = backends.voice_activity(_ids(ladders.voice_activity))
    for composite in (recogniser, writer, voice, gate):
        composite.observer = relay
        composite.governor = power
    return Parts(
        microphone=sound.microphone,
        speaker=FileSink(options.speak_into) if options.speak_into is not None else sound.speaker,
        speech_to_text=recogniser,
        text=writer,
        text_to_speech=voice,
        voice_activity=gate,
        power=power,
        governor=power,
        clock=SystemClock(),
    )


class _Bulletin:
    """Carries events of parts that were made before the assistant to everybody who listens to it."""

    def __init__(self) -> None:
        self.assistant: Assistant | None = None

    def __call__(self, event: SystemEvent) -> None:
        if self.assistant is not None:
            self.assistant.publish(event)

    def announce(self, text: str) -> None:
        """Say a sentence aloud, now or after the turn that goes on."""
        if self.assistant is not None:
            self.assistant.announce(text)

    def report(self, error: SottoError) -> None:
        """Tell of an error that ends nothing."""
        self(_notice(error))


class _ReadyCue:
    """Plays the ready sound at the first captured buffer of a turn, if the person wants it."""

    def __init__(self, settings: SettingsStore, speaker: SpeakerSink, tasks: TaskOwner) -> None:
        self._settings = settings
        self._speaker = speaker
        self._tasks = tasks
        self._turn = ""

    def __call__(self, event: TurnEvent | SystemEvent) -> None:
        if isinstance(event, Listening) and event.turn_id != self._turn:
            self._turn = event.turn_id
            if self._settings.flag("audio.cues"):
                self._tasks.start(self._play(), name="ready cue")

    async def _play(self) -> None:
        with contextlib.suppress(SottoError):  # no speaker, no sound: the level meter moves all the same
            await self._speaker.cue(ready_cue())


async def _follow_file(settings: SettingsStore, bulletin: _Bulletin) -> None:
    """Take over what is changed in the settings file by hand, and say what is wrong there."""
    while True:
        await asyncio.sleep(SETTINGS_LOOK_S)
        before = settings.problems
        settings.reload_if_changed()
        for problem in settings.problems:
            if problem not in before:
                bulletin(Notice(level="warning", code="settings", message=problem))


def _turn_options(options: CoreOptions, settings: SettingsStore, profile: Profile) -> TurnOptions:
    aloud = profile.speak and settings.flag("voice.speak_answers")
    speed = min(FASTEST, max(SLOWEST, settings.number("voice.speed") * profile.speed))
    return TurnOptions(
        speak=options.speech is Speech.FILE or (options.speech is Speech.AS_CHOSEN and aloud),
        must_speak=options.speech is Speech.FILE,
        voice=VoiceOptions(voice=settings.text("voice.id") or profile.voice, speed=speed),
        max_tokens=profile.max_tokens,
        overlap=options.overlap,
        pipeline=profile.pipeline if settings.flag("pipelines.enabled") else "",
        plain=options.depth.plain or not settings.flag("assistant.skills"),
        depth=options.depth,
        answers=profile.answers,
    )


def _ids(tiers: tuple[Tier, ...]) -> list[str]:
    return [tier.backend_id for tier in tiers]


def _notice(error: SottoError) -> Notice:
    return Notice(level="warning", code=error.code, message=error.message, remedy=error.remedy)
