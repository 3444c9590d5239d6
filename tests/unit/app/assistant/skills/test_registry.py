"""Skills of other packages are found, and the template of the help page is one; a broken one costs one sentence."""

from __future__ import annotations

import logging
import re
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from app.assistant.skills.clock.skill import ClockSkill
from app.assistant.skills.registry import FEWEST_EXAMPLES, load
from app.assistant.skills.skill import Skill
from app.assistant.understanding.matcher import Matcher
from app.contracts.events import CardChanged
from app.contracts.skill_cards import ListCard
from app.settings.paths import asset
from tests.helpers.skills import SATURDAY, asked, fetched, parts
from tests.helpers.staged import staged_assistant
from tests.helpers.virtual_time import LoopClock, in_virtual_time

PAGE = asset("help/skills.md")
BROKEN = """
from app.assistant.skills.skill import Intent, Plan, Skill, SkillSpec

THREE = ("say a", "say b", "say c")


def made(skill_id, *intents):
    class Made(Skill):
        spec = SkillSpec(skill_id, "Made", "Is made.", intents)

        async def plan(self, asked, data):
            return Plan(speech="made")

    return lambda parts: Made()


good = made("good", Intent("do_good", THREE))
taken = made("clock", Intent("other", THREE))
stolen = made("thief", Intent("ask_time", THREE))
open_ended = made("greedy", Intent("open_question", THREE))
twice = made("twin", Intent("do_twin", THREE), Intent("do_twin", THREE))
short = made("short", Intent("do_short", ("one",)))
wrong = made("wrong", Intent("do_wrong", THREE, patterns=("(",)))
loud = made("Loud!", Intent("do_loud", THREE))
empty = made("empty")


def raising(parts):
    raise OSError("no\\nlicence")


def other(parts):
    return "a skill"
"""
NAMES = (
    *("good", "taken", "stolen", "open_ended", "twice", "short"),
    *("wrong", "loud", "empty", "raising", "other", "gone"),
)


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package of the help page, built."""
    folder = tmp_path_factory.mktemp("template")
    project = folder / "project"
    project.mkdir()
    (pyproject,), (module,) = blocks("toml"), blocks("python")
    (project / "pyproject.toml").write_text(pyproject)
    (project / "sotto_water.py").write_text(module)
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    built = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    (found,) = folder.glob("sotto_water-1.0-*.whl")
    return found


@pytest.fixture
def template(wheel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The package of the help page, installed into a folder of its own."""
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(tmp_path / "site")
    monkeypatch.syspath_prepend(tmp_path / "site")
    monkeypatch.delitem(sys.modules, "sotto_water", raising=False)


@pytest.fixture
def broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A distribution with one good skill and many that are not, as an installer leaves it."""
    (tmp_path / "sotto_many.py").write_text(BROKEN)
    info = tmp_path / "sotto_many-2.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: sotto-many\nVersion: 2.1\n")
    points = "\n".join(f"{name} = sotto_many:{name}" for name in NAMES)
    (info / "entry_points.txt").write_text(f"[sotto.skills]\n{points}\n")
    monkeypatch.syspath_prepend(tmp_path)


@pytest.mark.usefixtures("template")
@in_virtual_time
async def test_the_template_of_the_help_page_works(tmp_path: Path) -> None:
    given = parts(tmp_path, clock=LoopClock())
    skills, problems = load(given, (ClockSkill(given),))
    assert problems == ()
    water = skills[-1]
    assert water.spec.skill_id == "water"
    known = {
        "i drank some water": ("drink_water", "water", 0.95),
        "reset my water log": ("clear_water", "water", 0.95),
    }
    async with staged_assistant(tmp_path, skills=(water,), known=known) as stage:
        await stage.ask("i drank some water")
        first = await stage.ask("300 ml")
        asks = await stage.ask("i drank some water")
        pending = stage.staged.pending
        assert pending is not None
        second = await stage.press(pending.card.card_id, "answer:500")
        cards = [card for card in stage.cards(stage.watched.turns[-1]).values() if isinstance(card, ListCard)]
        stage.assistant.act(cards[-1].card_id, "undo")
        await stage.watched.until(lambda: len(_shown(stage.watched.events)) == 1)
        proposes = await stage.ask("reset my water log")
        pending = stage.staged.pending
        assert pending is not None
        cleared = await stage.press(pending.card.card_id, "proceed")
        card = await stage.notebook.card(cards[-1].card_id)
        left = (await fetched(water, asked(water, "drink_water", "a glass")))["drunk"]
    await given.notebook.aclose()
    assert "text That makes 300 milliliters." in first
    assert asks[-1] == "finished, waits for milliliters"
    assert "text That makes 800 milliliters." in second
    assert proposes[-1] == "finished, waits for pre-plan"
    assert "text Your water count is at zero." in cleared
    assert isinstance(card, ListCard)
    assert [item.text for item in cards[-1].items] == ["300 ml", "500 ml"]
    assert proposes[-3] == "card pre-plan pre-plan r1 usable"
    assert [item.text for item in card.items] == _shown(stage.watched.events)
    assert left == ()


def _shown(events: Sequence[object]) -> list[str]:
    """The lines of the card that changed outside a turn last."""
    cards = [event.card for event in events if isinstance(event, CardChanged) and isinstance(event.card, ListCard)]
    return [item.text for item in cards[-1].items] if cards else []


@pytest.mark.usefixtures("template")
async def test_the_template_is_understood_beside_the_others(tmp_path: Path) -> None:
    given = parts(tmp_path)
    skills, _ = load(given, (ClockSkill(given),))
    matcher = Matcher(skills)
    found = {
        text: matcher.understand(text, SATURDAY).intent
        for text in ("I drank 400 ml of water", "please reset my water log", "what time is it")
    }
    assert list(found.values()) == ["drink_water", "clear_water", "ask_time"]
    request = asked(skills[-1], "drink_water", "I had two liters of water")
    assert request.values == {"milliliters": 2000.0}
    assert (await fetched(skills[-1], request))["drunk"] == ()
    await given.notebook.aclose()


@pytest.mark.usefixtures("broken")
def test_a_broken_skill_costs_one_sentence(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    given = parts(tmp_path)
    with caplog.at_level(logging.WARNING):
        skills, problems = load(given, (ClockSkill(given),))
    assert [skill.spec.skill_id for skill in skills] == ["clock", "good"]
    assert len(problems) == len(NAMES) - 1
    assert all("\n" not in problem and problem.endswith(".") for problem in problems)
    told = {re.findall(r"'(\w+)'", problem)[0]: problem.partition("left out: ")[2] for problem in problems}
    assert told == {
        "taken": "there is a skill 'clock' already.",
        "stolen": "its intent 'ask_time' is that of 'clock'.",
        "open_ended": "its intent 'open_question' is that of the assistant itself.",
        "twice": "its intent 'do_twin' is that of itself.",
        "short": f"its intent 'do_short' has fewer than {FEWEST_EXAMPLES} examples.",
        "wrong": "a pattern of its intent 'do_wrong' is wrong: missing ), unterminated subpattern at position 0.",
        "loud": "its spec has no id of small letters, digits and _.",
        "empty": "it has no intent.",
        "raising": "it cannot be loaded (OSError: no licence).",
        "other": "it makes a str, which is no skill.",
        "gone": "it cannot be loaded (AttributeError: module 'sotto_many' has no attribute 'gone').",
    }
    assert problems[0].startswith("The skill 'empty' of sotto-many 2.1 is left out: ")


def test_without_other_packages_there_are_the_shipped_ones(tmp_path: Path) -> None:
    given = parts(tmp_path)
    clock = ClockSkill(given)
    assert load(given, (clock,)) == ((clock,), ())


def test_the_page_names_every_method_of_a_skill() -> None:
    text = PAGE.read_text(encoding="utf-8")
    methods = {name for name in vars(Skill) if not name.startswith("_") and callable(getattr(Skill, name))}
    assert {name for name in methods if f"`{name}`" not in text} == set()
