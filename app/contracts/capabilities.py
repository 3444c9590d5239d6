"""What a backend can do, stated before it is asked to."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class CancelGranularity(StrEnum):
    """How soon a running request notices that it is no longer wanted."""

    TOKEN = "token"
    """Between tokens, and in the middle of the prefill."""
    DECODE_TOKEN = "decode-token"
    """Between tokens; the prefill runs to its end."""
    CHUNK = "chunk"
    """Between chunks of audio."""
    REQUEST = "request"
    """Not at all: ending the host is the only way."""


class ConfidenceSource(StrEnum):
    """Where a confidence in [0, 1] came from. A number without its source is not shown."""

    TOKEN_LOG_PROB = "token-log-prob"
    CALIBRATED = "calibrated"
    DETERMINISTIC = "deterministic"
    HEURISTIC = "heuristic"
    """Rules of thumb about the answer, where the model gives no probabilities."""
    STAGE_PRIOR = "stage-prior"
    """What answers of this stage deserve as a rule, until it has been measured."""
    RULE = "rule"
    """Worked out, looked up or counted by a skill: nothing is guessed."""
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Capabilities:
    """Capabilities of one backend behind one port.

    Attributes:
        streaming: Output arrives in pieces while the input is still being worked on.
        confidence: Where its confidence comes from, or ``NONE``.
        cancel: How soon it stops.
        sample_rate_hz: Native rate of its audio, 0 for text.
        languages: BCP 47 tags, empty when the model does not say.
        context_tokens: Length of its window in tokens, 0 where that has no meaning.
        verify: A draft can be read and judged token by token.
        state: What it holds of a conversation can be moved to another backend of the same runtime and model.
        json_schema: Its answer can be held to a JSON schema.
        simulated: It pretends to be a model, for measurements; whatever shows its figures says so.
    """

    streaming: bool
    confidence: ConfidenceSource
    cancel: CancelGranularity
    sample_rate_hz: int = 0
    languages: tuple[str, ...] = ()
    context_tokens: int = 0
    verify: bool = False
    state: bool = False
    json_schema: bool = False
    simulated: bool = False
