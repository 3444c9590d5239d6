"""Reads dates, times of day and years."""

# ruff: noqa: RUF001 - typographic signs are what this module is about
from __future__ import annotations

import re

from app.audio.reading.tables import DECADES, MONTHS

_MONTH = "|".join(MONTHS)
_ISO = re.compile(
    r"(?<![\w-])(\d{4})-(\d{2})-(\d{2})(?:(?:T|\s)([0-2]\d:[0-5]\d)(?::[0-5]\d(?:\.\d{1,9})?)?\s?(Z|UTC)?)?(?![\w-]*\d)"
)
_SLASHED = re.compile(r"(?<![\w/.])(\d{1,2})/(\d{1,2})/(\d{4}|\d{2})(?![\w/])")
_DOTTED = re.compile(r"(?<![\w.])(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4})(?!\w|\.\d)")
_DAY = re.compile(
    rf"\b({_MONTH}) (\d{{1,2}})(?=,? \d{{4}}\b|[,.!?;:]|\s*$| (?:and|at|for|in|is|or|the|to|was|we|you)\b)(?![:.,]\d)"
)

_TIME = re.compile(
    r"(?<![\w:.])([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?(?:\s?([apAP])\.?\s?[mM]\b(?:\.(?=\s+[a-z0-9,]|,))?)?(?![\w:])"
)
_HOUR = re.compile(r"(?<![\w:.,])(1[0-2]|[1-9])\s?([apAP])\.?[mM]\b(?:\.(?=\s+[a-z0-9,]|,))?")

_YEAR = r"(1[1-9])(\d\d)"
_YEAR_IN_CONTEXT = re.compile(
    rf"(?i:\b(?:in|since|until|till|by|circa|year|(?:{_MONTH})(?: \d{{1,2}}(?:st|nd|rd|th)?)?,?|to|from|and)) {_YEAR}\b"
    r"(?![.,]?\d|\s*(?:percent|[a-z]+s\b|%))"
)
_YEAR_IN_BRACKETS = re.compile(rf"(?<=\(){_YEAR}\b(?=\)| to )")
_YEARS = re.compile(rf"(?<![\w.]){_YEAR} to {_YEAR}\b(?!\s*[a-z]+s\b)")
_DECADE = re.compile(r"(?<![\w.'])(1[1-9]|20)?['’]?([2-9]0)['’]?s\b")


def read_dates(text: str) -> str:
    """Dates written in figures become "21 November 2026"; days behind a month become ordinals."""
    text = _ISO.sub(_iso, text)
    text = _SLASHED.sub(_slashed, text)
    text = _DOTTED.sub(lambda match: _date(match, match.group(1), match.group(2), match.group(3)), text)
    return _DAY.sub(lambda match: f"{match.group(1)} {_ordinal(int(match.group(2)))}", text)


def read_times(text: str) -> str:
    """Times of day: "9:05" becomes "9 oh 5", "9:00" "9 o'clock", "2:30pm" "2 30 P.M"."""
    return _HOUR.sub(lambda match: f"{match.group(1)} {match.group(2).upper()}.M", _TIME.sub(_time, text))


def read_years(text: str) -> str:
    """Years before 2000 in pairs of digits where it is clear that they are years, and decades in words."""
    text = _YEARS.sub(lambda match: f"{_pairs(*match.group(1, 2))} to {_pairs(*match.group(3, 4))}", text)
    text = _YEAR_IN_BRACKETS.sub(lambda match: _pairs(*match.groups()), text)
    text = _YEAR_IN_CONTEXT.sub(lambda match: f"{match.group()[:-4]}{_pairs(*match.group(1, 2))}", text)
    return _DECADE.sub(lambda match: f"{match.group(1) or ''} {DECADES[match.group(2)]}".strip(), text)


def _date(match: re.Match[str], day: str, month: str, year: str) -> str:
    if not (1 <= int(day) <= 31 and 1 <= int(month) <= 12):
        return match.group()
    return f"{int(day)} {MONTHS[int(month) - 1]} {year}"


def _iso(match: re.Match[str]) -> str:
    year, month, day, time, zone = match.groups()
    date = _date(match, day, month, year)
    if date == match.group() or time is None:
        return date
    return f"{date} at {time}{' U.T.C' if zone else ''}"


def _slashed(match: re.Match[str]) -> str:
    """Month first, as Americans write, unless that makes no date."""
    first, second, year = match.groups()
    year = year if len(year) == 4 else f"20{year}"
    if int(first) > 12:
        first, second = second, first
    return _date(match, second, first, year)


def _ordinal(day: int) -> str:
    ending = "th" if 11 <= day % 100 <= 13 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    return f"{day}{ending}"


def _time(match: re.Match[str]) -> str:
    hour, minute, second, half = match.groups()
    spoken = _hour_and_minute(int(hour), int(minute), named=half is not None)
    if second is not None:
        spoken += f" and {int(second)} second{'' if int(second) == 1 else 's'}"
    return f"{spoken} {half.upper()}.M" if half else spoken


def _hour_and_minute(hour: int, minute: int, *, named: bool) -> str:
    if minute == 0:
        if named:
            return str(hour)
        if hour == 0:
            return "midnight"
        return f"{hour} o'clock" if hour <= 12 else f"{hour} hundred hours"
    return f"{hour} {minute}" if minute >= 10 else f"{hour} oh {minute}"


def _pairs(century: str, year: str) -> str:
    if year == "00":
        return f"{century} hundred"
    return f"{century} oh {year[1]}" if year[0] == "0" else f"{century} {year}"
