"""What a pipeline comes to on this machine: which stage runs where, in which order, and what it will be known by."""

from __future__ import annotations

from dataclasses import dataclass

from app.contracts.devices import Device, Tier
from app.pipeline.definition import PipelineDefinition, PipelineOptions, StageDefinition


@dataclass(frozen=True, slots=True)
class Substitution:
    """Something that was asked for and is not there."""

    asked: str
    got: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedStage:
    """One stage with its backends found.

    Attributes:
        definition: What the file says.
        ladder: Tiers in the order in which they are tried, the stage's own first, then its escalation path; all can be
            started. Empty for stages that need no model.
        asked: The device that was asked for; that of the first tier when none was.
        fallbacks: Where a failed tier goes when the ladder has no higher rung: others of the same stage type.
        experts: Tiers of ``experts``, in its order; empty without.
        helper: The tier that drafts (``speculation``) or fuses (``experts``), None without.
        rotation: Tiers of ``chunking.rotate``.
        substitutions: What had to be replaced.
        revisions: ``backend/model@revision`` of every tier above, sorted; a part of the plan's identity.
    """

    definition: StageDefinition
    ladder: tuple[Tier, ...] = ()
    asked: Device = Device.CPU
    fallbacks: tuple[Tier, ...] = ()
    experts: tuple[Tier, ...] = ()
    helper: Tier | None = None
    rotation: tuple[Tier, ...] = ()
    substitutions: tuple[Substitution, ...] = ()
    revisions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A pipeline ready to run.

    Attributes:
        definition: What the file says.
        options: Its options with the overrides of this run.
        stages: So that each comes after everything it needs.
        plan_id: SHA-256, hexadecimal, over everything that changes the output: stages, order, models and their
            revisions, prompts, templates, options. Not over times, retries, cache and budget bookkeeping.
    """

    definition: PipelineDefinition
    options: PipelineOptions
    stages: tuple[PlannedStage, ...]
    plan_id: str

    def stage(self, stage_id: str) -> PlannedStage:
        """One stage by its id.

        Raises:
            KeyError: There is none.
        """
        for stage in self.stages:
            if stage.definition.stage_id == stage_id:
                return stage
        raise KeyError(stage_id)
