"""Whatever stands in a file, reading it ends in definitions or in sentences with their place, and in nothing else."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from app.contracts.errors import InvalidInput
from app.pipeline.definition import StageType
from app.pipeline.overrides import overridden
from app.pipeline.reading import OPTIONS, read_text
from app.pipeline.reading_stage import BUILT_IN_CUSTOM, NESTED, STAGE_FIELDS

KEYS = sorted({item.key for fields in (OPTIONS, STAGE_FIELDS.values(), *NESTED.values()) for item in fields})
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 300),
    st.sampled_from([10**30, -(10**400), 0.5, 1e308]),
    st.sampled_from(["a", "b", "npu", "10s", "", "{{ input }}", "{{ .Input }}", "{{ end }}", "vote", "merge", "{{ ("]),
    st.sampled_from([str(kind) for kind in StageType] + sorted(BUILT_IN_CUSTOM)),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=6,
)
STAGES = st.builds(
    lambda named, more: {**more, **named},
    st.fixed_dictionaries(
        {"id": st.sampled_from(["a", "b", "c"]), "type": st.sampled_from([str(kind) for kind in StageType])},
        optional={"needs": st.lists(st.sampled_from(["a", "b", "c", "d"]), max_size=3)},
    ),
    st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=3),
)
PIPELINES = st.fixed_dictionaries(
    {"id": st.just("p"), "stages": st.lists(STAGES | VALUES, max_size=4)},
    optional={"options": st.dictionaries(st.sampled_from([item.key for item in OPTIONS]), VALUES, max_size=3)},
)


@given(st.fixed_dictionaries({"pipelines": st.lists(PIPELINES | VALUES, max_size=2) | VALUES}))
@settings(max_examples=400, deadline=None)
def test_any_mapping_is_read_or_refused_with_a_place(content: dict[str, Any]) -> None:
    reading = read_text(json.dumps(content))
    assert reading.definitions or reading.problems
    for problem in reading.problems:
        assert type(problem) is InvalidInput
        assert str(problem).startswith("pipelines.yaml:1:")
        assert len(str(problem)) < 1000
    for definition in reading.definitions:
        ids = [stage.stage_id for stage in definition.stages]
        assert len(set(ids)) == len(ids)
        assert all(need in ids for stage in definition.stages for need in stage.needs)


@given(st.text(max_size=60))
@settings(max_examples=200, deadline=None)
def test_any_text_is_refused_with_a_sentence(text: str) -> None:
    reading = read_text(text)
    assert reading.definitions == ()
    assert reading.problems


(KNOWN,) = read_text(
    "pipelines: [{id: p, stages: [{id: a, type: text_generation}, {id: b, type: custom, use: merge}]}]"
).definitions
NAMES = [
    *(item.key for item in OPTIONS),
    *(f"a.{key}" for key in KEYS),
    *(f"b.{key}" for key in KEYS),
    "a",
    "b.with.how",
]


@given(st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=8), VALUES, max_size=3))
@settings(max_examples=300, deadline=None)
def test_any_override_is_taken_or_refused_by_name(overrides: dict[str, Any]) -> None:
    refusal: InvalidInput | None = None
    changed = KNOWN
    try:
        changed = overridden(KNOWN, overrides)
    except InvalidInput as error:
        refusal = error
    assert [stage.stage_id for stage in changed.stages] == ["a", "b"]
    if refusal is not None:
        assert refusal.code == "bad-override"
        assert any(repr(key) in str(refusal) for key in overrides) or "do not fit" in str(refusal)
