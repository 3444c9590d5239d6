"""Looks at what a text stage is given before a model sees it, and makes it fit the model's window.

Nothing is cut off in silence: earlier messages give way first, and the stage's notes say so; what still does not fit
is refused with the way out.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, replace

from app.contracts.devices import Tier
from app.contracts.errors import InvalidInput, SottoError
from app.contracts.text import ChatMessage, GenerationRequest, Role
from app.pipeline.tools import Tools
from app.pipeline.values import Sound, SoundSource, Value, Vectors, in_words

MARK_TOKENS = 6
"""What a chat template puts around a message."""
LEAST_ANSWER_TOKENS = 32
"""Room an answer needs at least; a shorter one says nothing."""
LONG_TEXTS = "sotto pipelines run thermal-failover"
"""What works through a text that is longer than the window."""


def text_of(value: Value, max_characters: int, stage_id: str) -> str:
    """The words of a stage's input.

    Args:
        value: What the stage was given.
        max_characters: Longer input is refused.
        stage_id: For the sentence.

    Raises:
        InvalidInput: ``not-text``, ``empty-input``, ``bad-characters`` or ``too-long``.
    """
    if isinstance(value, Sound | SoundSource):
        raise InvalidInput(
            f"Stage {stage_id} was given sound where it needs words.",
            code="not-text",
            remedy="Put an audio_to_text stage before it.",
        )
    if isinstance(value, Vectors):
        raise InvalidInput(
            f"Stage {stage_id} was given vectors where it needs words.",
            code="not-text",
            remedy="Let it need the stage that has the words.",
        )
    text = in_words(value)
    if "\0" in text:
        raise InvalidInput(
            f"The text for stage {stage_id} has a NUL character at position {text.index(chr(0)) + 1}.",
            code="bad-characters",
            remedy="Give it text; this looks like the bytes of a file.",
        )
    if not text.strip():
        raise InvalidInput(
            f"There is no text for stage {stage_id}.", code="empty-input", remedy="Write or say something."
        )
    if not any(sign for sign in text if not sign.isspace() and unicodedata.category(sign) not in ("Cc", "Cf", "Cs")):
        raise InvalidInput(
            f"The text for stage {stage_id} is nothing but control characters.",
            code="bad-characters",
            remedy="Give it words.",
        )
    if len(text) > max_characters:
        raise InvalidInput(
            f"The text for stage {stage_id} has {len(text)} characters; {max_characters} are allowed.",
            code="too-long",
            remedy=f"Shorten it, raise max_input_characters, or work through it in pieces: {LONG_TEXTS}.",
        )
    return text


@dataclass(frozen=True, slots=True)
class Fitted:
    """A request that fits, and what was done for it."""

    request: GenerationRequest
    notes: tuple[str, ...] = ()


async def fitted(request: GenerationRequest, ladder: tuple[Tier, ...], tools: Tools) -> Fitted:
    """Make a request fit the window of the first tier that can be asked for its length.

    Earlier messages give way, the oldest first; the system prompt and the last message stay. Then the answer's upper
    bound shrinks, down to `LEAST_ANSWER_TOKENS`. When no tier answers, the request stays as it is: whoever asks the
    tiers next will hear why.

    Raises:
        InvalidInput: The last message alone is too long (``too-long``).
    """
    for tier in ladder:
        try:
            port = tools.runtimes.text_port(tier.backend_id)
            window = port.capabilities.context_tokens
            if window <= 0 or _surely_fits(request, window):
                return Fitted(request)
            await port.warm_up()
            counts = await port.count_tokens([message.content for message in request.messages])
        except InvalidInput:
            raise
        except SottoError:
            continue
        return _fitted(request, [count + MARK_TOKENS for count in counts], window)
    return Fitted(request)


def _surely_fits(request: GenerationRequest, window: int) -> bool:
    """No token is shorter than a byte, so nothing needs to be counted for short texts."""
    size = sum(len(message.content.encode("utf-8", "replace")) + MARK_TOKENS for message in request.messages)
    return size + request.max_tokens <= window


def _fitted(request: GenerationRequest, counts: list[int], window: int) -> Fitted:
    messages, sizes, dropped = list(request.messages), list(counts), 0
    while sum(sizes) + request.max_tokens > window:
        at = _oldest(messages)
        if at is None:
            break
        del messages[at], sizes[at]
        dropped += 1
    while dropped and (at := _oldest(messages)) is not None and messages[at].role is Role.ASSISTANT:
        del messages[at], sizes[at]
        dropped += 1
    notes = []
    if dropped:
        notes.append(f"{dropped} earlier {'message was' if dropped == 1 else 'messages were'} left out to fit.")
    room = window - sum(sizes)
    if room < LEAST_ANSWER_TOKENS:
        raise InvalidInput(
            f"The text has about {sizes[-1]} tokens; the model's window of {window} leaves no room for an answer.",
            code="too-long",
            remedy=f"Shorten it, or work through it in pieces: {LONG_TEXTS}.",
        )
    tokens = min(request.max_tokens, room)
    if tokens < request.max_tokens:
        notes.append(f"The answer is limited to {tokens} tokens by the model's window.")
    return Fitted(replace(request, messages=tuple(messages), max_tokens=tokens), tuple(notes))


def _oldest(messages: list[ChatMessage]) -> int | None:
    """Index of the oldest message that may go, None when only the system prompt and the question are left."""
    for at, message in enumerate(messages[:-1]):
        if message.role is not Role.SYSTEM:
            return at
    return None
