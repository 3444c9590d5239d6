"""The guard: what it takes out, what it leaves alone, and that the way the text arrives makes no difference."""

from __future__ import annotations

import itertools
from collections.abc import AsyncGenerator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.contracts.capabilities import ConfidenceSource
from app.contracts.devices import Device, Tier
from app.contracts.text import FinishReason
from app.pipeline.stages.processor import Timings
from app.pipeline.text.guard import GuardedSteps, OutputGuard, guarded
from app.pipeline.text.leaks import ENDING, LEADING
from app.pipeline.text.steps import Commit, Outcome, Piece, Replace, Step
from tests.helpers.texts import text_of
from tests.helpers.virtual_time import LoopClock, in_virtual_time

TIER = Tier("small", "script")
OUTCOME = Outcome(
    tier=TIER,
    ran=Device.CPU,
    confidence=None,
    source=ConfidenceSource.NONE,
    attempts=(),
    finish=FinishReason.STOP,
    tokens=0,
)
SCRAPS = st.sampled_from(
    (*ENDING, *LEADING, "<think>", "</think>", "<thi", "<|im", "_end|>", "\nuser:", "\nHuman: ", "Yes. ", "\n", " ")
) | st.sampled_from(
    ("no ", "It is very nice here. ", "\u202e", "\x07", "\r\n", "<s>", "a<b", "[IN", "ST]", "```\n", "| a | b |\n")
)
TEXTS = st.lists(SCRAPS | st.text(max_size=6), max_size=24).map("".join)
PLAIN = st.lists(
    st.sampled_from(["Paris", "is", "the", "capital", "a<b", "1", "x=[1]", "(so", "far)", "What?", "Yes.", "#", "|"]),
    min_size=1,
    max_size=11,
    unique=True,
).map(" ".join)


def once(text: str, max_characters: int = 20_000) -> str:
    guard = OutputGuard(max_characters)
    guard.push(text)
    guard.flush()
    return guard.passed


def in_chunks(text: str, cuts: list[int], max_characters: int = 20_000) -> str:
    """What is shown at the end when the text comes in pieces and nothing is committed on the way."""
    guard = GuardedSteps(max_characters)
    places = [0, *sorted(cut % (len(text) + 1) for cut in cuts), len(text)]
    steps: list[Step] = []
    for start, end in itertools.pairwise(places):
        steps += guard.take(Piece(text[start:end], None, TIER))
    return text_of(steps + guard.take(OUTCOME))


@given(TEXTS, st.lists(st.integers(0, 400), max_size=12))
def test_how_the_text_arrives_makes_no_difference(text: str, cuts: list[int]) -> None:
    assert in_chunks(text, cuts) == once(text) == in_chunks(text, list(range(len(text))))


@given(TEXTS, st.lists(st.integers(0, 400), max_size=12))
def test_nor_where_the_answer_is_too_long(text: str, cuts: list[int]) -> None:
    assert in_chunks(text, cuts, 30) == once(text, 30) == in_chunks(text, list(range(len(text))), 30)
    assert len(once(text, 30)) <= 30


@given(TEXTS)
def test_nothing_forbidden_passes(text: str) -> None:
    passed = once(text)
    assert not [mark for mark in ENDING if mark in passed and mark != "</s>"]
    assert passed.count("</s>") <= passed.count("<s>")
    assert "<think>" not in passed
    assert not set(passed) & set("\x00\x07\r\x7f\u202e\u2066\u2069\ufeff")


@given(PLAIN)
def test_plain_text_passes_unchanged(text: str) -> None:
    assert once(text) == text


@given(st.lists(TEXTS | st.integers(0, 60) | st.none(), max_size=10))
def test_what_stands_is_never_taken_back(script: list[str | int | None]) -> None:
    """Pieces, take-backs behind what was committed, commits: every `Replace` that comes out respects the commits."""
    guard, raw, raw_committed = GuardedSteps(200), "", 0
    steps: list[Step] = []
    for entry in script:
        if entry is None:
            raw_committed = len(raw)
            steps += guard.take(Commit())
        elif isinstance(entry, int):
            kept = max(raw_committed, min(entry, len(raw)))
            raw = raw[:kept]
            steps += guard.take(Replace(kept, "better"))
        else:
            raw += entry
            steps += guard.take(Piece(entry, None, TIER))
    shown, standing = "", 0
    for step in [*steps, *guard.take(OUTCOME)]:
        match step:
            case Piece(text=text):
                shown += text
            case Replace(kept=kept):
                assert standing <= kept <= len(shown)
                shown = shown[:kept]
            case Commit():
                standing = len(shown)
            case _:
                pass
    assert standing == len(shown)


@given(TEXTS, TEXTS, st.integers(0, 200))
def test_after_a_take_back_it_is_as_if_the_text_had_never_come(first: str, second: str, kept: int) -> None:
    kept = min(kept, len(first))
    guard = GuardedSteps(20_000)
    steps = guard.take(Piece(first, None, TIER)) + guard.take(Replace(kept, "better"))
    steps += guard.take(Piece(second, None, TIER)) + guard.take(OUTCOME)
    assert text_of(steps) == once(first[:kept] + second)


@pytest.mark.parametrize(
    ("text", "passed", "note"),
    [
        ("Paris.<|im_end|>\n<|im_start|>user\nAnd", "Paris.", "Stopped where the model began to write the next"),
        ("<|im_start|>assistant\nParis.", "Paris.", "A mark of the model's template was taken out."),
        ("assistant: Paris.", "Paris.", "A mark of the model's template was taken out."),
        ("Paris.\nUser: and now?", "Paris.\n", "Stopped where the model began"),
        ("Paris.\n\n### Instruction: go on", "Paris.\n\n", "Stopped where the model began"),
        ("Paris. [INST] Next [/INST]", "Paris. ", "Stopped where the model began"),
        ("<think>Hm.</think>\n\nParis.", "Paris.", "The model's reasoning was hidden."),
        ("Par\x00is\u202e.", "Paris.", "Control characters were taken out."),
        (
            "Nice. It is so very nice. " + "Go on with this. " * 30,
            "Nice. It is so very nice. Go on with this.",
            "Stopped",
        ),
    ],
)
def test_what_is_taken_out(text: str, passed: str, note: str) -> None:
    guard = OutputGuard()
    guard.push(text)
    guard.flush()
    assert guard.passed == passed
    assert any(line.startswith(note) for line in guard.notes)


@pytest.mark.parametrize(
    "text",
    [
        "The price was <s>10</s> 8 euros, and a < b.",
        "Anna: Hello.\nUser: Hi.\nAnna: How are you?",
        "Roles:\nUser: may read\nAdmin: may write",
        "```yaml\nkey: done.\nuser: me\n```",
        "Use `list[int]` and vec![INSTANCE].",
        "The user: a person.",
        "السلام عليكم\u200f!",
    ],
)
def test_what_only_looks_like_a_leak_passes(text: str) -> None:
    guard = OutputGuard()
    shown = guard.push(text) + guard.flush()
    assert shown == guard.passed == text
    assert guard.notes == ()


def test_only_what_could_be_a_beginning_is_held_back() -> None:
    guard = OutputGuard()
    assert guard.push("Paris") == "Paris"
    assert guard.push(" <") == " "
    assert guard.push("x") == "<x"
    assert guard.push(" <|im_") == " "
    assert guard.push("end|> more") == ""
    assert guard.ended


def test_a_long_answer_ends_with_a_sentence_also_where_text_stands_as_it_comes() -> None:
    guard = GuardedSteps(100)
    steps: list[Step] = []
    for number in range(40):
        steps += guard.take(Piece(f" word{number}" + ("." if number % 5 == 4 else ""), None, TIER))
        steps += guard.take(Commit())
    *steps, outcome = steps + guard.take(OUTCOME)
    assert text_of(steps).endswith(" word14.")
    assert isinstance(outcome, Outcome)
    assert outcome.notes == ("Stopped at the end of a sentence: an answer has at most 100 characters.",)


def test_a_loop_ends_with_a_whole_copy_where_text_stands_as_it_comes() -> None:
    guard = GuardedSteps(20_000)
    steps: list[Step] = []
    for word in ("We know. " + "It is very nice here. " * 20).split(" "):
        steps += guard.take(Piece(f" {word}", None, TIER))
        steps += guard.take(Commit())
    assert text_of(steps + guard.take(OUTCOME)) in (
        "We know. It is very nice here.",
        "We know. It is very nice here. It is very nice here.",
    )


@in_virtual_time
async def test_the_strategy_is_closed_and_the_time_is_written_down() -> None:
    closed = []

    async def steps() -> AsyncGenerator[Step, None]:
        try:
            yield Piece("One", None, TIER)
            yield Piece(" two", None, TIER)
        finally:
            closed.append(True)

    class Ticking(LoopClock):
        now = 0.0

        def monotonic(self) -> float:
            self.now += 0.5
            return self.now

    timings = Timings()
    passing = guarded(steps(), 100, Ticking(), timings)
    assert await anext(passing) == Piece("One", None, TIER)
    await passing.aclose()
    assert closed == [True]
    assert timings.guard_s == 0.5
