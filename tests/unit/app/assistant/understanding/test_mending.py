"""Words that were heard or typed wrong."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.assistant.understanding.mending import Mender

MENDER = Mender(
    [f"{verb} {noun} for ten minutes" for verb in ("set", "start", "stop") for noun in ("a timer", "an alarm")]
    + ["what is the time", "tell me the time", "time please", "add milk", "add bread", "add soap"]
)


@pytest.mark.parametrize(
    ("heard", "meant"),
    [
        ("set a time or for ten minutes", "set a timer for ten minutes"),
        ("what tine is it", "what time is it"),
        ("the thyme please", "the time please"),
        ("set an alarn", "set an alarm"),
        ("start the tiemr", "start the timer"),
        ("an a larm", "an alarm"),
    ],
)
def test_what_sounds_or_looks_like_a_known_word_is_put_right(heard: str, meant: str) -> None:
    assert MENDER.mended(heard) == meant


@pytest.mark.parametrize(
    "text", ["", "what is the time", "add times", "set a tuner", "the ham", "write a poem, 5 lines!"]
)
def test_the_rest_stays(text: str) -> None:
    assert MENDER.mended(text) == text


@given(st.text(alphabet="timers alrm,'", max_size=40))
def test_no_text_is_too_strange(text: str) -> None:
    mended = MENDER.mended(text)
    assert isinstance(mended, str)
    assert (mended == "") == (text == "")
