"""What is counted, by name: the one table that exporter, dashboard and tests share."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """How a figure moves."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure.

    Attributes:
        name: As Prometheus shows it; counters end in ``_total``.
        kind: How it moves.
        help: One sentence with the unit.
        labels: What it is told apart by. No label ever holds words of the person.
        buckets: Upper bounds of a histogram.
    """

    name: str
    kind: Kind
    help: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()


_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0)
_RATES = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0)

RUNS = Figure("sotto_runs_total", Kind.COUNTER, "Runs by how they ended.", ("pipeline", "end"))
RUNNING = Figure("sotto_runs_running", Kind.GAUGE, "Runs that are going on.", ("pipeline",))
RUN_SECONDS = Figure("sotto_run_seconds", Kind.HISTOGRAM, "Seconds from request to end.", ("pipeline", "end"), _SECONDS)
STAGE_SECONDS = Figure(
    "sotto_stage_seconds", Kind.HISTOGRAM, "Seconds of a stage.", ("pipeline", "stage", "backend"), _SECONDS
)
FIRST_OUTPUT = Figure(
    "sotto_stage_first_output_seconds",
    Kind.HISTOGRAM,
    "Seconds from the start of a stage to its first output.",
    ("pipeline", "stage", "backend"),
    _SECONDS,
)
TOKENS = Figure("sotto_tokens_total", Kind.COUNTER, "Generated tokens.", ("backend",))
TOKENS_PER_SECOND = Figure(
    "sotto_tokens_per_second", Kind.HISTOGRAM, "Tokens a second of a stage.", ("backend",), _RATES
)
JOULES = Figure(
    "sotto_joules_total", Kind.COUNTER, "Joules above idle; measured or estimated.", ("device", "provenance")
)
ESCALATIONS = Figure("sotto_escalations_total", Kind.COUNTER, "Escalations to a higher tier.", ("from", "to"))
FAILOVERS = Figure("sotto_failovers_total", Kind.COUNTER, "Failovers to another backend.", ("from", "to"))
RETRIES = Figure("sotto_retries_total", Kind.COUNTER, "Second tries by the code of the failure.", ("code",))
STAGE_FAILURES = Figure("sotto_stage_failures_total", Kind.COUNTER, "Failed stages.", ("pipeline", "stage", "code"))
CACHE_HITS = Figure("sotto_cache_hits_total", Kind.COUNTER, "Stages and runs answered from the cache.", ("pipeline",))
CACHE_LOOKUPS = Figure("sotto_cache_lookups_total", Kind.COUNTER, "How often the cache was asked.", ("pipeline",))
SEGMENTS_DROPPED = Figure("sotto_segments_dropped_total", Kind.COUNTER, "Segments given up.", ("pipeline",))
CAPTION_LAG = Figure(
    "sotto_caption_lag_seconds", Kind.HISTOGRAM, "Seconds from a pause to its caption.", ("pipeline",), _SECONDS
)

FIGURES = (
    RUNS,
    RUNNING,
    RUN_SECONDS,
    STAGE_SECONDS,
    FIRST_OUTPUT,
    TOKENS,
    TOKENS_PER_SECOND,
    JOULES,
    ESCALATIONS,
    FAILOVERS,
    RETRIES,
    STAGE_FAILURES,
    CACHE_HITS,
    CACHE_LOOKUPS,
    SEGMENTS_DROPPED,
    CAPTION_LAG,
)


def series_names(figure: Figure) -> tuple[str, ...]:
    """The names under which its samples are found."""
    if figure.kind is Kind.HISTOGRAM:
        return tuple(f"{figure.name}_{part}" for part in ("bucket", "sum", "count"))
    return (figure.name,)
