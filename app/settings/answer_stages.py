"""The stages in which an open question is answered: who writes, what it is told, how far it is trusted.

Why it exists: a profile may name its own list, a person may extend it, and the assistant works it off. These are the
only defaults there are. A person's list replaces them whole::

    answers:
      - {name: quick_response, tier: small, temperature: 0.1, prior: 0.6, timeout_s: 2}
      - {name: second_opinion, tier: ollama-nvidia, system: "Look for mistakes.", prior: 0.8, timeout_s: 20}
"""

from __future__ import annotations

from dataclasses import dataclass

SMALL = "small"
LARGER = "larger"
LARGEST = "largest"
SIZES = (SMALL, LARGER, LARGEST)
"""Tiers by their place on the profile's ladder; anything else names a backend or a model."""

LONGEST_TIMEOUT_S = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerStage:
    """One stage of an answer.

    Attributes:
        name: By which it is asked for, as in ``quick_response``.
        tier: One of `SIZES`, or the id of a backend or a model.
        system: What the model is told; empty for the prompt of the conversation, which it has read before the question.
        temperature: Of the sampling, 0 is greedy.
        prior: Confidence in [0, 1] that its answers deserve as a rule, until a calibration says better.
        timeout_s: The first stage is given up when nothing came by then and another one could answer; every other one
            when it has not ended by then.
    """

    name: str
    tier: str = SMALL
    system: str = ""
    temperature: float = 0.2
    prior: float = 0.6
    timeout_s: float = 30.0


QUICK = AnswerStage(name="quick_response", tier=SMALL, temperature=0.1, prior=0.6, timeout_s=2.0)
DEEP = AnswerStage(
    name="deep_analysis",
    tier=LARGER,
    system="You are a careful expert. Think the question through and answer it in two to four short sentences. "
    "Put the most important thing first.",
    temperature=0.7,
    prior=0.85,
    timeout_s=15.0,
)
SYNTHESIS = AnswerStage(
    name="synthesis",
    tier=LARGEST,
    system="Answer the question in one to three short sentences, and write nothing else. Where earlier answers to it "
    "are given, some may be wrong: keep the sentences that are right as they are, and put right what is wrong.",
    temperature=0.8,
    prior=0.95,
    timeout_s=30.0,
)
DEFAULT_STAGES = (QUICK, DEEP, SYNTHESIS)
"""What a profile that names none has. A first one of the tier `SMALL` answers through the pipeline of the profile."""
