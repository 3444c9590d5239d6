"""Who writes a stage: the tier the profile wishes for, or the one that is there instead, and then it says so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.assistant.parts import Stages
from app.assistant.wording import joined
from app.contracts.devices import Tier
from app.contracts.errors import Unavailable
from app.pipeline.selection import same_model
from app.settings.answer_stages import LARGER, LARGEST, SIZES, SMALL, AnswerStage

_NONE_LARGER = "No larger language model is here"


@dataclass(frozen=True, slots=True)
class Seat:
    """A stage and who writes it.

    Attributes:
        stage: The stage.
        tier: Who writes.
        prior: Confidence in [0, 1] its answers deserve as a rule.
        stand_in: It is the model of the first stage once more, here or on another backend: it knows no better, and
            deserves no more confidence than there.
        missing: What the profile wishes for is not here.
    """

    stage: AnswerStage
    tier: Tier
    prior: float
    stand_in: bool = False
    missing: bool = False


def seats(route: Sequence[AnswerStage], stages: Stages) -> tuple[Seat, ...]:
    """Who writes each stage.

    Raises:
        Unavailable: There is no language model at all.
    """
    tiers = tuple(stages.tiers())
    if not tiers:
        raise Unavailable("There is no language model.", code="no-model", remedy="Install one: `sotto models`.")
    others = tuple(tier for tier in tiers[1:] if not same_model(tier.model, tiers[0].model))
    seated: list[Seat] = []
    for stage in route:
        found = _found(stage, tiers[0], others, stages)
        tier = found or tiers[0]
        again = bool(seated) and same_model(tier.model, seated[0].tier.model)
        prior = min(stage.prior, route[0].prior) if again or found is None else stage.prior
        seated.append(Seat(stage, tier, prior, stand_in=again, missing=found is None))
    return tuple(seated)


def told(seated: Sequence[Seat]) -> str:
    """One sentence about the stages that are not written by what the profile wishes for; empty when all are."""
    wanting = [seat for seat in seated if seat.missing]
    if not wanting:
        return ""
    names = joined([seat.stage.name.replace("_", " ") for seat in wanting])
    wished = [seat.stage.tier for seat in wanting if seat.stage.tier not in SIZES]
    absent = tuple(dict.fromkeys(wished))
    lacking = f"{joined(absent)} {'is' if len(absent) == 1 else 'are'} not here" if absent else _NONE_LARGER
    return f"{lacking}, so {wanting[0].tier.model} writes {names} too. `sotto models` has others."


def _found(stage: AnswerStage, first: Tier, others: tuple[Tier, ...], stages: Stages) -> Tier | None:
    if stage.tier == SMALL:
        return first
    if stage.tier in (LARGER, LARGEST):
        return None if not others else others[0 if stage.tier == LARGER else -1]
    return stages.named(stage.tier)
