"""Has the language model write an answer, one way or the other: through the pipeline of the profile, or straight."""

from __future__ import annotations

from typing import Protocol

from app.assistant.answering import Answering, AnswerText
from app.assistant.ledger import Ledger
from app.assistant.parts import Parts, TurnOptions
from app.assistant.piping import Piping
from app.assistant.stream import TurnStream
from app.assistant.understanding.meaning import Understanding
from app.contracts.energy import GovernorVerdict
from app.contracts.text import GenerationRequest
from app.pipeline.text.budget import note_of_budget


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
        meaning: Understanding | None = None,  # noqa: ARG002
    ) -> None:
        """Write until the answer is whole.

        Args:
            request: What the model is asked.
            text: Where the answer goes.
            pipeline: Which pipeline answers; empty for that of the profile.
            meaning: What the question was taken for, None when nobody looked.

        Raises:
            SottoError: It failed for good; the text so far stands in ``text``.
        """
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
                    stage.how = piping.how
                    of_budget = note_of_budget(piping.how.notes) if piping.how else ""
                else:
                    of_budget = await Answering(self._parts, text).run(request)
            finally:
                stage.first_output = text.times.first_text
                stage.tokens = text.times.tokens
                self._ledger.first_token = text.times.first_text
        self._tell_if_cut_short(text, verdict, of_budget)

    def _tell_if_cut_short(self, text: AnswerText, verdict: GovernorVerdict, of_budget: str) -> None:
        """Say why an answer ends in the middle of a sentence, when it is to save energy."""
        if of_budget:
            self._tell(of_budget, code="cut-short")
            return
        cap = verdict.max_tokens
        shown = "".join(span.text for span in text.spans).rstrip()
        if cap is not None and cap < self._options.max_tokens and text.times.tokens >= cap and shown[-1:].isalnum():
            self._tell(f"The answer was cut short after {cap} tokens. {verdict.reason}".rstrip(), code="cut-short")
