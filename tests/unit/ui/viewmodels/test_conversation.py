from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QAbstractItemModelTester

from app.contracts.capabilities import ConfidenceSource
from app.contracts.cards import AnswerCard, AnswerSpan, ErrorCard, NoticeCard, QuestionCard
from app.contracts.devices import Device, Tier
from app.contracts.energy import Energy, Provenance
from app.contracts.metrics import TurnMetrics
from tests.helpers.demo_cards import CLARIFICATION, LIST
from ui.viewmodels.conversation import MAX_TURNS, ROLES, ConversationModel

SMALL = Tier("llama-cpu", "smollm2")


@pytest.fixture
def model(qt_app: QGuiApplication, qt_messages: list[str]) -> ConversationModel:
    made = ConversationModel()
    QAbstractItemModelTester(made, QAbstractItemModelTester.FailureReportingMode.Warning, made)
    return made


def question(turn: str, text: str = "Why?", *, revision: int = 1, final: bool = True) -> QuestionCard:
    return QuestionCard(
        card_id=f"{turn}-q", turn_id=turn, priority=100, revision=revision, text=text, final=final, spoken=True
    )


def answer(turn: str, **fields: object) -> AnswerCard:
    return AnswerCard(card_id=f"{turn}-a", turn_id=turn, priority=90, **fields)


def error(turn: str, priority: int = 80) -> ErrorCard:
    return ErrorCard(
        card_id=f"{turn}-e", turn_id=turn, priority=priority, code="x", message="Broken.", remedy="Mend it."
    )


def shown(model: ConversationModel, fact: str = "cardId") -> list[object]:
    return [model.data(model.index(row), ROLES[fact]) for row in range(model.rowCount())]


def one(model: ConversationModel, card_id: str, fact: str) -> object:
    return model.data(model.index(model.row_of(card_id)), ROLES[fact])


def test_turns_stand_in_the_order_they_began_and_cards_by_priority(model: ConversationModel) -> None:
    model.begin_turn("one")
    model.begin_turn("two")
    model.upsert(error("two"))
    model.upsert(answer("one"))
    model.upsert(question("two"))
    model.upsert(question("one"))
    assert shown(model) == ["one-q", "one-a", "two-q", "two-e"]


def test_a_card_that_is_asked_for_again_comes_to_where_one_looks(model: ConversationModel) -> None:
    model.begin_turn("one")
    model.upsert(question("one"))
    model.upsert(NoticeCard(card_id="list", turn_id="one", message="Milk."))
    model.begin_turn("two")
    model.upsert(question("two"))
    model.upsert(NoticeCard(card_id="list", turn_id="two", revision=2, message="Milk, eggs."))
    assert shown(model) == ["one-q", "two-q", "list"]
    model.begin_turn("three")
    model.upsert(question("three"))
    model.upsert(NoticeCard(card_id="list", revision=3, message="It calls by itself."))
    assert shown(model) == ["one-q", "two-q", "three-q", "list"]


def test_cards_of_the_system_stand_where_they_came(model: ConversationModel) -> None:
    model.upsert(NoticeCard(card_id="n1", message="First."))
    model.begin_turn("one")
    model.upsert(question("one"))
    model.upsert(NoticeCard(card_id="n2", message="Last."))
    assert shown(model) == ["n1", "one-q", "n2"]


def test_equal_priorities_keep_the_order_they_came_in(model: ConversationModel) -> None:
    for number in range(4):
        model.upsert(NoticeCard(card_id=f"n{number}", turn_id="one", message="…"))
    assert shown(model) == ["n0", "n1", "n2", "n3"]


def test_a_revision_changes_its_row_and_nothing_else(model: ConversationModel) -> None:
    model.upsert(question("one", "Wh", final=False))
    model.upsert(answer("one"))
    changed: list[int] = []
    model.dataChanged.connect(lambda top, bottom, roles: changed.append(top.row()))
    inserted: list[int] = []
    model.rowsInserted.connect(lambda parent, first, last: inserted.append(first))
    model.upsert(question("one", "Why?", revision=2))
    assert (changed, inserted) == ([0], [])
    assert one(model, "one-q", "text") == "Why?"
    assert one(model, "one-q", "final") is True


def test_an_older_revision_is_ignored(model: ConversationModel) -> None:
    model.upsert(question("one", "new", revision=3))
    model.upsert(question("one", "old", revision=2))
    assert one(model, "one-q", "text") == "new"


def test_a_new_priority_moves_the_card(model: ConversationModel) -> None:
    model.upsert(question("one"))
    model.upsert(answer("one"))
    model.upsert(error("one"))
    model.upsert(error("one", priority=95))
    assert shown(model) == ["one-q", "one-e", "one-a"]
    model.upsert(error("one", priority=1))
    assert shown(model) == ["one-q", "one-a", "one-e"]


def test_text_grows_in_the_open_answer_without_a_reset(model: ConversationModel) -> None:
    resets: list[None] = []
    model.modelReset.connect(lambda: resets.append(None))
    model.upsert(answer("one"))
    document = one(model, "one-a", "document")
    for token in ("It", " is", " so."):
        model.append_text("one", token, 0.95, SMALL)
    assert one(model, "one-a", "document") is document
    assert one(model, "one-a", "text") == "It is so."
    assert one(model, "one-a", "writing") is True
    assert resets == []


def test_text_before_its_card_is_kept_and_taken_over(model: ConversationModel) -> None:
    model.upsert(question("one"))
    model.append_text("one", "Early", 0.95, SMALL)
    model.upsert(answer("one", turns_in_context=2))
    model.append_text("one", " bird", 0.95, SMALL)
    assert shown(model) == ["one-q", "one-a"]
    assert one(model, "one-a", "text") == "Early bird"
    assert one(model, "one-a", "contextNote") == "2 turns in context"


def test_the_final_card_closes_the_answer(model: ConversationModel) -> None:
    model.upsert(answer("one"))
    model.append_text("one", "So.", 0.95, SMALL)
    spans = (AnswerSpan(text="So.", confidence=0.95, tier=SMALL),)
    model.upsert(answer("one", revision=2, spans=spans, finished=True, stopped=True))
    model.end_turn("one")
    assert [one(model, "one-a", fact) for fact in ("writing", "stopped", "over")] == [False, True, True]


def test_writing_ends_before_the_turn_does(model: ConversationModel) -> None:
    model.upsert(answer("one"))
    model.writing_over("one")
    assert (one(model, "one-a", "writing"), one(model, "one-a", "over")) == (False, False)


def test_the_badge_says_what_really_ran(model: ConversationModel) -> None:
    model.upsert(answer("one"))
    assert one(model, "one-a", "badge") == ""
    model.append_text("one", "x", 0.95, Tier("openvino-npu", "phi"))
    assert one(model, "one-a", "badge") == "openvino-npu"
    model.ran_on("one", Device.CPU)
    assert one(model, "one-a", "badge") == "openvino-npu, ran on CPU"
    assert one(model, "one-a", "badgeDetail") == "Answered by phi on CPU"
    model.ran_on("one", Device.NPU)
    assert one(model, "one-a", "badge") == "openvino-npu"
    model.append_text("one", "y", 0.95, Tier("llama-npu:phi-4", "phi-4"))
    assert one(model, "one-a", "badge") == "llama-npu:phi-4"


def test_an_answer_says_what_its_turn_took(model: ConversationModel) -> None:
    model.upsert(question("one"))
    model.upsert(answer("one"))
    model.upsert(answer("two"))
    assert one(model, "one-a", "joules") == ""
    assert one(model, "one-a", "joulesDetail") == ""
    model.took("one", TurnMetrics(energy=Energy(3.1, Provenance.ESTIMATE)))
    model.took("two", TurnMetrics(energy=Energy(3.1, Provenance.MEASURED)))
    assert [one(model, card, "joules") for card in ("one-q", "one-a", "two-a")] == ["", "≈ 3.1 J", "3.1 J"]
    assert one(model, "two-a", "joulesDetail") == "3.1 J measured for the stages of this turn, above idle."
    model.took("one", TurnMetrics())
    assert one(model, "one-a", "joules") == ""


@pytest.mark.parametrize(
    ("turns", "note"), [(0, "no earlier turns in context"), (1, "1 turn in context"), (7, "7 turns in context")]
)
def test_the_context_in_words(model: ConversationModel, turns: int, note: str) -> None:
    model.upsert(answer("one", turns_in_context=turns))
    assert one(model, "one-a", "contextNote") == note


def test_a_question_without_a_word_goes_with_its_turn(model: ConversationModel) -> None:
    model.upsert(question("one", "", final=False))
    model.upsert(question("two", "Why?"))
    model.end_turn("one")
    model.end_turn("two")
    assert shown(model) == ["two-q"]


def test_a_button_is_offered_once(model: ConversationModel) -> None:
    model.upsert(NoticeCard(card_id="n", message="A recording.", action="recover:1", action_label="Answer it"))
    assert (one(model, "n", "action"), one(model, "n", "actionLabel")) == ("recover:1", "Answer it")
    model.acted("n")
    assert (one(model, "n", "action"), one(model, "n", "actionLabel")) == ("", "")


def test_a_revision_tells_only_the_facts_that_differ(model: ConversationModel) -> None:
    model.upsert(LIST)
    told: list[list[int]] = []
    model.dataChanged.connect(lambda _top, _bottom, roles: told.append(list(roles)))
    view = one(model, "shopping", "view")
    model.upsert(replace(LIST, title="Groceries", revision=2))
    assert told == [[ROLES["text"]]]
    assert one(model, "shopping", "view") is view
    model.upsert(replace(LIST, title="Groceries", revision=3))
    assert len(told) == 1


def test_the_newest_question_that_waits(model: ConversationModel) -> None:
    assert model.waiting() is None
    model.upsert(CLARIFICATION)
    model.upsert(replace(CLARIFICATION, card_id="later"))
    waiting = model.waiting()
    assert waiting is not None
    assert waiting.card.card_id == "later"
    assert model.expect("later", "answer:core") is True
    assert model.expect("later", "answer:core") is False
    waiting = model.waiting()
    assert waiting is not None
    assert waiting.card.card_id == "focus"


def test_a_turn_with_cards_is_looked_at_from_its_top(model: ConversationModel) -> None:
    model.upsert(question("one"))
    model.upsert(answer("one"))
    assert model.property("headRow") == -1
    model.upsert(question("two"))
    model.upsert(replace(LIST, turn_id="two"))
    assert model.property("headRow") == 2


def test_what_a_skill_worked_out_needs_no_context_and_names_the_skill(model: ConversationModel) -> None:
    spans = (AnswerSpan(text="Noon.", confidence=1.0, tier=Tier("", "clock")),)
    model.upsert(answer("one", spans=spans, finished=True, stage="clock", confidence_source=ConfidenceSource.RULE))
    assert [one(model, "one-a", fact) for fact in ("badge", "badgeDetail", "contextNote")] == [
        "Clock",
        "Answered by clock",
        "",
    ]


def test_cards_go(model: ConversationModel) -> None:
    model.upsert(question("one"))
    model.upsert(answer("one"))
    model.remove("one-q")
    model.remove("not there")
    assert shown(model) == ["one-a"]


def test_the_canvas_keeps_the_newest_turns(model: ConversationModel) -> None:
    for number in range(MAX_TURNS + 20):
        model.begin_turn(f"t{number}")
        model.upsert(question(f"t{number}"))
        model.upsert(answer(f"t{number}", finished=True))
    assert model.rowCount() == 2 * MAX_TURNS
    assert shown(model)[0] == "t20-q"


def test_every_fact_of_every_kind_can_be_read(model: ConversationModel) -> None:
    for card in (question("one"), answer("one"), error("one"), NoticeCard(card_id="n", turn_id="one", message="…")):
        model.upsert(card)
    assert shown(model, "kind") == ["question", "answer", "error", "notice"]
    assert shown(model, "message") == ["", "", "Broken.", "…"]
    assert shown(model, "text") == ["Why?", "", "Broken. Mend it.", "…"]
    assert all(len(shown(model, fact)) == 4 for fact in ROLES)
    assert model.data(model.index(99), ROLES["text"]) is None


def test_the_keyboard_comes_to_the_first_card_there_is_work_on(model: ConversationModel) -> None:
    model.upsert(question("one"))
    model.upsert(answer("one"))
    assert model.property("entryRow") == 1
    model.upsert(question("two"))
    model.upsert(replace(CLARIFICATION, card_id="two-c", turn_id="two", priority=95))
    model.upsert(answer("two"))
    assert model.property("entryRow") == model.row_of("two-c") == 3
    assert not model.is_settled(3)
    model.upsert(replace(CLARIFICATION, card_id="two-c", turn_id="two", priority=95, revision=9, chosen="Core"))
    assert model.is_settled(3)
    assert not model.is_settled(2)
    assert not model.is_settled(-1)
