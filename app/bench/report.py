"""The report of a benchmark: a table for people, one JSON object for programs, promises beside the figures.

A missed promise is marked and nothing more: a benchmark that ran has done its work.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from app.bench.machine import JsonValue
from app.bench.promises import PROMISES, Promise

_DECIMALS = 4
_NUMBER_COLUMNS = frozenset({1, 2, 4})


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measured figure: a distribution (``p50`` and ``p95``) or a single ``value``.

    Attributes:
        unit: For instance ``ms``; empty for a ratio.
        n: How many measurements it is made from; 0 when there were none.
        p50: Median.
        p95: 95th percentile.
        value: The single value.
        promise: Its bound, None when nothing was promised.
        excused: The promise counts as kept although the bound is passed, because another bound allowed for it is kept.
    """

    unit: str
    n: int = 1
    p50: float | None = None
    p95: float | None = None
    value: float | None = None
    promise: Promise | None = None
    excused: bool = False

    @property
    def missed(self) -> bool:
        """A promise was made and not kept."""
        if self.promise is None or self.excused:
            return False
        return not self.promise.kept(p50=self.p50, p95=self.p95, value=self.value)

    def as_json(self, *, single: bool) -> dict[str, JsonValue]:
        """The figure as JSON; numbers that are not finite become null."""
        numbers = {"value": self.value} if single else {"p50": self.p50, "p95": self.p95}
        out: dict[str, JsonValue] = {name: _rounded(number) for name, number in numbers.items()}
        out["unit"] = self.unit
        if self.promise is not None:
            bound = self.promise.as_json()
            out["promise"] = {**bound} if isinstance(bound, dict) else bound
            out["missed"] = self.missed
        out["n"] = self.n
        return out


def percentile(values: Sequence[float], share: float) -> float:
    """A percentile, linear between neighbours, as numpy's default.

    Args:
        values: At least one, in any order.
        share: 0.5 for the median.

    Raises:
        ValueError: There are no values, or ``share`` is outside [0, 1].
    """
    if not values or not 0.0 <= share <= 1.0:
        raise ValueError(f"no percentile {share} of {len(values)} values")
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def percentiles(values: Sequence[float], unit: str = "ms") -> Figure:
    """Median and 95th percentile of measurements; both None when there are none."""
    if not values:
        return Figure(unit=unit, n=0)
    return Figure(unit=unit, n=len(values), p50=percentile(values, 0.5), p95=percentile(values, 0.95))


def single(value: float | None, unit: str = "", n: int = 1, *, excused: bool = False) -> Figure:
    """A single value; None when it could not be measured."""
    return Figure(unit=unit, n=0 if value is None else n, value=value, excused=excused)


@dataclass(frozen=True, slots=True)
class Report:
    """What a benchmark came to. Promises are found by its name and the names of the figures.

    Attributes:
        bench: ``voice``, ``overhead``, ``ui``, …
        machine: As `app.bench.machine.describe` gives it.
        measured: Figures by name.
        notes: Lines below the table, for what no figure says.
    """

    bench: str
    machine: Mapping[str, JsonValue]
    measured: Mapping[str, Figure]
    notes: tuple[str, ...] = ()

    @property
    def figures(self) -> dict[str, Figure]:
        """The figures with their promises."""
        promises = PROMISES.get(self.bench, {})
        return {
            name: replace(figure, promise=figure.promise or promises.get(name))
            for name, figure in self.measured.items()
        }

    def as_json(self) -> dict[str, JsonValue]:
        """The object that ``--json`` prints."""
        figures: dict[str, JsonValue] = {
            name: figure.as_json(single=_is_single(figure)) for name, figure in self.figures.items()
        }
        return {"bench": self.bench, "machine": dict(self.machine), "figures": figures}

    def table(self) -> str:
        """The table that people read."""
        rows: list[tuple[str, ...]] = [("figure", "p50", "p95", "unit", "n", "promise", "")]
        for name, figure in self.figures.items():
            p50, p95 = (figure.value, None) if _is_single(figure) else (figure.p50, figure.p95)
            promise = str(figure.promise) if figure.promise else ""
            mark = "MISSED" if figure.missed else ""
            shown = _shown(p50), "" if _is_single(figure) else _shown(p95)
            rows.append((name, *shown, figure.unit, str(figure.n), promise, mark))
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        rows.insert(1, tuple("-" * width for width in widths))
        lines = ["  ".join(map(_aligned, range(len(row)), row, widths)) for row in rows]
        facts = [f"{name}: {_fact(value)}" for name, value in self.machine.items()]
        return "\n".join([f"sotto bench {self.bench}", *facts, "", *(line.rstrip() for line in lines), *self._notes()])

    def show(self, *, as_json: bool) -> None:
        """Print it."""
        print(json.dumps(self.as_json(), ensure_ascii=False) if as_json else self.table())

    def _notes(self) -> list[str]:
        return ["", *self.notes] if self.notes else []


def _is_single(figure: Figure) -> bool:
    """A figure without any numbers is what its promise is about."""
    if figure.value is not None:
        return True
    return figure.p50 is None and figure.promise is not None and figure.promise.value is not None


def _rounded(number: float | None) -> float | None:
    return round(number, _DECIMALS) if number is not None and math.isfinite(number) else None


def _aligned(column: int, cell: str, width: int) -> str:
    return cell.rjust(width) if column in _NUMBER_COLUMNS else cell.ljust(width)


def _shown(number: float | None) -> str:
    if number is None or not math.isfinite(number):
        return "-"
    return f"{number:.0f}" if abs(number) >= 1000 else f"{number:.3g}"


def _fact(value: JsonValue) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_fact(inner)}" for name, inner in value.items())
    return ", ".join(map(_fact, value)) if isinstance(value, list) else str(value)
