"""Which of several answers most agree on."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.pipeline.text.voting import Ballot, Elected, decided, elected

BALLOTS = st.lists(
    st.builds(Ballot, st.sampled_from(["Paris", "Rome", "12", "12 km", "", "yes"]), st.none() | st.floats(0, 1)),
    min_size=1,
    max_size=9,
)


def ballots(*answers: str) -> list[Ballot]:
    return [Ballot(answer) for answer in answers]


def test_the_majority_wins_however_it_is_said() -> None:
    assert elected(ballots("Rome", "Paris", "It is Paris.", "The capital is Paris")) == Elected(1, 0.75, 2)


def test_the_surest_of_the_winners_stands_for_them() -> None:
    given_ = [Ballot("Paris", 0.2), Ballot("paris", 0.6), Ballot("Rome", 0.9)]
    assert elected(given_).winner == 1


def test_a_tie_goes_to_the_surer_then_to_the_earlier() -> None:
    assert elected([Ballot("Rome", 0.2), Ballot("Paris", 0.3)]) == Elected(1, 0.5, 2, tied=True)
    assert elected(ballots("Rome", "Paris")) == Elected(0, 0.5, 2, tied=True)


def test_a_number_joins_its_unit_unless_two_units_claim_it() -> None:
    assert elected(ballots("5 km", "5", "6")).share == pytest.approx(2 / 3)
    assert elected(ballots("5 km", "5", "5 m")).groups == 3


def test_what_says_nothing_votes_for_nobody() -> None:
    assert elected(ballots("", "...", "Rome")) == Elected(2, pytest.approx(1 / 3), 1)
    assert elected(ballots("", "...")) == Elected(0, 0.0, 0)
    with pytest.raises(ValueError, match="nobody"):
        elected([])


def test_when_a_vote_is_decided() -> None:
    assert decided(ballots("a", "a", "a"), 2)
    assert not decided(ballots("a", "a"), 2)
    assert decided(ballots("a", "a", "b", "a"), 1)
    assert not decided(ballots("x", "y"), 0)
    assert not decided([], 0)


@given(BALLOTS, st.lists(st.sampled_from(["Paris", "Rome", "12", "yes"]), max_size=4))
def test_no_later_answer_changes_a_decided_vote(first: list[Ballot], later: list[str]) -> None:
    if decided(first, len(later)):
        before = first[elected(first).winner].form.split(" ")[0]
        every = [*first, *ballots(*later)]
        assert every[elected(every).winner].form.split(" ")[0] == before
