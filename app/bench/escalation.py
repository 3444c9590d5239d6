"""`sotto bench escalation`: whether confidence predicts right answers, and what asking higher tiers costs and wins.

The ladder is the starter model alone, its vote of five, and a server on the loopback that answers from the key with a
stated error rate, delay and watts. That last rung is simulated, and marked so wherever its figures go in. AUROC and
Brier score are the starter model's own, on questions its confidence was not fitted on.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from app.bench.escalation_fit import Point, calibrated, recommended, sweep
from app.bench.escalation_rungs import LARGEST, MAX_TOKENS, SAMPLES, SMALLEST, Answered, ladder
from app.bench.escalation_set import Question, read_questions
from app.bench.key_server import Stated
from app.bench.machine import JsonValue, describe
from app.bench.report import Figure, Report, percentiles, single
from app.contracts.errors import SottoError
from app.pipeline.confidence.calibrated import CalibratedConfidence
from app.pipeline.confidence.calibration import Calibration, write_calibration
from app.pipeline.confidence.features import mean_probability
from app.pipeline.confidence.scoring import Bin, auroc, auroc_error, brier, reliability
from app.settings.paths import asset

QUICK = 30
"""Questions that climb the ladder unless all are wanted; the starter model alone answers all in any case."""
DEFAULT_BAR = 0.6


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured. The last four are about the same questions, in the same order.

    Attributes:
        alone: The starter model on every question of the test set.
        smallest: The same on those that climb.
        votes: Its vote.
        largest: The played server.
        escalating: The ladder as it really ran, at ``bar``.
        bar: ``min_confidence`` of that.
    """

    alone: list[Answered]
    smallest: list[Answered]
    votes: list[Answered]
    largest: list[Answered]
    escalating: list[Answered]
    bar: float


def main(arguments: Sequence[str]) -> int:
    """Run the benchmark and print its report; returns the exit code."""
    parser = argparse.ArgumentParser(prog="sotto bench escalation")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--questions", type=int, default=QUICK, metavar="N", help="how many climb the ladder")
    parser.add_argument("--full", action="store_true", help="all of them, longer than five minutes")
    parser.add_argument("--bar", type=float, metavar="X", help="min_confidence; without it the recommended one")
    played = Stated()
    parser.add_argument("--error-rate", type=float, default=played.error_rate, metavar="X", help="of the played server")
    parser.add_argument("--delay", type=float, default=played.first_token_s, metavar="S", help="to its first token")
    parser.add_argument("--watts", type=float, default=played.watts, metavar="W", help="it is said to draw")
    parser.add_argument("--calibrate", type=Path, metavar="FILE", help="fit the confidence anew and write it there")
    options = parser.parse_args(arguments)
    stated = replace(
        played,
        error_rate=min(1.0, max(0.0, options.error_rate)),
        first_token_s=max(0.0, options.delay),
        watts=max(0.0, options.watts),
    )
    try:
        if options.calibrate is not None:
            return asyncio.run(_calibrate(options.calibrate, stated))
        confidence = CalibratedConfidence.from_folder(asset("calibration"))
        count = None if options.full else max(1, options.questions)
        measured, calibration = asyncio.run(_measured(confidence, stated, count, options.bar))
    except SottoError as error:
        print(f"sotto: {error}", file=sys.stderr)
        return error.exit_code
    _show(measured, calibration, stated, as_json=options.json)
    return 0


def questions(name: str) -> tuple[Question, ...]:
    """One of the two sets: ``calibration`` or ``test``."""
    return read_questions(asset("bench") / "escalation" / f"{name}.jsonl")


async def _calibrate(path: Path, stated: Stated) -> int:
    """Fit on the calibration set and write the file."""
    asked = questions("calibration")
    async with ladder(asked, stated, CalibratedConfidence()) as rungs:
        answers, votes = await rungs.smallest(asked), await rungs.vote(asked)
        largest = await rungs.largest(asked)
        model, weights = rungs.tier.model, rungs.revision.split(", ")[-1]
    today = datetime.now(UTC).date().isoformat()
    calibration = calibrated(model, weights, today, answers, votes, largest)
    write_calibration(calibration, path)
    print(f"{path}: {calibration.answers.method} over {', '.join(calibration.answers.columns)}")
    print(f"cross-validated on {calibration.fitted.n} answers: {calibration.fitted}")
    print(f"vote of {SAMPLES}: {calibration.vote_fitted}")
    print(f"recommended min_confidence: {calibration.recommended_bar}")
    for name, area in sorted(calibration.tried.items(), key=lambda pair: -pair[1]):
        print(f"  AUROC {area:.3f}  {name}")
    return 0


async def _measured(
    confidence: CalibratedConfidence, stated: Stated, count: int | None, bar: float | None
) -> tuple[Measured, Calibration | None]:
    asked = questions("test")
    climbing = asked[:count]
    async with ladder(asked, stated, confidence) as rungs:
        calibration = confidence.calibration(rungs.tier)
        if bar is None:
            known = None if calibration is None else calibration.recommended_bar
            bar = DEFAULT_BAR if known is None else known
        alone = await rungs.smallest(asked)
        measured = Measured(
            alone=alone,
            smallest=alone[: len(climbing)],
            votes=await rungs.vote(climbing),
            largest=await rungs.largest(climbing),
            escalating=await rungs.escalating(climbing, bar),
            bar=bar,
        )
    return measured, calibration


def _show(measured: Measured, calibration: Calibration | None, stated: Stated, *, as_json: bool) -> None:
    points = sweep(measured.smallest, measured.votes, measured.largest)
    direct = sweep(measured.smallest, measured.largest)
    words = f"error rate {stated.error_rate:g}, {stated.first_token_s:g} s to its first token, {stated.watts:g} W"
    machine = describe(simulated={LARGEST: f"{words}, answers from a key"})
    report = Report("escalation", machine, _figures(measured), tuple(_notes(measured, calibration, points, direct)))
    if not as_json:
        report.show(as_json=False)
        return
    more: dict[str, JsonValue] = {
        "simulated": [LARGEST],
        "recommended_bar": measured.bar,
        "calibration": {"before": _rows(_raw(measured.alone)), "after": _rows(_said(measured.alone))},
        "curve": [_as_json(point) for point in points],
        "curve_without_vote": [_as_json(point) for point in direct],
    }
    print(json.dumps({**report.as_json(), **more}, ensure_ascii=False))


def _as_json(point: Point) -> JsonValue:
    return {
        "min_confidence": point.bar,
        "right": round(point.right, 4),
        "joules": round(point.joules, 3),
        "seconds": round(point.seconds, 3),
        "asked_largest": round(point.asked_largest, 4),
        "simulated": True,
    }


def _figures(measured: Measured) -> dict[str, Figure]:
    before, after = _raw(measured.alone), _said(measured.alone)
    votes = _said(measured.votes)
    n = len(measured.smallest)
    right = {name: _right(getattr(measured, name)) for name in ("smallest", "votes", "largest", "escalating")}
    joules = {name: _joules(getattr(measured, name)) for name in right}
    share = sum(truth for _, truth in after) / max(1, len(after))
    (direct,) = sweep(measured.smallest, measured.largest, bars=(measured.bar,))
    return {
        "auroc": single(_auroc(after), n=len(after)),
        "brier": single(_brier(after), n=len(after)),
        "auroc_standard_error": single(_auroc_error(after), n=len(after)),
        "auroc_before": single(_auroc(before), n=len(before)),
        "brier_before": single(_brier(before), n=len(before)),
        "brier_of_the_base_rate": single(share * (1.0 - share), n=len(after)),
        "auroc_vote": single(_auroc(votes), n=len(votes)),
        "brier_vote": single(_brier(votes), n=len(votes)),
        "right_smallest": single(right["smallest"], n=n),
        "right_vote": single(right["votes"], n=n),
        "right_largest": single(right["largest"], "simulated", n),
        "right_escalating": single(right["escalating"], "simulated", n),
        "right_without_vote": single(direct.right, "simulated", n),
        "right_smallest_all": single(_right(measured.alone), n=len(measured.alone)),
        "joules_smallest": single(joules["smallest"], "J", n),
        "joules_vote": single(joules["votes"], "J", n),
        "joules_largest": single(joules["largest"], "J simulated", n),
        "joules_escalating": single(joules["escalating"], "J simulated", n),
        "joules_ratio": single(_ratio(joules["escalating"], joules["largest"]), "simulated", n),
        "joules_ratio_without_vote": single(_ratio(direct.joules, joules["largest"]), "simulated", n),
        "asked_largest": single(sum(answer.by == LARGEST for answer in measured.escalating) / n, "", n),
        "smallest_ms": percentiles([answer.seconds * 1000.0 for answer in measured.smallest]),
        "vote_ms": percentiles([answer.seconds * 1000.0 for answer in measured.votes]),
        "escalating_ms": percentiles([answer.seconds * 1000.0 for answer in measured.escalating], "ms simulated"),
    }


def _notes(
    measured: Measured, calibration: Calibration | None, points: Sequence[Point], direct: Sequence[Point]
) -> list[str]:
    fitted_on = "The starter model is not calibrated."
    if calibration is not None:
        how, fit = calibration.answers, calibration.fitted
        fitted_on = (
            f"Calibrated on {fit.n} other questions, {calibration.date}: {how.method} over {', '.join(how.columns)}; "
            f"cross-validated AUROC {fit.auroc or 0.0:.3f}."
        )
    return [
        f"{LARGEST} is simulated: a loopback server that answers from the key; what it needs and knows is stated.",
        f"auroc and brier are {SMALLEST}'s alone, answers of at most {MAX_TOKENS} tokens. {fitted_on}",
        f"escalating ran with min_confidence {measured.bar:.2f}; joules_ratio is escalating over largest.",
        "",
        "confidence of the starter model before and after calibration",
        *_table(_bins(_raw(measured.alone)), _bins(_said(measured.alone))),
        "",
        "min_confidence against right answers and cost of a question, from the answers above (simulated)",
        *_curve(points, measured),
        "",
        "the same without the vote between the two (simulated)",
        *_curve(direct, measured),
    ]


def _curve(points: Sequence[Point], measured: Measured) -> list[str]:
    best = recommended(points, _right(measured.largest))
    return ["  bar   right   joules  seconds  asked largest", *(_line(point, best) for point in points)]


def _line(point: Point, best: float) -> str:
    mark = "  <- recommended by these" if point.bar == best else ""
    cost = f"{point.joules:7.2f} {point.seconds:8.2f}"
    return f"  {point.bar:.2f}  {point.right:6.1%} {cost}  {point.asked_largest:6.1%}{mark}"


def _table(before: Sequence[Bin], after: Sequence[Bin]) -> list[str]:
    lines = ["  confidence     before: n  mean  right    after: n  mean  right"]
    for one, other in zip(before, after, strict=True):
        cells = " ".join(f"{row.count:>11} {row.confidence:>5.2f} {row.right:>6.2f}" for row in (one, other))
        lines.append(f"  {one.low:.1f} to {one.high:.1f}   {cells}")
    return lines


Pairs = list[tuple[float, bool]]


def _raw(answers: Sequence[Answered]) -> Pairs:
    """Before: the geometric mean of the probabilities."""
    return [(mean_probability(answer.log_probs), answer.right) for answer in answers if answer.log_probs]


def _said(answers: Sequence[Answered]) -> Pairs:
    """After: what the program says."""
    return [(answer.confidence, answer.right) for answer in answers if answer.confidence is not None]


def _bins(pairs: Pairs) -> tuple[Bin, ...]:
    return reliability([value for value, _ in pairs], [truth for _, truth in pairs])


def _rows(pairs: Pairs) -> list[JsonValue]:
    return [_row(row) for row in _bins(pairs)]


def _row(row: Bin) -> dict[str, JsonValue]:
    return {
        "low": row.low,
        "high": row.high,
        "n": row.count,
        "confidence": round(row.confidence, 4),
        "right": round(row.right, 4),
    }


def _auroc(pairs: Pairs) -> float | None:
    return auroc([value for value, _ in pairs], [truth for _, truth in pairs])


def _auroc_error(pairs: Pairs) -> float | None:
    area, right = _auroc(pairs), sum(truth for _, truth in pairs)
    return None if area is None else auroc_error(area, right, len(pairs) - right)


def _brier(pairs: Pairs) -> float | None:
    return brier([value for value, _ in pairs], [truth for _, truth in pairs]) if pairs else None


def _right(answers: Sequence[Answered]) -> float:
    return sum(answer.right for answer in answers) / len(answers)


def _joules(answers: Sequence[Answered]) -> float:
    return sum(answer.joules for answer in answers) / len(answers)


def _ratio(value: float, of: float) -> float | None:
    return value / of if of else None
