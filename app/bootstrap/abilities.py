"""What steps of routines can ask besides the skills: the language model and the pipelines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import aclosing

from app.assistant.conversation import SYSTEM_PROMPT
from app.assistant.routines.doing import PipelineEntry
from app.assistant.skills.skill import ModelAsk
from app.audio.spoken import ThinkFilter
from app.bootstrap.pipelines import PipelineServices
from app.contracts.errors import TurnCancelledError
from app.contracts.ports import TextGenerator
from app.contracts.text import ChatMessage, GenerationRequest, Role
from app.pipeline.answering import answering_part, usable
from app.pipeline.values import Text, in_words
from models.embedded import SMOLLM2


class ModelAnswers:
    """The language model for a step: the whole answer in words.

    Args:
        text: The model.
        pipelines: Answers where a step names a pipeline.
    """

    def __init__(self, text: TextGenerator, pipelines: PipelineServices) -> None:
        self._text = text
        self._pipelines = PipelineSteps(pipelines)

    async def __call__(self, ask: ModelAsk) -> str:
        """The answer.

        Raises:
            SottoError: It failed for good.
        """
        if ask.pipeline:
            return await self._pipelines.run(ask.pipeline, ask.question, {})
        messages = (ChatMessage(Role.SYSTEM, ask.system or SYSTEM_PROMPT), ChatMessage(Role.USER, ask.question))
        hidden, said = ThinkFilter(), ""
        async with aclosing(self._text.generate(GenerationRequest(messages))) as pieces:
            async for piece in pieces:
                said += hidden.push(piece.text)
        return (said + hidden.flush()).strip()

    async def writer(self) -> TextGenerator | None:
        """The model where it can be held to a schema and is more than the one the program comes with.

        That one fills a schema in too, with words that have nothing to do with the wish.
        """
        able = self._text.capabilities.json_schema and self._text.backend.model != SMOLLM2
        return self._text if able else None


class PipelineSteps:
    """The pipelines steps may run: those that make words of words."""

    def __init__(self, services: PipelineServices) -> None:
        self._services = services

    def entries(self) -> Sequence[PipelineEntry]:
        """Those there are."""
        definitions = (entry.definition for entry in self._services.library.entries().values())
        return tuple(PipelineEntry(each.pipeline_id, each.name, each.description) for each in definitions)

    async def run(self, pipeline_id: str, text: str, context: Mapping[str, str]) -> str:
        """Run the answering part of one to its end; cancelling the call ends the run.

        Raises:
            SottoError: It failed.
        """
        definition = answering_part(self._services.engine.definition(pipeline_id))
        run = self._services.engine.start_definition(definition, Text(usable(text)), context=context)
        try:
            result = await run.result()
        finally:
            run.cancel("The step ended.")
        if result.error is not None:
            raise result.error
        if result.cancelled or result.output is None:
            raise TurnCancelledError("The run was ended.")
        return in_words(result.output)
