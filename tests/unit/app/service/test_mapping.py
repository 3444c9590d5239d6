from __future__ import annotations

import dataclasses
import runpy
from pathlib import Path

import pytest
from google.protobuf import json_format, struct_pb2

from app.contracts.capabilities import ConfidenceSource
from app.contracts.devices import Device, Tier
from app.contracts.energy import Energy, Provenance
from app.contracts.errors import Busy
from app.contracts.events import (
    TURN_EVENTS,
    Caption,
    Event,
    QuestionAsked,
    RunCancelled,
    RunFailed,
    RunFinished,
    StageFinished,
    Status,
    TextDelta,
)
from app.contracts.metrics import Attempt, RunMetrics, StageMetadata, StageMetrics
from app.pipeline.run import RunResult, StageResult, StageStatus
from app.pipeline.values import Text
from app.service import mapping
from app.service.generated.compute.v1 import compute_pb2 as pb

ROOT = Path(__file__).parents[4]
ENDS = (RunFinished, RunFailed, RunCancelled)
OUTSIDE_RUNS = {
    "TurnStarted",
    "Listening",
    "CardUpserted",
    "CardRemoved",
    "QuestionAsked",
    "SpeechStarted",
    "SpeechFinished",
    "TurnFinished",
    "TurnFailed",
    "TurnCancelled",
    "Understood",
    "Prepared",
    "Complete",
}
"""Events that only turns have."""
HEADER = {field.name for field in dataclasses.fields(Event)}


def as_json(message: object) -> dict[str, object]:
    made: dict[str, object] = json_format.MessageToDict(message)  # type: ignore[arg-type]
    return made


@pytest.mark.parametrize(
    "event_type", [cls for cls in TURN_EVENTS if cls.type not in OUTSIDE_RUNS and cls not in ENDS], ids=lambda c: c.type
)
def test_every_event_of_a_run_has_a_message_with_all_its_fields(event_type: type) -> None:
    stream = pb.PipelineStreamResponse.DESCRIPTOR
    message = stream.fields_by_name[mapping.event_field(event_type.type)].message_type  # type: ignore[attr-defined]
    fields = {field.name for field in dataclasses.fields(event_type)} - HEADER
    assert {field.name for field in message.fields} == fields


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (StageMetadata, pb.StageMetadata),
        (StageMetrics, pb.StageMetrics),
        (RunMetrics, pb.RunMetrics),
        (Attempt, pb.Attempt),
        (Energy, pb.Energy),
        (Tier, pb.Tier),
    ],
)
def test_figures_have_a_message_with_all_their_fields(source: type, message: type) -> None:
    assert {field.name for field in message.DESCRIPTOR.fields} == {  # type: ignore[attr-defined]
        field.name for field in dataclasses.fields(source)
    }


def test_json_has_the_names_of_the_proto() -> None:
    for message in pb.DESCRIPTOR.message_types_by_name.values():
        assert all(field.json_name == field.name for field in message.fields), message.full_name


def test_a_stage_that_ended_with_everything_in_it() -> None:
    attempt = Attempt(
        backend="llama-cpu", model="small", decision="escalated", reason="unsure", confidence=0.0, tokens=4
    )
    event = StageFinished(
        run_id="r",
        seq=7,
        t_ms=12.5,
        metrics=StageMetrics(
            stage="answer",
            backend="llama-gpu",
            device=Device.GPU,
            elapsed_ms=10.0,
            tokens=5,
            energy=Energy(0.5, Provenance.MEASURED),
        ),
        metadata=StageMetadata(
            forwarded=True,
            confidence=0.0,
            confidence_source=ConfidenceSource.CALIBRATED,
            attempt_count=2,
            asked=Device.NPU,
            ran=Device.GPU,
            attempts=(attempt,),
            notes=("shortened", "half \ud83d a pair"),
            figures=(("kept_share", 0.5),),
        ),
    )
    message = mapping.event_message(event)
    assert pb.PipelineStreamResponse.FromString(message.SerializeToString()) == message
    assert as_json(message) == {
        "run_id": "r",
        "seq": "7",
        "t_ms": 12.5,
        "type": "StageFinished",
        "stage_finished": {
            "metrics": {
                "stage": "answer",
                "backend": "llama-gpu",
                "device": "gpu",
                "elapsed_ms": 10.0,
                "tokens": "5",
                "energy": {"joules": 0.5, "provenance": "measured"},
            },
            "metadata": {
                "forwarded": True,
                "confidence": 0.0,
                "confidence_source": "calibrated",
                "attempt_count": 2,
                "asked": "npu",
                "ran": "gpu",
                "attempts": [
                    {
                        "backend": "llama-cpu",
                        "model": "small",
                        "decision": "escalated",
                        "reason": "unsure",
                        "confidence": 0.0,
                        "tokens": "4",
                    }
                ],
                "notes": ["shortened", "half ? a pair"],
                "figures": {"kept_share": 0.5},
            },
        },
    }


def test_what_is_not_known_stays_unset() -> None:
    delta = mapping.event_message(TextDelta(text="a", confidence=None, tier=Tier("x", "y"), stage="s")).text_delta
    assert not delta.HasField("confidence")
    assert not mapping.event_message(Status(stage="s", message="m")).status.HasField("progress")
    zero = mapping.event_message(
        Caption(stage="s", segment=0, text="", start_s=0, end_s=0, lag_s=0, confidence=0.0)
    ).caption
    assert zero.HasField("confidence")


def test_an_event_without_a_message_of_its_own_comes_as_json() -> None:
    message = mapping.event_message(QuestionAsked(card_id="c1", run_id="r"))
    assert (message.type, as_json(message)["other"]) == ("QuestionAsked", {"card_id": "c1"})


def a_result(**more: object) -> RunResult:
    values: dict[str, object] = {
        "run_id": "r",
        "pipeline_id": "p",
        "success": False,
        "cancelled": False,
        "output": None,
        "error": None,
        "stages": (),
        "metrics": RunMetrics(total_ms=3.0),
    }
    return RunResult(**{**values, **more})  # type: ignore[arg-type]


def test_a_run_whose_stage_failed() -> None:
    error = Busy("The server has too much to do.", remedy="Wait.")
    stages = (
        StageResult(stage_id="a", status=StageStatus.FINISHED, value=Text("words")),
        StageResult(stage_id="b", status=StageStatus.FAILED, error=error),
        StageResult(stage_id="c", status=StageStatus.SKIPPED, reason="b failed"),
    )
    message = mapping.result_message(a_result(error=error, stages=stages))
    assert not message.success
    assert not message.HasField("final_output")
    assert (message.error.code, message.error.stage, message.error.temporary) == ("busy", "b", True)
    assert [(stage.status, stage.success, stage.output, stage.reason) for stage in message.stage_results] == [
        ("finished", True, "words", ""),
        ("failed", False, "", ""),
        ("skipped", False, "", "b failed"),
    ]
    assert message.total_time_ms == 3.0


def test_a_cancelled_run() -> None:
    message = mapping.result_message(a_result(cancelled=True))
    assert (message.success, message.error.code) == (False, "cancelled")


def test_options_are_what_json_says() -> None:
    options = struct_pb2.Struct()
    json_format.ParseDict(
        {"answer.max_tokens": 40, "answer.temperature": 0.5, "cache": True, "x": None, "list": [1, "a", {"b": 2}]},
        options,
    )
    made = mapping.overrides(options)
    assert made == {
        "answer.max_tokens": 40,
        "answer.temperature": 0.5,
        "cache": True,
        "x": None,
        "list": [1, "a", {"b": 2}],
    }
    assert type(made["answer.max_tokens"]) is int


def test_the_generated_code_is_that_of_the_proto(tmp_path: Path) -> None:
    pytest.importorskip("grpc_tools", reason="grpcio-tools is not installed")
    protoc = runpy.run_path(str(ROOT / "packaging" / "protoc.py"))
    protoc["regenerate"](tmp_path)
    there = {file.relative_to(protoc["GENERATED"]) for file in protoc["GENERATED"].rglob("*.py*")}
    there = {file for file in there if file.suffix in {".py", ".pyi"}}
    assert {file.relative_to(tmp_path) for file in tmp_path.rglob("*.py*")} == there
    for file in there:
        assert _content(tmp_path / file) == _content(protoc["GENERATED"] / file), file


def _content(path: Path) -> list[str]:
    """What does not change with the version of the generator."""
    lines = path.read_text(encoding="utf-8").splitlines()
    if path.name.endswith("_grpc.py"):
        start = next(at for at, line in enumerate(lines) if line.startswith("class ComputeServiceStub"))
        return [line for line in lines[start:] if "version" not in line.lower()]
    if path.name == "compute_pb2.py":
        return [line for line in lines if "AddSerializedFile" in line]
    return [line for line in lines if not line.startswith(("#", "from ", "import "))]


def test_what_came_of_a_stage_is_told_also_where_it_is_no_and_nought() -> None:
    skipped = StageResult(stage_id="review", status=StageStatus.SKIPPED, metadata=StageMetadata())
    told = json_format.MessageToDict(mapping.stage_message(skipped), preserving_proto_field_name=True)
    assert told["success"] is False
    assert (told["metadata"]["forwarded"], told["metadata"]["attempt_count"]) == (False, 0)
