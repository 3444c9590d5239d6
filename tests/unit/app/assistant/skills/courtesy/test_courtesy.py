"""Small words are answered at once, and nothing else is taken for one."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.assistant.skills.courtesy.skill import COURTESY, CourtesySkill, kind_of
from app.assistant.skills.timers.timer import TIMERS, Timer, What
from app.contracts.skill_cards import ListCard
from app.memory.notebook import Put
from tests.helpers.skills import parts, planned, said
from tests.helpers.virtual_time import in_virtual_time

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("Thanks!", "You're welcome."), ("ok thank you so much", "You're welcome."), ("never mind", "All right."),
        ("Stop.", "All right."), ("good morning", "Good morning. What can I do for you?"),
        ("good night", "Good night."),
        ("hi there", "Hello. What can I do for you?"), ("bye", "Goodbye."), ("ok", "All right."),
    ],
)  # fmt: skip
@in_virtual_time
async def test_small_words(text: str, answer: str, tmp_path: Path) -> None:
    assert await said(CourtesySkill(parts(tmp_path)), COURTESY, text) == answer


@pytest.mark.parametrize(
    "text",
    ["thanks and what time is it", "hello who are you", "stop the music", "good", "good morning sunshine", "",
     "help me up",
     "what can you do about rust", "cancel my subscription", "okay google", "nothing compares to you"],
)  # fmt: skip
def test_whatever_else_is_said_is_no_courtesy(text: str) -> None:
    assert kind_of(text) == ""


@in_virtual_time
async def test_what_can_be_asked_for_comes_as_a_list(tmp_path: Path) -> None:
    plan = await planned(CourtesySkill(parts(tmp_path)), COURTESY, "What can you do?")
    (card,) = plan.cards
    assert isinstance(card, ListCard)
    assert len(card.items) >= 8
    assert "timers" in plan.speech


@in_virtual_time
async def test_stop_is_for_what_is_set_but_thanks_never_is(tmp_path: Path) -> None:
    made = parts(tmp_path)
    skill = CourtesySkill(made)
    free = await skill.claim("stop", NOW)
    await made.notebook.commit((Put(TIMERS, "tea", Timer("tea", What.TIMER, "tea", 60.0, 0.0), 60.0),))
    assert free is not None
    assert await skill.claim("stop", NOW) is None
    assert await skill.claim("never mind", NOW) is not None
    assert await skill.claim("thanks", NOW) is not None
    await made.notebook.aclose()
