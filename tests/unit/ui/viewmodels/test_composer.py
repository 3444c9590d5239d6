from __future__ import annotations

import pytest

from ui.viewmodels.composer import MAX_QUESTION, ComposerViewModel


@pytest.fixture
def asked() -> list[str]:
    return []


@pytest.fixture
def composer(asked: list[str]) -> ComposerViewModel:
    return ComposerViewModel(asked.append)


def test_sending_asks_and_empties_the_field(composer: ComposerViewModel, asked: list[str]) -> None:
    composer.setProperty("text", "  Why?\n")
    composer.send()
    assert (asked, composer.property("text")) == (["Why?"], "")


@pytest.mark.parametrize("text", ["", "   ", "\n\t"])
def test_nothing_is_not_sent(composer: ComposerViewModel, asked: list[str], text: str) -> None:
    composer.setProperty("text", text)
    assert composer.property("canSend") is False
    composer.send()
    assert asked == []


def test_the_last_question_comes_back_into_the_empty_field(composer: ComposerViewModel) -> None:
    assert composer.recall() is False
    composer.remember("How far is the moon?")
    composer.remember("  ")
    assert composer.recall() is True
    assert composer.property("text") == "How far is the moon?"
    composer.setProperty("text", "Something else")
    assert composer.recall() is False
    assert composer.property("text") == "Something else"


def test_editing_asks_for_the_keyboard(composer: ComposerViewModel) -> None:
    asked_for: list[None] = []
    composer.focusRequested.connect(lambda: asked_for.append(None))
    composer.edit("Why?")
    composer.typed("!")
    assert (composer.property("text"), len(asked_for)) == ("Why?!", 2)


def test_a_question_longer_than_any_window_is_cut_and_the_field_told(composer: ComposerViewModel) -> None:
    told: list[None] = []
    composer.textChanged.connect(lambda: told.append(None))
    composer.setProperty("text", "x" * (MAX_QUESTION + 5))
    composer.setProperty("text", "x" * (MAX_QUESTION + 6))
    assert len(composer.property("text")) == MAX_QUESTION
    assert len(told) == 2
