from __future__ import annotations

from dataclasses import replace

import pytest

from app.contracts.devices import Device
from app.contracts.energy import Comparison, Energy, EnergyAccount, Provenance
from app.contracts.metrics import TurnMetrics
from app.power.energy.wording import (
    account_in_words,
    comparison_in_words,
    energy_in_short,
    energy_in_words,
    saved_in_short,
    turn_in_words,
)

ACCOUNT = EnergyAccount(9.8, 3.1, 0.8, 5.9, 4.2, Provenance.MEASURED)
CHEAPER = Comparison(Device.GPU, 48.0, 0.935, "The table's watts.")


@pytest.mark.parametrize(
    ("energy", "short", "words"),
    [
        (Energy(3.1, Provenance.MEASURED), "3.1 J", "3.1 J measured"),
        (Energy(3.1, Provenance.ESTIMATE), "≈ 3.1 J", "≈ 3.1 J estimated"),
        (Energy(0.0, Provenance.UNAVAILABLE), "", "joules unavailable"),
    ],
)
def test_joules_say_where_they_come_from(energy: Energy, short: str, words: str) -> None:
    assert energy_in_short(energy) == short
    assert energy_in_words(energy) == words


def test_an_account_says_where_every_joule_went() -> None:
    told = account_in_words(ACCOUNT)
    assert told == "The devices took 9.8 J in 4.2 s: 3.1 J the stages, 800 mJ other work, 5.9 J idle."
    assert account_in_words(replace(ACCOUNT, provenance=Provenance.ESTIMATE)).startswith("The devices took ≈ 9.8 J")
    assert account_in_words(replace(ACCOUNT, provenance=Provenance.UNAVAILABLE)) == ""


@pytest.mark.parametrize(
    ("saved", "words"),
    [
        (0.84, "84 % less than all on the GPU"),
        (-0.134, "13 % more than all on the GPU"),
        (0.001, "as much as all on the GPU"),
    ],
)
def test_what_was_saved(saved: float, words: str) -> None:
    assert saved_in_short(replace(CHEAPER, saved=saved)) == words


def test_a_comparison_has_its_method() -> None:
    told = comparison_in_words(CHEAPER)
    assert told == "94 % less than all on the GPU, which would take ≈ 48 J. The table's watts."
    assert comparison_in_words(replace(CHEAPER, saved=0.0)).startswith("As much as all on the GPU, which")


def test_a_whole_turn() -> None:
    metrics = TurnMetrics(energy=Energy(3.1, Provenance.MEASURED), account=ACCOUNT, compared=(CHEAPER,))
    assert turn_in_words(metrics).splitlines() == [
        "3.1 J measured for the stages of this turn, above idle.",
        account_in_words(ACCOUNT),
        comparison_in_words(CHEAPER),
    ]
    assert turn_in_words(replace(metrics, energy=None)) == ""


def test_a_turn_is_compared_with_the_graphics_card_and_with_the_processor_where_it_differs() -> None:
    other = replace(CHEAPER, device=Device.CPU)
    metrics = TurnMetrics(energy=Energy(3.1, Provenance.MEASURED), compared=(CHEAPER, other))
    assert turn_in_words(metrics).splitlines()[1:] == [comparison_in_words(CHEAPER), comparison_in_words(other)]
    same = replace(metrics, compared=(replace(other, saved=0.001),))
    assert len(turn_in_words(same).splitlines()) == 1
