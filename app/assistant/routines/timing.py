"""Which way requests for routines went, and what each part took.

What beginning the parts together wins cannot be read off one request: while one part waits, another one works, and each
takes longer than it would alone. So requests are done both ways and put side by side, see `Compared`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

COLLECTION = "routines.paths"
KEPT_DAYS = 30


@dataclass(frozen=True, slots=True)
class PathTaken:
    """One request for a routine.

    Attributes:
        path: ``reuse`` (A) or ``make`` (B).
        together: Discovery, parameters and requirements began at the same time.
        discovery_ms: Looking among the saved routines, as long as it was under way.
        parameters_ms: Finding values, likewise.
        requirements_ms: Working out what a new one would do, likewise; 0 when that was not begun.
        start_ms: From the request until all that began was there.
        discarded_ms: Of the requirements when a saved routine was taken: work in vain.
        total_ms: The whole request; running the routine does not count.
        at: Seconds since the epoch.
    """

    path: str
    together: bool = True
    discovery_ms: float = 0.0
    parameters_ms: float = 0.0
    requirements_ms: float = 0.0
    start_ms: float = 0.0
    discarded_ms: float = 0.0
    total_ms: float = 0.0
    at: float = 0.0


@dataclass(frozen=True, slots=True)
class PathReport:
    """Requests added up. Shares in [0, 1], times in milliseconds.

    Attributes:
        requests: How many.
        reuse_share: Of path A.
        reuse_ms: Median of path A, None without one.
        make_ms: Median of path B, None without one.
        discarded_ms: Mean of the work in vain, of those of path A that began together.
    """

    requests: int
    reuse_share: float
    reuse_ms: float | None
    make_ms: float | None
    discarded_ms: float


def report(taken: Sequence[PathTaken]) -> PathReport:
    """What the requests come to."""
    reused = [each for each in taken if each.path == "reuse"]
    made = [each for each in taken if each.path == "make"]
    in_vain = [each.discarded_ms for each in reused if each.together]
    return PathReport(
        requests=len(taken),
        reuse_share=len(reused) / len(taken) if taken else 0.0,
        reuse_ms=median(each.total_ms for each in reused) if reused else None,
        make_ms=median(each.total_ms for each in made) if made else None,
        discarded_ms=sum(in_vain) / len(in_vain) if in_vain else 0.0,
    )


@dataclass(frozen=True, slots=True)
class Compared:
    """The same requests with their parts begun together and one after the other; medians in milliseconds.

    Attributes:
        requests: How many.
        together_ms: From the request until all that had to be known was there.
        apart_ms: The same, one part after the other.
        discarded_ms: Mean of the work in vain, of those a saved routine was taken for.
    """

    requests: int
    together_ms: float
    apart_ms: float
    discarded_ms: float


def compared(together: Sequence[PathTaken], apart: Sequence[PathTaken]) -> Compared:
    """Put both ways side by side; there has to be at least one request."""
    in_vain = [each.discarded_ms for each in together if each.path == "reuse"]
    return Compared(
        requests=len(together),
        together_ms=median(each.start_ms for each in together),
        apart_ms=median(each.start_ms for each in apart),
        discarded_ms=sum(in_vain) / len(in_vain) if in_vain else 0.0,
    )
