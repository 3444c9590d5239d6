"""What the demo says: a few exchanges with the confidence a language model might have had."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from app.contracts.cards import AnswerSpan
from app.contracts.devices import Tier

SMALL = Tier("llama-cpu", "smollm2-135m-instruct-q4_1")

_MARKED = re.compile(r"\[(?P<unsure>[^\]]+)\]|\{(?P<doubtful>[^}]+)\}|(?P<sure>[^\[\{]+)")
_TOKEN = re.compile(r"\s*\S+|\s+")


@dataclass(frozen=True, slots=True)
class Exchange:
    """A question and its answer. In the answer ``[…]`` marks what the model is unsure of, ``{…}`` what it doubts."""

    question: str
    answer: str

    def tokens(self) -> Iterator[AnswerSpan]:
        """The answer token by token."""
        for part in _MARKED.finditer(self.answer):
            text = part["sure"] or part["unsure"] or part["doubtful"]
            base = 0.95 if part["sure"] else 0.81 if part["unsure"] else 0.52
            for number, token in enumerate(_TOKEN.findall(text)):
                yield AnswerSpan(text=token, confidence=base + (number % 3) * 0.01, tier=SMALL)


EXCHANGES = (
    Exchange(
        "How far away is the moon?",
        "The Moon is [about 384,400 kilometres] away on average. Its path is not a circle, so the distance changes: "
        "{from 363,300 kilometres at its nearest} to [405,500 at its farthest].",
    ),
    Exchange(
        "What should I take on a day's walk in the hills?",
        "Take what keeps you warm, dry and found.\n\n"
        "First, water and something to eat, [about half a litre for every hour of climbing]. Second, a warm layer and "
        "a rain jacket, even when the morning is clear. Third, a map on paper, because {a telephone loses half its "
        "charge in the cold}.\n\n"
        "Tell somebody where you are going, and when you mean to be back.",
    ),
    Exchange(
        "Why is the sky blue?",
        "Sunlight holds every colour. On its way through the air the short waves are scattered far more than the long "
        "ones, [about the fourth power of their frequency], so blue light reaches you from every direction. In the "
        "evening the light comes a longer way, the blue is gone, and what is left is red.",
    ),
)

UNKNOWN = "This is the demo: nothing here hears or thinks. [Install Sotto's models] and ask again."


def exchange_for(question: str) -> Exchange:
    """The exchange for a typed question; one that is not in the script says what the demo is."""
    wanted = question.casefold().strip(" ?.!")
    known = (one for one in EXCHANGES if one.question.casefold().strip(" ?.!") == wanted)
    return next(known, Exchange(question, UNKNOWN))
