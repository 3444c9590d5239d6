from __future__ import annotations

from app.contracts.cards import AnswerSpan
from app.contracts.devices import Tier
from ui.viewmodels.answer import AnswerDocument, ShadeRun, utf16_length
from ui.viewmodels.confidence import Shade

SMALL = Tier("llama-cpu", "small")
LARGE = Tier("llama-gpu", "large")


class Watched:
    def __init__(self) -> None:
        self.document = AnswerDocument()
        self.told: list[str] = []
        self.document.appended.connect(lambda: self.told.append("appended"))
        self.document.replaced.connect(lambda: self.told.append("replaced"))


def test_tokens_of_one_confidence_and_tier_are_one_stretch() -> None:
    document = AnswerDocument()
    for token in ("One", " two", " three"):
        document.append(token, 0.95, SMALL)
    document.append(" four", 0.95, LARGE)
    document.append(" five", 0.5, LARGE)
    assert document.plain_text() == "One two three four five"
    assert [(stretch.start, stretch.length, stretch.tier) for stretch in document.stretches] == [
        (0, 13, SMALL),
        (13, 5, LARGE),
        (18, 5, LARGE),
    ]


def test_the_painter_gets_only_what_is_not_plain_cut_to_where_it_asks() -> None:
    document = AnswerDocument()
    document.append("sure ", 0.95, SMALL)
    document.append("unsure ", 0.8, SMALL)
    document.append("still unsure ", 0.75, LARGE)
    document.append("doubtful", 0.1, SMALL)
    assert document.runs_between(0, 100) == [ShadeRun(5, 25, Shade.UNSURE), ShadeRun(25, 33, Shade.DOUBTFUL)]
    assert document.runs_between(10, 27) == [ShadeRun(10, 25, Shade.UNSURE), ShadeRun(25, 27, Shade.DOUBTFUL)]
    assert document.runs_between(0, 5) == []


def test_positions_count_as_qt_counts() -> None:
    document = AnswerDocument()
    document.append("🌙🌙", 0.95, SMALL)
    document.append("x", 0.2, SMALL)
    assert utf16_length("🌙a") == 3
    assert document.runs_between(0, 10) == [ShadeRun(4, 5, Shade.DOUBTFUL)]
    assert document.stretch_at(4).confidence == 0.2


def test_the_tooltip_names_number_and_tier() -> None:
    document = AnswerDocument()
    document.append("a", 0.8312, SMALL)
    document.append("b", None, Tier("ollama-remote", ""))
    assert document.stretch_at(0).note == "0.83 confidence · llama-cpu · small"
    assert document.stretch_at(1).note == "ollama-remote"
    assert document.stretch_at(2) is None


def test_the_final_card_changes_nothing_when_it_says_the_same() -> None:
    watched = Watched()
    watched.document.append("One", 0.95, SMALL)
    watched.document.append(" two", 0.95, SMALL)
    watched.document.settle([AnswerSpan(text="One two", confidence=0.95, tier=SMALL)])
    assert watched.told == ["appended", "appended"]


def test_another_text_replaces_the_one_shown() -> None:
    watched = Watched()
    watched.document.append("One", 0.95, SMALL)
    watched.document.settle([AnswerSpan(text="Two", confidence=0.4, tier=LARGE)])
    assert watched.told == ["appended", "replaced"]
    assert watched.document.plain_text() == "Two"
    assert watched.document.runs_between(0, 3) == [ShadeRun(0, 3, Shade.DOUBTFUL)]


def test_no_text_is_no_news() -> None:
    watched = Watched()
    watched.document.append("", 0.5, SMALL)
    assert watched.told == []


def test_a_screen_reader_is_told_how_much_is_not_sure() -> None:
    document = AnswerDocument()
    assert document.property("confidenceNote") == ""
    for confidence in (0.95, 0.8, 0.95, 0.75, 0.2):
        document.append("x ", confidence, SMALL)
    assert document.property("confidenceNote") == "2 unsure passages, 1 doubtful passage"


def test_what_no_model_wrote_claims_nothing() -> None:
    document = AnswerDocument()
    document.settle((AnswerSpan(text="12 \u00d7 15 = 180.", confidence=1.0, tier=Tier("", "arithmetic")),))
    assert document.stretch_at(1).note == ""
