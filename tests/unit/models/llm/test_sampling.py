"""From logits to a token."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.llm.sampling import Sampler, log_prob

LOGITS = np.log(np.array([0.5, 0.3, 0.15, 0.05], np.float32))


def drawn(sampler: Sampler, logits: npt.NDArray[np.float32], times: int) -> list[int]:
    return [sampler.pick(logits)[0] for _ in range(times)]


def test_greedy_takes_the_likeliest() -> None:
    assert drawn(Sampler(0.0, 1.0, None), LOGITS, 5) == [0] * 5


@pytest.mark.parametrize("token", range(4))
def test_the_log_probability_is_that_of_the_model_itself(token: int) -> None:
    assert math.exp(log_prob(LOGITS + 7, token)) == pytest.approx([0.5, 0.3, 0.15, 0.05][token], rel=1e-5)


def test_temperature_and_nucleus_do_not_bend_the_reported_probability() -> None:
    for temperature, top_p in ((0.0, 1.0), (0.1, 0.5), (2.0, 0.4)):
        token, reported = Sampler(temperature, top_p, 1).pick(LOGITS)
        assert reported == pytest.approx(log_prob(LOGITS, token))


def test_a_nucleus_leaves_the_tail_out() -> None:
    assert set(drawn(Sampler(1.0, 0.79, 3), LOGITS, 400)) == {0, 1}
    assert set(drawn(Sampler(1.0, 0.5, 3), LOGITS, 100)) == {0}
    assert set(drawn(Sampler(1.0, 1.0, 3), LOGITS, 400)) == {0, 1, 2, 3}


def test_draws_follow_the_probabilities() -> None:
    tokens = drawn(Sampler(1.0, 1.0, 5), LOGITS, 4000)
    assert [tokens.count(token) / 4000 for token in range(4)] == pytest.approx([0.5, 0.3, 0.15, 0.05], abs=0.03)


def test_temperature_sharpens_and_flattens() -> None:
    cold, hot = (drawn(Sampler(temperature, 1.0, 5), LOGITS, 1000).count(0) for temperature in (0.3, 3.0))
    assert cold > 800
    assert hot < 450


def test_a_seed_fixes_the_draws() -> None:
    assert drawn(Sampler(1.0, 1.0, -9), LOGITS, 30) == drawn(Sampler(1.0, 1.0, -9), LOGITS, 30)


def placed(sampler: Sampler, places: range) -> list[int]:
    tokens = []
    for place in places:
        sampler.at(place)
        tokens.append(sampler.pick(LOGITS)[0])
    return tokens


def test_an_answer_that_goes_on_elsewhere_is_drawn_as_it_would_have_been() -> None:
    whole = placed(Sampler(1.0, 1.0, 7), range(40))
    assert len(set(whole)) > 2
    assert placed(Sampler(1.0, 1.0, 7), range(25)) + placed(Sampler(1.0, 1.0, 7), range(25, 40)) == whole
    assert placed(Sampler(1.0, 1.0, 8), range(40)) != whole
    assert placed(Sampler(1.0, 1.0, None), range(40)) != placed(Sampler(1.0, 1.0, None), range(40))


@given(
    st.lists(st.floats(-50, 50, width=32), min_size=1, max_size=40),
    st.floats(0, 5),
    st.floats(0.01, 1),
    st.integers(-(2**40), 2**40),
)
def test_whatever_comes_it_is_a_token_with_a_probability(
    logits: list[float], temperature: float, top_p: float, seed: int
) -> None:
    token, reported = Sampler(temperature, top_p, seed).pick(np.array(logits, np.float32))
    assert 0 <= token < len(logits)
    assert reported <= 0
