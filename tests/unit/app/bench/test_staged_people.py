"""The people of the scripted day have habits, the same for the same seed."""

from __future__ import annotations

import itertools
from collections import Counter

import pytest

from app.bench.staged_people import Person, people
from app.contracts.card import CardAction
from app.contracts.skill_cards import Choice

CHOICES = tuple(Choice(value=value, label=value, default=value == "30") for value in ("20", "30", "45", "60"))
DECISIONS = tuple(CardAction(action=name, label=name) for name in ("proceed", "modify", "cancel"))


def chosen(person: Person, band: str = "morning", times: int = 400) -> Counter[str]:
    return Counter(person.choose("plan_workout.minutes", CHOICES, band).value for _ in range(times))


def by_name(seed: int = 3) -> dict[str, Person]:
    return {person.name: person for person in people(seed)}


def test_five_with_habits_one_with_defaults_and_one_without_any() -> None:
    assert list(by_name())[-2:] == ["always-default", "random"]
    assert len(by_name()) == 7


def test_the_same_seed_gives_the_same_people_and_another_one_others() -> None:
    every = [tuple(chosen(person, times=20).elements()) for person in people(3)]
    assert every == [tuple(chosen(person, times=20).elements()) for person in people(3)]
    assert every != [tuple(chosen(person, times=20).elements()) for person in people(4)]


def test_habits_are_what_they_are_called() -> None:
    them = by_name()
    assert chosen(them["always-default"]) == {"30": 400}
    assert chosen(them["steady"]).most_common(1)[0][1] > 330
    assert 150 < chosen(them["explorer"]).most_common(1)[0][1] < 250
    assert min(chosen(them["random"]).values()) > 60
    assert chosen(them["mostly-default"]).most_common(1)[0][0] == "30"


def test_one_of_them_lives_by_the_hour() -> None:
    favourites = {
        chosen(by_name(seed)["by-the-hour"], band).most_common(1)[0][0]
        for seed in range(4)
        for band in ("morning", "midday", "evening")
    }
    assert len(favourites) > 1


def test_one_of_them_takes_turns() -> None:
    person = by_name()["in-turns"]
    values = [person.choose("plan_workout.focus", CHOICES, "morning").value for _ in range(200)]
    changes = sum(one != other for one, other in itertools.pairwise(values))
    assert changes > 150
    assert len(Counter(values).most_common(2)) == 2


@pytest.mark.parametrize(("name", "least", "most"), [("always-default", 300, 300), ("steady", 230, 275)])
def test_what_they_do_with_proposals(name: str, least: int, most: int) -> None:
    person = by_name()[name]
    decided = Counter(person.decide(DECISIONS).action for _ in range(300))
    assert least <= decided["proceed"] <= most


def test_nobody_is_content_with_what_was_not_meant_or_came_late() -> None:
    person = by_name()["steady"]
    assert person.content(as_meant=True, failed=False, first_ms=900.0)
    assert not person.content(as_meant=False, failed=False, first_ms=10.0)
    assert not person.content(as_meant=True, failed=True, first_ms=10.0)
    assert not person.content(as_meant=True, failed=False, first_ms=1500.0)
