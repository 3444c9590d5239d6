"""Events, metrics and results as the messages of ``compute.v1``.

Why it exists: messages name their fields as the dataclasses of `app.contracts` do, so one rule fills them all: for
every field of the message, the attribute of that name. A new field needs a line in the proto file and none here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum
from typing import Any

from google.protobuf import json_format, struct_pb2

from app.contracts.errors import SottoError
from app.contracts.events import TurnEvent
from app.contracts.wire import to_json
from app.pipeline.definition import OptionValue, PipelineDefinition
from app.pipeline.run import RunResult, StageResult, StageStatus
from app.pipeline.values import Value, in_words
from app.service.generated.compute.v1 import compute_pb2 as pb

_HEADER = ("turn_id", "run_id", "seq", "t_ms")
LONGEST_STATUS = 1500
"""Bytes; what is no ASCII travels as three characters for each."""
_ENDS_A_WORD = re.compile(r"(?<=[a-z])(?=[A-Z])")


def fill(message: Any, value: object) -> None:
    """Set every field of a message to the attribute of its name; what is None or missing stays unset."""
    for field in message.DESCRIPTOR.fields:
        item = getattr(value, field.name, None)
        if item is None:
            continue
        if field.is_repeated:
            _fill_repeated(getattr(message, field.name), field, item)
        elif field.message_type is not None:
            part = getattr(message, field.name)
            part.SetInParent()
            fill(part, item)
        else:
            setattr(message, field.name, _plain(item))


def _fill_repeated(target: Any, field: Any, items: Any) -> None:
    if field.message_type is None:
        target.extend(_plain(item) for item in items)
    elif field.message_type.GetOptions().map_entry:
        target.update(dict(items))
    else:
        for item in items:
            fill(target.add(), item)


def event_field(event_type: str) -> str:
    """The field of `PipelineStreamResponse` that holds events of a class."""
    return _ENDS_A_WORD.sub("_", event_type).lower()


def event_message(event: TurnEvent) -> pb.PipelineStreamResponse:
    """One event of a run as a message of the stream."""
    message = pb.PipelineStreamResponse(run_id=clean(event.run_id), seq=event.seq, t_ms=event.t_ms, type=event.type)
    name = event_field(event.type)
    if name in pb.PipelineStreamResponse.DESCRIPTOR.fields_by_name:
        part = getattr(message, name)
        part.SetInParent()
        fill(part, event)
    else:
        content = {key: value for key, value in to_json(event).items() if key not in ("type", *_HEADER)}
        json_format.ParseDict(content, message.other)
    return message


def result_message(
    result: RunResult, audio: pb.Audio | None = None, cancel_reason: SottoError | None = None
) -> pb.ExecutePipelineResponse:
    """A run that is over.

    Args:
        result: The run.
        audio: The sound it made, None to leave it out.
        cancel_reason: Why it was cancelled, when that is known better here.
    """
    message = pb.ExecutePipelineResponse(
        pipeline_id=clean(result.pipeline_id),
        run_id=clean(result.run_id),
        success=result.success,
        total_time_ms=result.metrics.total_ms,
    )
    fill(message.metrics, result.metrics)
    for stage in result.stages:
        message.stage_results.append(stage_message(stage))
    if result.success:
        message.final_output.text = clean(final_text(result))
        if audio is not None:
            message.final_output.audio.CopyFrom(audio)
        return message
    error = result.error or cancel_reason or SottoError("The run was cancelled.", code="cancelled")
    failed = next((stage.stage_id for stage in result.stages if stage.error is error), "")
    message.error.CopyFrom(error_message(error, failed))
    return message


def stage_message(stage: StageResult) -> pb.StageResult:
    """One stage of a run that is over."""
    message = pb.StageResult(
        stage_id=clean(stage.stage_id),
        success=stage.status is StageStatus.FINISHED,
        status=stage.status.value,
        reason=clean(stage.reason),
        output="" if stage.value is None else clean(in_words(stage.value)),
    )
    if stage.metrics is not None:
        fill(message.metrics, stage.metrics)
        message.backend = stage.metrics.backend
    if stage.metadata is not None:
        message.metadata.SetInParent()
        fill(message.metadata, stage.metadata)
        message.backend = stage.metadata.backend or message.backend
    if stage.error is not None:
        message.error.CopyFrom(error_message(stage.error, stage.stage_id))
    return message


def error_message(error: SottoError, stage: str = "") -> pb.Error:
    """An error with its code, its sentence and its remedy."""
    return pb.Error(
        code=error.code,
        message=clean(error.message),
        remedy=clean(error.remedy),
        stage=clean(stage),
        temporary=error.temporary,
    )


def pipeline_message(definition: PipelineDefinition) -> pb.PipelineSummary:
    """A pipeline in a list."""
    message = pb.PipelineSummary(
        pipeline_id=definition.pipeline_id, name=definition.name, description=definition.description
    )
    for stage in definition.stages:
        message.stages.add(stage_id=stage.stage_id, type=stage.type.value, needs=stage.needs)
    return message


def final_text(result: RunResult) -> str:
    """The output in words; that of the last stage that made words where the output is sound."""
    values: list[Value | None] = [result.output, *(stage.value for stage in reversed(result.stages))]
    return next((words for value in values if value is not None and (words := in_words(value))), "")


def overrides(options: struct_pb2.Struct) -> Mapping[str, OptionValue]:
    """The options of a request. JSON numbers without a fraction become whole numbers."""
    return {key: _option(value) for key, value in options.fields.items()}


def _option(value: struct_pb2.Value) -> OptionValue:
    match value.WhichOneof("kind"):
        case "number_value":
            number = float(value.number_value)
            return int(number) if number.is_integer() else number
        case "string_value":
            return str(value.string_value)
        case "bool_value":
            return bool(value.bool_value)
        case "list_value":
            return [_option(item) for item in value.list_value.values]
        case "struct_value":
            return {key: _option(item) for key, item in value.struct_value.fields.items()}
        case _:
            return None


def clean(text: str) -> str:
    """Text as UTF-8 can say it; half a surrogate pair becomes a question mark."""
    return text.encode("utf-8", "replace").decode("utf-8")


def short(text: str) -> str:
    """Text that fits into the status of a call: it travels in a header, and clients take some 8 KB of headers."""
    data = text.encode("utf-8", "replace")
    if len(data) <= LONGEST_STATUS:
        return data.decode("utf-8")
    return data[:LONGEST_STATUS].decode("utf-8", "ignore") + "…"


def _plain(item: object) -> Any:
    if isinstance(item, Enum):
        return item.value
    return clean(item) if isinstance(item, str) else item
