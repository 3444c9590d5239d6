from __future__ import annotations

from pathlib import Path

import pytest

from app.contracts.devices import Device
from app.contracts.errors import InvalidInput, StorageError
from app.pipeline.definition import Experts, Merge, Retry, Segmenting, StageCache, StageType, TierWish
from app.pipeline.reading import OPTIONS, PIPELINE, pipelines_in, read_file, read_text
from app.pipeline.reading_stage import BUILT_IN_CUSTOM, NESTED, STAGE_FIELDS
from app.pipeline.stages.registry import BY_USE
from app.settings.paths import asset

DATA = Path(__file__).parents[3] / "data" / "pipelines"
DESIGN = """\
pipelines:
  - id: "voice-assistant"
    name: "Voice Assistant"
    stages:
      - {id: voice-to-text, type: audio_to_text, preferred_hardware: npu, model: whisper-tiny}
      - id: process-text
        type: text_generation
        preferred_hardware: igpu
        model: "llama3:7b"
        input_transform: {template: "Process: {{ .Input }}"}     # Go style accepted; Jinja2 sandbox is the native form
        forwarding_policy:
          enable_confidence_check: true
          min_confidence: 0.8
          escalation_path: [ollama-intel, ollama-nvidia]
      - {id: text-to-voice, type: text_to_audio, preferred_hardware: npu, model: piper-tts}
    options: {enable_streaming: true, preserve_context: true, collect_metrics: true, parallel_stages: false}
"""


def stage_of(text: str, kind: str = "text_generation"):
    reading = read_text(f"pipelines: [{{id: p, stages: [{{id: a, type: {kind}, {text}}}]}}]")
    assert reading.problems == ()
    return reading.definitions[0].stages[0]


def test_the_format_of_the_design_loads_byte_for_byte() -> None:
    assert (DATA / "design.yaml").read_bytes() == DESIGN.encode()
    (pipeline,) = pipelines_in(DATA / "design.yaml")
    listen, think, speak = pipeline.stages
    assert (pipeline.pipeline_id, pipeline.name, pipeline.output_stage) == (
        "voice-assistant",
        "Voice Assistant",
        "text-to-voice",
    )
    assert [stage.type for stage in pipeline.stages] == [
        StageType.AUDIO_TO_TEXT,
        StageType.TEXT_GENERATION,
        StageType.TEXT_TO_AUDIO,
    ]
    assert (listen.needs, think.needs, speak.needs) == ((), ("voice-to-text",), ("process-text",))
    assert think.hardware is not None
    assert (think.hardware.device, think.hardware.note, think.model) == (Device.IGPU, "", "llama3:7b")
    assert think.input_transform is not None
    assert think.input_transform.source == "Process: {{ input }}"
    assert str(think.input_transform.place) == f"{DATA / 'design.yaml'}:10:27"
    assert think.forwarding is not None
    assert (think.forwarding.check, think.forwarding.min_confidence) == (True, 0.8)
    assert think.forwarding.path == (TierWish("ollama-intel"), TierWish("ollama-nvidia"))
    assert (pipeline.options.preserve_context, pipeline.options.parallel_stages) == (True, False)


def test_every_mistake_is_told_with_its_place() -> None:
    files = sorted((DATA / "malformed").glob("*.yaml"))
    told = []
    for path in files:
        reading = read_file(path, shown_as=Path(path.name), customs=sorted(BUILT_IN_CUSTOM))
        assert reading.problems, path.name
        assert all(type(problem) is InvalidInput for problem in reading.problems)
        told.extend(f"{problem}\n" for problem in reading.problems)
    assert len(files) >= 25
    assert "".join(told) == (DATA / "malformed.txt").read_text(encoding="utf-8")


def test_a_mistake_leaves_the_other_pipelines_of_the_file() -> None:
    reading = read_file(DATA / "malformed" / "44-many-at-once.yaml")
    assert [pipeline.pipeline_id for pipeline in reading.definitions] == ["right"]
    assert reading.broken == ("broken",)
    with pytest.raises(InvalidInput, match=r"44-many-at-once\.yaml:3:5: 'name' must not be empty\."):
        pipelines_in(DATA / "malformed" / "44-many-at-once.yaml")


@pytest.mark.parametrize(
    ("written", "seconds"),
    [("10", 10.0), ("0.5", 0.5), ('"10s"', 10.0), ('"500ms"', 0.5), ("2m", 120.0), ("1h", 3600.0), ("none", None)],
)
def test_times(written: str, seconds: float | None) -> None:
    assert stage_of(f"timeout: {written}").timeout_s == seconds


def test_shorthands() -> None:
    assert stage_of("retry: 3").retry == Retry(attempts=3)
    assert stage_of("retry: {attempts: 1, base: 100ms, longest: 2s}").retry == Retry(1, 100.0, 2000.0)
    assert stage_of("cache: true").cache == StageCache()
    assert stage_of("cache: {ttl: 1h}").cache == StageCache(ttl_s=3600.0)
    assert stage_of("needs: []").needs == ()
    assert stage_of("segmenting: true", "audio_to_text").segmenting == Segmenting()
    assert stage_of("segmenting: {pause: 300ms}", "audio_to_text").segmenting == Segmenting(pause_ms=300.0)
    assert stage_of("chunking: false").chunking is None
    speculation = stage_of("speculation: llama-cpu").speculation
    assert speculation is not None
    assert speculation.draft == TierWish("llama-cpu")
    path = stage_of('forwarding_policy: {escalation_path: [a, {backend: b, model: "m:1"}]}').forwarding
    assert path is not None
    assert path.path == (TierWish("a"), TierWish("b", "m:1"))
    assert stage_of("experts: {samples: 5, merge: vote}").experts == Experts(samples=5, merge=Merge.VOTE)


def test_a_makers_name_is_taken_for_a_device_and_it_says_so() -> None:
    wish = stage_of("preferred_hardware: nvidia").hardware
    assert wish is not None
    assert (wish.asked, wish.device, wish.note) == ("nvidia", Device.GPU, "nvidia was taken for gpu")


def test_what_is_not_written_is_the_stage_before() -> None:
    reading = read_text(
        "pipelines: [{id: p, stages: [{id: a, type: text_generation}, {id: b, type: text_generation},"
        " {id: c, type: text_generation, needs: a}, {id: d, type: custom, use: merge, needs: [b, c]}]}]"
    )
    assert [stage.needs for stage in reading.definitions[0].stages] == [(), ("a",), ("a",), ("b", "c")]
    assert reading.definitions[0].name == "p"


def test_sound_that_was_put_into_words_fits_a_text_stage() -> None:
    def problems(more: str) -> tuple[str, ...]:
        text = (
            f"pipelines: [{{id: p, stages: [{{id: a, type: text_to_audio}}, {{id: b, type: text_generation{more}}}]}}]"
        )
        return tuple(map(str, read_text(text).problems))

    assert len(problems("")) == 1
    assert problems(', input_transform: "Hello"') == ()


def test_a_file_of_a_few_lines_that_unfolds_to_millions_is_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    (problem,) = read_text("\n".join(lines)).problems
    assert "too many values" in str(problem)
    (deep,) = read_text(f"pipelines: {'[' * 60}{']' * 60}").problems
    assert "too many levels" in str(deep)
    assert read_text("pipelines: &a {b: *a}").problems  # within itself


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot be read"):
        read_file(tmp_path / "none.yaml")


def test_the_reader_knows_the_custom_stages_there_are() -> None:
    assert set(BUILT_IN_CUSTOM) == set(BY_USE)


def test_every_key_is_in_the_reference() -> None:
    reference = asset("help/pipelines.md").read_text(encoding="utf-8")
    keys = {item.key for fields in (PIPELINE, OPTIONS, STAGE_FIELDS.values(), *NESTED.values()) for item in fields}
    keys |= {key for settings in BUILT_IN_CUSTOM.values() for key in settings} | set(BUILT_IN_CUSTOM)
    assert sorted(key for key in keys if f"`{key}`" not in reference) == []
