"""Guards that the engines over Whisper share."""

from __future__ import annotations

import pytest

from app.contracts.errors import Unavailable
from models.stt.whisper import (
    check_language,
    is_silence,
    most_tokens,
    persons_language,
    plain_language,
)


@pytest.mark.parametrize(
    ("no_speech", "mean_log_prob", "silent"),
    [(0.99, -2.0, True), (0.99, -0.1, False), (0.1, -2.0, False), (0.0, -0.01, False)],
)
def test_silence_needs_both_signs(no_speech: float, mean_log_prob: float, silent: bool) -> None:
    assert is_silence(no_speech, mean_log_prob * 8, 8) is silent


def test_no_tokens_are_silence() -> None:
    assert is_silence(0.0, 0.0, 0)


def test_the_length_of_a_text_is_bounded() -> None:
    assert most_tokens(0) < most_tokens(16_000) < most_tokens(160_000)
    assert most_tokens(10_000_000) == most_tokens(480_000)


@pytest.mark.parametrize(("tag", "plain"), [("<|en|>", "en"), ("en", "en"), ("pt-BR", "pt"), ("", "")])
def test_languages_have_short_names(tag: str, plain: str) -> None:
    assert plain_language(tag) == plain


def test_a_language_the_model_does_not_know_is_told() -> None:
    check_language("", ("en",), "micro")
    check_language("en", ("en",), "micro")
    with pytest.raises(Unavailable, match="micro does not know the language 'de'") as caught:
        check_language("de", ("en",), "micro")
    assert (caught.value.code, bool(caught.value.remedy)) == ("language-unknown", True)


@pytest.mark.parametrize(
    ("here", "taken"), [("de_DE", "de"), ("xx_YY", "en"), (None, "en"), ("C", "en"), ("fr_CA", "fr")]
)
def test_the_persons_language_is_taken_where_the_model_knows_it(
    monkeypatch: pytest.MonkeyPatch, here: str | None, taken: str
) -> None:
    monkeypatch.setattr("locale.getlocale", lambda: (here, "UTF-8"))
    assert persons_language(("en", "de", "fr")) == taken
