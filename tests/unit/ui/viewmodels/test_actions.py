from __future__ import annotations

import pytest

from app.contracts.cards import AnswerCard, ErrorCard, NoticeCard, QuestionCard
from app.contracts.devices import Tier
from ui.viewmodels.actions import CardActions
from ui.viewmodels.composer import ComposerViewModel
from ui.viewmodels.conversation import ConversationModel


class Doer:
    def __init__(self) -> None:
        self.calls: list[tuple[str, ...]] = []

    def replay(self, turn_id: str) -> None:
        self.calls.append(("replay", turn_id))

    def act(self, card_id: str, action: str) -> None:
        self.calls.append(("act", card_id, action))


class Desk:
    def __init__(self) -> None:
        self.clipboard: list[str] = []
        self.doer = Doer()
        self.cards = ConversationModel()
        self.composer = ComposerViewModel(lambda text: None)
        self.actions = CardActions(self.cards, self.composer, self.doer, self.clipboard.append)
        self.cards.upsert(QuestionCard(card_id="q", turn_id="one", text="Why?", final=True, spoken=True))
        self.cards.upsert(AnswerCard(card_id="a", turn_id="one"))
        self.cards.append_text("one", "<b>So.</b>", 0.9, Tier("llama-cpu", "m"))


@pytest.fixture
def desk() -> Desk:
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
