"""Puts together what the further stages of an answer need: other models, and what was said of answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.assistant.progressive.feedback import Feedback
from app.assistant.progressive.satisfaction import Satisfaction
from app.assistant.understanding.meaning import Complexity
from app.contracts.devices import Tier
from app.contracts.errors import SottoError
from app.contracts.events import Notice, SystemEvent
from app.contracts.ports import RuntimeCatalogue, TextGenerator
from app.memory.notebook import Notebook
from app.pipeline.selection import same_model
from app.pipeline.tools import Confidence, Judged, Tools


class AnswerModels:
    """Implements `app.assistant.parts.Stages`.

    Args:
        ladder: The language models of the profile on this machine, the first to ask first.
        runtimes: The backends of this machine.
        confidence: Calibrated per model.
        satisfaction: Moves the threshold by what the person said.
    """

    def __init__(
        self,
        ladder: Callable[[], Sequence[Tier]],
        runtimes: RuntimeCatalogue,
        confidence: Confidence,
        satisfaction: Satisfaction,
    ) -> None:
        self._ladder = ladder
        self._runtimes = runtimes
        self._confidence = confidence
        self._satisfaction = satisfaction

    def tiers(self) -> Sequence[Tier]:
        """The language models of the profile that are here."""
        return tuple(self._ladder())

    def named(self, name: str) -> Tier | None:
        """The tier of a backend or a model by its id, None where it is not here."""
        here = self._runtimes.serving("text_generation")
        tiers = [*self._ladder(), *(Tier(backend.backend_id, backend.model) for backend in here)]
        exact = (tier for tier in tiers if name in (tier.backend_id, tier.model))
        akin = (tier for tier in tiers if tier.backend_id.partition(":")[0] == name or same_model(tier.model, name))
        return next(exact, None) or next(akin, None)

    def text(self, tier: Tier) -> TextGenerator:
        """The language model of a tier, shared with the pipelines.

        Raises:
            Unavailable: There is no such backend.
        """
        return self._runtimes.text_port(tier.backend_id)

    def judge(self, tier: Tier, log_probs: Sequence[float], text: str) -> Judged:
        """How sure an answer is."""
        return self._confidence.of(tier, log_probs, text)

    def threshold(self, intent: str, complexity: Complexity) -> float:
        """Confidence from which no further stage is asked."""
        return self._satisfaction.threshold(intent, complexity)


@dataclass(frozen=True, slots=True)
class AnswerServices:
    """What was put together.

    Attributes:
        stages: Goes into `app.assistant.parts.Parts`.
        feedback: Goes to the assistant.
        satisfaction: What was said of answers.
    """

    stages: AnswerModels
    feedback: Feedback
    satisfaction: Satisfaction

    async def start(self, publish: Callable[[SystemEvent], None]) -> None:
        """Take up what was said in earlier runs; trouble is told."""
        try:
            await self.satisfaction.load()
        except SottoError as error:
            publish(Notice(level="warning", code=error.code, message=error.message, remedy=error.remedy))


def put_answers_together(
    notebook: Notebook,
    tools: Tools,
    ladder: Callable[[], Sequence[Tier]],
    *,
    last_stage: Callable[[], str],
    now: Callable[[], datetime],
    publish: Callable[[SystemEvent], None],
) -> AnswerServices:
    """Make everything; nothing is loaded or read. The notebook is closed by whoever opened it.

    Args:
        notebook: Keeps what was said of answers.
        tools: Of the pipelines: the backends, and what their answers are worth.
        ladder: The language models of the profile, the first to ask first.
        last_stage: Name of the last stage of the profile.
        now: Local time, aware.
        publish: Takes cards with their rating.
    """
    satisfaction = Satisfaction(notebook, now)
    models = AnswerModels(ladder, tools.runtimes, tools.confidence, satisfaction)
    return AnswerServices(models, Feedback(satisfaction, last_stage, publish), satisfaction)
