"""Turns what a pipeline says into what will run on this machine now.

Why it exists: the same file gives another plan on another machine, after a download, or when a device is held back. The
plan is made once at the start of a run; everything after it only follows it.
"""

from __future__ import annotations

from dataclasses import replace

from app.contracts.devices import Device, Tier
from app.contracts.errors import InvalidInput
from app.contracts.ports import Governor, RuntimeCatalogue
from app.pipeline.definition import Merge, PipelineDefinition, StageDefinition, StageType, TierWish
from app.pipeline.identity import plan_identity, stage_identity
from app.pipeline.plan import Plan, PlannedStage, Substitution
from app.pipeline.selection import Choice, Selector, Wish, device_named


def make_plan(definition: PipelineDefinition, runtimes: RuntimeCatalogue, governor: Governor) -> Plan:
    """Find the backends of every stage and put the stages in order.

    Args:
        definition: What the file says, overrides included.
        runtimes: What there is.
        governor: Which devices may be used now.

    Raises:
        Unavailable: A stage needs something of which there is nothing at all.
        InvalidInput: The stages need each other in a circle.
    """
    selector = Selector(runtimes, governor.verdict())
    stages = tuple(_planned(stage, selector, runtimes) for stage in in_order(definition.stages))
    plan_id = plan_identity([stage_identity(stage) for stage in stages], definition.options, definition.output_stage)
    return Plan(definition=definition, options=definition.options, stages=stages, plan_id=plan_id)


def in_order(stages: tuple[StageDefinition, ...]) -> tuple[StageDefinition, ...]:
    """The stages so that each comes after what it needs, otherwise as they are written.

    Raises:
        InvalidInput: There is a circle.
    """
    waiting = list(stages)
    ordered: list[StageDefinition] = []
    done: set[str] = set()
    while waiting:
        ready = next((stage for stage in waiting if done.issuperset(stage.needs)), None)
        if ready is None:
            names = ", ".join(stage.stage_id for stage in waiting)
            raise InvalidInput(f"These stages need each other in a circle: {names}.", code="stage-circle")
        waiting.remove(ready)
        ordered.append(ready)
        done.add(ready.stage_id)
    return tuple(ordered)


def _planned(stage: StageDefinition, selector: Selector, runtimes: RuntimeCatalogue) -> PlannedStage:
    if stage.type is StageType.CUSTOM:
        return PlannedStage(definition=stage, asked=stage.hardware.device if stage.hardware else Device.CPU)
    search = _Search(stage, selector)
    first = search.find(Wish(stage.backend, stage.model, stage.hardware.device if stage.hardware else None))
    ladder = search.path(first.tier)
    experts = search.experts(ladder[0])
    helper = search.helper(ladder)
    rotation = search.distinct(stage.chunking.rotate) if stage.chunking else ()
    fallbacks = selector.others(stage.type.value, ladder, first.device)
    used = {*ladder, *experts, *rotation, *fallbacks, *([helper] if helper else [])}
    return PlannedStage(
        definition=stage,
        ladder=ladder,
        asked=_asked(stage, first),
        fallbacks=fallbacks,
        experts=experts,
        helper=helper,
        rotation=rotation,
        substitutions=tuple(search.substitutions),
        revisions=tuple(
            sorted(f"{tier.backend_id}/{tier.model}@{runtimes.revision(tier.backend_id)}" for tier in used)
        ),
    )


def _asked(stage: StageDefinition, first: Choice) -> Device:
    if stage.hardware is not None:
        return stage.hardware.device
    return (device_named(stage.backend) if stage.backend and first.substitution else None) or first.device


class _Search:
    """Looks for everything one stage asks for, and notes what had to give way."""

    def __init__(self, stage: StageDefinition, selector: Selector) -> None:
        self._stage = stage
        self._selector = selector
        self.substitutions: list[Substitution] = []
        if stage.hardware is not None and stage.hardware.note:
            hardware = stage.hardware
            self.substitutions.append(Substitution(hardware.asked, hardware.device.value, hardware.note))

    def find(self, wish: Wish) -> Choice:
        choice = self._selector.choose(self._stage.stage_id, self._stage.type.value, wish)
        if choice.substitution is not None:
            self.substitutions.append(choice.substitution)
        return choice

    def path(self, first: Tier) -> tuple[Tier, ...]:
        """The stage's own tier and its escalation path; a rung that comes to one that is there already is left out."""
        wishes = self._stage.forwarding.path if self._stage.forwarding else ()
        return self.distinct(wishes, first)

    def distinct(self, wishes: tuple[TierWish, ...], *taken: Tier) -> tuple[Tier, ...]:
        """The tiers of wishes behind those taken already, each once."""
        tiers = list(taken)
        for wish in wishes:
            before = len(self.substitutions)
            tier = self.find(Wish(wish.backend, wish.model)).tier
            if tier not in tiers:
                tiers.append(tier)
                continue
            why = f"That is {tier.model} on {tier.backend_id}, which is in the path already: this rung is left out."
            asked, got = str(Wish(wish.backend, wish.model)), f"{tier.model} on {tier.backend_id}"
            if len(self.substitutions) > before:
                last = self.substitutions[-1]
                self.substitutions[-1] = replace(last, reason=f"{last.reason} {why}")
            else:
                self.substitutions.append(Substitution(asked, got, why))
        return tuple(tiers)

    def experts(self, own: Tier) -> tuple[Tier, ...]:
        """Who is asked at once; two that come to the same are asked once."""
        if self._stage.experts is None:
            return ()
        return self.distinct(self._stage.experts.tiers) or (own,)

    def helper(self, ladder: tuple[Tier, ...]) -> Tier | None:
        """Who fuses or drafts. It may be a tier of the ladder: a model can verify its own draft."""
        experts, speculation = self._stage.experts, self._stage.speculation
        if experts is not None and experts.merge is Merge.FUSE:
            wish = experts.fuse_with
            return ladder[-1] if wish is None else self.find(Wish(wish.backend, wish.model)).tier
        if speculation is not None:
            return self.find(Wish(speculation.draft.backend, speculation.draft.model)).tier
        return None
