from __future__ import annotations

import pytest
from PySide6.QtGui import QGuiApplication

from app.contracts.cards import AnswerCard, ErrorCard, NoticeCard, QuestionCard
from app.contracts.devices import Tier
from tests.helpers.demo_cards import CLARIFICATION, ROUTINE, timer
from ui.viewmodels.actions import CardActions
from ui.viewmodels.composer import ComposerViewModel
from ui.viewmodels.conversation import ConversationModel


class Doer:
    def __init__(self) -> None:
        self.calls: list[tuple[str, ...]] = []

    def replay(self, turn_id: str) -> None:
        self.calls.append(("replay", turn_id))

    def act(self, card_id: str, action: str, text: str = "") -> None:
        self.calls.append(("act", card_id, action, text) if text else ("act", card_id, action))


class Desk:
    def __init__(self) -> None:
        self.clipboard: list[str] = []
        self.opened: list[str] = []
        self.doer = Doer()
        self.cards = ConversationModel()
        self.composer = ComposerViewModel(lambda text: None)
        self.actions = CardActions(self.cards, self.composer, self.doer, self.clipboard.append, self.opened.append)
        self.cards.upsert(QuestionCard(card_id="q", turn_id="one", text="Why?", final=True, spoken=True))
        self.cards.upsert(AnswerCard(card_id="a", turn_id="one"))
        self.cards.append_text("one", "<b>So.</b>", 0.9, Tier("llama-cpu", "m"))


@pytest.fixture
def desk(qt_app: QGuiApplication) -> Desk:
    return Desk()


def test_copy_takes_the_words_as_they_are(desk: Desk) -> None:
    copied: list[str] = []
    desk.actions.copied.connect(copied.append)
    desk.cards.upsert(ErrorCard(card_id="e", turn_id="one", code="c", message="Broken.", remedy="Mend it."))
    for card in ("a", "q", "e", "not there"):
        desk.actions.copy(card)
    assert desk.clipboard == ["<b>So.</b>", "Why?", "Broken. Mend it."]
    assert copied == ["a", "q", "e"]


def test_replay_names_the_turn(desk: Desk) -> None:
    desk.actions.replay("a")
    desk.actions.replay("not there")
    assert desk.doer.calls == [("replay", "one")]


def test_edit_puts_the_question_into_the_field(desk: Desk) -> None:
    desk.actions.edit("q")
    assert desk.composer.property("text") == "Why?"


def test_an_action_is_done_once(desk: Desk) -> None:
    desk.cards.upsert(NoticeCard(card_id="n", message="A recording.", action="recover:7", action_label="Answer it"))
    desk.actions.act("n", "recover:7")
    desk.actions.act("n", "")
    assert desk.cards.find("n").acted
    assert desk.doer.calls == [("act", "n", "recover:7")]


def test_a_guess_is_shown_and_the_same_is_not_asked_twice(desk: Desk) -> None:
    desk.cards.upsert(CLARIFICATION)
    desk.actions.act("focus", "answer:core")
    desk.actions.act("focus", "answer:core")
    assert desk.doer.calls == [("act", "focus", "answer:core")]


def test_a_number_answers_the_question_that_waits(desk: Desk) -> None:
    assert desk.actions.answer(1) is False
    desk.cards.upsert(CLARIFICATION)
    assert desk.actions.answer(9) is False
    assert desk.actions.answer(2) is True
    assert desk.actions.answer(2) is False
    assert desk.doer.calls == [("act", "focus", "answer:lower")]


def test_an_action_may_be_asked_as_often_as_it_makes_sense(desk: Desk) -> None:
    desk.cards.upsert(timer(0.0))
    for _ in range(3):
        desk.actions.act("tea", "plus-minute")
    assert desk.doer.calls == [("act", "tea", "plus-minute")] * 3


def test_edited_text_goes_along(desk: Desk) -> None:
    desk.cards.upsert(ROUTINE)
    desk.actions.save("routine", "name: x")
    assert desk.doer.calls == [("act", "routine", "save", "name: x")]


def test_only_web_pages_are_opened(desk: Desk) -> None:
    for link in ("https://example.org/a", "file:///etc/passwd", "javascript:alert(1)", "http://example.org"):
        desk.actions.follow(link)
    assert desk.opened == ["https://example.org/a", "http://example.org"]
