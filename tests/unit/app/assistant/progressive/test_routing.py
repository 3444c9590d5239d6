"""Which stages a question goes through, and who writes them."""

from __future__ import annotations

import pytest

from app.assistant.parts import Depth
from app.assistant.progressive.routing import SUFFICES, check, route
from app.assistant.progressive.seats import seats, told
from app.assistant.understanding.meaning import Complexity
from app.contracts.errors import InvalidInput, Unavailable
from app.settings.answer_stages import DEEP, DEFAULT_STAGES, QUICK, SYNTHESIS, AnswerStage
from tests.helpers.progressive import Ladder, writer

ALL = ("quick_response", "deep_analysis", "synthesis")


def names(complexity: Complexity, threshold: float = SUFFICES, depth: Depth | None = None) -> tuple[str, ...]:
    return tuple(stage.name for stage in route(DEFAULT_STAGES, depth or Depth(), complexity, threshold).stages)


def test_by_complexity() -> None:
    assert names(Complexity.SIMPLE) == ALL[:1]
    assert names(Complexity.MEDIUM) == (ALL[0], ALL[2])
    assert names(Complexity.COMPLEX) == ALL


def test_a_kind_of_question_that_is_answered_badly_gets_the_stages_of_the_next_harder_kind() -> None:
    assert names(Complexity.SIMPLE, 1.0) == (ALL[0], ALL[2])
    assert names(Complexity.SIMPLE, 0.99) == ALL[:1]
    assert names(Complexity.COMPLEX, 1.0) == ALL


@pytest.mark.parametrize("complexity", Complexity)
def test_what_the_person_says_goes_before(complexity: Complexity) -> None:
    assert names(complexity, depth=Depth(single=True)) == ALL[:1]
    assert names(complexity, depth=Depth(stages=("synthesis",))) == ("synthesis",)
    assert names(complexity, depth=Depth(hybrid=("a", "b"))) == (ALL[0], "hybrid-1", "hybrid-2")


def test_a_list_of_a_persons_own_is_gone_through_from_first_to_last() -> None:
    own = tuple(AnswerStage(name=name) for name in "abcd")
    assert [stage.name for stage in route(own, Depth(), Complexity.MEDIUM, SUFFICES).stages] == ["a", "d"]
    assert [stage.name for stage in route(own[:1], Depth(), Complexity.COMPLEX, SUFFICES).stages] == ["a"]
    assert route(own, Depth(), Complexity.MEDIUM, SUFFICES).passed_over == ("b", "c")


def test_an_unknown_stage_is_refused() -> None:
    with pytest.raises(InvalidInput, match="no stage 'sinthesis'") as caught:
        names(Complexity.SIMPLE, depth=Depth(stages=("sinthesis",)))
    assert "synthesis" in caught.value.remedy
    with pytest.raises(InvalidInput, match="no stage 'sinthesis'"):
        check(DEFAULT_STAGES, Depth(stages=("synthesis", "sinthesis")))
    check(DEFAULT_STAGES, Depth(stages=ALL, hybrid=("any",)))


def test_larger_models_are_taken_from_the_ladder() -> None:
    ladder = Ladder(
        writer("small", ""), writer("same", "", model="model of small"), writer("mid", ""), writer("big", "")
    )
    found = seats(DEFAULT_STAGES, ladder)
    assert [seat.tier.backend_id for seat in found] == ["small", "mid", "big"]
    assert told(found) == ""


def test_what_is_not_there_is_stood_in_for_and_told() -> None:
    ladder = Ladder(writer("small", ""), writer("same", "", model="model of small"))
    found = seats((QUICK, DEEP, AnswerStage(name="far", tier="ollama-nvidia", prior=0.9)), ladder)
    assert [(seat.tier.backend_id, seat.stand_in, seat.prior) for seat in found] == [
        ("small", False, 0.6),
        ("small", True, 0.6),
        ("small", True, 0.6),
    ]
    assert told(found) == (
        "ollama-nvidia is not here, so model of small writes deep analysis and far too. `sotto models` has others."
    )
    assert told(seats((QUICK, SYNTHESIS), ladder)).startswith("No larger language model is here")
    far = [AnswerStage(name=name, tier=name) for name in ("here", "there")]
    assert told(seats((QUICK, *far), ladder)).startswith("here and there are not here, so ")


def test_a_backend_or_a_model_can_be_named() -> None:
    ladder = Ladder(writer("small", ""), writer("big", ""))
    for name in ("big", "model of big"):
        (seat,) = seats((AnswerStage(name="own", tier=name, prior=0.8),), ladder)
        assert (seat.tier.backend_id, seat.prior, seat.stand_in) == ("big", 0.8, False)


def test_the_same_model_on_another_backend_knows_no_better() -> None:
    ladder = Ladder(writer("small", ""), writer("same", "", model="model of small"))
    _, second = seats((QUICK, AnswerStage(name="own", tier="same", prior=0.95)), ladder)
    assert (second.tier.backend_id, second.prior, second.stand_in, second.missing) == ("same", 0.6, True, False)


def test_without_any_model_there_is_nobody() -> None:
    with pytest.raises(Unavailable):
        seats(DEFAULT_STAGES, Ladder())
