from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.contracts.devices import Device, Tier
from app.contracts.errors import InvalidInput, Unavailable
from app.pipeline.definition import (
    Chunking,
    Experts,
    Forwarding,
    HardwareWish,
    Merge,
    PipelineDefinition,
    PipelineOptions,
    Place,
    Retry,
    Sampling,
    Segmenting,
    Speculation,
    StageCache,
    StageDefinition,
    StageType,
    Template,
    TierWish,
)
from app.pipeline.plan import Plan, Substitution
from app.pipeline.planning import make_plan
from app.power.governor.permissive import PermissiveGovernor
from models.fakes.catalogue import FakeCatalogue
from tests.helpers.pipeline_stages import custom, pipeline, stage
from tests.helpers.pipelines import writer

SMALL = writer("llama-cpu")
BIG = writer("ollama-nvidia", device=Device.GPU)
SERVER = writer("home-server", device=Device.REMOTE)
HERE = FakeCatalogue(SMALL, BIG, SERVER)


def text(stage_id: str = "say", *needs: str, **fields: Any) -> StageDefinition:
    return stage(stage_id, StageType.TEXT_GENERATION, *needs, **fields)


def planned(definition: PipelineDefinition, catalogue: FakeCatalogue = HERE) -> Plan:
    return make_plan(definition, catalogue, PermissiveGovernor())


def names(tiers: tuple[Tier, ...]) -> list[str]:
    return [tier.backend_id for tier in tiers]


def test_the_example_of_the_design_on_a_small_machine() -> None:
    say = text(
        hardware=HardwareWish("igpu", Device.IGPU),
        model="llama3:7b",
        forwarding=Forwarding(min_confidence=0.8, path=(TierWish("ollama-intel"), TierWish("ollama-nvidia"))),
    )
    plan = planned(pipeline(say), FakeCatalogue(SMALL)).stage("say")
    assert plan.asked is Device.IGPU
    assert names(plan.ladder) == ["llama-cpu"]
    assert plan.fallbacks == ()
    assert plan.revisions == ("llama-cpu/llama-cpu-model@1",)
    left_out = "That is llama-cpu-model on llama-cpu, which is in the path already: this rung is left out."
    assert plan.substitutions == (
        Substitution(
            "llama3:7b on igpu",
            "llama-cpu-model on llama-cpu",
            "Nothing here does text generation on the igpu. llama-cpu serves llama-cpu-model, not llama3:7b.",
        ),
        Substitution(
            "ollama-intel",
            "llama-cpu-model on llama-cpu",
            f"There is no backend 'ollama-intel'. {left_out}",
        ),
        Substitution(
            "ollama-nvidia",
            "llama-cpu-model on llama-cpu",
            f"There is no backend 'ollama-nvidia'. {left_out}",
        ),
    )


def test_a_path_may_lead_to_a_server() -> None:
    say = text(backend="llama-cpu", forwarding=Forwarding(path=(TierWish("home-server"),)))
    plan = planned(pipeline(say)).stage("say")
    assert names(plan.ladder) == ["llama-cpu", "home-server"]
    assert names(plan.fallbacks) == ["ollama-nvidia"]
    assert plan.substitutions == ()


def test_what_hardware_was_taken_for_is_told() -> None:
    note = "nvidia is taken for gpu."
    plan = planned(pipeline(text(hardware=HardwareWish("nvidia", Device.GPU, note)))).stage("say")
    assert plan.substitutions == (Substitution("nvidia", "gpu", note),)
    assert names(plan.ladder) == ["ollama-nvidia"]


def test_experts_and_who_fuses() -> None:
    experts = Experts(tiers=(TierWish("ollama-nvidia"), TierWish("nobody"), TierWish("llama-cpu")), merge=Merge.FUSE)
    plan = planned(pipeline(text(backend="llama-cpu", experts=experts))).stage("say")
    assert names(plan.experts) == ["ollama-nvidia", "llama-cpu"]
    assert plan.helper == Tier("llama-cpu", "llama-cpu-model")
    alone = planned(pipeline(text(backend="llama-cpu", experts=Experts(samples=5, merge=Merge.VOTE)))).stage("say")
    assert names(alone.experts) == ["llama-cpu"]
    assert alone.helper is None


def test_a_draft_may_come_from_the_verifier_itself() -> None:
    plan = planned(pipeline(text(speculation=Speculation(TierWish("tiny-npu")))), FakeCatalogue(SMALL)).stage("say")
    assert plan.helper == plan.ladder[0]
    assert [gone.asked for gone in plan.substitutions] == ["tiny-npu"]


def test_a_rotation_holds_each_backend_once() -> None:
    chunking = Chunking(rotate=(TierWish("llama-cpu"), TierWish("openvino-cpu"), TierWish("ollama-nvidia")))
    plan = planned(pipeline(text(chunking=chunking))).stage("say")
    assert names(plan.rotation) == ["llama-cpu", "ollama-nvidia"]


def test_custom_stages_need_no_backend() -> None:
    plan = planned(pipeline(custom("split")), FakeCatalogue())
    assert plan.stage("split").ladder == ()


def test_stages_come_after_what_they_need() -> None:
    plan = planned(pipeline(custom("d", "b", "c"), custom("b", "a"), custom("a"), custom("c")))
    assert [one.definition.stage_id for one in plan.stages] == ["a", "b", "c", "d"]


def test_a_circle_is_refused() -> None:
    with pytest.raises(InvalidInput, match="in a circle: a, b"):
        planned(pipeline(custom("a", "b"), custom("b", "a")))


def test_nothing_there_at_all() -> None:
    with pytest.raises(Unavailable, match="say cannot run"):
        planned(pipeline(text()), FakeCatalogue())


# Plan ids ------------------------------------------------------------------------------------------------------------

FULL = text(
    "say",
    "hear",
    model="llama3",
    backend="llama-cpu",
    hardware=HardwareWish("npu", Device.NPU),
    when="{{ input }}",
    input_transform="A {{ input }}",
    output_transform="B {{ input }}",
    prompt="Be brief.",
    sampling=Sampling(20, 0.1, 0.9, 1),
    forwarding=Forwarding(path=(TierWish("ollama-nvidia"),)),
    experts=Experts(tiers=(TierWish("llama-cpu"),)),
    speculation=Speculation(TierWish("llama-cpu")),
    chunking=Chunking(),
    segmenting=Segmenting(),
    settings={"limit": 4, "deep": {"list": [1, 2]}},
    cache=StageCache(),
)
BASE = pipeline(custom("hear"), FULL, cache=True)

STAGE_CHANGES: Mapping[str, Callable[[StageDefinition], Any]] = {
    "model": lambda _: "llama4",
    "backend": lambda _: "ollama-nvidia",
    "hardware": lambda _: HardwareWish("cpu", Device.CPU),
    "needs": lambda _: (),
    "when": lambda _: None,
    "input_transform": lambda one: Template(one.input_transform.source + " "),
    "output_transform": lambda one: Template(one.output_transform.source + " "),
    "prompt": lambda one: one.prompt + " ",
    "sampling": lambda one: replace(one.sampling, temperature=0.5),
    "forwarding": lambda one: replace(one.forwarding, min_confidence=0.5),
    "experts": lambda one: replace(one.experts, samples=3),
    "speculation": lambda one: replace(one.speculation, top_k=9),
    "chunking": lambda one: replace(one.chunking, overlap=1),
    "segmenting": lambda one: replace(one.segmenting, pause_ms=300.0),
    "each": lambda _: True,
    "optional": lambda _: True,
    "settings": lambda _: {"limit": 4, "deep": {"list": [2, 1]}},
    "stage_id": lambda _: "answer",
    "type": lambda _: StageType.CUSTOM,
    "use": lambda _: "merge",
}
STAGE_SAME: Mapping[str, Callable[[StageDefinition], Any]] = {
    "description": lambda _: "Says it.",
    "retry": lambda _: Retry(0),
    "timeout_s": lambda _: 3.0,
    "cache": lambda _: None,
    "place": lambda _: Place(Path("a.yaml"), 1, 1),
}
OPTION_CHANGES = {"preserve_context": True, "max_tokens": 50, "max_output_characters": 10}
OPTION_SAME = {
    "enable_streaming": False,
    "collect_metrics": False,
    "parallel_stages": True,
    "cache": False,
    "cache_ttl_s": 1.0,
    "max_input_characters": 10,
    "timeout_s": 4.0,
    "joules_per_run": 10.0,
    "joules_per_hour": 100.0,
}


def with_stage(**changes: Any) -> PipelineDefinition:
    return replace(BASE, stages=(BASE.stages[0], replace(FULL, **changes)))


def test_every_field_is_known_to_these_tests() -> None:
    assert {*STAGE_CHANGES, *STAGE_SAME} == set(StageDefinition.__dataclass_fields__)
    assert {*OPTION_CHANGES, *OPTION_SAME} == set(PipelineOptions.__dataclass_fields__)


@given(st.sampled_from(sorted(STAGE_CHANGES)), st.sets(st.sampled_from(sorted(STAGE_SAME))))
def test_one_change_that_matters_changes_the_id(name: str, besides: set[str]) -> None:
    changes = {name: STAGE_CHANGES[name](FULL)} | {same: STAGE_SAME[same](FULL) for same in besides}
    assert planned(with_stage(**changes)).plan_id != planned(BASE).plan_id


@given(
    st.sets(st.sampled_from(sorted(STAGE_SAME))),
    st.sets(st.sampled_from(sorted(OPTION_SAME))),
)
def test_no_change_that_does_not_matter_changes_it(of_stage: set[str], of_options: set[str]) -> None:
    changed = with_stage(**{name: STAGE_SAME[name](FULL) for name in of_stage})
    options = replace(BASE.options, **{name: OPTION_SAME[name] for name in of_options})
    changed = replace(changed, options=options, name="Other", description="Other.", builtin=True, origin=Path("b"))
    assert planned(changed).plan_id == planned(BASE).plan_id


@pytest.mark.parametrize("name", OPTION_CHANGES)
def test_options_that_matter(name: str) -> None:
    options = replace(BASE.options, **{name: OPTION_CHANGES[name]})
    assert planned(replace(BASE, options=options)).plan_id != planned(BASE).plan_id


def test_order_output_and_count_matter() -> None:
    ids = {
        planned(pipeline(*stages, output=output)).plan_id
        for stages, output in [
            ((custom("a"), custom("b")), ""),
            ((custom("b"), custom("a")), "b"),
            ((custom("a"), custom("b")), "a"),
            ((custom("a"),), ""),
            ((custom("a"), custom("b"), custom("c")), "b"),
        ]
    }
    assert len(ids) == 5


def test_another_model_or_revision_matters() -> None:
    definition = pipeline(text())
    ids = {
        planned(definition, catalogue).plan_id
        for catalogue in (
            FakeCatalogue(SMALL),
            FakeCatalogue(SMALL, revisions={"llama-cpu": "2"}),
            FakeCatalogue(SMALL, BIG),
            FakeCatalogue(BIG),
        )
    }
    assert len(ids) == 4


@given(st.dictionaries(st.text(), st.integers() | st.text() | st.lists(st.booleans())))
def test_settings_are_known_by_what_they_say_not_by_their_order(settings: dict[str, Any]) -> None:
    turned = dict(reversed(settings.items()))
    one, other = (planned(pipeline(custom("a", settings=chosen))) for chosen in (settings, turned))
    assert one.plan_id == other.plan_id
    longer = planned(pipeline(custom("a", settings={**settings, "\0more": 1})))
    assert longer.plan_id != one.plan_id
