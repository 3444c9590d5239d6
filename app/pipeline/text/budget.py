"""Keeps a text within an energy budget: which tiers may be asked, and for how many tokens.

The estimate of a tier is what a token of its last attempts took (prompt included), times the longest allowed answer.
Before anything was counted it is the energy its device takes above idle, by the model, for the time such an answer
takes: at the speed of its last attempts, or at a start value per device (`START_TOKENS_PER_S`), low on purpose. Energy
of a server is not ours to guess and counts as none. While the text is written, a tier that turns out more costly is
stopped when what is left has been spent.

* Tiers are taken from the lowest up as long as the sum of their estimates fits what is left, since an escalation pays
  for both.
* When not even one fits, the tier that costs least per token is asked for as many tokens as fit, and the answer says
  when it ended there. One that costs nothing here may always be asked.
* When those are fewer than `LEAST_TOKENS`, the stage is refused with a sentence that says when there will be room. A
  speed that is only assumed refuses nobody: such a tier may try `FIRST_TOKENS`, and is stopped when the rest is spent.
* What the governor leaves for a turn shortens an answer in the same way, but refuses none: a person who asks hears at
  least `LEAST_TOKENS` of one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from app.contracts.devices import Device, Tier
from app.contracts.errors import Unavailable
from app.pipeline.definition import PipelineOptions
from app.pipeline.tools import Tools

START_TOKENS_PER_S = {
    Device.NPU: 10.0,
    Device.IGPU: 10.0,
    Device.GPU: 30.0,
    Device.CPU: 10.0,
    Device.REMOTE: 20.0,
}
"""Assumed until a tier has been measured: the low end for models of 1 to 8 billion parameters at four bits."""
LEAST_TOKENS = 16
"""A shorter answer is none."""
_NOTABLE = 1.25
"""Times the budget: the last token may cost a little more than was left."""
FIRST_TOKENS = 32
"""What a tier may try whose speed is not known yet."""
_SHORTENED, _BROKEN_OFF = "Shortened to fit", "Broken off"


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a text may cost.

    Attributes:
        tiers: Those that may be asked, in the ladder's order.
        max_tokens: Of the answer.
        joules: What is left of the budget, None for no bound.
        budget: What binds, in words; empty for none.
        notes: Tiers that were left out.
    """

    tiers: tuple[Tier, ...]
    max_tokens: int
    joules: float | None = None
    budget: str = ""
    notes: tuple[str, ...] = ()

    def shortened_note(self, spent: float) -> str:
        """What the answer says when it ended where the budget did, after so many joules.

        A first token comes when the whole question has been read: that alone may cost more than there was.
        """
        if self.joules is not None and spent > _NOTABLE * self.joules:
            return f"{_BROKEN_OFF}: it had taken {spent:.2g} J when {self.budget} was spent."
        return f"{_SHORTENED} {self.budget}."


@dataclass(frozen=True, slots=True)
class _Bound:
    """What is left of one budget, J; ``wanted`` is the budget as a pipeline has it, None for the governor's."""

    left: float
    words: str
    wanted: float | None = None


@dataclass(frozen=True, slots=True)
class _Estimate:
    """What a tier is thought to cost, joules a token; ``measured`` when its speed is known."""

    tier: Tier
    joules_per_token: float
    measured: bool


def allowance(
    options: PipelineOptions,
    ladder: tuple[Tier, ...],
    max_tokens: int,
    tools: Tools,
    pipeline_id: str,
    run_id: str,
    *,
    turn_j: float | None = None,
) -> Allowance:
    """What a text may cost now.

    Args:
        options: ``joules_per_run`` and ``joules_per_hour``.
        ladder: The tiers of the stage.
        max_tokens: Of the answer, budget aside.
        tools: The ledger, the power of the devices, the clock.
        pipeline_id: Whose hour is counted.
        run_id: Whose earlier stages are counted.
        turn_j: What the governor leaves for the rest of the turn, J; None for no bound.

    Raises:
        Unavailable: The budget is used up (``energy-budget``).
    """
    if not ladder:
        return Allowance(ladder, max_tokens)
    estimates = [_estimate(tier, tools) for tier in ladder]
    cheapest = min(estimates, key=lambda estimate: estimate.joules_per_token)
    bounds = _bounds(options, tools, pipeline_id, run_id)
    if turn_j is not None:
        words = f"the rest of {turn_j:.3g} J that the limits leave this turn"
        bounds.append(_Bound(max(turn_j, LEAST_TOKENS * cheapest.joules_per_token), words))
    if not bounds:
        return Allowance(ladder, max_tokens)
    bound = min(bounds, key=lambda each: each.left)
    fitting = _fitting(estimates, max_tokens, bound.left)
    if fitting:
        notes = tuple(_left_out(estimate, max_tokens, bound) for estimate in estimates[len(fitting) :])
        return Allowance(tuple(estimate.tier for estimate in fitting), max_tokens, bound.left, bound.words, notes)
    notes = tuple(_left_out(estimate, max_tokens, bound) for estimate in estimates if estimate is not cheapest)
    if cheapest.joules_per_token <= 0.0:
        return Allowance((cheapest.tier,), max_tokens, notes=notes)
    tokens = int(bound.left / cheapest.joules_per_token + 1e-9)
    if bound.left > 0.0 and not cheapest.measured:
        tokens = min(max_tokens, max(tokens, FIRST_TOKENS))
    if tokens <= LEAST_TOKENS and bound.wanted is None:
        return Allowance((cheapest.tier,), LEAST_TOKENS, None, bound.words, notes)
    if tokens < LEAST_TOKENS and bound.wanted is not None:
        raise _used_up(bound.left, bound.wanted, cheapest, options, tools, pipeline_id)
    return Allowance((cheapest.tier,), tokens, bound.left, bound.words, notes)


def note_of_budget(notes: Iterable[str]) -> str:
    """Of what is told of an answer, that it ended where a budget did; empty when it did not."""
    return next((note for note in notes if note.startswith((_SHORTENED, _BROKEN_OFF))), "")


def _bounds(options: PipelineOptions, tools: Tools, pipeline_id: str, run_id: str) -> list[_Bound]:
    """What is left of the pipeline's own budgets."""
    bounds = []
    if (run_j := options.joules_per_run) is not None:
        spent = tools.ledger.spent_in_run(run_id)
        bounds.append(_Bound(run_j - spent, f"the energy budget of {run_j:g} J", run_j))
    if (hour_j := options.joules_per_hour) is not None:
        spent = tools.ledger.spent_in_hour(pipeline_id, tools.clock.monotonic())
        bounds.append(_Bound(hour_j - spent, f"the energy budget of {hour_j:g} J", hour_j))
    return bounds


def _estimate(tier: Tier, tools: Tools) -> _Estimate:
    device = next(
        (backend.device for backend in tools.runtimes.backends() if backend.backend_id == tier.backend_id), Device.CPU
    )
    known = tools.ledger.tokens_per_s(tier)
    seconds = 1.0 / (known or START_TOKENS_PER_S[device])
    joules = tools.ledger.joules_per_token(tier) or tools.power.energy(device, seconds).joules
    return _Estimate(tier, joules, measured=known is not None)


def _fitting(estimates: list[_Estimate], max_tokens: int, left: float) -> list[_Estimate]:
    """The lowest tiers whose answers fit together."""
    fitting: list[_Estimate] = []
    for estimate in estimates:
        left -= estimate.joules_per_token * max_tokens
        if left < 0.0:
            break
        fitting.append(estimate)
    return fitting


def _left_out(estimate: _Estimate, max_tokens: int, bound: _Bound) -> str:
    joules = estimate.joules_per_token * max_tokens
    return f"{estimate.tier.backend_id} was left out: about {joules:.3g} J more would not fit {bound.words}."


def _used_up(
    left: float, budget: float, cheapest: _Estimate, options: PipelineOptions, tools: Tools, pipeline_id: str
) -> Unavailable:
    needed = cheapest.joules_per_token * LEAST_TOKENS
    remedy = f"Raise joules_per_run to {needed:.2g} or more."
    if options.joules_per_hour == budget:
        wait_s = tools.ledger.room_in_s(pipeline_id, tools.clock.monotonic(), budget - needed)
        remedy = f"Raise joules_per_hour to {needed:.2g} or more."
        if wait_s > 0.0:
            remedy = f"Try again in {max(1, round(wait_s / 60))} min, or raise joules_per_hour."
    return Unavailable(
        f"The energy budget of {budget:g} J has {max(0.0, left):.2g} J left; the shortest answer takes {needed:.2g} J.",
        code="energy-budget",
        remedy=remedy,
    )
