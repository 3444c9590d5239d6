"""What each strategy makes ahead, and when work ahead pays."""

from __future__ import annotations

import pytest

from app.assistant.speculation.preparing import Urgency, Worth
from app.assistant.speculation.strategy import (
    AB,
    COMPARED,
    MAINS,
    SCARCE,
    Alternating,
    Strategy,
    budget,
    pays,
    prices_of,
    takes,
)
from app.contracts.devices import Device
from app.contracts.energy import GovernorVerdict


def test_chance_times_seconds_is_weighed_against_joules() -> None:
    assert pays(Worth(0.5, 0.3), 70.0, MAINS)
    assert not pays(Worth(0.5, 0.3), 80.0, MAINS)
    assert not pays(Worth(0.5, 0.3), 8.0, SCARCE)
    assert not pays(Worth(0.0, 0.3), 0.0, MAINS)


def test_a_joule_is_dearer_when_the_governor_saves() -> None:
    everything = frozenset(Device)
    assert prices_of(GovernorVerdict(everything)) == MAINS
    assert prices_of(GovernorVerdict(everything, patience=0.1)) == SCARCE
    assert prices_of(GovernorVerdict(everything, joules=50.0)) == SCARCE


def test_small_machines_do_one_thing_ahead() -> None:
    assert [budget(count) for count in (1, 2, 4, 8)] == [1, 1, 1, 2]


@pytest.mark.parametrize(
    ("strategy", "taken"),
    [
        (Strategy.NONE, []),
        (Strategy.TOP_1, [Urgency.LIKELY, Urgency.BRANCH, Urgency.IDLE]),
        (Strategy.TOP_K, list(Urgency)),
        (Strategy.ALL, list(Urgency)),
    ],
)
def test_what_each_takes(strategy: Strategy, taken: list[Urgency]) -> None:
    worth = Worth(0.5, 0.3)
    assert [urgency for urgency in Urgency if takes(strategy, urgency, worth, 1.0, MAINS)] == taken


def test_only_all_does_what_does_not_pay() -> None:
    assert [each for each in Strategy if takes(each, Urgency.LIKELY, Worth(0.01, 0.1), 100.0, MAINS)] == [Strategy.ALL]


def test_a_turn_knows_who_got_it_ready() -> None:
    turns = Alternating()
    seen = []
    for _ in range(5):
        turns.turn_begins(AB)
        seen.append((turns.before, turns.now))
    assert [now for _, now in seen] == [*COMPARED, COMPARED[0]]
    assert [before for before, _ in seen[1:]] == [now for _, now in seen[:-1]]


def test_the_first_turn_of_one_strategy_is_its_own() -> None:
    turns = Alternating()
    turns.heard("none")
    assert turns.now is Strategy.NONE
    turns.turn_begins("none")
    assert (turns.before, turns.now) == (Strategy.NONE, Strategy.NONE)
    turns.turn_begins("no such thing")
    assert (turns.before, turns.now) == (Strategy.NONE, Strategy.TOP_K)
