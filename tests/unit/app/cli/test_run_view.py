"""What a person sees of a run in the terminal."""

from __future__ import annotations

import io

import pytest

from app.cli.console import Console
from app.cli.run_view import RunView, table
from app.contracts.devices import Device, Tier
from app.contracts.energy import Energy, Provenance
from app.contracts.errors import TimedOut
from app.contracts.events import (
    CacheHit,
    Caption,
    Escalated,
    Retrying,
    RunFailed,
    SegmentLate,
    StageSkipped,
    Substituted,
    TextDelta,
    TextReplaced,
)
from app.contracts.metrics import Attempt, RunMetrics, StageMetadata, StageMetrics
from app.pipeline.run import RunResult, StageResult, StageStatus

SMALL, LARGE = Tier("small-npu", "tiny"), Tier("large-gpu", "huge")


class Shown:
    def __init__(self) -> None:
        self.out, self.err = io.StringIO(), io.StringIO()
        self.view = RunView(Console(self.out, self.err), "answer")


@pytest.fixture
def shown() -> Shown:
    return Shown()


def result(*stages: StageResult, success: bool = True) -> RunResult:
    return RunResult(
        run_id="r",
        pipeline_id="p",
        success=success,
        cancelled=False,
        output=None,
        error=None,
        stages=stages,
        metrics=RunMetrics(total_ms=1234.0, energy=Energy(3.25, Provenance.ESTIMATE), bottlenecks=("answer",)),
    )


def finished(stage_id: str = "answer", **metadata: object) -> StageResult:
    return StageResult(
        stage_id=stage_id,
        status=StageStatus.FINISHED,
        metrics=StageMetrics(
            stage=stage_id,
            backend="large-gpu",
            device=Device.CPU,
            elapsed_ms=1100.0,
            first_output_ms=100.0,
            tokens=51,
            energy=Energy(3.25, Provenance.ESTIMATE),
        ),
        metadata=StageMetadata(asked=Device.GPU, ran=Device.CPU, confidence=0.456, **metadata),  # type: ignore[arg-type]
    )


def test_only_the_text_of_the_output_stage_is_the_output(shown: Shown) -> None:
    shown.view(TextDelta(text="a draft", confidence=None, tier=SMALL, stage="draft"))
    shown.view(TextDelta(text="It is ", confidence=None, tier=SMALL, stage="answer"))
    shown.view(TextDelta(text="so.", confidence=None, tier=SMALL, stage="answer"))
    shown.view.finish(result(finished()), "It is so.")
    assert shown.out.getvalue() == "It is so.\n"


def test_an_output_that_was_not_streamed_is_shown_at_the_end(shown: Shown) -> None:
    shown.view.finish(result(finished()), "All at once.")
    assert shown.out.getvalue() == "All at once.\n"


def test_what_is_taken_back_is_told_and_what_holds_written_again(shown: Shown) -> None:
    shown.view(TextDelta(text="It is Rome.", confidence=None, tier=SMALL, stage="answer"))
    shown.view(TextReplaced(kept=6, reason="not sure enough", stage="answer"))
    shown.view(TextDelta(text="Paris.", confidence=None, tier=LARGE, stage="answer"))
    assert shown.out.getvalue().endswith("It is Paris.")
    assert "not sure enough" in shown.err.getvalue()


def test_control_characters_reach_no_terminal(shown: Shown) -> None:
    shown.view(TextDelta(text="a\x1b[31mb\x07", confidence=None, tier=SMALL, stage="answer"))
    assert "\x1b" not in shown.out.getvalue()
    assert "\x07" not in shown.out.getvalue()


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (Retrying(attempt=1, of=2, delay_ms=300.4, code="busy"), "Retry 1/2 in 300 ms… (busy)"),
        (
            Substituted(stage="answer", asked="npu", got="small-cpu", reason="There is no npu. Nor a gpu."),
            "answer: small-cpu instead of npu. There is no npu.",
        ),
        (
            Escalated(from_tier=SMALL, to_tier=LARGE, reason="0.31 is under 0.8.", confidence=0.31),
            "Asking large-gpu: 0.31 is under 0.8.",
        ),
        (StageSkipped(stage="review", reason="its condition is false"), "review is skipped: its condition is false"),
        (CacheHit(stage=""), "The whole run comes from the cache."),
        (CacheHit(stage="answer"), "answer comes from the cache."),
        (
            SegmentLate(stage="captions", segment=3, start_s=1.0, end_s=2.5, waiting=4, dropped=True),
            "The speech from 1.0 to 2.5 s was given up.",
        ),
        (
            RunFailed(pipeline_id="p", code="busy", message="No room.", remedy="Wait.", stage="answer"),
            "sotto: answer: No room. Wait.",
        ),
    ],
)
def test_a_detour_is_one_line(shown: Shown, event: object, line: str) -> None:
    shown.view(event)  # type: ignore[arg-type]
    assert shown.err.getvalue() == f"{line}\n"


def test_captions_are_lines_with_their_time(shown: Shown) -> None:
    for at in (0, 1):
        shown.view(Caption(stage="c", segment=at, text=f"line {at}", start_s=at * 2.5, end_s=at * 2.5 + 1, lag_s=0.2))
    shown.view.finish(result(finished()), "line 0\nline 1")
    assert shown.out.getvalue() == "[    0.0 s] line 0\n[    2.5 s] line 1\n"


def test_tries_of_a_kind_are_counted() -> None:
    attempts = tuple(
        Attempt(backend=f"{name}-cpu", model="tiny", decision="accepted", reason="a part") for name in "ababac"
    )
    (_, line) = table([finished(attempts=attempts)])
    assert line.endswith("a-cpu accepted ×3, b-cpu accepted ×2, c-cpu accepted")  # noqa: RUF001


def test_the_table_says_what_each_stage_took_and_where_it_ran() -> None:
    attempts = (
        Attempt(backend="small-npu", model="tiny", decision="escalated", reason="unsure"),
        Attempt(backend="large-gpu", model="huge", decision="accepted", reason="sure", simulated=True),
    )
    failed = StageResult(stage_id="speak", status=StageStatus.FAILED, error=TimedOut("It took longer than 2 s."))
    lines = table([finished(attempts=attempts), finished("again", cached=True), failed])
    cells = [[cell for cell in line.split("  ") if cell] for line in lines]
    assert [cell.strip() for cell in cells[1]] == [
        "answer", "large-gpu", "cpu (asked: gpu)", "1.1 s", "100 ms", "3.2 J (estimate)", "0.46",
        "small-npu escalated, large-gpu accepted (simulated)",
    ]  # fmt: skip
    assert "  50  " in lines[2], "one tier alone has a speed"
    assert lines[2].endswith("from the cache")
    assert lines[3].endswith("failed: It took longer than 2 s.")
    assert len({line.index(word) for line, word in zip(lines[:2], ("backend", "large-gpu"), strict=True)}) == 1


def test_a_run_that_came_to_no_stage_has_no_table() -> None:
    assert table([]) == []


def test_a_column_nobody_needs_is_left_out() -> None:
    skipped = StageResult(stage_id="review", status=StageStatus.SKIPPED, reason="not needed")
    assert table([skipped]) == ["stage   how", "review  skipped: not needed"]


def test_notes_and_the_sum_stand_below(shown: Shown) -> None:
    shown.view.finish(result(finished(notes=("Shortened to fit the energy budget of 3 J.",))), "So.")
    assert shown.err.getvalue().splitlines()[-2:] == [
        "answer: Shortened to fit the energy budget of 3 J.",
        "1.2 s · 3.2 J (estimate) · slowest: answer",
    ]
