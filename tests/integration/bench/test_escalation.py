"""The escalation benchmark's ladder over its played server, asked for real."""

from __future__ import annotations

from app.bench.escalation_rungs import LARGEST, SMALLEST, ladder
from app.bench.escalation_set import Question
from app.bench.key_server import Stated
from app.pipeline.confidence.calibrated import CalibratedConfidence

KNOWN = [Question(f"q{at}", "capital", f"What is the capital of country {at}?", (f"City{at}",)) for at in range(12)]


async def test_the_played_server_errs_as_stated_and_costs_what_is_stated() -> None:
    always = Stated(error_rate=0.0, first_token_s=0.05, token_s=0.0, watts=100.0)
    async with ladder(KNOWN, always, CalibratedConfidence()) as rungs:
        answers = await rungs.largest(KNOWN[:3])
    assert [answer.text for answer in answers] == ["City0", "City1", "City2"]
    assert all(answer.right and answer.by == LARGEST and answer.joules >= 5.0 for answer in answers)
    async with ladder(KNOWN, Stated(error_rate=1.0, first_token_s=0.0, token_s=0.0), CalibratedConfidence()) as rungs:
        assert not any(answer.right for answer in await rungs.largest(KNOWN[:3]))


async def test_the_climb_ends_where_the_bar_is_reached() -> None:
    stated = Stated(error_rate=0.0, first_token_s=0.0, token_s=0.0)
    async with ladder(KNOWN, stated, CalibratedConfidence()) as rungs:
        (low,) = await rungs.escalating(KNOWN[:1], 0.0)
        (high,) = await rungs.escalating(KNOWN[:1], 0.94)
        (vote,) = await rungs.vote(KNOWN[:1])
    assert (low.by, high.by, vote.by) == (SMALLEST, LARGEST, SMALLEST)
    assert high.right
    assert high.joules > low.joules > 0.0
    assert vote.share is not None
