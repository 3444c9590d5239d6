"""The two closed unions of events: `TurnEvent` for what happens in a turn, `SystemEvent` for everything outside.

Window, terminal, history and tests are all consumers of the one stream of a turn; none has a side channel. Exactly one
of `TurnFinished`, `TurnFailed` and `TurnCancelled` ends a turn, always, exactly once.

Whoever makes an event fills in what happened; the stream stamps `turn_id`, `run_id`, `seq` and `t_ms` as it passes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from app.contracts.audio import AudioDevice
from app.contracts.cards import AnyCard
from app.contracts.devices import Device, Tier
from app.contracts.energy import BatteryReading, DeviceEnergy, DeviceReading, Provenance, Rest
from app.contracts.event import Event as Event
from app.contracts.metrics import StageMetadata, StageMetrics, TurnMetrics
from app.contracts.run_events import (
    AudioMade as AudioMade,
)
from app.contracts.run_events import (
    CacheHit as CacheHit,
)
from app.contracts.run_events import (
    Caption as Caption,
)
from app.contracts.run_events import (
    PlanMade as PlanMade,
)
from app.contracts.run_events import (
    RunCancelled as RunCancelled,
)
from app.contracts.run_events import (
    RunFailed as RunFailed,
)
from app.contracts.run_events import (
    RunFinished as RunFinished,
)
from app.contracts.run_events import (
    RunStarted as RunStarted,
)
from app.contracts.run_events import (
    SegmentLate as SegmentLate,
)
from app.contracts.run_events import (
    StageCancelled as StageCancelled,
)
from app.contracts.run_events import (
    StageFailed as StageFailed,
)
from app.contracts.run_events import (
    StageSkipped as StageSkipped,
)
from app.contracts.run_events import (
    Substituted as Substituted,
)
from app.contracts.run_events import (
    TextReplaced as TextReplaced,
)
from app.contracts.staged_events import Complete as Complete
from app.contracts.staged_events import Prepared as Prepared
from app.contracts.staged_events import Understood as Understood


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnStarted(Event):
    """A turn began, at key press, when text was sent or a card's button was used.

    ``source`` is ``voice``, ``text``, ``file``, ``card``, ``replay`` or ``announcement``; ``continues`` is the turn
    whose question or proposal waited when this one began, or the one that is read aloud again; empty for none.
    """

    source: str
    continues: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening(Event):
    """The microphone delivers; the first is the ready cue. ``level``: the last buffer's loudness in dBFS, at most 0."""

    level: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PartialTranscript(Event):
    """The words so far; replaces the partial before it."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FinalTranscript(Event):
    """The words as they go to the model. ``confidence`` is None when the recogniser gives none."""

    text: str
    confidence: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Status(Event):
    """One line about what a stage does. ``progress`` in [0, 1], None when unknown."""

    stage: str
    message: str
    progress: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StageStarted(Event):
    """A stage began on a backend."""

    stage: str
    backend: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StageFinished(Event):
    """A stage ended. ``metadata`` says how its answer came about; None for stages that decide nothing."""

    metrics: StageMetrics
    metadata: StageMetadata | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TextDelta(Event):
    """New text of the answer. ``confidence`` in [0, 1] or None. ``stage`` is empty for the answer of a turn."""

    text: str
    confidence: float | None
    tier: Tier
    stage: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalated(Event):
    """A higher tier took over because confidence was low."""

    from_tier: Tier
    to_tier: Tier
    reason: str
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedOver(Event):
    """A running generation moved because of heat, power or a fault; the text so far was kept."""

    from_backend: str
    to_backend: str
    reason: str
    at_token: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrying(Event):
    """A temporary failure is being tried again in ``delay_ms``."""

    attempt: int
    of: int
    delay_ms: float
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CardUpserted(Event):
    """A card appeared or has a newer revision."""

    card: AnyCard


@dataclass(frozen=True, slots=True, kw_only=True)
class CardRemoved(Event):
    """A card is gone."""

    card_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionAsked(Event):
    """A card asks the person something."""

    card_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechStarted(Event):
    """The first sample of a sentence left for the speaker. ``text`` is the spoken form."""

    utterance: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechFinished(Event):
    """A sentence ended. ``heard`` is the part of the shown text that was heard, ``heard_s`` its seconds."""

    utterance: int
    heard: str
    heard_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceUsed(Event):
    """Where a stage really ran."""

    stage: str
    backend: str
    asked: Device
    ran: Device


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnFinished(Event):
    """The turn ended well. ``waiting_for`` is the card whose answer starts the next turn, empty otherwise."""

    metrics: TurnMetrics
    waiting_for: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnFailed(Event):
    """The turn ended in an error: its stable code, the sentence and the remedy.

    Attributes:
        exit_code: What a terminal command that ends with this error returns, as in `app.contracts.errors`.
    """

    code: str
    message: str
    remedy: str = ""
    exit_code: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnCancelled(Event):
    """The turn was ended by the person or by a newer turn, ``after_ms`` from its start."""

    after_ms: float
    reason: str = ""


TurnEvent = (
    TurnStarted
    | Listening
    | PartialTranscript
    | FinalTranscript
    | Status
    | StageStarted
    | StageFinished
    | StageSkipped
    | StageFailed
    | StageCancelled
    | TextDelta
    | TextReplaced
    | AudioMade
    | Caption
    | SegmentLate
    | Escalated
    | FailedOver
    | Retrying
    | CardUpserted
    | CardRemoved
    | QuestionAsked
    | SpeechStarted
    | SpeechFinished
    | DeviceUsed
    | PlanMade
    | Substituted
    | CacheHit
    | RunStarted
    | RunFinished
    | RunFailed
    | RunCancelled
    | Understood
    | Prepared
    | Complete
    | TurnFinished
    | TurnFailed
    | TurnCancelled
)
TURN_EVENTS: tuple[type[TurnEvent], ...] = TurnEvent.__args__
TURN_ENDS = (TurnFinished, TurnFailed, TurnCancelled)
RUN_ENDS = (RunFinished, RunFailed, RunCancelled)


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemEventBase:
    """What happens outside turns. ``at_s`` is seconds since the epoch, 0 before it is stamped."""

    type: ClassVar[str] = "SystemEventBase"

    at_s: float = 0.0

    def __init_subclass__(cls) -> None:
        cls.type = cls.__name__


@dataclass(frozen=True, slots=True, kw_only=True)
class HostChanged(SystemEventBase):
    """A host process changed its state: ``starting``, ``warm``, ``stopped``, ``died``, ``hung`` or ``backing-off``."""

    backend: str
    state: str
    pid: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioDevicesChanged(SystemEventBase):
    """Microphones or speakers came or went. ``waiting`` names a chosen device that is not there."""

    inputs: tuple[AudioDevice, ...]
    outputs: tuple[AudioDevice, ...]
    waiting: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SensorReadings(SystemEventBase):
    """One second's look at the devices, and at the battery where there is one."""

    readings: tuple[DeviceReading, ...]
    battery: BatteryReading | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GovernorDecided(SystemEventBase):
    """The governor changed its mind; the fields are those of `app.contracts.energy.GovernorVerdict`."""

    allowed: tuple[Device, ...]
    reason: str
    rests: tuple[Rest, ...] = ()
    max_tokens: int | None = None
    joules: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EnergyToday(SystemEventBase):
    """What the turns of this day took so far, joules above idle; published at the start and after every turn.

    ``saved_joules`` is against all on the graphics card, by the device model; negative when it took more.
    """

    day: str
    turns: int
    joules: float
    provenance: Provenance
    devices: tuple[DeviceEnergy, ...] = ()
    saved_joules: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class JobProgress(SystemEventBase):
    """A background job (a compile, a calibration, an import) went on. ``progress`` in [0, 1] or None."""

    job_id: str
    name: str
    message: str
    progress: float | None = None
    done: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadProgress(SystemEventBase):
    """A download went on; sizes in bytes, 0 when unknown."""

    download_id: str
    received_bytes: int
    total_bytes: int
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TimerFired(SystemEventBase):
    """A timer the person set is over."""

    timer_id: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CardChanged(SystemEventBase):
    """A card appeared or changed outside a turn."""

    card: AnyCard


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingChanged(SystemEventBase):
    """A setting has a new value; ``value`` is its text form."""

    key: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice(SystemEventBase):
    """Something worth one sentence. ``level`` is ``info`` or ``warning``."""

    level: str
    code: str
    message: str
    remedy: str = ""


SystemEvent = (
    HostChanged
    | AudioDevicesChanged
    | SensorReadings
    | GovernorDecided
    | EnergyToday
    | JobProgress
    | DownloadProgress
    | TimerFired
    | CardChanged
    | SettingChanged
    | Notice
)
SYSTEM_EVENTS: tuple[type[SystemEvent], ...] = SystemEvent.__args__
