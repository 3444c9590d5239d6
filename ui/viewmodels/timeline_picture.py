"""How one turn's work lies on its timeline: lanes, rows, ticks, and every bar and mark in words. No Qt is involved."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

from app.contracts.devices import Device
from app.power.energy.wording import energy_in_short, energy_in_words
from ui.viewmodels.rows import device_name, lane_title
from ui.viewmodels.stages import duration, stage_label
from ui.viewmodels.turn_record import SPEECH, Bar, Mark, TurnRecord

OWN = "Sotto"
STARTING = "Starting"
_LANES = (STARTING, *map(lane_title, Device), OWN)
_SYMBOLS = {"escalated": "↑", "failed over": "→", "tried again": "↻"}
_NICE = (1, 2, 5)
LEAST_MS = 1000.0
"""A running turn is drawn on at least so long an axis."""


@dataclass(frozen=True, slots=True)
class Lane:
    """One device: its name, its first row and how many rows it has."""

    label: str
    row: int
    rows: int


@dataclass(frozen=True, slots=True)
class BarItem:
    """One bar as drawn; times in milliseconds.

    Attributes:
        row: Counts up from 0 over all lanes.
        start: When it began.
        end: When it ended, or now.
        since: From here to ``start`` is room for its words. Only the first bar of a row has any: what lies between two
            bars belongs to the first of them.
        until: To here from ``end`` is room for its words.
        label: The stage.
        figures: Its time and joules.
        detail: All that is known of it.
        place: Of its device among all kinds, for its colour; -1 where it has none.
        pale: What it made was given up, or it did not end well.
        quiet: It is no model's work: listening for the end of speech, or a sentence being heard.
    """

    row: int
    start: float
    end: float
    label: str
    figures: str
    detail: str
    since: float = 0.0
    until: float = 0.0
    place: int = -1
    pale: bool = False
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class MarkItem:
    """One mark as drawn, from the row that was left to the row that went on; ``at`` in milliseconds."""

    at: float
    symbol: str
    above: int
    below: int
    detail: str


@dataclass(frozen=True, slots=True)
class Tick:
    """One tick of the time axis; ``at`` in milliseconds."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the timeline in words; ``mark`` when it tells of a mark."""

    words: str
    mark: bool = False


@dataclass(frozen=True, slots=True)
class Picture:
    """A whole timeline.

    Attributes:
        lanes: Top to bottom.
        bars: In the order of their beginning.
        marks: In the order of time.
        lines: The same in words.
        rows: How many rows the lanes have together.
        span_ms: Length of the time axis.
    """

    lanes: tuple[Lane, ...]
    bars: tuple[BarItem, ...]
    marks: tuple[MarkItem, ...]
    lines: tuple[Line, ...]
    rows: int
    span_ms: float


def picture_of(turn: TurnRecord, now_ms: float) -> Picture:
    """Lay a turn out as it is ``now_ms`` after its start."""
    bars = sorted(turn.bars, key=lambda bar: bar.start_ms)
    places, lanes = _places(bars)
    rows = sum(lane.rows for lane in lanes)
    marks = tuple(_mark_item(mark, places, rows) for mark in turn.marks)
    end_ms = max((now_ms if bar.end_ms is None else bar.end_ms for bar in bars), default=0.0)
    span_ms = max(end_ms, 1.0) if turn.over else nice_above(max(end_ms, now_ms, LEAST_MS))
    shown = _with_room([_bar_item(bar, places[id(bar)], now_ms) for bar in bars], span_ms)
    return Picture(lanes, shown, marks, _lines(turn, bars, now_ms), rows, span_ms)


def ticks(span_ms: float, room: int) -> tuple[Tick, ...]:
    """Ticks at round times, from 0, at most ``room`` steps of them."""
    step_ms = nice_above(span_ms / max(1, room))
    digits = 0 if step_ms >= 1000.0 else -math.floor(math.log10(step_ms / 1000.0))
    in_seconds = span_ms >= 1000.0
    return tuple(
        Tick(at_ms, "0" if not at_ms else f"{at_ms / 1000.0:.{digits}f} s" if in_seconds else f"{at_ms:.0f} ms")
        for at_ms in (number * step_ms for number in range(int(span_ms / step_ms + 1e-9) + 1))
    )


def nice_above(value: float) -> float:
    """The smallest of 1, 2, 5, 10, 20, 50 … that is not smaller; never under 1."""
    power = 10.0 ** math.floor(math.log10(max(value, 1.0)))
    return next(factor * power for factor in (*_NICE, 10) if factor * power >= value - 1e-9 or factor == 10)


def _places(bars: Iterable[Bar]) -> tuple[dict[int, int], tuple[Lane, ...]]:
    """A row for every bar: one for each device, more where its bars overlap."""
    rows_of: dict[str, list[float]] = {}
    row_in_lane: dict[int, tuple[str, int]] = {}
    for bar in bars:
        name = lane_of(bar)
        ends = rows_of.setdefault(name, [])
        free = next((number for number, end in enumerate(ends) if end <= bar.start_ms), len(ends))
        ends[free : free + 1] = [math.inf if bar.end_ms is None else bar.end_ms]
        row_in_lane[id(bar)] = (name, free)
    lanes: list[Lane] = []
    first: dict[str, int] = {}
    for name in _LANES:
        if name in rows_of:
            first[name] = sum(lane.rows for lane in lanes)
            lanes.append(Lane(name, first[name], len(rows_of[name])))
    return {key: first[name] + number for key, (name, number) in row_in_lane.items()}, tuple(lanes)


def _with_room(items: Iterable[BarItem], span_ms: float) -> tuple[BarItem, ...]:
    """The bars, each with the room beside it in its row."""
    found: list[BarItem] = []
    before: dict[int, int] = {}
    for item in items:
        left = before.get(item.row)
        if left is not None:
            found[left] = replace(found[left], until=item.start)
        before[item.row] = len(found)
        found.append(replace(item, since=0.0 if left is None else item.start, until=span_ms))
    return tuple(found)


def lane_of(bar: Bar) -> str:
    """The lane a bar lies in."""
    if not bar.backend:
        return OWN
    if bar.device is None:
        return STARTING
    return lane_title(bar.device)


def _bar_item(bar: Bar, row: int, now_ms: float) -> BarItem:
    end_ms = max(bar.start_ms, now_ms) if bar.end_ms is None else bar.end_ms
    spent = energy_in_short(bar.energy) if bar.energy is not None else ""
    if spent:
        spent += _in_all(bar)
    time = "…" if bar.end_ms is None else duration(bar.end_ms - bar.start_ms)
    return BarItem(
        row,
        bar.start_ms,
        end_ms,
        label_of(bar),
        " · ".join(part for part in (time, bar.outcome, spent) if part),
        _detail(bar, time),
        place=-1 if bar.device is None else list(Device).index(bar.device),
        pale=bar.given_up or bool(bar.outcome),
        quiet=bar.stage in (SPEECH, "listen") or not bar.backend,
    )


def label_of(bar: Bar) -> str:
    """What a bar is called."""
    if bar.stage == SPEECH:
        return "Heard"
    return stage_label(bar.stage)


def _detail(bar: Bar, time: str) -> str:
    """The tooltip."""
    parts = [" ".join(filter(None, (f"{label_of(bar)}: {time}", bar.outcome))), f"from {duration(bar.start_ms)} on"]
    if bar.backend:
        parts.append(f"{bar.backend} {_where(bar)}".rstrip())
    if bar.cached:
        parts.append("from the cache")
    if bar.first_output_ms is not None:
        parts.append(f"first output after {duration(bar.first_output_ms)}")
    if bar.tokens:
        parts.append(f"{bar.tokens} tokens")
    if bar.energy is not None:
        parts.append(energy_in_words(bar.energy) + _in_all(bar))
    if bar.given_up:
        parts.append("given up for a surer answer")
    return " · ".join(parts)


def _in_all(bar: Bar) -> str:
    """The joules of a stage in several parts, or with a pipeline around it, are known as a sum."""
    return " in all" if bar.parts > 1 or bar.waited else ""


def _where(bar: Bar) -> str:
    if bar.device is None:
        return ""
    return "on a server" if bar.device is Device.REMOTE else f"on the {device_name(bar.device)}"


def _mark_item(mark: Mark, places: dict[int, int], rows: int) -> MarkItem:
    known = [places[id(bar)] for bar in (mark.earlier, mark.later) if bar is not None]
    above, below = (min(known), max(known)) if known else (0, max(0, rows - 1))
    return MarkItem(mark.at_ms, _SYMBOLS[mark.kind], above, below, mark_in_words(mark))


def mark_in_words(mark: Mark) -> str:
    """One mark as a sentence without its stop."""
    way = f" from {mark.source} to {mark.target}" if mark.source else ""
    return f"At {duration(mark.at_ms)} {mark.kind}{way}: {mark.reason.rstrip('.')}"


def _lines(turn: TurnRecord, bars: Iterable[Bar], now_ms: float) -> tuple[Line, ...]:
    """Every stage and mark in the order of time; the sentences that are heard make one line."""
    told = [(mark.at_ms, Line(mark_in_words(mark), mark=True)) for mark in turn.marks]
    told += [(bar.start_ms, Line(_bar_in_words(bar))) for bar in bars if bar.stage != SPEECH]
    heard = [bar for bar in turn.bars if bar.stage == SPEECH]
    if heard:
        ends = [now_ms if bar.end_ms is None else bar.end_ms for bar in heard]
        words = f"Heard from {duration(heard[0].start_ms)} to {duration(max(ends))}"
        told.append((heard[0].start_ms, Line(words)))
    return tuple(line for _, line in sorted(told, key=lambda pair: pair[0]))


def _bar_in_words(bar: Bar) -> str:
    time = "running" if bar.end_ms is None else duration(bar.end_ms - bar.start_ms)
    parts = [f"{label_of(bar)} {time} {_where(bar)}".rstrip(), *([bar.outcome] if bar.outcome else [])]
    if bar.energy is not None and (spent := energy_in_short(bar.energy)):
        parts.append(f"{spent}{_in_all(bar)}")
    if bar.given_up:
        parts.append("given up")
    return ", ".join(parts)
