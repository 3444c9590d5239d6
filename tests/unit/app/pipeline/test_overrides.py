from __future__ import annotations

import pytest

from app.contracts.errors import InvalidInput
from app.pipeline.definition import Experts, Merge, OptionValue, Speculation, TierWish
from app.pipeline.overrides import overridden
from app.pipeline.reading import read_text

(PIPELINE,) = read_text(
    """\
pipelines:
  - id: p
    stages:
      - {id: find, type: custom, use: vector-lookup, with: {limit: 3}}
      - id: write
        type: text_generation
        max_tokens: 40
        forwarding_policy: {min_confidence: 0.5, escalation_path: [big]}
    options: {cache: true}
"""
).definitions


def test_options_and_stages_take_what_is_given() -> None:
    changed = overridden(
        PIPELINE,
        {
            "max_tokens": 5,
            "timeout": "2s",
            "cache_ttl_s": 60,
            "write.max_tokens": 7,
            "write.model": "other",
            "write.forwarding_policy.min_confidence": 0.9,
            "write.retry": 1,
            "write.experts.merge": "vote",
            "find.with.limit": 9,
        },
    )
    find, write = changed.stages
    assert (changed.options.max_tokens, changed.options.timeout_s, changed.options.cache_ttl_s) == (5, 2.0, 60.0)
    assert changed.options.cache
    assert (write.sampling.max_tokens, write.model, write.retry.attempts) == (7, "other", 1)
    assert write.forwarding is not None
    assert (write.forwarding.min_confidence, write.forwarding.path) == (0.9, (TierWish("big"),))
    assert write.experts == Experts(merge=Merge.VOTE)
    assert find.settings == {"limit": 9}
    assert (find.use, find.place) == (PIPELINE.stages[0].use, PIPELINE.stages[0].place)
    assert PIPELINE.stages[1].sampling.max_tokens == 40


def test_a_bound_for_the_run_holds_for_stages_whose_file_names_more() -> None:
    assert overridden(PIPELINE, {"max_tokens": 5}).stages[1].sampling.max_tokens == 5
    assert overridden(PIPELINE, {"max_tokens": 500}).stages[1].sampling.max_tokens == 40
    assert overridden(PIPELINE, {"write.max_tokens": 60, "max_tokens": 5}).stages[1].sampling.max_tokens == 60


def test_a_part_the_stage_has_not_begins_with_its_defaults_in_order() -> None:
    changed = overridden(PIPELINE, {"write.speculation.draft": "small", "write.speculation.top_k": 2})
    assert changed.stages[1].speculation == Speculation(TierWish("small"), top_k=2)
    assert overridden(PIPELINE, {"write.forwarding_policy": None or {}}).stages[1].forwarding is not None


def test_nothing_given_changes_nothing() -> None:
    assert overridden(PIPELINE, {}) == PIPELINE


@pytest.mark.parametrize(
    ("key", "value", "sentence"),
    [
        ("max_tokns", 1, "'max_tokns' is no option of a pipeline. Did you mean 'max_tokens'?"),
        ("max_tokens", 0, "'max_tokens' must be between 1 and 131,072, not 0."),
        ("max_tokens", "many", "must be a number between"),
        ("max_tokens", True, "not true"),
        ("cache", "yes", "must be true or false, not 'yes'."),
        ("write", {}, "Write write.KEY for a key of the stage."),
        ("wirte.model", "x", "names no stage: 'wirte'. Did you mean 'write'?"),
        ("write.modl", "x", "Did you mean 'model'?"),
        ("write.segmenting", True, "no key of a stage of type text_generation"),
        ("write.type", "custom", "'type' makes the stage what it is"),
        ("write.model.name", "x", "'model' has no keys of its own"),
        ("write.forwarding_policy.min_confidence", 2, "must be between 0 and 1, not 2."),
        ("write.forwarding_policy.min_confidense", 1, "Did you mean 'min_confidence'?"),
        ("write.forwarding_policy", {"min_confidense": 1}, "Did you mean 'min_confidence'?"),
        ("write.speculation.top_k", 2, "Give write.speculation.draft first."),
        ("write.input_transform", "{{ stages.fnd.output }}", "Did you mean 'find'?"),
        ("write.input_transform", "{{ range .X }}", "{% for item in context.X %}"),
        ("find.with.limt", 2, "Did you mean 'limit'?"),
        ("find.with", 2, "must be a mapping"),
    ],
)
def test_what_cannot_be_used_is_named(key: str, value: OptionValue, sentence: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        overridden(PIPELINE, {key: value})
    assert caught.value.code == "bad-override"
    assert sentence in str(caught.value)
