"""The known task of each port: the same words, the same recording, the same texts for every backend.

Why it exists: figures can be compared only when they come from the same work.
"""

from __future__ import annotations

import secrets

from app.contracts.text import ChatMessage, GenerationRequest, Role

TOKENS = 48
"""Tokens of the known answer, at most: what a short answer has."""
SENTENCE = "The kettle has just boiled, so there are four minutes left until the tea is ready."
"""What voices say."""
TEXTS = tuple(
    f"{subject} {rest}"
    for subject in ("The boat", "My neighbour's bicycle", "A letter from the bank", "The last train")
    for rest in (
        "was left out in the rain for most of the week.",
        "is mentioned twice in the notes of last Tuesday.",
        "needs a new part before it can be used again.",
        "arrived a little later than everybody had hoped.",
    )
)
"""What vectors are made of. What recognisers hear is the clip of `models.devices.exercise`."""


def question() -> GenerationRequest:
    """The known question. Its first words differ each time, so that no cache holds the beginning of the prompt."""
    fresh = f"Note {secrets.randbelow(10**9)}. You are a helpful assistant and answer in a few clear sentences."
    asked = "Tell me a story about a lighthouse keeper who finds a strange boat on the beach one morning."
    messages = (ChatMessage(Role.SYSTEM, fresh), ChatMessage(Role.USER, asked))
    return GenerationRequest(messages, max_tokens=TOKENS, temperature=0.0, seed=1)
