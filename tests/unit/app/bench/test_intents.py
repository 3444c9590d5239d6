"""The measure of understanding, and what it is measured on."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from app.assistant.understanding.calibration import COLUMNS
from app.assistant.understanding.matcher import OPEN_EXAMPLES
from app.assistant.understanding.meaning import OPEN_QUESTION
from app.bench.intents import (
    CALIBRATION,
    CORE,
    DEVELOPMENT,
    IntentReport,
    Judged,
    Utterance,
    built_in,
    measure,
    utterances,
)
from app.bench.intents_fit import fitted
from app.settings.paths import asset
from tests.helpers.understanding import Kitchen, Shop


def plain(text: str) -> str:
    return " ".join(text.lower().strip(" .?!").split())


def test_the_utterances_are_many_and_stand_in_one_set_only() -> None:
    measured, development = utterances(), utterances(DEVELOPMENT)
    opens = {plain(line) for line in asset(OPEN_EXAMPLES).read_text(encoding="utf-8").splitlines()}
    counts = Counter(each.intent for each in measured)
    assert len(measured) >= 360
    assert all(counts[intent] >= 20 for intent in CORE)
    assert counts[OPEN_QUESTION] >= 60
    texts = [plain(each.text) for each in measured]
    assert len(texts) == len(set(texts))
    assert not set(texts) & {plain(each.text) for each in (*development, *utterances(CALIBRATION))}
    assert not set(texts) & opens


def judged(*rows: tuple[str, str, float]) -> IntentReport:
    """The times are 1 ms, 2 ms and so on."""
    return IntentReport(
        tuple(
            Judged(Utterance("x", wanted), given, share, float(ms))
            for ms, (wanted, given, share) in enumerate(rows, start=1)
        )
    )


def test_figures_of_a_small_set() -> None:
    report = judged(("a", "a", 0.9), ("a", "b", 0.6), ("b", "b", 0.9), (OPEN_QUESTION, OPEN_QUESTION, 1.0))
    assert report.accuracy == 0.75
    assert report.open_kept == 1.0
    assert report.macro_f1 == pytest.approx((2 / 3 + 2 / 3 + 1) / 3)
    assert report.brier == pytest.approx((0.01 + 0.36 + 0.01) / 4)
    assert report.calibration_error == pytest.approx((2 * 0.1 + 0.6) / 4)
    assert (report.ms(0.5), report.ms(1.0)) == (2.5, 4.0)
    assert report.confusion().splitlines()[1].split() == ["1", "a", "1", "1", "."]


def test_only_what_the_skills_can_do_is_judged_and_none_of_their_examples() -> None:
    said = (
        Utterance("set a timer for 40 minutes please", "boil"),
        Utterance("Start a timer.", "boil"),
        Utterance("who was Mozart", OPEN_QUESTION),
        Utterance("plan a workout", "plan_workout"),
    )
    report = measure((Kitchen(), Shop()), said)
    assert (len(report.judged), report.left_out, report.examples) == (2, 1, 1)
    assert report.accuracy == 1.0
    assert "2 utterances, 1 of intents no skill has, 1 are examples" in report.table()


def test_the_fit_is_made_of_what_the_skills_can_do() -> None:
    said = [Utterance(f"add {item} to my list", "add_item") for item in ("rice", "tea", "salt", "jam")]
    said += [
        Utterance(text, OPEN_QUESTION) for text in ("who was Bach", "why do dogs bark", "what is rice", "hello you")
    ]
    said += [Utterance("read the timer on my list", "boil"), Utterance("tell me a tale", "see_items")]
    fit = json.loads(fitted((Kitchen(), Shop()), said))
    assert set(fit["weights"]) == set(COLUMNS)
    assert fit["utterances"] == 10
    assert 0.0 < fit["brier_held_out"] < 0.5


def test_the_skills_that_come_with_the_program_are_understood() -> None:
    report = measure(built_in())
    assert (report.left_out, report.examples) == (0, 0)
    assert len([each for each in report.judged if each.utterance.intent in CORE]) >= 300
    assert report.core_accuracy >= 0.9
    assert report.open_kept >= 0.88
    assert report.calibration_error <= 0.06
