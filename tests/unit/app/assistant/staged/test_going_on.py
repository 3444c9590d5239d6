"""Words that only go on from the request before: "and tomorrow?", "what about Berlin?", "and in pounds?"."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from app.assistant.skills.arithmetic.skill import ArithmeticSkill
from app.assistant.skills.clock.skill import ClockSkill
from app.assistant.skills.skill import Asked
from app.assistant.staged.dialogue import GOES_ON_FOR_S, Dialogue
from tests.helpers.skills import SATURDAY, asked, parts
from tests.helpers.staged import staged_assistant
from tests.helpers.virtual_time import in_virtual_time

KNOWN = {
    "what time is it in berlin": ("ask_time", "clock", 0.99),
    "what is 20 percent of 45": ("calculate", "arithmetic", 0.99),
}


@in_virtual_time
async def test_a_request_goes_on_until_an_open_question_comes_between(tmp_path: Path) -> None:
    made = parts(tmp_path / "parts")
    async with staged_assistant(tmp_path, skills=(ClockSkill(made), ArithmeticSkill(made)), known=KNOWN) as stage:
        await stage.ask("what time is it in berlin")
        tokyo = await stage.ask("and what about Tokyo?")
        await stage.ask("what is 20 percent of 45")
        fifteen, thrice = await stage.ask("and 15 percent?"), await stage.ask("times three")
        await stage.ask("why is the sky blue")
        lost = await stage.ask("what about Tokyo?")
    assert any("In Tokyo it is" in line for line in tokyo)
    assert any("15% of 45 = 6.75" in line for line in fifteen)
    assert any("= 20.25" in line for line in thrice)
    assert not any("In Tokyo" in line for line in lost)


def test_units_and_measures_go_on(tmp_path: Path) -> None:
    skill = ArithmeticSkill(parts(tmp_path))
    before = asked(skill, "convert_units", "how many grams in an ounce")
    assert skill.continued(before, "in a pound", SATURDAY) == {"quantity": "a pound", "unit": "grams"}
    assert skill.continued(before, "in kilos", SATURDAY) == {"quantity": "an ounce", "unit": "kilos"}
    assert skill.continued(before, "in the evening", SATURDAY) is None


def test_after_two_minutes_nothing_goes_on() -> None:
    dialogue = Dialogue()
    dialogue.answered(Asked("ask_time", "", {}, SATURDAY))
    assert dialogue.before(SATURDAY + timedelta(seconds=GOES_ON_FOR_S)) is not None
    assert dialogue.before(SATURDAY + timedelta(seconds=GOES_ON_FOR_S + 1)) is None
