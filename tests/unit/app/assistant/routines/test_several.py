"""Two requests in one sentence are both done; whatever may be one request stays one."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest

from app.assistant.routines.doing import Abilities
from app.assistant.routines.several import PARTS, SEVERAL, Several
from app.assistant.skills.clock.skill import ClockSkill
from app.assistant.skills.lists.skill import ListsSkill
from app.assistant.skills.skill import Asked, Data
from app.assistant.skills.timers.skill import TimersSkill
from app.assistant.speculation.direct import Direct
from app.assistant.staged.making import Making, Revisions
from app.assistant.staged.skillset import SkillSet
from app.assistant.understanding.matcher import Matcher
from app.memory.notebook import Notebook
from tests.helpers.timekeeping import Desk, MachineClock
from tests.helpers.virtual_time import in_virtual_time

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@cache
def matcher() -> Matcher:
    """One for all tests: making its index takes half a second."""
    parts = Desk(MachineClock(), Notebook(Path("never opened"))).parts
    return Matcher((ClockSkill(parts), TimersSkill(parts, UTC), ListsSkill(parts, UTC)))


def several(folder: Path) -> tuple[Several, Notebook]:
    parts = Desk(MachineClock(), Notebook(folder / "notebook.sqlite")).parts
    skills = SkillSet((ClockSkill(parts), TimersSkill(parts, UTC), ListsSkill(parts, UTC)))
    abilities = Abilities(matcher(), skills, Making(Direct(), Revisions()), parts.notebook)
    return Several(lambda: abilities), parts.notebook


@in_virtual_time
async def test_both_are_done(tmp_path: Path) -> None:
    skill, notebook = several(tmp_path)
    text = "set a timer for five minutes and add milk to my shopping list"
    claim = await skill.claim(text, NOW)
    plan = await skill.plan(Asked(SEVERAL, text, skill.values(SEVERAL, text, NOW), NOW), Data())
    await notebook.commit(plan.writes)
    await notebook.aclose()
    assert claim is not None
    assert plan.speech == "Timer: 5 minutes, starting now. Milk added to your shopping list."
    assert {card.kind for card in plan.cards} == {"timer", "list"}


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("what time is it and set a timer for ten minutes", ("what time is it", "set a timer for ten minutes")),
        (
            "add milk and eggs to my list, then set an alarm for 7",
            ("add milk and eggs to my list", "set an alarm for 7"),
        ),
        ("add milk and eggs to my list", ()),
        ("remind me to call mum and set the table", ()),
        ("take a note set a timer and go", ()),
        ("what is the difference between a timer and an alarm", ()),
        ("tell me a joke and a poem", ()),
        ("set a timer for ten minutes", ()),
        ("", ()),
    ],
)
def test_where_a_sentence_is_taken_apart(text: str, parts: tuple[str, ...], tmp_path: Path) -> None:
    skill, _ = several(tmp_path)
    assert skill.values(SEVERAL, text, NOW)[PARTS] == parts


@in_virtual_time
async def test_what_would_ask_back_is_not_taken_apart(tmp_path: Path) -> None:
    skill, notebook = several(tmp_path)
    assert await skill.claim("what time is it and set a timer", NOW) is None
    await notebook.aclose()


@in_virtual_time
async def test_a_wish_for_a_routine_is_not_done_at_once(tmp_path: Path) -> None:
    skill, notebook = several(tmp_path)
    assert await skill.claim("when I say tea, set a timer for five minutes and tell me the time", NOW) is None
    await notebook.aclose()
