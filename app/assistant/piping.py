"""Has a pipeline answer: the same answer on the card and in the voice, with everything the pipeline does on the way.

Why it exists: hearing and speaking belong to the turn, which overlaps them with the person and with the speaker. What
lies between the question and the words of the answer belongs to the pipeline of the profile: which tier is asked, when
a higher one takes over, what is looked up and checked.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from app.assistant.answering import AnswerText
from app.contracts.devices import Backend, Tier
from app.contracts.energy import Energy
from app.contracts.errors import SottoError, TurnCancelledError
from app.contracts.events import (
    AudioMade,
    DeviceUsed,
    StageFinished,
    StageStarted,
    TextDelta,
    TextReplaced,
    TurnEvent,
)
from app.contracts.metrics import StageMetadata
from app.pipeline.run import Run, RunResult
from app.pipeline.values import Text, in_words

ANSWER = "answer"
"""What the turn calls the stage whose text is the answer."""


class Piping:
    """One answer by one run of a pipeline.

    Args:
        run: The run, just begun.
        text: Where the answer goes.
        emit: Takes the other events of the run; they become a part of the turn.

    Attributes:
        how: How the answer came about, None while that is not known.
        energy: What the run took, once it has ended: one amount, or none where the pipeline collects none.
    """

    def __init__(self, run: Run, text: AnswerText, emit: Callable[[TurnEvent], bool]) -> None:
        self._run = run
        self._text = text
        self._emit = emit
        self._output = run.output.stage_id
        self._blank = 0
        self._said = False
        self.how: StageMetadata | None = None
        self.energy: tuple[Energy, ...] = ()

    @property
    def backend(self) -> Backend | None:
        """Where the answer came from, None while that is not known."""
        how = self.how
        return None if how is None or not how.backend else Backend(how.backend, "", how.ran, how.model)

    async def run(self) -> None:
        """Follow the run until the answer is whole.

        Raises:
            SottoError: The run failed; the text so far stands in the `AnswerText`.
            TurnCancelledError: Somebody else ended the run.
        """
        unsubscribe = self._run.subscribe(self._note)
        try:
            result = await self._followed()
            self.energy = () if result.metrics.energy is None else (result.metrics.energy,)
        finally:
            unsubscribe()
            self._run.cancel("The turn ended.")
        if result.error is not None:
            raise result.error
        if result.cancelled:
            raise TurnCancelledError("The run was ended.")
        self._complete(result)
        if not self._text.spans:
            raise SottoError(
                f"The pipeline {result.pipeline_id!r} made no answer.",
                code="no-answer",
                remedy="Ask again, or choose another pipeline in the profile.",
            )
        self._text.say_rest()

    async def _followed(self) -> RunResult:
        """Have said what stands, as it comes; a run that breaks off tells why in its result."""
        try:
            async for text in self._run.output.texts():
                self._say(text)
        except SottoError:
            return await self._run.result()
        return await self._run.result()

    def _complete(self, result: RunResult) -> None:
        """Show what a stage made in one go, or what became of its text afterwards."""
        whole = "" if result.output is None else in_words(result.output)
        shown = "".join(span.text for span in self._text.spans)
        if whole.strip() == shown.strip():
            return
        if shown:
            self._text.take_back(0, "The answer was put into its final form.")
        how = self.how = self.how or _made_by(result) or StageMetadata()
        confidence = result.output.confidence if isinstance(result.output, Text) else None
        self._text.show(whole, confidence, Tier(how.backend or self._output, how.model))
        if not self._said:
            self._say(whole)

    def _say(self, text: str) -> None:
        if not self._said:
            text = text.lstrip()
        self._said = self._said or bool(text)
        self._text.say(text)

    def _note(self, event: TurnEvent) -> None:
        """Text of the answer goes to the card, the rest into the turn, under the turn's name for the answer's stage."""
        match event:
            case TextDelta(stage=self._output, text=text, confidence=confidence, tier=tier):
                self._blank += len(text) - len(self._text.show(text, confidence, tier))
            case TextReplaced(stage=self._output, kept=kept, reason=reason):
                self._text.take_back(max(0, kept - self._blank), reason)
                self._blank = min(self._blank, kept)
            case StageFinished(metadata=how, metrics=metrics) if metrics.stage == self._output:
                self.how = how
                self._text.times.tokens = metrics.tokens
            case StageStarted(stage=self._output) | TextDelta() | TextReplaced() | AudioMade():
                pass
            case DeviceUsed(stage=self._output):
                self._emit(replace(event, stage=ANSWER))
            case _:
                self._emit(event)


def _made_by(result: RunResult) -> StageMetadata | None:
    """How the output came about where another stage than the one asked for made it: that one failed, or had no turn."""
    return next((stage.metadata for stage in result.stages if stage.value is result.output), None)
