"""What is asked about dates: finds the question in the words, and answers it.

A question is kept as values of plain text, so that a routine can ask it too: ``about`` is one of `About`, ``day``,
``other`` are ISO dates, ``unit`` is ``days``, ``weeks`` or ``months``, ``year`` and ``month`` are numbers.
"""

from __future__ import annotations

import calendar
import re
from datetime import date, datetime, timedelta
from enum import StrEnum

from app.assistant.skills.clock.holidays import with_dates
from app.assistant.understanding.days import MONTHS, days_of
from app.assistant.understanding.meaning import Value, Values
from app.assistant.understanding.projecting import projected
from app.assistant.wording import counted


class About(StrEnum):
    """What is wanted to be known."""

    DAY = "day"
    UNTIL = "until"
    SINCE = "since"
    BETWEEN = "between"
    WEEK = "week"
    LEAP_YEAR = "leap-year"
    NEXT_LEAP_YEAR = "next-leap-year"
    MONTH_LENGTH = "month-length"
    DAY_OF_YEAR = "day-of-year"
    LEFT_IN_YEAR = "left-in-year"
    AGE = "age"
    UNKNOWN_DAY = "unknown-day"


_UNTIL = re.compile(r"\b(?:until|till|til|to go (?:until|till)|before|to|away is|left (?:until|till|before))\b")
_SINCE = re.compile(r"\bsince\b|\bago was\b|\bhow long ago\b")
_COUNTS = re.compile(
    r"\bhow (?:many (?P<unit>days|weeks|months|weekends|nights|sleeps)|long|far|soon)\b"
    r"|\b(?P<of>days|weeks) (?:until|till|between)\b"
)
_WEEK = re.compile(r"\b(?:(?:what|which) (?:calendar )?week\b|week number|number of (?:the|this) week|calendar week)")
_YEAR = re.compile(r"\b(1[5-9]\d\d|2\d\d\d)\b")
_MONTHS = "|".join(sorted(MONTHS, key=len, reverse=True))
_LENGTH = re.compile(rf"\bhow many days (?:are |does )?(?:there )?(?:are )?(?:in|has|have)?\s*(?P<month>{_MONTHS})\b")
_NAMES_A_DAY = re.compile(
    rf"\b(?:\d+(?:st|nd|rd|th)|(?:{_MONTHS}) \d+|\d+ (?:of )?(?:{_MONTHS})|\d+(?:[/.-]\d+)+|(?:in|after) [\d,]+ \w+|"
    r"[\d,]+ \w+ (?:from|ago|before|after))\b"
)
"""Signs of a day, also of one that there is not."""
_AGE = re.compile(r"\bhow old\b|\bborn\b")


def read(text: str, now: datetime) -> Values:
    """The question a text asks about dates."""
    today = now.date()
    rest = with_dates(text.lower(), today)
    year = _YEAR.search(rest)
    if re.search(r"\bleap year\b|\b36[56] days\b", rest):
        if "next" in rest or "when" in rest:
            return {"about": About.NEXT_LEAP_YEAR.value}
        return {"about": About.LEAP_YEAR.value, "year": int(year[1]) if year else today.year + ("next year" in rest)}
    days = tuple(found.value.on for found in days_of(projected(rest), today))
    if not days and (of_month := re.search(r"\bthe (\d{1,2}(?:st|nd|rd|th))(?! of\b)", rest)) is not None:
        days = tuple(found.value.on for found in days_of(projected(f"on the {of_month[1]}"), today))
    if _WEEK.search(rest):
        return {"about": About.WEEK.value, "day": _iso(days[0] if days else today)}
    if re.search(r"\bday of the year\b", rest) and not re.search(r"\blast day\b|\bfirst day\b", rest):
        return {"about": About.DAY_OF_YEAR.value, "day": _iso(days[0] if days else today)}
    if re.search(r"\bleft (?:in|of) (?:the|this) year\b|\buntil (?:the )?(?:end of the year|year's end)\b", rest):
        return {"about": About.LEFT_IN_YEAR.value, "day": _iso(today)}
    if _AGE.search(rest) and days:
        return {"about": About.AGE.value, "day": _iso(_past(days[0], today, rest))}
    if (length := _LENGTH.search(rest)) is not None and not days:
        month = MONTHS[length["month"]]
        return {"about": About.MONTH_LENGTH.value, "month": month, "year": int(year[1]) if year else today.year}
    if re.search(r"\bhow many days (?:are |does |has )?(?:there )?(?:in )?(?:this|the) month\b", rest):
        return {"about": About.MONTH_LENGTH.value, "month": today.month, "year": today.year}
    if (counted_days := _counted(rest, days, today)) or days or not _NAMES_A_DAY.search(rest):
        return counted_days or {"about": About.DAY.value, "day": _iso(days[0] if days else today)}
    return {"about": About.UNKNOWN_DAY.value}  # the 31st of April, in a million days


def _counted(rest: str, days: tuple[date, ...], today: date) -> Values:
    """A question for how long it is between two days; empty when it is none."""
    counts = _COUNTS.search(rest)
    if counts is None:
        return {}
    said = counts["unit"] or counts["of"] or "days"
    unit: Value = said if said in ("weeks", "months") else "days"
    if len(days) > 1 and re.search(r"\bbetween\b|\bfrom\b", rest):
        return {"about": About.BETWEEN.value, "day": _iso(days[0]), "other": _iso(days[1]), "unit": unit}
    if not days:
        return {"about": About.UNKNOWN_DAY.value} if _UNTIL.search(rest) or _SINCE.search(rest) else {}
    if _SINCE.search(rest):
        return {"about": About.SINCE.value, "day": _iso(_past(days[0], today, rest)), "unit": unit}
    return {"about": About.UNTIL.value, "day": _iso(days[0]), "unit": unit}


def answer(values: Values, now: datetime) -> str:
    """The sentence that answers; today's date when the values say nothing else."""
    today = now.date()
    try:
        about = About(str(values.get("about", About.DAY.value)))
        day, other = (date.fromisoformat(str(values.get(name, today.isoformat()))) for name in ("day", "other"))
    except ValueError:
        return f"Today is {long(today)}."
    unit = str(values.get("unit", "days"))
    year, month = _number(values, "year", today.year), _number(values, "month", today.month)
    match about:
        case About.DAY:
            return _which(day, today)
        case About.UNTIL | About.SINCE:
            return _distance(day, today, unit)
        case About.BETWEEN:
            first, last = sorted((day, other))
            return f"From {long(first)} to {long(last)} it is {_span(first, last, unit)}."
        case About.WEEK:
            which = "This is" if day == today else f"{long(day)} is in"
            return f"{which} week {day.isocalendar().week} of {day.isocalendar().year}."
        case About.LEAP_YEAR:
            return f"{year} {'is' if calendar.isleap(year) else 'is not'} a leap year."
        case About.NEXT_LEAP_YEAR:
            return (
                f"The next leap year is {next(y for y in range(today.year + 1, today.year + 9) if calendar.isleap(y))}."
            )
        case About.MONTH_LENGTH:
            name = f"{date(year, month, 1):%B}"
            return f"{name} {year} has {calendar.monthrange(year, month)[1]} days."
        case About.DAY_OF_YEAR:
            return f"{'Today' if day == today else long(day)} is day {day.timetuple().tm_yday} of {day.year}."
        case About.LEFT_IN_YEAR:
            return f"{counted((date(day.year, 12, 31) - day).days, 'day')} of {day.year} are left after today."
        case About.AGE:
            return _age(day, today)
        case About.UNKNOWN_DAY:
            return "There is no such day, or I do not know it. Tell me its date, as in: the 3rd of May."


def long(day: date) -> str:
    """A day in full: "Friday, 25 December 2026"."""
    return f"{day:%A}, {day.day} {day:%B} {day.year}"


def _which(day: date, today: date) -> str:
    match (day - today).days:
        case 0:
            return f"Today is {long(day)}."
        case 1:
            return f"Tomorrow is {long(day)}."
        case -1:
            return f"Yesterday was {long(day)}."
        case _:
            return f"That {'is' if day > today else 'was'} {long(day)}."


def _distance(day: date, today: date, unit: str) -> str:
    if day == today:
        return f"That is today, {long(day)}."
    if day > today:
        span = _span(today, day, unit)
        return f"It is {span} until {long(day)}."
    return f"{long(day)} was {_span(day, today, unit)} ago."


def _span(first: date, last: date, unit: str) -> str:
    days = (last - first).days
    if unit == "weeks":
        weeks, rest = divmod(days, 7)
        return _joined((weeks, "week"), (rest, "day"))
    if unit == "months":
        months = (last.year - first.year) * 12 + last.month - first.month
        months -= _later(first, months) > last
        return _joined((months, "month"), ((last - _later(first, months)).days, "day"))
    return counted(days, "day")


def _later(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def _age(born: date, today: date) -> str:
    if born > today:
        return f"{long(born)} has not come yet."
    years = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    return f"Born on {long(born)}, one is {counted(years, 'year')} old today."


def _past(day: date, today: date, text: str) -> date:
    """A date without a year, of which the next to come was taken, as the one that was last."""
    if day <= today or str(day.year) in text:
        return day
    return _later(day, -12) if (day - today) < timedelta(days=370) else day


def _number(values: Values, name: str, usual: int) -> int:
    value = values.get(name, usual)
    return int(value) if isinstance(value, int | float) and 1 <= value <= 9999 else usual


def _joined(*counts: tuple[int, str]) -> str:
    said = [counted(count, word) for count, word in counts if count]
    return " and ".join(said) or "no time at all"


def _iso(day: date) -> str:
    return day.isoformat()
