from google.protobuf import struct_pb2 as _struct_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class AudioFormat(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    AUDIO_FORMAT_UNSPECIFIED: _ClassVar[AudioFormat]
    AUDIO_FORMAT_FILE: _ClassVar[AudioFormat]
    AUDIO_FORMAT_PCM_S16LE: _ClassVar[AudioFormat]
    AUDIO_FORMAT_PCM_F32LE: _ClassVar[AudioFormat]
AUDIO_FORMAT_UNSPECIFIED: AudioFormat
AUDIO_FORMAT_FILE: AudioFormat
AUDIO_FORMAT_PCM_S16LE: AudioFormat
AUDIO_FORMAT_PCM_F32LE: AudioFormat

class Audio(_message.Message):
    __slots__ = ("data", "format", "sample_rate_hz")
    DATA_FIELD_NUMBER: _ClassVar[int]
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_RATE_HZ_FIELD_NUMBER: _ClassVar[int]
    data: bytes
    format: AudioFormat
    sample_rate_hz: int
    def __init__(self, data: _Optional[bytes] = ..., format: _Optional[_Union[AudioFormat, str]] = ..., sample_rate_hz: _Optional[int] = ...) -> None: ...

class PipelineInput(_message.Message):
    __slots__ = ("text", "audio")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    AUDIO_FIELD_NUMBER: _ClassVar[int]
    text: str
    audio: Audio
    def __init__(self, text: _Optional[str] = ..., audio: _Optional[_Union[Audio, _Mapping]] = ...) -> None: ...

class ExecutePipelineRequest(_message.Message):
    __slots__ = ("pipeline_id", "input", "options", "context", "run_id", "audio_format")
    class ContextEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    PIPELINE_ID_FIELD_NUMBER: _ClassVar[int]
    INPUT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    AUDIO_FORMAT_FIELD_NUMBER: _ClassVar[int]
    pipeline_id: str
    input: PipelineInput
    options: _struct_pb2.Struct
    context: _containers.ScalarMap[str, str]
    run_id: str
    audio_format: AudioFormat
    def __init__(self, pipeline_id: _Optional[str] = ..., input: _Optional[_Union[PipelineInput, _Mapping]] = ..., options: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., context: _Optional[_Mapping[str, str]] = ..., run_id: _Optional[str] = ..., audio_format: _Optional[_Union[AudioFormat, str]] = ...) -> None: ...

class PipelineAudioRequest(_message.Message):
    __slots__ = ("start", "audio")
    START_FIELD_NUMBER: _ClassVar[int]
    AUDIO_FIELD_NUMBER: _ClassVar[int]
    start: StartAudio
    audio: bytes
    def __init__(self, start: _Optional[_Union[StartAudio, _Mapping]] = ..., audio: _Optional[bytes] = ...) -> None: ...

class StartAudio(_message.Message):
    __slots__ = ("pipeline_id", "options", "context", "run_id", "input_format", "sample_rate_hz", "audio_format")
    class ContextEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    PIPELINE_ID_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    INPUT_FORMAT_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_RATE_HZ_FIELD_NUMBER: _ClassVar[int]
    AUDIO_FORMAT_FIELD_NUMBER: _ClassVar[int]
    pipeline_id: str
    options: _struct_pb2.Struct
    context: _containers.ScalarMap[str, str]
    run_id: str
    input_format: AudioFormat
    sample_rate_hz: int
    audio_format: AudioFormat
    def __init__(self, pipeline_id: _Optional[str] = ..., options: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., context: _Optional[_Mapping[str, str]] = ..., run_id: _Optional[str] = ..., input_format: _Optional[_Union[AudioFormat, str]] = ..., sample_rate_hz: _Optional[int] = ..., audio_format: _Optional[_Union[AudioFormat, str]] = ...) -> None: ...

class ExecutePipelineResponse(_message.Message):
    __slots__ = ("pipeline_id", "success", "error", "final_output", "stage_results", "total_time_ms", "run_id", "metrics")
    PIPELINE_ID_FIELD_NUMBER: _ClassVar[int]
    SUCCESS_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    FINAL_OUTPUT_FIELD_NUMBER: _ClassVar[int]
    STAGE_RESULTS_FIELD_NUMBER: _ClassVar[int]
    TOTAL_TIME_MS_FIELD_NUMBER: _ClassVar[int]
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    METRICS_FIELD_NUMBER: _ClassVar[int]
    pipeline_id: str
    success: bool
    error: Error
    final_output: FinalOutput
    stage_results: _containers.RepeatedCompositeFieldContainer[StageResult]
    total_time_ms: float
    run_id: str
    metrics: RunMetrics
    def __init__(self, pipeline_id: _Optional[str] = ..., success: _Optional[bool] = ..., error: _Optional[_Union[Error, _Mapping]] = ..., final_output: _Optional[_Union[FinalOutput, _Mapping]] = ..., stage_results: _Optional[_Iterable[_Union[StageResult, _Mapping]]] = ..., total_time_ms: _Optional[float] = ..., run_id: _Optional[str] = ..., metrics: _Optional[_Union[RunMetrics, _Mapping]] = ...) -> None: ...

class Error(_message.Message):
    __slots__ = ("code", "message", "remedy", "stage", "temporary")
    CODE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    REMEDY_FIELD_NUMBER: _ClassVar[int]
    STAGE_FIELD_NUMBER: _ClassVar[int]
    TEMPORARY_FIELD_NUMBER: _ClassVar[int]
    code: str
    message: str
    remedy: str
    stage: str
    temporary: bool
    def __init__(self, code: _Optional[str] = ..., message: _Optional[str] = ..., remedy: _Optional[str] = ..., stage: _Optional[str] = ..., temporary: _Optional[bool] = ...) -> None: ...

class FinalOutput(_message.Message):
    __slots__ = ("text", "audio")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    AUDIO_FIELD_NUMBER: _ClassVar[int]
    text: str
    audio: Audio
    def __init__(self, text: _Optional[str] = ..., audio: _Optional[_Union[Audio, _Mapping]] = ...) -> None: ...

class StageResult(_message.Message):
    __slots__ = ("stage_id", "backend", "success", "status", "output", "metadata", "metrics", "error", "reason")
    STAGE_ID_FIELD_NUMBER: _ClassVar[int]
    BACKEND_FIELD_NUMBER: _ClassVar[int]
    SUCCESS_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    METRICS_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    stage_id: str
    backend: str
    success: bool
    status: str
    output: str
    metadata: StageMetadata
    metrics: StageMetrics
    error: Error
    reason: str
    def __init__(self, stage_id: _Optional[str] = ..., backend: _Optional[str] = ..., success: _Optional[bool] = ..., status: _Optional[str] = ..., output: _Optional[str] = ..., metadata: _Optional[_Union[StageMetadata, _Mapping]] = ..., metrics: _Optional[_Union[StageMetrics, _Mapping]] = ..., error: _Optional[_Union[Error, _Mapping]] = ..., reason: _Optional[str] = ...) -> None: ...

class Energy(_message.Message):
    __slots__ = ("joules", "provenance")
    JOULES_FIELD_NUMBER: _ClassVar[int]
    PROVENANCE_FIELD_NUMBER: _ClassVar[int]
    joules: float
    provenance: str
    def __init__(self, joules: _Optional[float] = ..., provenance: _Optional[str] = ...) -> None: ...

class Attempt(_message.Message):
    __slots__ = ("backend", "model", "decision", "reason", "confidence", "elapsed_ms", "tokens", "energy", "simulated")
    BACKEND_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    DECISION_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    CONFIDENCE_FIELD_NUMBER: _ClassVar[int]
    ELAPSED_MS_FIELD_NUMBER: _ClassVar[int]
    TOKENS_FIELD_NUMBER: _ClassVar[int]
    ENERGY_FIELD_NUMBER: _ClassVar[int]
    SIMULATED_FIELD_NUMBER: _ClassVar[int]
    backend: str
    model: str
    decision: str
    reason: str
    confidence: float
    elapsed_ms: float
    tokens: int
    energy: Energy
    simulated: bool
    def __init__(self, backend: _Optional[str] = ..., model: _Optional[str] = ..., decision: _Optional[str] = ..., reason: _Optional[str] = ..., confidence: _Optional[float] = ..., elapsed_ms: _Optional[float] = ..., tokens: _Optional[int] = ..., energy: _Optional[_Union[Energy, _Mapping]] = ..., simulated: _Optional[bool] = ...) -> None: ...

class StageMetadata(_message.Message):
    __slots__ = ("forwarded", "confidence", "attempt_count", "backend", "asked", "ran", "model", "confidence_source", "attempts", "cached", "notes", "figures")
    class FiguresEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: float
        def __init__(self, key: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...
    FORWARDED_FIELD_NUMBER: _ClassVar[int]
    CONFIDENCE_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_COUNT_FIELD_NUMBER: _ClassVar[int]
    BACKEND_FIELD_NUMBER: _ClassVar[int]
    ASKED_FIELD_NUMBER: _ClassVar[int]
    RAN_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    CONFIDENCE_SOURCE_FIELD_NUMBER: _ClassVar[int]
    ATTEMPTS_FIELD_NUMBER: _ClassVar[int]
    CACHED_FIELD_NUMBER: _ClassVar[int]
    NOTES_FIELD_NUMBER: _ClassVar[int]
    FIGURES_FIELD_NUMBER: _ClassVar[int]
    forwarded: bool
    confidence: float
    attempt_count: int
    backend: str
    asked: str
    ran: str
    model: str
    confidence_source: str
    attempts: _containers.RepeatedCompositeFieldContainer[Attempt]
    cached: bool
    notes: _containers.RepeatedScalarFieldContainer[str]
    figures: _containers.ScalarMap[str, float]
    def __init__(self, forwarded: _Optional[bool] = ..., confidence: _Optional[float] = ..., attempt_count: _Optional[int] = ..., backend: _Optional[str] = ..., asked: _Optional[str] = ..., ran: _Optional[str] = ..., model: _Optional[str] = ..., confidence_source: _Optional[str] = ..., attempts: _Optional[_Iterable[_Union[Attempt, _Mapping]]] = ..., cached: _Optional[bool] = ..., notes: _Optional[_Iterable[str]] = ..., figures: _Optional[_Mapping[str, float]] = ...) -> None: ...

class StageMetrics(_message.Message):
    __slots__ = ("stage", "backend", "device", "elapsed_ms", "first_output_ms", "tokens", "energy")
    STAGE_FIELD_NUMBER: _ClassVar[int]
    BACKEND_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    ELAPSED_MS_FIELD_NUMBER: _ClassVar[int]
    FIRST_OUTPUT_MS_FIELD_NUMBER: _ClassVar[int]
    TOKENS_FIELD_NUMBER: _ClassVar[int]
    ENERGY_FIELD_NUMBER: _ClassVar[int]
    stage: str
    backend: str
    device: str
    elapsed_ms: float
    first_output_ms: float
    tokens: int
    energy: Energy
    def __init__(self, stage: _Optional[str] = ..., backend: _Optional[str] = ..., device: _Optional[str] = ..., elapsed_ms: _Optional[float] = ..., first_output_ms: _Optional[float] = ..., tokens: _Optional[int] = ..., energy: _Optional[_Union[Energy, _Mapping]] = ...) -> None: ...

class RunMetrics(_message.Message):
    __slots__ = ("total_ms", "validation_ms", "routing_ms", "execution_ms", "fusion_ms", "guard_ms", "cache_ms", "stages", "energy", "bottlenecks", "cache_hits", "cache_lookups")
    TOTAL_MS_FIELD_NUMBER: _ClassVar[int]
    VALIDATION_MS_FIELD_NUMBER: _ClassVar[int]
    ROUTING_MS_FIELD_NUMBER: _ClassVar[int]
    EXECUTION_MS_FIELD_NUMBER: _ClassVar[int]
    FUSION_MS_FIELD_NUMBER: _ClassVar[int]
    GUARD_MS_FIELD_NUMBER: _ClassVar[int]
    CACHE_MS_FIELD_NUMBER: _ClassVar[int]
    STAGES_FIELD_NUMBER: _ClassVar[int]
    ENERGY_FIELD_NUMBER: _ClassVar[int]
    BOTTLENECKS_FIELD_NUMBER: _ClassVar[int]
    CACHE_HITS_FIELD_NUMBER: _ClassVar[int]
    CACHE_LOOKUPS_FIELD_NUMBER: _ClassVar[int]
    total_ms: float
    validation_ms: float
    routing_ms: float
    execution_ms: float
    fusion_ms: float
    guard_ms: float
    cache_ms: float
    stages: _containers.RepeatedCompositeFieldContainer[StageMetrics]
    energy: Energy
    bottlenecks: _containers.RepeatedScalarFieldContainer[str]
    cache_hits: int
    cache_lookups: int
    def __init__(self, total_ms: _Optional[float] = ..., validation_ms: _Optional[float] = ..., routing_ms: _Optional[float] = ..., execution_ms: _Optional[float] = ..., fusion_ms: _Optional[float] = ..., guard_ms: _Optional[float] = ..., cache_ms: _Optional[float] = ..., stages: _Optional[_Iterable[_Union[StageMetrics, _Mapping]]] = ..., energy: _Optional[_Union[Energy, _Mapping]] = ..., bottlenecks: _Optional[_Iterable[str]] = ..., cache_hits: _Optional[int] = ..., cache_lookups: _Optional[int] = ...) -> None: ...

class Tier(_message.Message):
    __slots__ = ("backend_id", "model")
    BACKEND_ID_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    backend_id: str
    model: str
    def __init__(self, backend_id: _Optional[str] = ..., model: _Optional[str] = ...) -> None: ...

class PipelineStreamResponse(_message.Message):
    __slots__ = ("run_id", "seq", "t_ms", "type", "run_started", "plan_made", "substituted", "stage_started", "stage_finished", "stage_skipped", "stage_failed", "stage_cancelled", "text_delta", "text_replaced", "audio_made", "caption", "segment_late", "escalated", "failed_over", "retrying", "device_used", "cache_hit", "status", "partial_transcript", "final_transcript", "audio", "response", "other")
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    SEQ_FIELD_NUMBER: _ClassVar[int]
    T_MS_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    RUN_STARTED_FIELD_NUMBER: _ClassVar[int]
    PLAN_MADE_FIELD_NUMBER: _ClassVar[int]
    SUBSTITUTED_FIELD_NUMBER: _ClassVar[int]
    STAGE_STARTED_FIELD_NUMBER: _ClassVar[int]
    STAGE_FINISHED_FIELD_NUMBER: _ClassVar[int]
    STAGE_SKIPPED_FIELD_NUMBER: _ClassVar[int]
    STAGE_FAILED_FIELD_NUMBER: _ClassVar[int]
    STAGE_CANCELLED_FIELD_NUMBER: _ClassVar[int]
    TEXT_DELTA_FIELD_NUMBER: _ClassVar[int]
    TEXT_REPLACED_FIELD_NUMBER: _ClassVar[int]
    AUDIO_MADE_FIELD_NUMBER: _ClassVar[int]
    CAPTION_FIELD_NUMBER: _ClassVar[int]
    SEGMENT_LATE_FIELD_NUMBER: _ClassVar[int]
    ESCALATED_FIELD_NUMBER: _ClassVar[int]
    FAILED_OVER_FIELD_NUMBER: _ClassVar[int]
    RETRYING_FIELD_NUMBER: _ClassVar[int]
    DEVICE_USED_FIELD_NUMBER: _ClassVar[int]
    CACHE_HIT_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    PARTIAL_TRANSCRIPT_FIELD_NUMBER: _ClassVar[int]
    FINAL_TRANSCRIPT_FIELD_NUMBER: _ClassVar[int]
    AUDIO_FIELD_NUMBER: _ClassVar[int]
    RESPONSE_FIELD_NUMBER: _ClassVar[int]
    OTHER_FIELD_NUMBER: _ClassVar[int]
    run_id: str
    seq: int
    t_ms: float
    type: str
    run_started: RunStarted
    plan_made: PlanMade
    substituted: Substituted
    stage_started: StageStarted
    stage_finished: StageFinished
    stage_skipped: StageSkipped
    stage_failed: StageFailed
    stage_cancelled: StageCancelled
    text_delta: TextDelta
    text_replaced: TextReplaced
    audio_made: AudioMade
    caption: Caption
    segment_late: SegmentLate
    escalated: Escalated
    failed_over: FailedOver
    retrying: Retrying
    device_used: DeviceUsed
    cache_hit: CacheHit
    status: Status
    partial_transcript: PartialTranscript
    final_transcript: FinalTranscript
    audio: Audio
    response: ExecutePipelineResponse
    other: _struct_pb2.Struct
    def __init__(self, run_id: _Optional[str] = ..., seq: _Optional[int] = ..., t_ms: _Optional[float] = ..., type: _Optional[str] = ..., run_started: _Optional[_Union[RunStarted, _Mapping]] = ..., plan_made: _Optional[_Union[PlanMade, _Mapping]] = ..., substituted: _Optional[_Union[Substituted, _Mapping]] = ..., stage_started: _Optional[_Union[StageStarted, _Mapping]] = ..., stage_finished: _Optional[_Union[StageFinished, _Mapping]] = ..., stage_skipped: _Optional[_Union[StageSkipped, _Mapping]] = ..., stage_failed: _Optional[_Union[StageFailed, _Mapping]] = ..., stage_cancelled: _Optional[_Union[StageCancelled, _Mapping]] = ..., text_delta: _Optional[_Union[TextDelta, _Mapping]] = ..., text_replaced: _Optional[_Union[TextReplaced, _Mapping]] = ..., audio_made: _Optional[_Union[AudioMade, _Mapping]] = ..., caption: _Optional[_Union[Caption, _Mapping]] = ..., segment_late: _Optional[_Union[SegmentLate, _Mapping]] = ..., escalated: _Optional[_Union[Escalated, _Mapping]] = ..., failed_over: _Optional[_Union[FailedOver, _Mapping]] = ..., retrying: _Optional[_Union[Retrying, _Mapping]] = ..., device_used: _Optional[_Union[DeviceUsed, _Mapping]] = ..., cache_hit: _Optional[_Union[CacheHit, _Mapping]] = ..., status: _Optional[_Union[Status, _Mapping]] = ..., partial_transcript: _Optional[_Union[PartialTranscript, _Mapping]] = ..., final_transcript: _Optional[_Union[FinalTranscript, _Mapping]] = ..., audio: _Optional[_Union[Audio, _Mapping]] = ..., response: _Optional[_Union[ExecutePipelineResponse, _Mapping]] = ..., other: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ...) -> None: ...

class RunStarted(_message.Message):
    __slots__ = ("pipeline_id",)
    PIPELINE_ID_FIELD_NUMBER: _ClassVar[int]
    pipeline_id: str
    def __init__(self, pipeline_id: _Optional[str] = ...) -> None: ...

class PlanMade(_message.Message):
    __slots__ = ("plan_id", "stages")
    PLAN_ID_FIELD_NUMBER: _ClassVar[int]
    STAGES_FIELD_NUMBER: _ClassVar[int]
    plan_id: str
    stages: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, plan_id: _Optional[str] = ..., stages: _Optional[_Iterable[str]] = ...) -> None: ...

class Substituted(_message.Message):
    __slots__ = ("stage", "asked", "got", "reason")
    STAGE_FIELD_NUMBER: _ClassVar[int]
    ASKED_FIELD_NUMBER: _ClassVar[int]
    GOT_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    stage: str
    asked: str
    got: str
    reason: str
    def __init__(self, stage: _Optional[str] = ..., asked: _Optional[str] = ..., got: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class StageStarted(_message.Message):
    __slots__ = ("stage", "backend")
    STAGE_FIELD_NUMBER: _ClassVar[int]
    BACKEND_FIELD_NUMBER: _ClassVar[int]
    stage: str
    backend: str
    def __init__(self, stage: _Optional[str] = ..., backend: _Optional[str] = ...) -> None: ...

class StageFinished(_message.Message):
    __slots__ = ("metrics", "metadata")
    METRICS_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    metrics: StageMetrics
    metadata: StageMetadata
    def __init__(self, metrics: _Optional[_Union[StageMetrics, _Mapping]] = ..., metadata: _Optional[_Union[StageMetadata, _Mapping]] = ...) -> None: ...

class StageSkipped(_message.Message):
    __slots__ = ("stage", "reason")
    STAGE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    stage: str
    reason: str
    def __init__(self, stage: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class StageFailed(_message.Message):
    __slots__ = ("stage", "code", "message")
    STAGE_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    stage: str
    code: str
    message: str
    def __init__(self, stage: _Optional[str] = ..., code: _Optional[str] = ..., message: _Optional[str] = ...) -> None: ...

class StageCancelled(_message.Message):
    __slots__ = ("stage",)
    STAGE_FIELD_NUMBER: _ClassVar[int]
    stage: str
    def __init__(self, stage: _Optional[str] = ...) -> None: ...

class TextDelta(_message.Message):
    __slots__ = ("text", "confidence", "tier", "stage")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    CONFIDENCE_FIELD_NUMBER: _ClassVar[int]
    TIER_FIELD_NUMBER: _ClassVar[int]
    STAGE_FIELD_NUMBER: _ClassVar[int]
    text: str
    confidence: float
    tier: Tier
    stage: str
    def __init__(self, text: _Optional[str] = ..., confidence: _Optional[float] = ..., tier: _Optional[_Union[Tier, _Mapping]] = ..., stage: _Optional[str] = ...) -> None: ...

class TextReplaced(_message.Message):
    __slots__ = ("kept", "reason", "stage")
    KEPT_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    STAGE_FIELD_NUMBER: _ClassVar[int]
    kept: int
    reason: str
    stage: str
    def __init__(self, kept: _Optional[int] = ..., reason: _Optional[str] = ..., stage: _Optional[str] = ...) -> None: ...

class AudioMade(_message.Message):
    __slots__ = ("stage", "samples", "sample_rate_hz")
    STAGE_FIELD_NUMBER: _ClassVar[int]
    SAMPLES_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_RATE_HZ_FIELD_NUMBER: _ClassVar[int]
    stage: str
    samples: int
    sample_rate_hz: int
    def __init__(self, stage: _Optional[str] = ..., samples: _Optional[int] = ..., sample_rate_hz: _Optional[int] = ...) -> None: ...

class Caption(_message.Message):
    __slots__ = ("stage", "segment", "text", "start_s", "end_s", "lag_s", "confidence")
    STAGE_FIELD_NUMBER: _ClassVar[int]
    SEGMENT_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    START_S_FIELD_NUMBER: _ClassVar[int]
    END_S_FIELD_NUMBER: _ClassVar[int]
    LAG_S_FIELD_NUMBER: _ClassVar[int]
    CONFIDENCE_FIELD_NUMBER: _ClassVar[int]
    stage: str
    segment: int
    text: str
    start_s: float
    end_s: float
    lag_s: float
    confidence: float
    def __init__(self, stage: _Optional[str] = ..., segment: _Optional[int] = ..., text: _Optional[str] = ..., start_s: _Optional[float] = ..., end_s: _Optional[float] = ..., lag_s: _Optional[float] = ..., confidence: _Optional[float] = ...) -> None: ...

class SegmentLate(_message.Message):
    __slots__ = ("stage", "segment", "start_s", "end_s", "waiting", "dropped")
    STAGE_FIELD_NUMBER: _ClassVar[int]
    SEGMENT_FIELD_NUMBER: _ClassVar[int]
    START_S_FIELD_NUMBER: _ClassVar[int]
    END_S_FIELD_NUMBER: _ClassVar[int]
    WAITING_FIELD_NUMBER: _ClassVar[int]
    DROPPED_FIELD_NUMBER: _ClassVar[int]
    stage: str
    segment: int
    start_s: float
    end_s: float
    waiting: int
    dropped: bool
    def __init__(self, stage: _Optional[str] = ..., segment: _Optional[int] = ..., start_s: _Optional[float] = ..., end_s: _Optional[float] = ..., waiting: _Optional[int] = ..., dropped: _Optional[bool] = ...) -> None: ...

class Escalated(_message.Message):
    __slots__ = ("from_tier", "to_tier", "reason", "confidence")
    FROM_TIER_FIELD_NUMBER: _ClassVar[int]
    TO_TIER_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    CONFIDENCE_FIELD_NUMBER: _ClassVar[int]
    from_tier: Tier
    to_tier: Tier
    reason: str
    confidence: float
    def __init__(self, from_tier: _Optional[_Union[Tier, _Mapping]] = ..., to_tier: _Optional[_Union[Tier, _Mapping]] = ..., reason: _Optional[str] = ..., confidence: _Optional[float] = ...) -> None: ...

class FailedOver(_message.Message):
    __slots__ = ("from_backend", "to_backend", "reason", "at_token")
    FROM_BACKEND_FIELD_NUMBER: _ClassVar[int]
    TO_BACKEND_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    AT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    from_backend: str
    to_backend: str
    reason: str
    at_token: int
    def __init__(self, from_backend: _Optional[str] = ..., to_backend: _Optional[str] = ..., reason: _Optional[str] = ..., at_token: _Optional[int] = ...) -> None: ...

class Retrying(_message.Message):
    __slots__ = ("attempt", "of", "delay_ms", "code")
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    OF_FIELD_NUMBER: _ClassVar[int]
    DELAY_MS_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    attempt: int
    of: int
    delay_ms: float
    code: str
    def __init__(self, attempt: _Optional[int] = ..., of: _Optional[int] = ..., delay_ms: _Optional[float] = ..., code: _Optional[str] = ...) -> None: ...

class DeviceUsed(_message.Message):
    __slots__ = ("stage", "backend", "asked", "ran")
    STAGE_FIELD_NUMBER: _ClassVar[int]
    BACKEND_FIELD_NUMBER: _ClassVar[int]
    ASKED_FIELD_NUMBER: _ClassVar[int]
    RAN_FIELD_NUMBER: _ClassVar[int]
    stage: str
    backend: str
    asked: str
    ran: str
    def __init__(self, stage: _Optional[str] = ..., backend: _Optional[str] = ..., asked: _Optional[str] = ..., ran: _Optional[str] = ...) -> None: ...

class CacheHit(_message.Message):
    __slots__ = ("stage",)
    STAGE_FIELD_NUMBER: _ClassVar[int]
    stage: str
    def __init__(self, stage: _Optional[str] = ...) -> None: ...

class Status(_message.Message):
    __slots__ = ("stage", "message", "progress")
    STAGE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    stage: str
    message: str
    progress: float
    def __init__(self, stage: _Optional[str] = ..., message: _Optional[str] = ..., progress: _Optional[float] = ...) -> None: ...

class PartialTranscript(_message.Message):
    __slots__ = ("text",)
    TEXT_FIELD_NUMBER: _ClassVar[int]
    text: str
    def __init__(self, text: _Optional[str] = ...) -> None: ...

class FinalTranscript(_message.Message):
    __slots__ = ("text", "confidence")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    CONFIDENCE_FIELD_NUMBER: _ClassVar[int]
    text: str
    confidence: float
    def __init__(self, text: _Optional[str] = ..., confidence: _Optional[float] = ...) -> None: ...

class ListPipelinesRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListPipelinesResponse(_message.Message):
    __slots__ = ("pipelines",)
    PIPELINES_FIELD_NUMBER: _ClassVar[int]
    pipelines: _containers.RepeatedCompositeFieldContainer[PipelineSummary]
    def __init__(self, pipelines: _Optional[_Iterable[_Union[PipelineSummary, _Mapping]]] = ...) -> None: ...

class PipelineSummary(_message.Message):
    __slots__ = ("pipeline_id", "name", "description", "stages")
    PIPELINE_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    STAGES_FIELD_NUMBER: _ClassVar[int]
    pipeline_id: str
    name: str
    description: str
    stages: _containers.RepeatedCompositeFieldContainer[StageSummary]
    def __init__(self, pipeline_id: _Optional[str] = ..., name: _Optional[str] = ..., description: _Optional[str] = ..., stages: _Optional[_Iterable[_Union[StageSummary, _Mapping]]] = ...) -> None: ...

class StageSummary(_message.Message):
    __slots__ = ("stage_id", "type", "needs")
    STAGE_ID_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    NEEDS_FIELD_NUMBER: _ClassVar[int]
    stage_id: str
    type: str
    needs: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, stage_id: _Optional[str] = ..., type: _Optional[str] = ..., needs: _Optional[_Iterable[str]] = ...) -> None: ...

class CancelRunRequest(_message.Message):
    __slots__ = ("run_id",)
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    run_id: str
    def __init__(self, run_id: _Optional[str] = ...) -> None: ...

class CancelRunResponse(_message.Message):
    __slots__ = ("cancelled",)
    CANCELLED_FIELD_NUMBER: _ClassVar[int]
    cancelled: bool
    def __init__(self, cancelled: _Optional[bool] = ...) -> None: ...

class Job(_message.Message):
    __slots__ = ("job_id", "name", "state", "message", "progress", "made_at", "ended_at", "code")
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    MADE_AT_FIELD_NUMBER: _ClassVar[int]
    ENDED_AT_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    job_id: str
    name: str
    state: str
    message: str
    progress: float
    made_at: float
    ended_at: float
    code: str
    def __init__(self, job_id: _Optional[str] = ..., name: _Optional[str] = ..., state: _Optional[str] = ..., message: _Optional[str] = ..., progress: _Optional[float] = ..., made_at: _Optional[float] = ..., ended_at: _Optional[float] = ..., code: _Optional[str] = ...) -> None: ...

class ListJobsRequest(_message.Message):
    __slots__ = ("limit",)
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    limit: int
    def __init__(self, limit: _Optional[int] = ...) -> None: ...

class ListJobsResponse(_message.Message):
    __slots__ = ("jobs",)
    JOBS_FIELD_NUMBER: _ClassVar[int]
    jobs: _containers.RepeatedCompositeFieldContainer[Job]
    def __init__(self, jobs: _Optional[_Iterable[_Union[Job, _Mapping]]] = ...) -> None: ...

class GetJobRequest(_message.Message):
    __slots__ = ("job_id",)
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    job_id: str
    def __init__(self, job_id: _Optional[str] = ...) -> None: ...

class WaitJobRequest(_message.Message):
    __slots__ = ("job_id", "timeout_s")
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    TIMEOUT_S_FIELD_NUMBER: _ClassVar[int]
    job_id: str
    timeout_s: float
    def __init__(self, job_id: _Optional[str] = ..., timeout_s: _Optional[float] = ...) -> None: ...

class CancelJobRequest(_message.Message):
    __slots__ = ("job_id",)
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    job_id: str
    def __init__(self, job_id: _Optional[str] = ...) -> None: ...
