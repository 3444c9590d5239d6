"""What goes into a run and into each of its stages.

Why it exists: what comes from outside is checked once, before anything works on it; and every stage is given its input
in the same few shapes, whole or while it comes, whatever made it.

Text may be given to a pipeline that begins with speech recognition: that stage is passed over and its words are the
text. Sound goes only to a pipeline that begins with a stage that takes sound.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import TypeVar

from app.contracts.errors import InvalidInput
from app.contracts.text import ChatMessage, Role
from app.pipeline.definition import PipelineDefinition, PipelineOptions, StageDefinition, StageType
from app.pipeline.outlet import Outlet
from app.pipeline.retrying import Patience
from app.pipeline.values import Parts, Sound, SoundSource, Text, Value, Vectors, in_words

_T = TypeVar("_T")
_NO_TEXT = re.compile("[\\x00-\\x08\\x0e-\\x1f\\x7f-\\x84\\x86-\\x9f\\ud800-\\udfff]")
"""Control characters other than those that lay text out, and halves of surrogate pairs."""
_FALSE = frozenset({"", "false", "no", "0", "none"})


def check_input(given: Value, definition: PipelineDefinition, options: PipelineOptions) -> None:
    """Refuse what no stage should be given.

    Args:
        given: The run's input.
        definition: What will be run.
        options: Of the run.

    Raises:
        InvalidInput: It is empty, too long, holds characters that are no text, or is not what the first stages take.
    """
    match given:
        case Text(text=text):
            _check_text(text, options.max_input_characters)
        case Parts(items=items):
            if not items:
                raise InvalidInput("There is nothing in the input.", code="input-empty")
            for item in items:
                check_input(item, definition, options)
        case Sound(chunk=chunk):
            if not chunk.samples or chunk.sample_rate_hz <= 0:
                raise InvalidInput("The sound holds no samples.", code="audio-empty")
        case _:
            pass
    for stage in definition.stages:
        if not stage.needs:
            _check_kind(given, stage)


def passes_over(stage: StageDefinition, given: Value) -> bool:
    """Whether a stage has nothing to do because its words were given as text."""
    return stage.type is StageType.AUDIO_TO_TEXT and not stage.needs and isinstance(given, Text)


def is_true(rendered: str) -> bool:
    """What a rendered ``when`` comes to: ``false``, ``no``, ``0``, ``none`` and nothing are false."""
    return rendered.strip().lower() not in _FALSE


def combined(stage: StageDefinition, given: Value, needed: Mapping[str, Value]) -> Value:
    """The input of a stage whose needs are over.

    Args:
        stage: Which.
        given: The run's input, for a stage that needs nothing.
        needed: Outputs of the stages it needs, without those that made none.

    Returns:
        The output of the one stage it needs; `Parts` in the order of ``needs`` when it needs several, also when only
        one of those made something.
    """
    if not stage.needs:
        return given
    if len(stage.needs) == 1:
        return needed[stage.needs[0]]
    return Parts(tuple(needed[name] for name in stage.needs if name in needed))


def items_of(value: Value) -> tuple[Value, ...]:
    """What an ``each`` stage runs for."""
    return value.items if isinstance(value, Parts) else (value,)


def answers_before(before: list[tuple[StageDefinition, Value, Value]]) -> tuple[ChatMessage, ...]:
    """What earlier text stages were asked and said, for a stage that is to see it.

    Args:
        before: Stages that finished, with their input and output, in order.
    """
    messages = []
    for stage, asked, said in before:
        if stage.type is StageType.TEXT_GENERATION:
            messages.append(ChatMessage(Role.USER, in_words(asked)))
            messages.append(ChatMessage(Role.ASSISTANT, in_words(said)))
    return tuple(messages)


@dataclass(frozen=True, slots=True)
class Source:
    """The input of one try: known already, or coming out of another stage.

    Attributes:
        known: The input, None while it still comes.
        coming: The outlet it comes from.
    """

    known: Value | None
    coming: Outlet | None = None

    @property
    def spent(self) -> bool:
        """It can be read only once, so there is no second try."""
        return isinstance(self.known, SoundSource)

    async def value(self, patience: Patience) -> Value:
        """All of it.

        Raises:
            SottoError: The stage it comes from failed.
        """
        if self.known is not None:
            return self.known
        assert self.coming is not None
        with patience.waiting():
            return await self.coming.value()

    async def stream(self, patience: Patience) -> AsyncIterator[str]:
        """Its words while they come.

        Raises:
            SottoError: The stage it comes from failed.
        """
        if self.known is not None:
            yield in_words(self.known)
            return
        assert self.coming is not None
        nothing = True
        async with aclosing(self.coming.texts()) as texts:  # type: ignore[type-var]
            while (text := await _next(texts, patience)) is not None:
                nothing = False
                yield text
        if nothing and (words := in_words(await self.coming.value())):
            yield words

    async def items(self, patience: Patience) -> AsyncIterator[Value]:
        """Its items while they come.

        Raises:
            SottoError: The stage it comes from failed.
        """
        if self.known is not None:
            for one in items_of(self.known):
                yield one
            return
        assert self.coming is not None
        nothing = True
        async with aclosing(self.coming.items()) as items:  # type: ignore[type-var]
            while (item := await _next(items, patience)) is not None:
                nothing = False
                yield item
        if nothing:
            for one in items_of(await self.coming.value()):
                yield one


async def _next(source: AsyncIterator[_T], patience: Patience) -> _T | None:
    """What comes next, None at the end."""
    with patience.waiting():
        return await anext(source, None)


def _check_text(text: str, longest: int) -> None:
    if not text.strip():
        raise InvalidInput("The input is empty.", code="input-empty")
    if len(text) > longest:
        raise InvalidInput(
            f"The input has {len(text)} characters; at most {longest} are taken.",
            code="input-too-long",
            remedy="Shorten it, or raise max_input_characters in the pipeline's options.",
        )
    if bad := _NO_TEXT.search(text):
        raise InvalidInput(
            f"Character {bad.start() + 1} of the input is U+{ord(bad.group()):04X}, which is no text.",
            code="input-characters",
            remedy="Take it out; a file may have been read in the wrong encoding.",
        )


def _check_kind(given: Value, stage: StageDefinition) -> None:
    is_sound = isinstance(given, Sound | SoundSource)
    match stage.type:
        case StageType.AUDIO_TO_TEXT:
            fits = is_sound or isinstance(given, Text)
        case StageType.CUSTOM:
            fits = True
        case _:
            fits = not is_sound and not isinstance(given, Vectors)
    if stage.each and isinstance(given, Parts):
        fits = True
    if not fits:
        wants = "sound" if stage.type is StageType.AUDIO_TO_TEXT else "text"
        raise InvalidInput(
            f"The stage {stage.stage_id} takes {wants}; it was given {type(given).__name__.lower()}.",
            code="input-kind",
            remedy="Give another input, or run a pipeline that begins with a stage for this one.",
        )
