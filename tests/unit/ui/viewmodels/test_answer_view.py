from __future__ import annotations

from dataclasses import replace

import pytest

from app.contracts.capabilities import ConfidenceSource
from app.contracts.cards import AnswerCard, AnswerSpan
from app.contracts.devices import Tier
from ui.viewmodels.answer_view import AnswerView

pytestmark = pytest.mark.usefixtures("qt_app", "qt_messages")

SPANS = (AnswerSpan(text="So.", confidence=0.9, tier=Tier("x-cpu", "x")),)
REFINED = AnswerCard(
    card_id="a",
    spans=SPANS,
    finished=True,
    stage="deep_analysis",
    confidence=0.86,
    confidence_source=ConfidenceSource.STAGE_PRIOR,
    refined=2,
)


def test_a_refined_answer_says_how_sure_it_is_and_by_what() -> None:
    view = AnswerView(REFINED)
    assert view.stage_words == "Deep analysis"
    assert view.property("sureness") == "86 %"
    assert view.property("surenessDetail") == "86 % sure of the whole answer, by stage prior"
    assert view.property("refinedNote") == "Refined twice since the first answer"
    assert view.property("shade") == 1


@pytest.mark.parametrize(("confidence", "shade"), [(0.9, 0), (0.89, 1), (0.7, 1), (0.69, 2), (None, 0)])
def test_the_shade_has_the_borders_of_the_text(confidence: float | None, shade: int) -> None:
    assert AnswerView(replace(REFINED, confidence=confidence)).property("shade") == shade


def test_what_was_worked_out_has_no_number_and_no_thumbs() -> None:
    view = AnswerView(replace(REFINED, stage="clock", confidence=1.0, confidence_source=ConfidenceSource.RULE))
    assert (view.property("sureness"), view.property("ratable")) == ("", False)
    assert view.property("surenessDetail") == "100 % sure of the whole answer, by rule: computed, not guessed"


def test_thumbs_are_offered_once_it_is_whole_and_shown_at_once() -> None:
    assert AnswerView(replace(REFINED, finished=False)).property("ratable") is False
    assert AnswerView(replace(REFINED, stage="")).property("ratable") is False
    view = AnswerView(REFINED)
    assert view.property("ratable") is True
    view.expect("rate:1")
    assert view.property("rated") == 1
    assert view.expect("rate:1") is False
    view.expect("rate:-1")
    assert view.property("rated") == -1
