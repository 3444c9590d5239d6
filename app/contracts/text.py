"""Text as it goes into and comes out of a language model."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """Who said a message."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """One message of a conversation."""

    role: Role
    content: str


@dataclass(frozen=True, slots=True)
class GenerationRequest:
    """What a language model is asked.

    Attributes:
        messages: The conversation, the system prompt first, the question last.
        answer_so_far: Text the answer already begins with: the model goes on from it and repeats none of it. Used when
            another backend, or the same one after a crash, takes a generation over.
        max_tokens: Upper bound of generated tokens, at least 1.
        temperature: 0 is greedy.
        top_p: Nucleus in (0, 1].
        seed: Fixes the sampling; None leaves it free.
        json_schema: A JSON schema, as text, that the whole answer must satisfy; empty for free text. Only where
            ``capabilities.json_schema`` is true.
    """

    messages: tuple[ChatMessage, ...]
    answer_so_far: str = ""
    max_tokens: int = 256
    temperature: float = 0.2
    top_p: float = 0.9
    seed: int | None = None
    json_schema: str = ""


class FinishReason(StrEnum):
    """Why a generation ended by itself. A cancelled one ends by an exception instead."""

    STOP = "stop"
    LENGTH = "length"


@dataclass(frozen=True, slots=True)
class TextPiece:
    """One step of a generation.

    Attributes:
        text: New text; may be empty while a character is still incomplete.
        log_prob: Natural logarithm of the token's probability, at most 0; None where the runtime has none. A runtime
            that knows it for a whole answer only gives the mean over its tokens on the last piece before the end.
        finish: Set on the last piece only, whose text is then empty.
        prompt_tokens: Length of the prompt, set on the last piece.
        cached_tokens: How many of them were in the prefix cache, set on the last piece.
    """

    text: str
    log_prob: float | None = None
    finish: FinishReason | None = None
    prompt_tokens: int = 0
    cached_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Verified:
    """What a model says about a draft.

    Attributes:
        kept: Characters of the longest prefix whose every token is among the model's ``top_k`` best.
        kept_tokens: Tokens in it.
        draft_tokens: Tokens of the whole draft.
        log_probs: Natural logarithm of the probability this model gives each kept token.
    """

    kept: int
    kept_tokens: int
    draft_tokens: int
    log_probs: tuple[float, ...] = ()
