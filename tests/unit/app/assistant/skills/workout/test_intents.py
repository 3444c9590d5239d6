"""The sure signs of each intent are signs of that one alone, and what only sounds like training is none."""

from __future__ import annotations

import re

import pytest

from app.assistant.skills.workout.intents import HISTORY, INTENTS, LOG, PLAN, PROFILE


def signs(text: str) -> set[str]:
    """Intents of which a text has a sure sign."""
    lower = text.lower().rstrip("?.!")
    return {
        intent.intent_id
        for intent in INTENTS
        if any(re.search(pattern, lower) for pattern in intent.patterns)
        and not any(re.search(pattern, lower) for pattern in intent.against)
    }


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("Plan an upper body workout", PLAN),
        ("can you put together a quick leg workout for me", PLAN),
        ("let's train", PLAN),
        ("give me a core routine", PLAN),
        ("what should I train today?", PLAN),
        ("what workout should I do now", PLAN),
        ("can we do something for my abs", PLAN),
        ("log my workout", LOG),
        ("save my workout from this morning", LOG),
        ("I've been training for ten years", PROFILE),
        ("I only have a mat", PROFILE),
        ("I did three sets of ten push-ups", LOG),
        ("I went for a run", LOG),
        ("I've finished my training", LOG),
        ("I have two kettlebells", PROFILE),
        ("my left knee still hurts", PROFILE),
        ("I hate burpees", PROFILE),
        ("how often did I train this month", HISTORY),
        ("what was my last workout", HISTORY),
        ("did I work out yesterday?", HISTORY),
    ],
)
def test_a_request_has_one_sign(text: str, intent: str) -> None:
    assert signs(text) == {intent}


@pytest.mark.parametrize(
    "text",
    [
        "what is a good workout for runners",
        "how long should a workout last",
        "create a training plan for our new employees",
        "I have a headache",
        "I have a meeting at ten",
        "what are the benefits of strength training",
        "who invented the treadmill",
        "make me a workout playlist",
        "write me a list of reasons to exercise",
        "when does the train to Berlin leave",
        "I like pizza",
    ],
)
def test_what_only_sounds_like_it_has_none(text: str) -> None:
    assert signs(text) == set()


def test_every_intent_has_examples_enough_of_its_own() -> None:
    examples = [example for intent in INTENTS for example in intent.examples]
    assert all(len(intent.examples) >= 6 for intent in INTENTS)
    assert len(set(examples)) == len(examples)
