"""What words are taken for."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest

from app.assistant.understanding.calibration import COLUMNS, Evidence, shipped
from app.assistant.understanding.index import Index
from app.assistant.understanding.matcher import Matcher
from app.assistant.understanding.meaning import OPEN_QUESTION, Understanding
from app.pipeline.confidence.calibration import Curve
from tests.helpers.understanding import Kitchen, Shop

NOW = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def matcher() -> Matcher:
    made = Matcher((Kitchen(), Shop()))
    made.prepare()
    return made


def taken(matcher: Matcher, text: str) -> Understanding:
    return matcher.understand(text, NOW)


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("Please set a timer for 25 minutes!", "boil"), ("could you start a five minute countdown", "boil"),
        ("egg timer", "boil"), ("cancel the egg timer", "stop_boiling"), ("stop that timer", "stop_boiling"),
        ("put onions and rice on my list", "add_item"), ("what is on my groceries list", "see_items"),
        ("set a time or for ten minutes", "boil"), ("at milk to my shopping list", "add_item"),
    ],
)  # fmt: skip
def test_requests_in_other_words(matcher: Matcher, text: str, intent: str) -> None:
    meaning = taken(matcher, text)
    assert meaning.intent == intent
    assert meaning.confidence > 0.5
    assert meaning.skill in ("kitchen", "shop")


@pytest.mark.parametrize(
    "text",
    ["how long does it take to boil an egg", "who invented the timer", "why is the sky blue", "hello", "hm", "", "?!",
     "don't set a timer for ten minutes", "never cancel the timer", "zxqv wrmpf"],
)  # fmt: skip
def test_everything_else_is_an_open_question(matcher: Matcher, text: str) -> None:
    meaning = taken(matcher, text)
    assert (meaning.intent, meaning.skill, meaning.values) == (OPEN_QUESTION, "", {})


def test_values_are_read_by_the_skill_from_the_words_as_they_were(matcher: Matcher) -> None:
    meaning = taken(matcher, "Set a Timer for Ten Minutes, please.")
    assert (meaning.text, meaning.values) == ("Set a Timer for Ten Minutes, please.", {"seconds": 600.0})


def test_every_beginning_of_a_request_is_understood_somehow_and_the_whole_best(matcher: Matcher) -> None:
    text = "set a timer for ten minutes"
    meanings = [taken(matcher, text[:end]) for end in range(len(text) + 1)]
    assert all(0.0 <= meaning.confidence <= 1.0 for meaning in meanings)
    assert [meaning.intent for meaning in meanings[-8:]] == ["boil"] * 8
    assert meanings[-1].confidence > meanings[5].confidence


def test_runners_up_come_in_order_and_leave_room_for_the_best(matcher: Matcher) -> None:
    meaning = taken(matcher, "set or stop the timer")
    shares = [guess.confidence for guess in meaning.runners_up]
    assert meaning.intent not in [guess.intent for guess in meaning.runners_up]
    assert shares == sorted(shares, reverse=True)
    assert meaning.confidence + sum(shares) <= 1.0 + 1e-9


def test_an_unsure_guess_is_left_to_the_language_model() -> None:
    doubting = Matcher((Kitchen(), Shop()), Curve(columns=COLUMNS, weights=(0.0,) * len(COLUMNS), bias=-3.0))
    meaning = doubting.understand("set a timer for ten minutes", NOW)
    assert meaning.intent == OPEN_QUESTION
    assert meaning.confidence > 0.9
    assert meaning.runners_up[0].intent == "boil"


def test_it_takes_a_few_milliseconds(matcher: Matcher) -> None:
    texts = [f"remind me to call number {at} tomorrow at half past seven" for at in range(40)]
    began = time.process_time()
    for text in texts:
        taken(matcher, text)
    assert (time.process_time() - began) / len(texts) < 0.02


def test_a_pasted_text_is_quick_and_an_open_question(matcher: Matcher) -> None:
    text = "Summarise this: " + "the list of what is between this and that, and compare it with the timer. " * 500
    began = time.process_time()
    meaning = taken(matcher, text)
    assert (meaning.intent, meaning.complexity) == (OPEN_QUESTION, "complex")
    assert time.process_time() - began < 0.3


def test_the_index_tells_its_own_examples_apart() -> None:
    examples = [("red blue", "a"), ("blue tall green", "b"), ("small white", "c"), ("small black", "c")]
    index = Index(examples)
    for text, intent in examples:
        scores = index.scores(text)
        assert index.intents[int(scores.argmax())] == intent
        assert 0.5 < scores.max() < 1.2


def test_the_fit_that_is_shipped_is_sure_of_what_speaks_for_itself() -> None:
    curve = shipped()
    sure = Evidence(1.2, 0.9, pattern=True, opens=False)
    unsure = Evidence(0.2, 0.02, pattern=False, opens=False)
    assert curve.probability(sure.row()) > 0.95
    assert curve.probability(unsure.row()) < 0.7
