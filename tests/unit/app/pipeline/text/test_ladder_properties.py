"""Climbing the ladder: what holds whatever happens on the way."""

from __future__ import annotations

import math
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from app.contracts.errors import HostDied, RuntimeFault
from app.pipeline.text.ladder import LadderStrategy
from app.pipeline.text.steps import Commit, Outcome, Piece, Replace
from tests.helpers.pipelines import tools_over, writer
from tests.helpers.texts import SureByToken, ask_for, stage_over, text_of
from tests.helpers.virtual_time import in_virtual_time

SURE, UNSURE = math.log(0.95), math.log(0.3)


@given(
    st.lists(st.integers(0, 9), max_size=3),
    st.sampled_from([None, 0.5]),
    st.sampled_from(["", "One two", "One two three. Four"]),
)
def test_whoever_dies_where_no_word_is_lost_or_repeated(breaks: list[int], bar: float | None, begun: str) -> None:
    answer = "One two three. Four five six? Seven eight. Nine."

    @in_virtual_time
    async def check() -> None:
        tiers = [writer(f"tier{number}", answer) for number in range(len(breaks) + 1)]
        for tier, tokens in zip(tiers, breaks, strict=False):
            tier.break_after(tokens, HostDied("Gone."))
        ask = ask_for(stage_over(*tiers, bar=bar), *tiers)
        ask = replace(ask, request=replace(ask.request, answer_so_far=begun))
        assert begun + text_of([step async for step in LadderStrategy().steps(ask)]) == answer

    check()


WORDS = st.lists(st.sampled_from(["One", "two", "three.", "Four!", "five", "Six?", "e.g."]), min_size=1, max_size=14)
SHADES = st.lists(st.sampled_from([0.3, 0.6, 0.8, 0.9, 0.99]), min_size=14, max_size=14)


@given(st.lists(st.tuples(WORDS, SHADES, st.none() | st.integers(0, 6)), min_size=2, max_size=4))
def test_what_stands_had_passed_its_gate_and_is_never_taken_back(
    tiers: list[tuple[list[str], list[float], int | None]],
) -> None:
    bar = 0.8

    @in_virtual_time
    async def check() -> None:
        writers = []
        for number, (words, shades, breaking) in enumerate(tiers):
            log_probs = [math.log(shade) for shade in shades]
            writers.append(writer(f"tier{number}", " ".join(words), log_probs=log_probs))
            if breaking is not None:
                writers[-1].break_after(breaking, RuntimeFault("Broken."))
        ask = ask_for(stage_over(*writers, bar=bar, early_tokens=4), tools=_by_token(*writers))
        steps = []
        try:
            steps = [step async for step in LadderStrategy().steps(ask)]
        except RuntimeFault:
            assert all(breaking is not None for _, _, breaking in tiers)
        shown: list[Piece] = []
        standing = 0
        for at, step in enumerate(steps):
            match step:
                case Piece():
                    shown.append(step)
                case Replace(kept=kept):
                    assert kept >= standing
                    rest = kept
                    shown = [piece for piece in shown if (rest := rest - len(piece.text)) >= 0]
                case Commit():
                    standing = sum(len(piece.text) for piece in shown)
                    last_tier = [piece for piece in shown if piece.tier == shown[-1].tier]
                    mean = sum(piece.confidence or 0.0 for piece in last_tier) / len(last_tier)
                    final = isinstance(steps[at + 1], Outcome)
                    assert final or mean >= bar - 0.001 or len(last_tier) < len(shown)
        if steps:
            assert isinstance(steps[-1], Outcome)
            assert standing == sum(len(piece.text) for piece in shown)

    check()


def _by_token(*runtimes):  # type: ignore[no-untyped-def]
    return replace(tools_over(*runtimes), confidence=SureByToken())


@in_virtual_time
async def test_what_the_answer_began_with_is_not_counted_by_the_steps() -> None:
    small, large = writer("small", "Well: in Rome."), writer("large", "Well: in Paris.")
    ask = ask_for(stage_over(small, large, bar=0.8), small, large, confidence={"small": 0.5})
    ask = replace(ask, request=replace(ask.request, answer_so_far="Well:"))
    steps = [step async for step in LadderStrategy().steps(ask)]
    assert text_of(steps) == " in Paris."
