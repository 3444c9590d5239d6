"""The stage that writes: its prompt, its way to an answer, its guard."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import replace

from app.contracts.energy import GovernorVerdict
from app.contracts.errors import RuntimeFault
from app.contracts.metrics import StageMetadata
from app.contracts.text import ChatMessage, FinishReason, GenerationRequest, Role
from app.pipeline.definition import PipelineOptions, StageDefinition
from app.pipeline.outlet import Outlet
from app.pipeline.plan import PlannedStage
from app.pipeline.stages.processor import Done, StageCall
from app.pipeline.text.budget import Allowance, allowance
from app.pipeline.text.chunked import ChunkedStrategy
from app.pipeline.text.experts import ExpertsStrategy
from app.pipeline.text.guard import guarded
from app.pipeline.text.ladder import LadderStrategy
from app.pipeline.text.speculative import SpeculativeStrategy
from app.pipeline.text.steps import Ask, Commit, Outcome, Piece, Replace, Strategy
from app.pipeline.text.validation import fitted, text_of
from app.pipeline.values import Text

DEFAULT_PROMPT = "You are a helpful AI assistant. Answer in one short sentence."
"""What a model is told where the pipeline says nothing; the starter model answers best with it."""
TEMPERATURE = 0.2
TOP_P = 0.9
LOWEST_BAR = 0.1
"""The confidence an answer needs is not taken below this to save energy: nothing would be asked again at all."""


def strategy_for(definition: StageDefinition) -> Strategy:
    """The way a stage gets its text: in pieces, from several experts, by a draft, or up the ladder."""
    if definition.chunking is not None:
        return ChunkedStrategy()
    if definition.experts is not None:
        return ExpertsStrategy()
    if definition.speculation is not None:
        return SpeculativeStrategy()
    return LadderStrategy()


class TextGenerationProcessor:
    """Implements `app.pipeline.stages.processor.Processor` for ``text_generation``."""

    async def run(self, call: StageCall, outlet: Outlet) -> Done:
        """Write the text.

        Raises:
            InvalidInput: The input cannot be used: ``not-text``, ``empty-input``, ``bad-characters``, ``too-long``.
            Unavailable: No tier may run, or the energy budget is used up (``energy-budget``).
            RuntimeFault: Nothing of what was written may be shown (``no-answer``).
            SottoError: Every tier failed.
        """
        definition, clock = call.stage.definition, call.tools.clock
        value = await call.value()
        began = clock.monotonic()
        request = _request(call, text_of(value, _longest_input(call), definition.stage_id))
        verdict = call.tools.governor.verdict()
        request, notes = _capped(request, verdict)
        stage, waits = _patient(call.stage, verdict)
        notes, wanted = (*notes, *waits), request.max_tokens
        budget = allowance(
            call.options, stage.ladder, wanted, call.tools, call.pipeline_id, call.run_id, turn_j=verdict.joules
        )
        request = replace(request, max_tokens=budget.max_tokens)
        if definition.chunking is None:
            fit = await fitted(request, budget.tiers, call.tools)
            request, notes = fit.request, (*notes, *fit.notes)
        call.timings.validation_s += clock.monotonic() - began
        ask = Ask(
            request=request,
            stage=replace(stage, ladder=budget.tiers),
            options=call.options,
            tools=call.tools,
            report=call.report,
            pipeline_id=call.pipeline_id,
            run_id=call.run_id,
            joules=budget.joules,
            on_spent=call.timings.took,
        )
        outcome = await _written(strategy_for(definition), ask, call, outlet)
        if not outlet.shown.strip():
            raise RuntimeFault(
                "The model wrote nothing but what is not shown: its own reasoning, or marks of its template.",
                code="no-answer",
                remedy="Allow it more tokens (max_tokens), or name another model.",
            )
        notes = (*notes, *budget.notes, *_with_budget(outcome, budget, wanted))
        return Done(Text(outlet.shown, outcome.confidence), _metadata(outcome, call, notes))


def _longest_input(call: StageCall) -> int:
    """Characters. The option is about what the person gives; what other stages add to it is bounded by the window."""
    allowed = call.options.max_input_characters
    return max(allowed, PipelineOptions().max_input_characters) if call.stage.definition.needs else allowed


def _request(call: StageCall, text: str) -> GenerationRequest:
    """The conversation as far as it is wanted, the question last."""
    definition, sampling = call.stage.definition, call.stage.definition.sampling
    earlier = list(call.messages) if call.options.preserve_context else []
    if earlier and earlier[-1] == ChatMessage(Role.USER, text):
        earlier.pop()
    told = next((message.content for message in earlier if message.role is Role.SYSTEM), "")
    system = ChatMessage(Role.SYSTEM, definition.prompt or told or DEFAULT_PROMPT)
    spoken = [message for message in earlier if message.role is not Role.SYSTEM]
    return GenerationRequest(
        messages=(system, *spoken, ChatMessage(Role.USER, text)),
        max_tokens=call.options.max_tokens if sampling.max_tokens is None else sampling.max_tokens,
        temperature=TEMPERATURE if sampling.temperature is None else sampling.temperature,
        top_p=TOP_P if sampling.top_p is None else sampling.top_p,
        seed=sampling.seed,
    )


def _capped(request: GenerationRequest, verdict: GovernorVerdict) -> tuple[GenerationRequest, tuple[str, ...]]:
    """The request within the governor's cap, and what is to be said about it."""
    if verdict.max_tokens is None or verdict.max_tokens >= request.max_tokens:
        return request, ()
    because = f": {verdict.reason}" if verdict.reason else "."
    note = f"The answer is limited to {verdict.max_tokens} tokens for now{because}"
    return replace(request, max_tokens=max(1, verdict.max_tokens)), (note,)


def _patient(stage: PlannedStage, verdict: GovernorVerdict) -> tuple[PlannedStage, tuple[str, ...]]:
    """The stage with the bar as low as the governor wants it, and what is to be said about it."""
    forwarding = stage.definition.forwarding
    if forwarding is None or not forwarding.check or len(stage.ladder) < 2:
        return stage, ()
    bar = max(min(forwarding.min_confidence, LOWEST_BAR), forwarding.min_confidence - verdict.patience)
    if bar >= forwarding.min_confidence:
        return stage, ()
    definition = replace(stage.definition, forwarding=replace(forwarding, min_confidence=bar))
    note = f"A higher tier is asked only under a confidence of {bar:.2f} for now: {verdict.reason}"
    return replace(stage, definition=definition), (note,)


async def _written(strategy: Strategy, ask: Ask, call: StageCall, outlet: Outlet) -> Outcome:
    """Take the strategy's steps through the guard into the outlet."""
    clock, timings = call.tools.clock, call.timings
    page = _Page(outlet, streaming=call.options.enable_streaming)
    outcome: Outcome | None = None
    steps = guarded(strategy.steps(ask), call.options.max_output_characters, clock, timings)
    async with aclosing(steps):
        async for step in steps:
            match step:
                case Piece():
                    if timings.first_output_at is None and call.options.enable_streaming:
                        timings.first_output_at = clock.monotonic()
                    timings.tokens += 1
                    page.show(step)
                case Replace(kept=kept, reason=reason):
                    page.replace(kept, reason)
                case Commit():
                    page.commit()
                case Outcome():
                    outcome = step
    assert outcome is not None, "a strategy ends with its outcome"
    page.turn_over()
    if timings.first_output_at is None:
        timings.first_output_at = clock.monotonic()
    timings.tokens = outcome.tokens
    timings.fusion_s += outcome.fusion_ms / 1000.0
    timings.busy_s = sum(attempt.elapsed_ms for attempt in outcome.attempts) / 1000.0
    return outcome


class _Page:
    """The outlet, or what will be put there in one go at the end where nothing is to be streamed."""

    def __init__(self, outlet: Outlet, *, streaming: bool) -> None:
        self._outlet = outlet
        self._streaming = streaming
        self._text = ""
        self._last: Piece | None = None

    def show(self, piece: Piece) -> None:
        if self._streaming:
            self._outlet.show(piece.text, piece.confidence, piece.tier)
        else:
            self._text += piece.text
            self._last = piece

    def replace(self, kept: int, reason: str) -> None:
        if self._streaming:
            self._outlet.replace(kept, reason)
        else:
            self._text = self._text[:kept]

    def commit(self) -> None:
        if self._streaming:
            self._outlet.commit()

    def turn_over(self) -> None:
        """Everything has come."""
        if self._last is not None:
            self._outlet.show(self._text, self._last.confidence, self._last.tier)
        self._outlet.commit()


def _with_budget(outcome: Outcome, budget: Allowance, wanted: int) -> tuple[str, ...]:
    """The outcome's notes; one that the answer ended where the energy budget did in place of the ladder's own."""
    if not budget.budget:
        return outcome.notes
    spent = sum(attempt.energy.joules for attempt in outcome.attempts if attempt.energy is not None)
    stopped = [attempt for attempt in outcome.attempts if attempt.decision == "stopped"]
    over = budget.joules is not None and spent > budget.joules
    if stopped and over:
        told = {f"Stopped: {attempt.reason}" for attempt in stopped}
        return (*(note for note in outcome.notes if note not in told), budget.shortened_note(spent))
    if over or (budget.max_tokens < wanted and outcome.finish is FinishReason.LENGTH):
        return (*outcome.notes, budget.shortened_note(spent))
    return outcome.notes


def _metadata(outcome: Outcome, call: StageCall, notes: tuple[str, ...]) -> StageMetadata:
    ladder = call.stage.ladder
    return StageMetadata(
        forwarded=bool(ladder) and outcome.tier != ladder[0],
        confidence=outcome.confidence,
        confidence_source=outcome.source,
        attempt_count=len(outcome.attempts),
        backend=outcome.tier.backend_id,
        model=outcome.tier.model,
        asked=call.stage.asked,
        ran=outcome.ran,
        attempts=outcome.attempts,
        notes=tuple(dict.fromkeys(notes)),
        figures=tuple(sorted(outcome.figures)),
    )
