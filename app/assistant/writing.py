"""Has the language model write an answer, one way or the other: through the pipeline of the profile, or straight."""

from __future__ import annotations

from typing import Protocol

from app.assistant.answering import Answering, AnswerText
from app.assistant.ledger import Ledger
from app.assistant.parts import Parts, TurnOptions
from app.assistant.piping import Piping
from app.assistant.progressive.progress import ProgressiveAnswer
from app.assistant.stream import TurnStream
from app.assistant.understanding.meaning import Understanding
from app.contracts.capabilities import ConfidenceSource
from app.contracts.energy import GovernorVerdict
from app.contracts.metrics import StageMetadata
from app.contracts.text import GenerationRequest
from app.pipeline.text.budget import note_of_budget
from app.pipeline.tools import Judged


class Tell(Protocol):
    """Shows something worth knowing beside the answer."""

    def __call__(self, message: str, *, code: str) -> None:
        """Show one sentence."""


class Writing:
    """One answer by the language model.

    Args:
        parts: The ports.
        options: What the person chose.
        ledger: Counts it as the stage ``answer``.
        stream: Where it is reported.
        tell: Shows what is worth knowing beside the answer.
    """

    def __init__(self, parts: Parts, options: TurnOptions, ledger: Ledger, stream: TurnStream, tell: Tell) -> None:
        self._parts = parts
        self._options = options
        self._ledger = ledger
        self._stream = stream
        self._tell = tell

    async def run(
        self,
        request: GenerationRequest,
        text: AnswerText,
        *,
        pipeline: str = "",
        meaning: Understanding | None = None,
    ) -> None:
        """Write until the answer is whole: in stages where there are any and the text comes piece by piece.

        Args:
            request: What the model is asked.
            text: Where the answer goes.
            pipeline: Which pipeline answers; empty for that of the profile.
            meaning: What the question was taken for, None when nobody looked.

        Raises:
            SottoError: It failed for good; the text so far stands in ``text``.
        """
        stages = self._parts.stages
        asked_for = bool(self._options.depth.stages or self._options.depth.hybrid)
        if stages is None or pipeline or self._options.plain or not (meaning is not None or asked_for):
            await self._one_pass(request, text, pipeline)
        elif not self._parts.text.capabilities.streaming:
            if asked_for:
                self._tell("The language model writes its answer in one go, so there are no stages.", code="one-pass")
            await self._one_pass(request, text, pipeline)
        else:

            async def first(asked: GenerationRequest) -> Judged:
                return await self._one_pass(asked, text)

            progress = ProgressiveAnswer(
                self._parts, stages, self._options, self._ledger, self._stream, self._tell_stages, first
            )
            await progress.run(request, text, meaning)

    def _tell_stages(self, message: str, code: str) -> None:
        self._tell(message, code=code)

    async def _one_pass(self, request: GenerationRequest, text: AnswerText, pipeline: str = "") -> Judged:
        """One answer of the language model; returns how sure it is."""
        how: StageMetadata | None = None
        verdict = self._parts.governor.verdict()
        named = pipeline or self._options.pipeline
        pipelines = self._parts.pipelines if named else None
        with self._ledger.stage("answer", self._parts.text.backend, counted=pipelines is not None) as stage:
            try:
                if pipelines is not None:
                    piping = Piping(pipelines.answer(named, request, self._stream.turn_id), text, self._stream.emit)
                    await piping.run()
                    stage.backend = piping.backend or stage.backend
                    stage.counted.extend(piping.energy)
                    how = stage.how = piping.how
                    of_budget = note_of_budget(piping.how.notes) if piping.how else ""
                else:
                    of_budget = await Answering(self._parts, text).run(request)
            finally:
                stage.first_output = text.times.first_text
                stage.tokens = text.times.tokens
                self._ledger.first_token = text.times.first_text
        self._tell_if_cut_short(text, verdict, of_budget)
        return Judged(None, ConfidenceSource.NONE) if how is None else Judged(how.confidence, how.confidence_source)

    def _tell_if_cut_short(self, text: AnswerText, verdict: GovernorVerdict, of_budget: str) -> None:
        """Say why an answer ends in the middle of a sentence, when it is to save energy."""
        if of_budget:
            self._tell(of_budget, code="cut-short")
            return
        cap = verdict.max_tokens
        shown = "".join(span.text for span in text.spans).rstrip()
        if cap is not None and cap < self._options.max_tokens and text.times.tokens >= cap and shown[-1:].isalnum():
            self._tell(f"The answer was cut short after {cap} tokens. {verdict.reason}".rstrip(), code="cut-short")
