"""What a pipeline file says, checked and frozen. Nothing here knows what is installed: that is the plan's business."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType

from app.contracts.devices import Device

OptionValue = str | int | float | bool | None | list["OptionValue"] | dict[str, "OptionValue"]
"""What may stand under ``with:`` and in overrides: what JSON can say."""

DEFAULT_RETRIES = 2


class StageType(StrEnum):
    """The five kinds of stage."""

    AUDIO_TO_TEXT = "audio_to_text"
    TEXT_GENERATION = "text_generation"
    TEXT_TO_AUDIO = "text_to_audio"
    EMBEDDING = "embedding"
    CUSTOM = "custom"


class Merge(StrEnum):
    """How the answers of several experts become one."""

    BEST = "best"
    """The one of highest calibrated confidence."""
    VOTE = "vote"
    """The majority over normalised answers; ties go to the higher confidence."""
    FUSE = "fuse"
    """A tier above the experts writes one answer out of all."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands in a file; lines and columns count from 1."""

    path: Path
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class TierWish:
    """A rung somebody asks for by name. ``model`` empty takes the backend's own."""

    backend: str
    model: str = ""


@dataclass(frozen=True, slots=True)
class HardwareWish:
    """Hardware a stage would like to run on.

    Attributes:
        asked: As written: ``npu``, ``igpu``, ``gpu``, ``cpu``, ``remote``, ``nvidia``, ``amd`` or ``intel``.
        device: What it was taken for.
        note: Says so in words when the two differ, empty otherwise.
    """

    asked: str
    device: Device
    note: str = ""


@dataclass(frozen=True, slots=True)
class Template:
    """Text with places to be filled in, in Jinja's form.

    Attributes:
        source: The template; the three forms of Go's that are accepted have been translated.
        place: Where it stands.
    """

    source: str
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Forwarding:
    """When an answer is not good enough, and who is asked next.

    Attributes:
        check: Look at the confidence at all.
        min_confidence: The bar, in [0, 1].
        path: Higher tiers, in order.
        early_tokens: After so many tokens a low rolling confidence escalates before the answer is whole; 0 never does.
        early_margin: How far below the bar the rolling confidence has to be for that.
    """

    check: bool = True
    min_confidence: float = 0.0
    path: tuple[TierWish, ...] = ()
    early_tokens: int = 16
    early_margin: float = 0.2


@dataclass(frozen=True, slots=True)
class Experts:
    """Several backends, or several samples of one, asked the same thing.

    Attributes:
        tiers: Who is asked; empty for the stage's own.
        samples: Answers from each, at least 1.
        merge: How they become one.
        temperature: Of the samples; 0 would make them all alike.
        fuse_with: The tier that fuses, None for the highest of the stage's ladder.
        fuse_prompt: What it is told, empty for the built-in words.
    """

    tiers: tuple[TierWish, ...] = ()
    samples: int = 1
    merge: Merge = Merge.BEST
    temperature: float = 0.7
    fuse_with: TierWish | None = None
    fuse_prompt: str = ""


@dataclass(frozen=True, slots=True)
class Speculation:
    """A small tier drafts, the stage's own verifies.

    Attributes:
        draft: Who drafts.
        top_k: A drafted token stands when it is among the verifier's so many best.
        window: Tokens drafted before they are verified.
    """

    draft: TierWish
    top_k: int = 4
    window: int = 24


@dataclass(frozen=True, slots=True)
class Chunking:
    """A text longer than the window is worked through in pieces, each given what came out of those before.

    Attributes:
        tokens: Length of a piece; 0 takes what fits.
        overlap: Tokens repeated from the piece before.
        rotate: Backends that take the pieces in turn, whose running state is handed over; empty for one backend.
    """

    tokens: int = 0
    overlap: int = 32
    rotate: tuple[TierWish, ...] = ()


@dataclass(frozen=True, slots=True)
class Segmenting:
    """An endless source is cut at the pauses.

    Attributes:
        pause_ms: Silence that ends a segment.
        longest_s: A segment is cut here at the latest.
        queue: Segments that may wait; one that finds the queue full is given up and reported.
    """

    pause_ms: float = 500.0
    longest_s: float = 20.0
    queue: int = 4


@dataclass(frozen=True, slots=True)
class Retry:
    """How often a temporary failure is tried again, and after how long.

    The delay before try n is drawn from [0, min(longest_ms, base_ms * 2 ** n)]: exponential back-off with full jitter.
    """

    attempts: int = DEFAULT_RETRIES
    base_ms: float = 250.0
    longest_ms: float = 4000.0


@dataclass(frozen=True, slots=True)
class StageCache:
    """Keep what the stage made. ``ttl_s`` 0 keeps it until room is needed."""

    enabled: bool = True
    ttl_s: float = 86_400.0


@dataclass(frozen=True, slots=True)
class Sampling:
    """How text is generated; None leaves it to the run's defaults."""

    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    seed: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StageDefinition:
    """One stage as it is written.

    Attributes:
        stage_id: Unique in its pipeline.
        type: Which kind.
        description: One sentence.
        model: The model asked for, empty for any.
        backend: ``preferred_backend``, empty for any.
        hardware: ``preferred_hardware``, None for any.
        needs: Stages whose output it works on; none is the run's input. Not written, it is the stage before.
        when: Rendered to a truth (``false``, ``no``, ``0`` and nothing are false); None is always.
        input_transform: Makes the stage's input, None for the output of what it needs.
        output_transform: Makes the stage's output of what it made.
        prompt: System prompt of a text stage, empty for the default.
        sampling: Of a text stage.
        forwarding: ``forwarding_policy``.
        experts: Several answers, merged.
        speculation: A draft, verified.
        chunking: Pieces of a long text.
        segmenting: Pieces of an endless source.
        each: Runs once for every item of its input as it comes.
        retry: For temporary failures.
        timeout_s: None for no limit.
        cache: None follows the pipeline's option.
        optional: A failure of this stage does not fail the run; stages that need it are skipped.
        use: Which custom stage, for instance ``quality-check``.
        settings: ``with:``, its own options.
        place: Where it stands.
    """

    stage_id: str
    type: StageType
    description: str = ""
    model: str = ""
    backend: str = ""
    hardware: HardwareWish | None = None
    needs: tuple[str, ...] = ()
    when: Template | None = None
    input_transform: Template | None = None
    output_transform: Template | None = None
    prompt: str = ""
    sampling: Sampling = field(default_factory=Sampling)
    forwarding: Forwarding | None = None
    experts: Experts | None = None
    speculation: Speculation | None = None
    chunking: Chunking | None = None
    segmenting: Segmenting | None = None
    each: bool = False
    retry: Retry = field(default_factory=Retry)
    timeout_s: float | None = None
    cache: StageCache | None = None
    optional: bool = False
    use: str = ""
    settings: Mapping[str, OptionValue] = field(default_factory=lambda: MappingProxyType({}))
    place: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineOptions:
    """What holds for a whole run; each can be overridden when it is started.

    Attributes:
        enable_streaming: Stages hand on what they have while they still work.
        preserve_context: Stages see the conversation and the answers of those before them, not only their own input.
        collect_metrics: Times and joules are written down.
        parallel_stages: Stages that do not need each other run at the same time.
        cache: Runs and stages may be answered from the cache and kept in it.
        cache_ttl_s: How long.
        max_input_characters: Longer input is refused.
        max_tokens: Upper bound of each text stage's answer that names none.
        max_output_characters: A text stage is stopped here.
        timeout_s: For the whole run, None for no limit.
        joules_per_run: Budget of a run, None for none.
        joules_per_hour: Budget of all runs of this pipeline in the last hour, None for none.
    """

    enable_streaming: bool = True
    preserve_context: bool = False
    collect_metrics: bool = True
    parallel_stages: bool = False
    cache: bool = False
    cache_ttl_s: float = 86_400.0
    max_input_characters: int = 100_000
    max_tokens: int = 200
    max_output_characters: int = 20_000
    timeout_s: float | None = None
    joules_per_run: float | None = None
    joules_per_hour: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineDefinition:
    """One pipeline as it is written.

    Attributes:
        pipeline_id: Its name on the command line and in requests.
        name: Its name on screen.
        description: One sentence.
        stages: In the order of the file; every ``needs`` names a stage of this list and there is no circle.
        options: Its own, before overrides.
        output: The stage whose output is the run's, empty for the last one of the file.
        origin: The file it stands in.
        builtin: It ships with Sotto.
    """

    pipeline_id: str
    name: str
    stages: tuple[StageDefinition, ...]
    description: str = ""
    options: PipelineOptions = field(default_factory=PipelineOptions)
    output: str = ""
    origin: Path | None = None
    builtin: bool = False

    @property
    def output_stage(self) -> str:
        """Id of the stage whose output is the run's."""
        return self.output or self.stages[-1].stage_id
